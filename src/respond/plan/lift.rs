//! A limit is lifted: what was there before goes back to whoever had it, and Weir lets go.

use super::owned::Operation;
use super::set::unreadable;
use super::view::{Place, View};
use super::{Step, Word, Write, write};
use crate::respond::Refusal;
use crate::respond::ledger::{Ledger, LedgerValue, Reading, ValueState};

/// The next step towards an Ingress without a limit of Weir's.
pub fn lift(view: &View<'_>) -> Result<Step, Refusal> {
    match view.ledger() {
        Reading::Absent => Ok(without_ledger(view)),
        Reading::Unreadable(why) => Err(unreadable(&why)),
        Reading::Held(ledger) => Ok(held(view, *ledger)),
    }
}

/// The next step where nothing is written down: what Weir owns all the same is let go of, and
/// Middlewares that nobody needs go.
pub(super) fn without_ledger(view: &View<'_>) -> Step {
    let owned = view.owned_fields();
    if !owned.is_empty() {
        let word = format!(
            "{} had been set by Weir, and somebody has removed what was written down of it; removed, \
             and what was there before is not known",
            list(&owned)
        );
        return Step::Write(write::nothing(view), vec![Word::Mended(word)]);
    }
    match view.unused() {
        Some((name, object)) => Step::Write(write::removed(name, object), Vec::new()),
        None => Step::Done(Vec::new()),
    }
}

fn held(view: &View<'_>, mut ledger: Ledger) -> Step {
    let is_held = |value: &LedgerValue| value.state == ValueState::Held;
    let takes_steps = |value: &LedgerValue| is_held(value) && first(view, value).is_some();
    if ledger.values.iter().any(takes_steps) {
        // Said first: a Weir that is stopped on the way would take what is back already for a
        // change by somebody else.
        for value in ledger.values.iter_mut().filter(|value| value.state == ValueState::Held) {
            value.state = ValueState::Leaving;
        }
        return Step::Write(write::ledger(view, &ledger), Vec::new());
    }
    for value in &mut ledger.values {
        if value.state == ValueState::Held {
            value.state = ValueState::Leaving;
        }
    }
    settle(view, ledger)
}

/// The next step of giving back what is leaving; with the last of it goes the ledger.
pub(super) fn settle(view: &View<'_>, mut ledger: Ledger) -> Step {
    let is_leaving = |value: &&LedgerValue| value.state == ValueState::Leaving;
    let next = ledger.values.iter().filter(is_leaving).find_map(|value| first(view, value));
    if let Some(step) = next {
        return Step::Write(step, Vec::new());
    }
    let said = |value: &LedgerValue| match view.place(value) {
        Place::Theirs(text) if value.state != ValueState::Held => Some(Word::Left(text)),
        _ => None,
    };
    let words = ledger.values.iter().filter_map(said).collect();
    let is_over = !ledger.values.iter().any(|value| value.state == ValueState::Held);
    if is_over {
        return Step::Write(write::nothing(view), words);
    }
    ledger.values.retain(|value| value.state != ValueState::Leaving);
    Step::Write(write::ledger(view, &ledger), words)
}

/// What is to be written before Weir can let go of a value.
fn first(view: &View<'_>, value: &LedgerValue) -> Option<Write> {
    let place = view.place(value);
    let missing = view.missing(value);
    match (&value.previous, place) {
        (_, Place::Theirs(_)) | (None, Place::Back) => None,
        (None, Place::Ours) => {
            // Nobody is known to own it, so that letting go would leave it there.
            let is_kept = !view.is_owned(&value.field) || !view.others(&value.field).is_empty();
            is_kept.then(|| write::taken_out(view, &value.field))
        }
        (Some(previous), Place::Ours) if *previous != value.wanted => {
            missing.first().map(|owner| write::back(view, value, owner))
        }
        // It has its value already: only an apply can make somebody the owner of what is as it was.
        (Some(_), Place::Ours | Place::Back) => {
            let applies = missing.iter().find(|owner| owner.operation == Operation::Apply);
            let is_orphan = view.others(&value.field).is_empty();
            let owner = applies.or_else(|| missing.first().filter(|_| is_orphan))?;
            Some(write::applied_back(view, value, owner))
        }
    }
}

fn list(fields: &[&str]) -> String {
    fields.iter().map(|field| format!("`{field}`")).collect::<Vec<_>>().join(", ")
}
