//! Looks after one Ingress: what is due is undone, what somebody has changed is said, what was left
//! half done is brought to an end.

use serde_json::{Value, json};

use super::Responder;
use super::carry::{Course, Ran};
use crate::cluster::{Effect, Objects};
use crate::engine::limits::LimitError;
use crate::respond::plan::{self, Word};
use crate::respond::{
    Controller, DecisionKind, IngressName, Ledger, LimitStatus, Refusal, ValueState,
};
use crate::store::By;

/// What came of looking after an Ingress.
#[derive(Debug, PartialEq, Eq)]
pub struct Tended {
    /// How it stands since.
    pub status: LimitStatus,
    /// What there is to say.
    pub news: Vec<(DecisionKind, String)>,
    /// Why the ledger cannot be read, where it cannot.
    pub unreadable: Option<String>,
}

impl<O, S> Responder<O, S>
where
    O: Objects + Sync,
    S: Fn(&IngressName, &Value) -> Result<Controller, Refusal> + Sync,
{
    /// Looks after `name` at `now_us` of the wall clock, where `is_due` says of a limit whether its
    /// time is over.
    pub async fn tend(
        &self,
        name: &IngressName,
        is_due: &(dyn Fn(&Ledger) -> bool + Sync),
        now_us: i64,
    ) -> Result<Tended, LimitError> {
        let ran = self.carry_out(name, Course::Tend(is_due, now_us), Effect::Lasting).await?;
        let controller = (self.serving)(name, &ran.ingress).map_err(|why| why.to_string());
        let status = super::status(name, &ran.ingress, controller, now_us);
        let mut tended = Tended { status, news: Vec::new(), unreadable: None };
        tended.news.extend(ending(&ran, is_due));
        let correction = correction(&ran, &tended.status, now_us);
        for word in ran.words {
            match word {
                Word::Overridden(text) => tended.news.push((DecisionKind::Overridden, text)),
                Word::Mended(text) => tended.news.push((DecisionKind::Lifted, text)),
                Word::Left(text) => match tended.news.first_mut() {
                    Some((_, ending)) => *ending = format!("{ending}; {text}"),
                    None => tended.news.push((DecisionKind::Overridden, text)),
                },
                Word::Unreadable(text) => tended.unreadable = Some(text),
            }
        }
        tended.news.extend(correction);
        let by = engine();
        for (kind, text) in &tended.news {
            let before = json!({ "ledger": ran.before.as_deref().map(Ledger::write) });
            let after = super::audit::told(&tended.status, std::slice::from_ref(text));
            self.audit.note(
                &by,
                &format!("limit.{}", kind.name()),
                &name.to_string(),
                &before,
                &after,
            );
        }
        Ok(tended)
    }

    /// Puts on record that an Ingress cannot be looked after.
    pub(super) fn untended(&self, name: &IngressName, why: &str) {
        let after = json!({ "why": why });
        self.audit.note(&engine(), "limit.failed", &name.to_string(), &Value::Null, &after);
    }
}

/// Whoever looks after limits, for the record.
fn engine() -> By {
    By { who: "weir".to_owned(), from: "engine".to_owned() }
}

/// What there is to say of times that were put right.
fn correction(ran: &Ran, status: &LimitStatus, now_us: i64) -> Option<(DecisionKind, String)> {
    let (before, held) = (ran.before.as_deref()?, status.held.as_ref()?);
    plan::corrected(before, now_us).filter(|_| held.until_us != before.until_us)?;
    let s = |until_us: i64| until_us.saturating_sub(now_us) / 1_000_000;
    let what = if before.since_us > now_us {
        let (ahead_s, by) = (s(before.since_us), &before.by);
        format!("the limit was set {ahead_s} s from now by the clock of {by}: set the clocks right")
    } else {
        format!("the limit was to end in {} s, and none may last so long", s(before.until_us))
    };
    Some((DecisionKind::Failed, format!("{what}; it ends in {} s", s(held.until_us))))
}

/// What came to its end.
fn ending(ran: &Ran, is_due: &dyn Fn(&Ledger) -> bool) -> Option<(DecisionKind, String)> {
    if ran.written.is_empty() {
        return None;
    }
    match &ran.before {
        Some(ledger) if is_due(ledger) => {
            let text = format!(
                "the limit {} that {} had set is over, and the Ingress is as it was before",
                ledger.limit, ledger.by
            );
            Some((DecisionKind::Expired, text))
        }
        Some(ledger) if ledger.values.iter().any(|value| value.state == ValueState::Leaving) => {
            let is_whole = ledger.values.iter().all(|value| value.state != ValueState::Held);
            let what = if is_whole { "lifted" } else { "changed" };
            let text = format!(
                "the limit {} was being {what} when whoever did it was stopped; it is {what} now",
                ledger.limit
            );
            Some((DecisionKind::Lifted, text))
        }
        None if ran.words.is_empty() => {
            let text = "what a limit that was never set whole, or is lifted, had left behind is \
                        removed; the Ingress is as it was before";
            Some((DecisionKind::Lifted, text.to_owned()))
        }
        _ => None,
    }
}
