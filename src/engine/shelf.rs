//! The incidents that are shown: the newest state of each, bounded.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use crate::incident::{Incident, IncidentId, Status};

/// Incidents shown; beyond it the oldest goes, of those that are over if there are any. All are in the
/// database.
const SHOWN: usize = 1_000;

/// Incidents by identity.
#[derive(Debug, Default)]
pub(super) struct Shelf(HashMap<IncidentId, Arc<Incident>>);

impl Shelf {
    /// Takes the newest state of an incident.
    pub(super) fn put(&mut self, incident: Arc<Incident>) {
        self.0.insert(incident.id, incident);
        if self.0.len() > SHOWN
            && let Some(id) = self.sorted().last().map(|oldest| oldest.id)
        {
            self.0.remove(&id);
        }
    }

    /// Those open first, then the newest first.
    pub(super) fn sorted(&self) -> Vec<Arc<Incident>> {
        let mut all: Vec<_> = self.0.values().map(Arc::clone).collect();
        all.sort_by_key(|one| (one.status != Status::Open, Reverse(one.detected_us), one.id));
        all
    }
}
