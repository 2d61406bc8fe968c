//! Where verdicts arrive: they become incidents, and what is shown of them.
//!
//! One thread owns all of it. Incidents go to the database through the keeper, what others wrote
//! there comes back from the watcher, snapshots go to the faces through a channel that holds the
//! newest one.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tracing::error;

use super::abroad;
use super::board::Board;
use super::detection::Detection;
use super::gauges::Gauges;
use super::inference::Delivery;
use super::keeper::{Keeper, with_causes};
use super::naming::Naming;
use super::policies::PoliciesSeen;
use super::processes::{Attacked, Joined, Joins, Processes};
use super::scans::{NOT_TOLD, ScansStatus};
use super::shelf::Shelf;
use super::snapshot::{Snapshot, SourceState, StoreStatus, TetragonStatus};
use super::watcher::{News, Seen, Tray};
use crate::incident::{Change, FlowSpan, Incident, IncidentId};
use crate::store::Witness;

/// How often a new snapshot is shown at most.
const PUBLISH_EVERY: Duration = Duration::from_millis(250);

/// How often it is where no packet will come any more: little changes then, and nothing soon.
const REST_EVERY: Duration = Duration::from_secs(2);

/// What is said of a source whose packets nobody follows any more.
pub(super) const PANICKED: &str =
    "a thread of the engine ended by a fault of its own; the log says where";

/// What the desk is told.
#[derive(Debug)]
pub(super) enum Note {
    /// What came of scoring, in order.
    Delivered(Delivery),
    /// No packet will come any more, for this reason if for any.
    Ended(SourceState),
    /// There is something in the watcher's tray.
    Seen,
}

/// The owner of incidents and of what is shown.
pub(super) struct Desk {
    detection: Detection,
    board: Board,
    shelf: Shelf,
    naming: Naming,
    abroad: watch::Receiver<abroad::Seen>,
    tetragon: watch::Receiver<TetragonStatus>,
    policies: watch::Receiver<PoliciesSeen>,
    scans: watch::Receiver<ScansStatus>,
    processes: Processes,
    joins: Joins,
    attacked: Attacked,
    keeper: Option<Keeper>,
    tray: Tray,
    seen: Seen,
    gauges: Gauges,
    now_us: i64,
    state: SourceState,
    shown: watch::Sender<Arc<Snapshot>>,
}

impl Desk {
    /// A desk that knows of `known` incidents, finds what others wrote in `tray`, and shows what
    /// happens on `shown`.
    pub(super) fn new(
        detection: Detection,
        known: Vec<Incident>,
        keeper: Option<Keeper>,
        tray: Tray,
        gauges: Gauges,
        shown: watch::Sender<Arc<Snapshot>>,
    ) -> Self {
        let processes = Processes::new();
        let nothing_scanned =
            ScansStatus { absent: Some(NOT_TOLD.into()), ..ScansStatus::default() };
        let mut shelf = Shelf::default();
        for incident in known {
            shelf.put(Arc::new(incident));
        }
        Self {
            detection,
            board: Board::default(),
            shelf,
            naming: Naming::default(),
            abroad: watch::channel(abroad::Seen::default()).1,
            tetragon: watch::channel(TetragonStatus::default()).1,
            policies: watch::channel(PoliciesSeen::default()).1,
            scans: watch::channel(nothing_scanned).1,
            joins: Joins::new(processes.clone()),
            processes,
            attacked: Attacked::default(),
            keeper,
            tray,
            seen: Seen::default(),
            gauges,
            now_us: 0,
            state: SourceState::Running,
            shown,
        }
    }

    /// The same desk, which finds in `naming` what addresses are called.
    pub(super) fn with_names(self, naming: Naming) -> Self {
        Self { naming, ..self }
    }

    /// The same desk, which shows what `abroad` says of the cluster and of what is done there.
    pub(super) fn with_cluster(self, abroad: watch::Receiver<abroad::Seen>) -> Self {
        Self { abroad, ..self }
    }

    /// The same desk, which shows what `tetragon` says of processes.
    pub(super) fn with_tetragon(self, tetragon: watch::Receiver<TetragonStatus>) -> Self {
        Self { tetragon, ..self }
    }

    /// The same desk, which shows how `policies` stand.
    pub(super) fn with_policies(self, policies: watch::Receiver<PoliciesSeen>) -> Self {
        Self { policies, ..self }
    }

    /// The same desk, which shows what `scans` say of images.
    pub(super) fn with_scans(self, scans: watch::Receiver<ScansStatus>) -> Self {
        Self { scans, ..self }
    }

