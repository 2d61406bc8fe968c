//! Sets and lifts limits at Ingresses: reads what is there, asks [`crate::respond::plan`] what is
//! next, has it written, and looks again, until nothing is left to do.
//!
//! It keeps nothing of its own: whoever comes after it, in this process or another, reads the same
//! objects and goes on. The [`task`] of the engine uses it, and so does whoever sets a limit without
//! an engine. What comes of it is put on record.

mod audit;
mod carry;
mod survey;
pub(super) mod task;
mod tend;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};

pub use audit::Audit;
pub(super) use audit::BY_ITSELF;
use audit::Failures;
pub(super) use survey::survey;
pub use survey::{serving, standings};
pub use tend::Tended;

use self::carry::{Course, Ran};
use super::limits::{Applied, LimitError, Reverted};
use crate::cluster::{Effect, Objects};
use crate::incident::IncidentId;
use crate::respond::plan::{Wanted, Word};
use crate::respond::{Controller, IngressName, LimitRequest, LimitStatus, Refusal};
use crate::store::By;

/// Sets and lifts limits. `S` says which controller serves an Ingress, by its name and the object.
pub struct Responder<O, S> {
    objects: O,
    serving: S,
    audit: Box<dyn Audit>,
    failures: Failures,
}

impl<O, S> std::fmt::Debug for Responder<O, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Responder").finish_non_exhaustive()
    }
}

