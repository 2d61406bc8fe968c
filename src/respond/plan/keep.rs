//! A limit is watched over while it lasts, and what a Weir that was stopped had begun is ended.

use super::lift::{self, lift, settle};
use super::view::{Place, View, is_weirs, is_weirs_alone};
use super::{Step, Word, write};
use crate::respond::controller::Fields;
use crate::respond::ledger::{Ledger, LedgerValue, Reading, ValueState};

/// The next step at an Ingress of which nobody wants anything new. What somebody has changed is
/// marked, so that it is said once and never fought.
#[must_use]
pub fn keep(view: &View<'_>) -> Step {
    let ledger = match view.ledger() {
        Reading::Absent => return lift::without_ledger(view),
        Reading::Unreadable(why) => {
            let text = format!("the annotation `weir.dev/limit` cannot be read: {why}");
            return Step::Done(vec![Word::Unreadable(text)]);
        }
        Reading::Held(ledger) => *ledger,
    };
    if ledger.values.iter().any(|value| value.state == ValueState::Leaving) {
        return settle(view, ledger);
    }
    marked(view, &ledger).or_else(|| supported(view, &ledger)).unwrap_or_else(|| {
        match view.unused() {
            Some((name, object)) => Step::Write(write::removed(name, object), Vec::new()),
            None => Step::Done(Vec::new()),
        }
    })
}

/// Marks what is not as Weir has set it.
fn marked(view: &View<'_>, ledger: &Ledger) -> Option<Step> {
    let mut ledger = ledger.clone();
    let mut words = Vec::new();
    for value in &mut ledger.values {
        if value.state != ValueState::Held {
            continue;
        }
        match view.place(value) {
            Place::Ours => continue,
            Place::Theirs(text) => words.push(Word::Overridden(text)),
            Place::Back => words.push(Word::Overridden(undone(view, value))),
        }
        value.state = ValueState::Lost;
    }
    (!words.is_empty()).then(|| Step::Write(write::ledger(view, &ledger), words))
}

fn undone(view: &View<'_>, value: &LedgerValue) -> String {
    let field = &value.field;
    match (&value.previous, view.others(field).last()) {
        (Some(_), Some(owner)) => {
            format!("`{field}` was set back to what it was before by {}", owner.manager)
        }
        (Some(_), None) => format!("`{field}` was set back to what it was before"),
        (None, _) => format!("`{field}` was removed"),
    }
}

/// Sees to it that the Middlewares which the Ingress names are there.
fn supported(view: &View<'_>, ledger: &Ledger) -> Option<Step> {
    if ledger.values.iter().any(|value| value.state != ValueState::Held) {
        return None;
    }
    let Fields { middlewares, .. } =
        ledger.controller.fields(&ledger.limit, view.name, &|_| None).ok()?;
    for (name, spec) in &middlewares {
        match view.middlewares.get(name) {
            // A route that names what is not there answers nobody: better no limit than that.
            None => {
                let text = format!("the Middleware `{name}` was removed; the limit is lifted");
                return match lift(view).ok()? {
                    Step::Write(write, mut words) => {
                        words.push(Word::Overridden(text));
                        Some(Step::Write(write, words))
                    }
                    done @ Step::Done(_) => Some(done),
                };
            }
            Some(object) if !is_weirs(object) || object["spec"] == *spec => {}
            Some(object) if is_weirs_alone(object) => {
                let text = format!("the Middleware `{name}` was not as it is written down");
                let write = write::middleware(view, name, spec);
                return Some(Step::Write(write, vec![Word::Mended(text)]));
            }
            Some(_) => {}
        }
    }
    None
}
