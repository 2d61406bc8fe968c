//! `weir alerts ack` and `resolve`.

use weir::incident::{Incident, Mark};

use super::{Error, find};
use crate::paper::Paper;
use crate::text;
use crate::visit::Visit;
use crate::when;

/// Takes alerts on.
pub(super) fn acknowledge(ids: &[String], visit: &Visit, paper: &mut Paper) -> Result<(), Error> {
    // All are looked for first: a mistyped one changes nothing.
    let reader = visit.reader()?;
    let ids = ids.iter().map(|id| find(&reader, id)).collect::<Result<Vec<_>, _>>()?;
    let mut actions = visit.actions()?;
    ids.into_iter().try_for_each(|id| {
        let alert = actions.acknowledge(id, &visit.by)?;
        Ok(paper.line(&done(&alert, "acknowledged", alert.acknowledged.as_ref()))?)
    })
}

/// Says that alerts are over.
pub(super) fn resolve(ids: &[String], visit: &Visit, paper: &mut Paper) -> Result<(), Error> {
    let reader = visit.reader()?;
    let ids = ids.iter().map(|id| find(&reader, id)).collect::<Result<Vec<_>, _>>()?;
    let mut actions = visit.actions()?;
    ids.into_iter().try_for_each(|id| {
        let alert = actions.resolve(id, &visit.by)?;
        Ok(paper.line(&done(&alert, "resolved", alert.resolved_by.as_ref()))?)
    })
}

/// What an alert is since, and by whom: perhaps it was so before.
pub(super) fn done(alert: &Incident, what: &str, mark: Option<&Mark>) -> String {
    let Incident { id, class, severity, pivot, names, .. } = alert;
    let by =
        mark.map(|mark| format!(" by {} at {}", text::clean(&mark.by), when::written(mark.at_us)));
    let (severity, host, by) = (severity.name(), names.label(*pivot), by.unwrap_or_default());
    format!("alert {id} ({severity} {class}, {host}) {what}{by}")
}
