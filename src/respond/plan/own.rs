//! What Weir does by itself goes ahead only at its own limit, or where there is none: what was decided
//! by may be behind what the API server shows now.

use super::lift::lift;
use super::view::{Place, View};
use super::{Step, Wanted};
use crate::incident::IncidentId;
use crate::respond::Refusal;
use crate::respond::guard::AUTOMATIC;
use crate::respond::ledger::{Ledger, Reading, ValueState};

/// The next step towards an Ingress without the limit that Weir has set by itself about `incident`;
/// refused where another limit has taken its place.
pub fn lift_own(view: &View<'_>, incident: IncidentId) -> Result<Step, Refusal> {
    if let Reading::Held(ledger) = view.ledger() {
        check_ledger(view, &ledger, Some(incident))?;
    }
    lift(view)
}

/// Whether what is wanted may be set: what people want may, and what Weir wants by itself where nobody
/// else has limited the Ingress.
pub(super) fn check_set(
    view: &View<'_>,
    old: Option<&Ledger>,
    wanted: &Wanted,
) -> Result<(), Refusal> {
    if wanted.by != AUTOMATIC {
        return Ok(());
    }
    if let Some(ledger) = old {
        check_ledger(view, ledger, wanted.incident)?;
        check_values(view, ledger)?;
    }
    let is_weirs = |field: &str| {
        let mut values = old.iter().flat_map(|old| &old.values);
        values.any(|value| value.field == field && value.state != ValueState::Lost)
    };
    let is_foreign = |field: &&&str| !is_weirs(field) && view.annotation(field).is_some();
    match wanted.controller.limiting().iter().find(is_foreign) {
        Some(field) => Err(Refusal::Guarded(format!(
            "somebody has limited {} by `{field}`, and Weir leaves that as it is",
            view.name
        ))),
        None => Ok(()),
    }
}

fn check_ledger(
    view: &View<'_>,
    ledger: &Ledger,
    incident: Option<IncidentId>,
) -> Result<(), Refusal> {
    if ledger.by == AUTOMATIC && ledger.incident == incident {
        return Ok(());
    }
    let who = if ledger.by == AUTOMATIC { "another Weir" } else { &ledger.by };
    Err(Refusal::Guarded(format!(
        "{} is limited by {} now, and Weir leaves that as it is",
        view.name,
        crate::respond::response::words::shown(who)
    )))
}

fn check_values(view: &View<'_>, ledger: &Ledger) -> Result<(), Refusal> {
    let is_changed = |state, place| match (state, place) {
        (ValueState::Held, Place::Ours) | (ValueState::Leaving, _) => None,
        (_, Place::Theirs(text)) => Some(text),
        (ValueState::Held | ValueState::Lost, Place::Ours | Place::Back) => {
            Some("it was set back to what it was before".to_owned())
        }
    };
    let mut values = ledger.values.iter();
    match values.find_map(|value| is_changed(value.state, view.place(value))) {
        Some(text) => Err(Refusal::Guarded(format!(
            "somebody has changed Weir's limit at {}, and it is not fought over: {text}",
            view.name
        ))),
        None => Ok(()),
    }
}
