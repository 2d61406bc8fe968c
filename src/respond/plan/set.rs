//! A limit is set, renewed or changed.

use super::view::{Place, View, is_weirs, named};
use super::{Step, own, write};
use crate::incident::IncidentId;
use crate::respond::controller::Fields;
use crate::respond::ledger::{Ledger, LedgerValue, Reading, ValueState};
use crate::respond::{Controller, Limit, Refusal};

/// The limit that somebody wants, and what is written down of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What serves the Ingress.
    pub controller: Controller,
    /// Which limit.
    pub limit: Limit,
    /// Who wants it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// The incident it answers.
    pub incident: Option<IncidentId>,
    /// Now by the wall clock, in µs since the epoch.
    pub now_us: i64,
    /// Until when.
    pub until_us: i64,
}

/// The next step towards `wanted`: what it rests on is written first, then the Ingress. What is left
/// to do after that, [`super::keep`] says.
///
/// To want the same again only moves its end. Where a limit of Weir's is replaced, what was there
/// before the first of them stays what is given back.
pub fn set(view: &View<'_>, wanted: &Wanted) -> Result<Step, Refusal> {
    let old = match view.ledger() {
        Reading::Absent => None,
        Reading::Held(ledger) => Some(*ledger),
        Reading::Unreadable(why) => return Err(unreadable(&why)),
    };
    let old = old.as_ref();
    own::check_set(view, old, wanted)?;
    let Fields { annotations, middlewares } =
        wanted.controller.fields(&wanted.limit, view.name, &|field| base(view, old, field))?;
    for (name, spec) in &middlewares {
        match view.middlewares.get(name) {
            Some(object) if !is_weirs(object) => return Err(taken(view, name)),
            Some(object) if object["spec"] == *spec => {}
            _ => return Ok(Step::Write(write::middleware(view, name, spec), Vec::new())),
        }
    }
    let ledger = ledger(view, old, wanted, &annotations);
    if !ledger.fits() {
        let why = "what is to be written down of the limit is too long; shorten the allowlist";
        return Err(Refusal::Guarded(why.to_owned()));
    }
    if old == Some(&ledger) {
        return Ok(Step::Done(Vec::new()));
    }
    Ok(Step::Write(write::ledger(view, &ledger), Vec::new()))
}

/// The value of an annotation as it is without Weir.
fn base(view: &View<'_>, old: Option<&Ledger>, field: &str) -> Option<String> {
    match old.and_then(|old| still_ours(view, old, field)) {
        Some(value) => value.previous.clone(),
        None => view.annotation(field).map(ToOwned::to_owned),
    }
}

fn still_ours<'l>(view: &View<'_>, old: &'l Ledger, field: &str) -> Option<&'l LedgerValue> {
    let value = old.values.iter().find(|value| value.field == field)?;
    (value.state != ValueState::Lost && view.place(value) == Place::Ours).then_some(value)
}

fn ledger(
    view: &View<'_>,
    old: Option<&Ledger>,
    wanted: &Wanted,
    annotations: &[(&'static str, String)],
) -> Ledger {
    let set = annotations.iter().map(|(field, value)| {
        let ours = old.and_then(|old| still_ours(view, old, field));
        let (previous, owners) = match ours {
            Some(value) => (value.previous.clone(), value.owners.clone()),
            None => match view.annotation(field) {
                Some(previous) => (Some(previous.to_owned()), named(view.others(field))),
                None => (None, Vec::new()),
            },
        };
        let (field, wanted) = ((*field).to_owned(), value.clone());
        LedgerValue { field, wanted, previous, owners, state: ValueState::Held }
    });
    let mut values: Vec<_> = set.collect();
    // What the limit before had set and this one does not goes back to whoever had it.
    let is_set = |field: &str| annotations.iter().any(|(set, _)| *set == field);
    let left = old.into_iter().flat_map(|old| &old.values).filter(|value| {
        !is_set(&value.field) && value.previous.is_some() && value.state != ValueState::Lost
    });
    values.extend(
        left.filter(|value| view.place(value) == Place::Ours)
            .map(|value| LedgerValue { state: ValueState::Leaving, ..value.clone() }),
    );
    let Wanted { controller, limit, by, reason, incident, now_us, until_us } = wanted;
    let is_same = |old: &&Ledger| old.limit == *limit && old.controller == *controller;
    Ledger {
        controller: *controller,
        limit: limit.clone(),
        by: by.clone(),
        reason: reason.clone(),
        incident: *incident,
        since_us: old.filter(is_same).map_or(*now_us, |old| old.since_us),
        until_us: *until_us,
        values,
    }
}

/// Why nothing is written where the ledger cannot be read.
pub(super) fn unreadable(why: &str) -> Refusal {
    Refusal::Guarded(format!(
        "the annotation `{}` cannot be read: {why}; look at it, and remove it once nothing of it is \
         needed",
        crate::respond::ledger::LEDGER
    ))
}

fn taken(view: &View<'_>, name: &str) -> Refusal {
    Refusal::Guarded(format!(
        "there is a Middleware {}/{name} that is not Weir's; rename or remove it",
        view.name.namespace()
    ))
}
