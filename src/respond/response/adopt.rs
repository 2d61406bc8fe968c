//! Limits that an earlier run has set: they are taken on, and kept like any other.

use std::collections::BTreeSet;

use super::kept::Kept;
use super::{Response, Scene};
use crate::incident::Incident;
use crate::respond::escalation::rung_of;
use crate::respond::guard::AUTOMATIC;
use crate::respond::{Controller, Held, Standing};

impl Response {
    /// Takes on limits that an earlier run has set by itself. Those of another Weir answer an incident
    /// that is not known here: when that attack is over cannot be told, and they are left to it.
    pub(super) fn adopt(&mut self, scene: &Scene<'_>) {
        for status in scene.limits {
            let (Standing::Active, Some(held), Ok(controller)) =
                (status.standing, &status.held, &status.controller)
            else {
                continue;
            };
            let ingress = &status.ingress;
            let is_known = self.kept.contains_key(ingress) || self.pending.contains_key(ingress);
            let is_new =
                self.escalation.ended_us(ingress).is_none_or(|ended| held.since_us > ended);
            let is_current = held.until_us > scene.now_us;
            if held.by != AUTOMATIC || is_known || !is_new || !is_current {
                continue;
            }
            let own = scene.incidents.iter().find(|one| held.incident == Some(one.id));
            if let Some(incident) = own {
                let kept = adopted(held, *controller, incident);
                self.kept.insert(ingress.clone(), Kept { measured_us: scene.now_us, ..kept });
            }
        }
    }
}

fn adopted(held: &Held, controller: Controller, incident: &Incident) -> Kept {
    Kept {
        limit: held.limit.clone(),
        controller,
        class: incident.class,
        incident: incident.id,
        incidents: BTreeSet::from([incident.id]),
        offenders: incident.sources.listed.iter().copied().collect(),
        doors: BTreeSet::new(),
        offered_before_per_s: None,
        resets_before_per_s: 0.0,
        since_us: held.since_us,
        until_us: held.until_us,
        rung: rung_of(held.until_us.saturating_sub(held.since_us)),
        is_loosened: false,
        is_left_to_end: false,
        quiet_us: None,
        missing_us: None,
        effect: None,
        measured_us: held.since_us,
    }
}
