//! Carries out one plan: a step at a time, each from the objects as they are then.

mod object;
mod tries;

use std::collections::BTreeMap;

use serde_json::Value;
use tracing::{debug, warn};

use self::object::{path, written};
use self::tries::Tries;
use super::Responder;
use crate::cluster::{self, Conflicts, Effect, Objects};
use crate::engine::keeper::with_causes;
use crate::engine::limits::{LimitError, Written};
use crate::incident::IncidentId;
use crate::respond::plan::{self, How, Step, Target, View, Wanted, Word, Write};
use crate::respond::{Controller, IngressName, LEDGER, Ledger, Reading, Refusal};

/// Writes that a plan takes at most; more means that somebody works against it.
const STEPS: usize = 24;

/// Where to.
#[derive(Clone, Copy)]
pub(super) enum Course<'a> {
    /// To this limit.
    Set(&'a Wanted),
    /// To none.
    Lift,
    /// To none, if it is the one that Weir has set by itself about this incident.
    LiftOwn(IncidentId),
    /// On, as it is.
    Keep,
    /// To none where this says that the time of the limit is over, else on at this time of the wall
    /// clock, in µs since the epoch.
    Tend(&'a (dyn Fn(&Ledger) -> bool + Sync), i64),
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Ran {
    /// The Ingress as it is since; where nothing was to last, as it would be.
    pub(super) ingress: Value,
    pub(super) written: Vec<Written>,
    pub(super) words: Vec<Word>,
    /// What was written down before the first write.
    pub(super) before: Option<Box<Ledger>>,
    /// A write of which it is not known whether it was taken.
    doubt: Option<Doubt>,
}

#[derive(Debug)]
struct Doubt {
    write: Write,
    words: Vec<Word>,
    error: cluster::Error,
}

/// Objects as they were read.
struct Found {
    ingress: Value,
    middlewares: BTreeMap<String, Value>,
}

impl<O, S> Responder<O, S>
where
    O: Objects + Sync,
    S: Fn(&IngressName, &Value) -> Result<Controller, Refusal> + Sync,
{
    /// Follows `course` at an Ingress until nothing is left to do.
    pub(super) async fn carry_out(
        &self,
        name: &IngressName,
        course: Course<'_>,
        effect: Effect,
    ) -> Result<Ran, LimitError> {
        let mut ran = Ran::default();
        let followed = self.follow(name, course, effect, &mut ran).await;
        let is_half_set = matches!(course, Course::Set(_)) && !ran.written.is_empty();
        if followed.is_err() && is_half_set && effect == Effect::Lasting {
            // What the limit was to rest on is taken back now; should that fail as well, it is found
            // at the next start.
            let mut rest = Ran::default();
            if let Err(error) = self.follow(name, Course::Keep, effect, &mut rest).await {
                warn!(ingress = %name, error = with_causes(&error), "a limit was half set");
            }
        }
        match (followed, ran.doubt) {
            (Err(_), Some(Doubt { error, .. })) => {
                Err(LimitError::Unsure { ingress: name.clone(), source: Box::new(error) })
            }
            (followed, doubt) => followed.map(|()| Ran { doubt, ..ran }),
        }
    }

    async fn follow(
        &self,
        name: &IngressName,
        start: Course<'_>,
        effect: Effect,
        ran: &mut Ran,
    ) -> Result<(), LimitError> {
        let mut course = start;
        let mut found = self.find(name, course).await?;
        ran.before = found.ledger();
        let mut tries = Tries::new();
        while ran.written.len() < STEPS {
            let step = next(name, &found, course)?;
            if let Some(Doubt { write, words, error }) = ran.doubt.take() {
                if !is_again(&step, &write) {
                    ran.took(name, write, words);
                    tries = Tries::new();
                } else if tries.are_over() {
                    // Who refused has not written. Who said nothing may do so yet.
                    if error.status().is_some() {
                        return Err(error.into());
                    }
                    let ingress = name.clone();
                    return Err(LimitError::Unsure { ingress, source: Box::new(error) });
                }
            }
            match step {
                Step::Write(write, words) => match self.write(name, &write, effect).await {
                    Ok(object) => {
                        if write.target == Target::Ingress && matches!(course, Course::Set(_)) {
                            // It is set: whoever changes it from here on is not fought.
                            course = Course::Keep;
                        }
                        found.take(&write, object);
                        ran.took(name, write, words);
                        tries = Tries::new();
                    }
                    Err(error) if !error.is_passing() => return Err(error.into()),
                    Err(error) => {
                        debug!(ingress = %name, error = with_causes(&error), "a step is planned anew");
                        let is_last = !tries.wait().await;
                        if effect == Effect::DryRun {
                            if is_last {
                                return Err(error.into());
                            }
                            // Nothing of it has lasted.
                            (course, *ran) = (start, Ran::default());
                            found = self.find(name, course).await?;
                            ran.before = found.ledger();
                            continue;
                        }
                        if may_have_written(&error) {
                            ran.doubt = Some(Doubt { write, words, error });
                        } else if is_last {
                            return Err(error.into());
                        }
                    }
                },
                Step::Done(words) => {
                    ran.words.extend(words);
                    if !matches!(course, Course::Set(_)) {
                        ran.ingress = found.ingress;
                        return Ok(());
                    }
                    course = Course::Keep;
                }
            }
            if effect == Effect::Lasting {
                found = self.find_again(name, course, &mut tries).await?;
            }
        }
        let why = "somebody else keeps changing it; try again once that has ended";
        Err(Refusal::Guarded(format!("the Ingress {name}: {why}")).into())
    }

    /// The Ingress.
    pub(super) async fn ingress(&self, name: &IngressName) -> Result<Value, LimitError> {
        let found = self.objects.get(&path(name, &Target::Ingress)).await?;
        found.ok_or_else(|| LimitError::NoIngress(name.clone()))
    }

    /// The Ingress, and what may have been made for it.
    async fn find(&self, name: &IngressName, course: Course<'_>) -> Result<Found, LimitError> {
        let ingress = self.ingress(name).await?;
        let mut found = Found { ingress, middlewares: BTreeMap::new() };
        let written = found.ledger().map(|ledger| ledger.controller);
        let wanted = match course {
            Course::Set(wanted) => Some(wanted.controller),
            Course::Lift | Course::LiftOwn(_) | Course::Keep | Course::Tend(..) => {
                (self.serving)(name, &found.ingress).ok()
            }
        };
        let mut names: Vec<_> = [written, wanted]
            .into_iter()
            .flatten()
            .flat_map(|controller| controller.middlewares(name))
            .collect();
        names.sort_unstable();
        names.dedup();
        for middleware in names {
            let path = path(name, &Target::Middleware(middleware.clone()));
            if let Some(object) = self.objects.get(&path).await? {
                found.middlewares.insert(middleware, object);
            }
        }
        Ok(found)
    }

    /// The same, after something was written: it is worth another try to know what came of it.
    async fn find_again(
        &self,
        name: &IngressName,
        course: Course<'_>,
        tries: &mut Tries,
    ) -> Result<Found, LimitError> {
        loop {
            match self.find(name, course).await {
                Err(LimitError::Cluster(error)) if error.is_passing() && tries.wait().await => {
                    debug!(ingress = %name, error = with_causes(&error), "it is read once more");
                }
                found => return found,
            }
        }
    }

    async fn write(
        &self,
        name: &IngressName,
        write: &Write,
        effect: Effect,
    ) -> Result<Value, cluster::Error> {
        let path = path(name, &write.target);
        match &write.how {
            How::Apply(manager) => {
                self.objects.apply(&path, &write.body, manager, Conflicts::Forced, effect).await
            }
            How::Merge(manager) => self.objects.merge(&path, &write.body, manager, effect).await,
            How::Delete { uid, resource_version } => {
                let deleted = self.objects.delete(&path, uid, resource_version, effect).await;
                deleted.map(|()| Value::Null)
            }
        }
    }
}

/// Whether what failed so may have been taken all the same.
fn may_have_written(error: &cluster::Error) -> bool {
    error.status().is_none_or(|status| status >= 500)
}

fn next(name: &IngressName, found: &Found, course: Course<'_>) -> Result<Step, Refusal> {
    let view = View { name, ingress: &found.ingress, middlewares: &found.middlewares };
    match course {
        Course::Set(wanted) => plan::set(&view, wanted),
        Course::Lift => plan::lift(&view),
        Course::LiftOwn(incident) => plan::lift_own(&view, incident),
        Course::Tend(is_due, _) if found.ledger().is_some_and(|ledger| is_due(&ledger)) => {
            plan::lift(&view)
        }
        Course::Keep => Ok(plan::keep(&view)),
        Course::Tend(_, now_us) => Ok(plan::timely(&view, now_us)),
    }
}

/// Whether `step` is `write` once more: it has not been taken.
fn is_again(step: &Step, write: &Write) -> bool {
    let bare = |write: &Write| {
        let mut body = write.body.clone();
        if let Some(version) = body.pointer_mut("/metadata/resourceVersion") {
            version.take();
        }
        (write.target.clone(), write.how.clone(), body)
    };
    matches!(step, Step::Write(next, _) if bare(next) == bare(write))
}

impl Ran {
    fn took(&mut self, name: &IngressName, write: Write, words: Vec<Word>) {
        self.words.extend(words);
        self.written.push(written(name, write));
    }
}

impl Found {
    /// What is written down, if it can be read.
    fn ledger(&self) -> Option<Box<Ledger>> {
        let annotations = &self.ingress["metadata"]["annotations"];
        match Ledger::read(annotations.get(LEDGER).and_then(Value::as_str)) {
            Reading::Held(ledger) => Some(ledger),
            Reading::Absent | Reading::Unreadable(_) => None,
        }
    }

    /// Has what a write was answered with take the place of what was read. The version stays: where
    /// nothing is to last, it is the one that the API server knows.
    fn take(&mut self, write: &Write, object: Value) {
        match &write.target {
            Target::Ingress => {
                let version = self.ingress["metadata"]["resourceVersion"].clone();
                self.ingress = object;
                if let Some(newer) = self.ingress.pointer_mut("/metadata/resourceVersion") {
                    *newer = version;
                }
            }
            Target::Middleware(name) if object.is_null() => drop(self.middlewares.remove(name)),
            Target::Middleware(name) => drop(self.middlewares.insert(name.clone(), object)),
        }
    }
}
