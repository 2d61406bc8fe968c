//! The incidents that are shown: the newest state of each, with what people did, bounded.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use foldhash::fast::RandomState;
use lru::LruCache;

use crate::incident::{Incident, IncidentId, Marks, Status};

/// Incidents shown; beyond it the oldest goes, of those that are over if there are any. All are in the
/// database.
const SHOWN: usize = 1_000;

/// Incidents whose marks are remembered: more than are shown or go on.
const MARKED: NonZeroUsize = NonZeroUsize::new(4_096).expect("more than none");

/// Incidents by identity.
#[derive(Debug)]
pub(super) struct Shelf {
    incidents: HashMap<IncidentId, Arc<Incident>>,
    marks: LruCache<IncidentId, Marks, RandomState>,
}

impl Default for Shelf {
    fn default() -> Self {
        let mut marks = LruCache::unbounded_with_hasher(RandomState::default());
        marks.resize(MARKED);
        Self { incidents: HashMap::new(), marks }
    }
}

impl Shelf {
    /// Takes an incident as the database has it.
    pub(super) fn put(&mut self, incident: Arc<Incident>) {
        self.incidents.insert(incident.id, incident);
        if self.incidents.len() > SHOWN
            && let Some(id) = self.sorted().last().map(|oldest| oldest.id)
        {
            self.incidents.remove(&id);
        }
    }

    /// Takes the newest state of an incident by traffic alone. Its lives never become fewer, as in
    /// the database: who reads a capture again begins with the first.
    pub(super) fn put_traffic(&mut self, incident: &Arc<Incident>) {
        let mut incident = Incident::clone(incident);
        let known = self.incidents.get(&incident.id).map_or(0, |known| known.reopened);
        incident.reopened = incident.reopened.max(known);
        if let Some(marks) = self.marks.get(&incident.id) {
            incident = incident.marked(marks);
        }
        self.put(Arc::new(incident));
    }

    /// Takes what people and mutes did to an incident, and says whether somebody has said that it is
    /// over, as it stands here.
    pub(super) fn mark(&mut self, id: IncidentId, marks: Marks) -> bool {
        let mut is_closed = false;
        if let Some(incident) = self.incidents.get_mut(&id) {
            *incident = Arc::new(Incident::clone(incident).marked(&marks));
            is_closed = incident.resolved_by.is_some();
        }
        self.marks.put(id, marks);
        is_closed
    }

    /// Those that go on first, then the newest first.
    pub(super) fn sorted(&self) -> Vec<Arc<Incident>> {
        let mut all: Vec<_> = self.incidents.values().map(Arc::clone).collect();
        all.sort_by_key(|one| (one.status == Status::Resolved, Reverse(one.detected_us), one.id));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::fixture::incident;
    use crate::incident::Mark;

    fn mark(by: &str) -> Mark {
        Mark { by: by.to_owned(), at_us: 1 }
    }

    fn shown(shelf: &Shelf, id: u64) -> (Status, Option<String>) {
        let incident = shelf.sorted().into_iter().find(|one| one.id == IncidentId(id)).unwrap();
        (incident.status, incident.acknowledged.as_ref().map(|mark| mark.by.clone()))
    }

    #[test]
    fn who_has_taken_an_incident_on_is_still_shown_when_it_has_grown() {
        let mut shelf = Shelf::default();
        shelf.put_traffic(&incident(1, 3));
        let marks = Marks { acknowledged: Some((0, mark("ada"))), ..Marks::default() };
        assert!(!shelf.mark(IncidentId(1), marks));
        assert_eq!(shown(&shelf, 1), (Status::Acknowledged, Some("ada".into())));
        shelf.put_traffic(&incident(1, 4));
        assert_eq!(shown(&shelf, 1), (Status::Acknowledged, Some("ada".into())));
        let again = Incident { reopened: 1, ..Incident::clone(&incident(1, 5)) };
        shelf.put_traffic(&Arc::new(again));
        assert_eq!(shown(&shelf, 1), (Status::Open, None));
    }

    #[test]
    fn only_the_life_that_somebody_has_ended_is_closed() {
        let mut shelf = Shelf::default();
        let marks = |life| Marks { resolved: Some((life, mark("ada"))), ..Marks::default() };
        assert!(!shelf.mark(IncidentId(1), marks(0)));
        let second = Incident { reopened: 1, ..Incident::clone(&incident(1, 5)) };
        shelf.put_traffic(&Arc::new(second));
        assert!(!shelf.mark(IncidentId(1), marks(0)));
        assert_eq!(shown(&shelf, 1).0, Status::Open);
        assert!(shelf.mark(IncidentId(1), marks(1)));
        assert_eq!(shown(&shelf, 1).0, Status::Resolved);
    }

    #[test]
    fn those_that_somebody_has_taken_on_still_go_on() {
        let mut shelf = Shelf::default();
        for (id, status) in
            [(1, Status::Resolved), (2, Status::Acknowledged), (3, Status::Open), (4, Status::Open)]
        {
            shelf.put(Arc::new(Incident { status, ..Incident::clone(&incident(id, 1)) }));
        }
        let ids: Vec<_> = shelf.sorted().iter().map(|one| one.id.0).collect();
        assert_eq!(ids, [2, 3, 4, 1]);
    }
}
