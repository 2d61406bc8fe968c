use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};

use super::*;
use crate::engine::fixture::incident;
use crate::flow::FlowId;
use crate::packet::{Address, Tuple};

/// What was written: flows by incident, and the last packet by incident and flow.
#[derive(Debug, Default, Clone, PartialEq)]
struct Rows {
    incidents: BTreeMap<u64, u64>,
    spans: BTreeMap<(u64, u64), i64>,
}

/// A database in memory.
#[derive(Debug, Default)]
struct Memory {
    rows: Arc<Mutex<Rows>>,
    /// So many writes fail before it takes anything.
    failures: u64,
    /// Incidents written, counting every time.
    writes: Arc<AtomicU64>,
    /// Every write waits for what is sent here, or for the sender to go.
    hang: Option<Receiver<()>>,
}

impl Database for Memory {
    type Error = io::Error;

    fn apply(&mut self, changes: &Changes<'_>) -> io::Result<()> {
        if let Some(hang) = &self.hang {
            hang.recv().ok();
        }
        if self.failures > 0 {
            self.failures -= 1;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.writes.fetch_add(changes.incidents.len() as u64, Ordering::Relaxed);
        let mut rows = self.rows.lock().unwrap();
        rows.incidents.extend(changes.incidents.iter().map(|one| (one.id.0, one.flows)));
        rows.spans.extend(changes.spans.iter().map(|(id, one)| ((id.0, one.id.0), one.last_us)));
        Ok(())
    }

    fn prune(&mut self) -> io::Result<Pruned> {
        panic!("nothing is a minute old in a test");
    }
}

fn hanging() -> (Sender<()>, Memory) {
    let (let_go, hang) = channel();
    (let_go, Memory { hang: Some(hang), ..Memory::default() })
}

fn span(incident: u64, flow: u64, last_us: i64) -> (IncidentId, FlowSpan) {
    let (source, target) = (Address::v4([10, 0, 0, 1]), Address::v4([10, 0, 0, 2]));
    let tuple =
        Tuple { source, source_port: 40_000, target, target_port: 80, protocol: 6, icmp_type: 0 };
    (IncidentId(incident), FlowSpan { id: FlowId(flow), tuple, first_us: 0, last_us })
}

#[test]
fn what_a_full_disk_refused_is_written_when_there_is_room() {
    let memory = Memory { failures: 1, ..Memory::default() };
    let rows = Arc::clone(&memory.rows);
    let keeper = Keeper::start("x.db".into(), memory).unwrap();
    keeper.keep(vec![incident(1, 3)], vec![span(1, 7, 5)]);
    while keeper.status().failure.is_none() {
        std::thread::yield_now();
    }
    assert_eq!(*rows.lock().unwrap(), Rows::default());
    keeper.keep(vec![incident(1, 4), incident(2, 3)], vec![span(1, 7, 6)]);
    let status = keeper.finish();
    assert_eq!((status.failure, status.waiting), (None, 0));
    let rows = rows.lock().unwrap().clone();
    assert_eq!(rows.incidents, BTreeMap::from([(1, 4), (2, 3)]));
    assert_eq!(rows.spans, BTreeMap::from([((1, 7), 6)]));
}

#[test]
fn what_cannot_be_written_to_the_end_is_counted() {
    let memory = Memory { failures: u64::MAX, ..Memory::default() };
    let keeper = Keeper::start("x.db".into(), memory).unwrap();
    keeper.keep(vec![incident(1, 3), incident(1, 4), incident(2, 3)], vec![span(1, 7, 5)]);
    let status = keeper.finish();
    assert!(status.failure.is_some());
    assert_eq!(status.waiting, 2);
}

#[test]
fn of_an_incident_only_the_newest_state_waits_for_a_database_that_hangs() {
    let (let_go, memory) = hanging();
    let (rows, written) = (Arc::clone(&memory.rows), Arc::clone(&memory.writes));
    let keeper = Keeper::start("x.db".into(), memory).unwrap();
    (1..=1_000).for_each(|flows| keeper.keep(vec![incident(1, flows)], Vec::new()));
    drop(let_go);
    assert_eq!(keeper.finish().waiting, 0);
    assert_eq!(rows.lock().unwrap().incidents, BTreeMap::from([(1, 1_000)]));
    assert!(written.load(Ordering::Relaxed) <= 2);
}

#[test]
fn flows_that_wait_for_a_database_that_hangs_are_bounded_and_the_newest_of_each() {
    let (let_go, memory) = hanging();
    let rows = Arc::clone(&memory.rows);
    let keeper = Keeper::start("x.db".into(), memory).unwrap();
    let all = |last_us| (0..100_000).map(|flow| span(1, flow, last_us)).collect();
    keeper.keep(Vec::new(), all(1));
    keeper.keep(vec![incident(1, 1)], all(2));
    drop(let_go);
    keeper.finish();
    let spans = rows.lock().unwrap().spans.clone();
    assert_eq!(spans.len(), 65_536);
    assert!(spans.values().all(|last_us| *last_us == 2));
}

#[test]
fn flows_alone_wait_for_the_next_incident_or_the_end() {
    let memory = Memory::default();
    let (rows, writes) = (Arc::clone(&memory.rows), Arc::clone(&memory.writes));
    let keeper = Keeper::start("x.db".into(), memory).unwrap();
    keeper.keep(vec![incident(1, 1)], Vec::new());
    while writes.load(Ordering::Relaxed) == 0 {
        std::thread::yield_now();
    }
    keeper.keep(Vec::new(), vec![span(1, 7, 5)]);
    assert_eq!(keeper.finish().failure, None);
    assert_eq!(rows.lock().unwrap().spans, BTreeMap::from([((1, 7), 5)]));
}

#[test]
fn a_thread_that_is_gone_is_a_failure_of_the_database() {
    struct Broken;

    impl Database for Broken {
        type Error = io::Error;

        fn apply(&mut self, _: &Changes<'_>) -> io::Result<()> {
            panic!("it breaks off")
        }

        fn prune(&mut self) -> io::Result<Pruned> {
            Ok(Pruned::default())
        }
    }

    let keeper = Keeper::start("x.db".into(), Broken).unwrap();
    keeper.keep(vec![incident(1, 3)], Vec::new());
    while keeper.status().failure.is_none() {
        std::thread::yield_now();
    }
}