impl<O, S> Responder<O, S>
where
    O: Objects + Sync,
    S: Fn(&IngressName, &Value) -> Result<Controller, Refusal> + Sync,
{
    /// Works on `objects`, and puts on record in `audit` what comes of it.
    #[must_use]
    pub fn new(objects: O, serving: S, audit: Box<dyn Audit>) -> Self {
        Self { objects, serving, audit, failures: Failures::default() }
    }

    /// Sets the limit that is asked for at `now_us` of the wall clock, or has the API server check
    /// it. To ask for the same again only moves its end.
    pub async fn apply(
        &self,
        request: LimitRequest,
        by: &By,
        now_us: i64,
    ) -> Result<Applied, LimitError> {
        let asked = asked(&request);
        let name = request.ingress.clone();
        let effect = if request.is_dry_run { Effect::DryRun } else { Effect::Lasting };
        let (before, applied) = match self.try_apply(request, effect, now_us).await {
            Ok(done) => done,
            Err(error) => {
                self.failed(by, &name, &asked, &error);
                return Err(error);
            }
        };
        self.failures.forget(by, &name);
        if !applied.is_dry_run {
            let after = audit::told(&applied.status, &applied.notes);
            self.audit.note(by, "limit.apply", &name.to_string(), &before, &after);
        }
        Ok(applied)
    }

    async fn try_apply(
        &self,
        request: LimitRequest,
        effect: Effect,
        now_us: i64,
    ) -> Result<(Value, Applied), LimitError> {
        let request = request.checked()?;
        let LimitRequest { ingress: name, limit, ttl, reason, incident, by, is_dry_run } = request;
        let ingress = self.ingress(&name).await?;
        let controller = (self.serving)(&name, &ingress)?;
        let before = audit::told(&status(&name, &ingress, Ok(controller), now_us), &[]);
        let ttl_us = i64::try_from(ttl.as_micros()).unwrap_or(i64::MAX);
        let until_us = now_us.saturating_add(ttl_us);
        let wanted = Wanted { controller, limit, by, reason, incident, now_us, until_us };
        let ran = self.carry_out(&name, Course::Set(&wanted), effect).await?;
        let Ran { ingress, written, words, .. } = ran;
        let applied = Applied {
            status: status(&name, &ingress, Ok(controller), now_us),
            written,
            preview: None,
            notes: texts(words),
            is_dry_run,
        };
        Ok((before, applied))
    }

    /// Lifts the limit that Weir holds at an Ingress, or has the API server check that.
    pub async fn revert(
        &self,
        name: &IngressName,
        by: &By,
        effect: Effect,
        now_us: i64,
    ) -> Result<Reverted, LimitError> {
        let lifted = self.lift(name, Course::Lift, effect, now_us).await;
        self.recorded(lifted, name, by, effect)
    }

    /// Lifts the limit that Weir has set by itself at an Ingress about `incident`; refused where
    /// another has taken its place.
    pub async fn lift_own(
        &self,
        name: &IngressName,
        incident: IncidentId,
        by: &By,
        now_us: i64,
    ) -> Result<Reverted, LimitError> {
        let effect = Effect::Lasting;
        let lifted = self.lift(name, Course::LiftOwn(incident), effect, now_us).await;
        self.recorded(lifted, name, by, effect)
    }

    /// Puts on record what came of lifting a limit.
    fn recorded(
        &self,
        lifted: Result<(Value, Reverted), LimitError>,
        name: &IngressName,
        by: &By,
        effect: Effect,
    ) -> Result<Reverted, LimitError> {
        if lifted.is_ok() {
            self.failures.forget(by, name);
        }
        match &lifted {
            Err(error) => self.failed(by, name, &Value::Null, error),
            Ok((before, reverted)) if effect == Effect::Lasting => {
                let after = audit::told(&reverted.status, &reverted.left);
                self.audit.note(by, "limit.revert", &name.to_string(), before, &after);
            }
            Ok(_) => {}
        }
        lifted.map(|(_, reverted)| reverted)
    }

    /// Puts on record that nothing came of what `by` asked for, as far as is known.
    fn failed(&self, by: &By, name: &IngressName, asked: &Value, error: &LimitError) {
        let why = super::keeper::with_causes(error);
        if !self.failures.is_new(by, name, &why) {
            return;
        }
        let what = match error {
            LimitError::Unsure { .. } => "limit.unsure",
            _ => "limit.refuse",
        };
        self.audit.note(by, what, &name.to_string(), asked, &json!({ "why": why }));
    }

    /// Lifts a limit; how it stood before, and what came of it.
    async fn lift(
        &self,
        name: &IngressName,
        course: Course<'_>,
        effect: Effect,
        now_us: i64,
    ) -> Result<(Value, Reverted), LimitError> {
        let ingress = self.ingress(name).await?;
        let controller = (self.serving)(name, &ingress).map_err(|why| why.to_string());
        let before = status(name, &ingress, controller.clone(), now_us);
        let ran = self.carry_out(name, course, effect).await?;
        let Ran { ingress, written, words, .. } = ran;
        if written.is_empty() && before.held.is_none() {
            return Err(LimitError::NoLimit(name.clone()));
        }
        let status = status(name, &ingress, controller, now_us);
        let is_dry_run = effect == Effect::DryRun;
        let reverted = Reverted { status, written, left: texts(words), is_dry_run };
        Ok((audit::told(&before, &[]), reverted))
    }

    /// How an Ingress stands at `now_us` of the wall clock.
    pub async fn look(&self, name: &IngressName, now_us: i64) -> Result<LimitStatus, LimitError> {
        let ingress = self.ingress(name).await?;
        let controller = (self.serving)(name, &ingress).map_err(|why| why.to_string());
        Ok(status(name, &ingress, controller, now_us))
    }
}

/// How `ingress` stands, by the object.
fn status(
    name: &IngressName,
    ingress: &Value,
    controller: Result<Controller, String>,
    now_us: i64,
) -> LimitStatus {
    let annotations = &ingress["metadata"]["annotations"];
    let annotation = |field: &str| annotations.get(field)?.as_str();
    LimitStatus::read(name.clone(), controller, annotation, now_us)
}

fn texts(words: Vec<Word>) -> Vec<String> {
    words.into_iter().map(Word::into_text).collect()
}

/// A request, for the record.
fn asked(request: &LimitRequest) -> Value {
    let LimitRequest { limit, ttl, reason, incident, is_dry_run, .. } = request;
    json!({
        "limit": limit.to_string(),
        "ttl_s": ttl.as_secs(),
        "reason": reason,
        "incident": incident.map(|id| id.to_string()),
        "dry_run": is_dry_run,
    })
}
