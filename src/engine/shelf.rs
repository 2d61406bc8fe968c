//! The incidents that are shown: the newest state of each, with what people did and the names that its
//! addresses have, bounded.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use foldhash::fast::RandomState;
use lru::LruCache;

use crate::incident::{Incident, IncidentId, Marks, ProcessSeen, Status, Who};
use crate::packet::Address;

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

    /// Takes the newest state of an incident by traffic alone, and returns it with the names of its
    /// addresses: those that were known stay, `who` is asked for others. Its lives never become fewer,
    /// as in the database: who reads a capture again begins with the first.
    pub(super) fn put_traffic(
        &mut self,
        incident: &Arc<Incident>,
        who: impl Fn(Address, i64) -> Option<Arc<Who>>,
    ) -> Arc<Incident> {
        let mut incident = Arc::clone(incident);
        let known = self.incidents.get(&incident.id);
        if let Some(known) = known.filter(|known| !known.names.is_empty()) {
            Arc::make_mut(&mut incident).names = known.names.clone();
        }
        if let Some(known) = known.filter(|known| !known.processes.is_empty()) {
            incident = Arc::new(Incident::clone(&incident).joined(known));
        }
        named(&mut incident, who);
        let mut shown = Incident::clone(&incident);
        shown.reopened = shown.reopened.max(known.map_or(0, |known| known.reopened));
        if let Some(marks) = self.marks.get(&incident.id) {
            shown = shown.marked(marks);
        }
        self.put(Arc::new(shown));
        incident
    }

    /// Asks `who` for addresses without a name of all that goes on, and returns what has new ones.
    pub(super) fn name(
        &mut self,
        who: impl Fn(Address, i64) -> Option<Arc<Who>>,
    ) -> Vec<Arc<Incident>> {
        let open = self.incidents.values_mut().filter(|one| one.status != Status::Resolved);
        let named = open.filter_map(|one| named(one, &who).then(|| Incident::clone(one)));
        // By traffic alone, like all that is handed to the database.
        named.map(|one| Arc::new(Incident { status: Status::Open, ..one })).collect()
    }

    /// Takes a process that is part of an incident; where that is new, the incident by traffic with it.
    pub(super) fn see(&mut self, id: IncidentId, seen: ProcessSeen) -> Option<Arc<Incident>> {
        let incident = self.incidents.get_mut(&id)?;
        let mut with = Incident::clone(incident);
        if !with.see(seen) {
            return None;
        }
        *incident = Arc::new(with);
        // That somebody has said that it is over is a mark, and not what the traffic says.
        let is_over = incident.status == Status::Resolved && incident.resolved_us.is_some();
        let status = if is_over { Status::Resolved } else { Status::Open };
        Some(Arc::new(Incident { status, ..Incident::clone(incident) }))
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

/// Asks `who` for addresses without a name; whether there are new ones. It is copied only then.
fn named(incident: &mut Arc<Incident>, who: impl Fn(Address, i64) -> Option<Arc<Who>>) -> bool {
    let learnt = incident.learnt(who);
    if learnt.is_empty() {
        return false;
    }
    let names = &mut Arc::make_mut(incident).names;
    learnt.iter().fold(false, |is_new, (address, who)| names.add(*address, who) || is_new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::fixture::{incident, pod};
    use crate::incident::Mark;

    const fn nobody(_: Address, _: i64) -> Option<Arc<Who>> {
        None
    }

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
        shelf.put_traffic(&incident(1, 3), nobody);
        let marks = Marks { acknowledged: Some((0, mark("ada"))), ..Marks::default() };
        assert!(!shelf.mark(IncidentId(1), marks));
        assert_eq!(shown(&shelf, 1), (Status::Acknowledged, Some("ada".into())));
        shelf.put_traffic(&incident(1, 4), nobody);
        assert_eq!(shown(&shelf, 1), (Status::Acknowledged, Some("ada".into())));
        let again = Incident { reopened: 1, ..Incident::clone(&incident(1, 5)) };
        shelf.put_traffic(&Arc::new(again), nobody);
        assert_eq!(shown(&shelf, 1), (Status::Open, None));
    }

    #[test]
    fn only_the_life_that_somebody_has_ended_is_closed() {
        let mut shelf = Shelf::default();
        let marks = |life| Marks { resolved: Some((life, mark("ada"))), ..Marks::default() };
        assert!(!shelf.mark(IncidentId(1), marks(0)));
        let second = Incident { reopened: 1, ..Incident::clone(&incident(1, 5)) };
        shelf.put_traffic(&Arc::new(second), nobody);
        assert!(!shelf.mark(IncidentId(1), marks(0)));
        assert_eq!(shown(&shelf, 1).0, Status::Open);
        assert!(shelf.mark(IncidentId(1), marks(1)));
        assert_eq!(shown(&shelf, 1).0, Status::Resolved);
    }

    /// The names that an incident is shown with.
    fn names(shelf: &Shelf, id: u64) -> Vec<String> {
        let incident = shelf.sorted().into_iter().find(|one| one.id == IncidentId(id)).unwrap();
        incident.names.iter().map(|(_, who)| who.to_string()).collect()
    }

    #[test]
    fn a_name_stays_when_the_pod_is_gone_and_goes_to_the_database_too() {
        let mut shelf = Shelf::default();
        let kept = shelf.put_traffic(&incident(1, 3), |_, _| Some(pod("web-1")));
        assert_eq!(kept.names.label(kept.pivot), "shop/web-1");
        let kept = shelf.put_traffic(&incident(1, 4), |_, _| Some(pod("web-2")));
        assert_eq!((kept.flows, kept.names.len()), (4, 1));
        assert_eq!(names(&shelf, 1), ["shop/web-1"]);
    }

    #[test]
    fn a_cluster_that_comes_later_names_what_goes_on_and_nothing_twice() {
        let mut shelf = Shelf::default();
        let marks = Marks { acknowledged: Some((0, mark("ada"))), ..Marks::default() };
        shelf.put_traffic(&incident(1, 3), nobody);
        shelf.mark(IncidentId(1), marks);
        let over = Incident { status: Status::Resolved, ..Incident::clone(&incident(2, 3)) };
        shelf.put_traffic(&Arc::new(over), nobody);
        let named = shelf.name(|_, _| Some(pod("web-1")));
        let told: Vec<_> = named.iter().map(|one| (one.id.0, one.status)).collect();
        assert_eq!(told, [(1, Status::Open)]);
        assert_eq!(names(&shelf, 1), ["shop/web-1"]);
        assert_eq!(shown(&shelf, 1), (Status::Acknowledged, Some("ada".into())));
        assert_eq!(shelf.name(|_, _| Some(pod("web-2"))), []);
    }

    #[test]
    fn an_address_is_asked_for_when_it_was_last_seen_and_then_when_it_was_noticed() {
        let mut shelf = Shelf::default();
        let attack = Incident { detected_us: 5, last_us: 9, ..Incident::clone(&incident(1, 3)) };
        let asked = std::cell::RefCell::new(Vec::new());
        shelf.put_traffic(&Arc::new(attack), |_, at_us| {
            asked.borrow_mut().push(at_us);
            (at_us == 5).then(|| pod("web-1"))
        });
        assert_eq!(asked.take(), [9, 5]);
        assert_eq!(names(&shelf, 1), ["shop/web-1"]);
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