    /// The same desk, which finds in `processes` what is behind flows and incidents.
    pub(super) fn with_processes(self, processes: Processes) -> Self {
        Self { joins: Joins::new(processes.clone()), processes, ..self }
    }

    /// Takes notes until there is nobody left to write them, keeps what must be kept, and says how
    /// the database was left.
    pub(super) fn run(mut self, notes: &Receiver<Note>) -> StoreStatus {
        let panic = self.guarded(|desk| desk.work(notes)).err();
        let store = self.keeper.take().map(Keeper::finish).unwrap_or_default();
        panic.map_or(store, |panic| resume_unwind(panic))
    }

    /// Does `work`; where it panics, the last that is shown says so. Otherwise a picture that stands
    /// still would look like a quiet network.
    fn guarded(&mut self, work: impl FnOnce(&mut Self)) -> thread::Result<()> {
        let outcome = catch_unwind(AssertUnwindSafe(|| work(self)));
        if outcome.is_err() {
            let failed = SourceState::Failed(PANICKED.into());
            self.shown.send_modify(|shown| Arc::make_mut(shown).source.state = failed);
        }
        outcome
    }

    fn work(&mut self, notes: &Receiver<Note>) {
        let mut due = Instant::now();
        loop {
            let was_running = self.state == SourceState::Running;
            // Where agents are heard there is news without packets too.
            let is_listening = self.tetragon.has_changed().is_ok();
            let every = if was_running || is_listening { PUBLISH_EVERY } else { REST_EVERY };
            match notes.recv_timeout(every) {
                Ok(note) => self.take(note),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            // Whatever woke it: the watcher does not ring where it would have to wait.
            let has_seen = self.look();
            let now = Instant::now();
            // That packets came to an end is shown at once, and so is what people do.
            let has_ended = was_running && self.state != SourceState::Running;
            if now >= due || has_ended || has_seen {
                due = now + every;
                self.publish();
            }
        }
        self.publish();
    }

    fn take(&mut self, note: Note) {
        match note {
            Note::Delivered(Delivery::Scored(scored)) => {
                for one in scored {
                    self.now_us = self.now_us.max(one.verdict.flow.at_us);
                    self.detection.observe(&one);
                    // What has opened does not wait for the rest to be explained.
                    self.keep();
                    self.joins.heard(&one.verdict.flow, self.now_us);
                    self.board.observe(&Arc::new(one.verdict));
                }
            }
            Note::Delivered(Delivery::Moment(now_us)) => {
                self.now_us = self.now_us.max(now_us);
                self.detection.advance(now_us);
            }
            Note::Delivered(Delivery::Restart) => {
                self.now_us = 0;
                self.board.clear();
                self.joins.clear();
                self.detection.restart();
            }
            Note::Delivered(Delivery::Failed(error)) => {
                let text = with_causes(&error);
                error!(error = text, "nothing is scored any more");
                self.state = SourceState::Failed(text);
            }
            Note::Ended(state) => {
                self.detection.finish();
                // Why nothing was scored matters more.
                if self.state == SourceState::Running {
                    self.state = state;
                }
            }
            Note::Seen => {}
        }
        self.keep();
    }

    /// Takes what the watcher has seen, if there is something new.
    fn look(&mut self) -> bool {
        let News { seen, marks, accepted } = self.tray.take();
        if let Some(accepted) = accepted {
            self.detection.accept(accepted);
        }
        for (id, marks) in marks {
            if self.shelf.mark(id, marks) {
                self.detection.close(id);
            }
        }
        self.keep();
        let has_seen = seen.is_some();
        self.seen = seen.unwrap_or_else(|| std::mem::take(&mut self.seen));
        has_seen
    }

    fn keep(&mut self) {
        let changed: Vec<_> =
            self.detection.changes().into_iter().map(Change::into_incident).collect();
        let spans = self.detection.spans();
        if changed.is_empty() && spans.is_empty() {
            return;
        }
        let changed = changed.iter().map(|incident| {
            self.shelf.put_traffic(incident, |address, at_us| self.naming.who(address, at_us))
        });
        let changed: Vec<_> = changed.collect();
        let of_incident = |(id, span): &(IncidentId, FlowSpan)| self.joins.of_incident(*id, span);
        let mut joined: Vec<_> = spans.iter().flat_map(of_incident).collect();
        let world = self.naming.world();
        for incident in &changed {
            joined.extend(self.attacked.watch(incident, world, &self.processes));
        }
        if let Some(keeper) = &self.keeper {
            keeper.keep(changed, spans);
        }
        self.see(joined);
    }

    /// Looks for processes behind flows that are known by now, and for what they started.
    fn join(&mut self) {
        // Where no packet will come any more, its time stands still: what is due later is due now.
        let is_running = self.state == SourceState::Running;
        let now_us = if is_running { self.now_us } else { i64::MAX };
        let news = self.joins.look(now_us, &**self.naming.world());
        for (tuple, first_us, found) in &news.flows {
            self.board.join(tuple, *first_us, found);
        }
        let started = self.attacked.started(&self.processes.fresh(), self.now_us);
        self.see(news.incidents);
        self.see(started);
    }

    /// Puts processes into their incidents, and events that tell of them into the database.
    fn see(&mut self, joined: Vec<Joined>) {
        let mut changed = BTreeMap::new();
        let mut events = Vec::new();
        for Joined { incident: id, seen, events: of_it } in joined {
            let deed = seen.deed;
            if let Some(incident) = self.shelf.see(id, seen) {
                changed.insert(id, incident);
                events.extend(of_it.iter().map(|kept| Witness {
                    incident: id,
                    deed,
                    at_us: kept.event.at_us,
                    event: kept.event.json(),
                }));
            }
        }
        if let Some(keeper) = self.keeper.as_ref().filter(|_| !changed.is_empty()) {
            keeper.keep_with(changed.into_values().collect(), Vec::new(), events);
        }
    }

    /// Gives names to what goes on, where more is known of the cluster than before.
    fn name(&mut self) {
        if !self.naming.look() {
            return;
        }
        let named = self.shelf.name(|address, at_us| self.naming.who(address, at_us));
        let mut joined = Vec::new();
        for incident in &named {
            joined.extend(self.attacked.watch(incident, self.naming.world(), &self.processes));
        }
        if let Some(keeper) = self.keeper.as_ref().filter(|_| !named.is_empty()) {
            keeper.keep(named, Vec::new());
        }
        self.see(joined);
    }

    /// Shows the newest state, unless nothing has changed.
    pub(super) fn publish(&mut self) {
        self.name();
        self.join();
        self.board.advance(self.now_us);
        let mut next = self.gauges.read(self.now_us, &self.state);
        next.store = self.keeper.as_ref().map(Keeper::status).unwrap_or_default();
        next.world = Arc::clone(self.naming.world());
        next.conversations =
            self.board.conversations(|address, at_us| self.naming.who(address, at_us));
        next.scores = self.board.scores();
        next.classes = self.board.classes();
        next.incidents = self.shelf.sorted();
        next.resolved_early = self.detection.resolved_early();
        next.model.shift = self.detection.shift();
        let Seen { sinks, outbox, mutes } = self.seen.clone();
        (next.sinks, next.outbox, next.mutes) = (sinks, outbox, mutes);
        let abroad::Seen { cluster, response } = self.abroad.borrow().clone();
        (next.cluster, next.response) = (cluster, response);
        next.tetragon = self.tetragon.borrow().clone();
        self.policies.borrow().show_in(&mut next.tetragon);
        (next.tetragon.joinable, next.tetragon.joined) = self.joins.counts();
        next.tetragon.forgotten = self.processes.forgotten();
        next.scans = self.scans.borrow().clone();
        self.shown.send_if_modified(|shown| {
            let is_new = **shown != next;
            if is_new {
                *shown = Arc::new(next);
            }
            is_new
        });
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch;

    use super::*;
    use crate::detect::{Model, Runtime, Scorer, Usual};
    use crate::engine::rate::Rate;
    use crate::engine::snapshot::{ModelStatus, Source};
    use crate::incident::{Options, Tracker};

    #[test]
    fn a_desk_that_panics_does_not_look_like_a_quiet_network() {
        let runtime = Runtime::start(None).unwrap();
        let explainer = Scorer::new(&Model::built_in().unwrap(), &runtime).unwrap();
        let detection =
            Detection::new(Tracker::new("weir", Options::default()), explainer, Usual::default());
        let gauges = Gauges {
            source: Source::default(),
            total_bytes: None,
            meters: Arc::default(),
            flows: Arc::default(),
            model: ModelStatus::default(),
            inference: Arc::default(),
            evidence: None,
            arrivals: crate::engine::Arrivals::new(0),
            packet_rate: Rate::default(),
            sequence_rate: Rate::default(),
        };
        let (shown, snapshots) = watch::channel(Arc::default());
        let mut desk = Desk::new(detection, Vec::new(), None, Tray::default(), gauges, shown);
        desk.publish();
        assert!(desk.guarded(|_| panic!("it breaks off")).is_err());
        drop(desk);
        assert_eq!(snapshots.borrow().source.state, SourceState::Failed(PANICKED.into()));
    }
}
