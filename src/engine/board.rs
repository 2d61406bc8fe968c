//! The newest verdicts by conversation, and the course of the score: what the console looks at.
//!
//! Bounded, and moved by packet time alone.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::hash::Hash;
use std::num::NonZeroUsize;
use std::sync::Arc;

use foldhash::fast::RandomState;
use lru::LruCache;

use super::snapshot::{Conversation, ScorePoint};
use crate::detect::{CLASSES, Class, FlowSummary, Score, Verdict};
use crate::flow::{End, State};
use crate::packet::Address;

/// Conversations remembered; the one heard of least recently is forgotten first.
const CONVERSATIONS: usize = 4_096;

/// Conversations shown.
const SHOWN: usize = 512;

/// Flows remembered of a conversation.
const RECENT: usize = 32;

/// How far back scores, classes and conversations reach, in seconds.
const WINDOW_S: i64 = 300;

const SECOND_US: i64 = 1_000_000;

/// Services of one server that a client may turn to and each has a row of its own; a scan is one row.
const SERVICES: usize = 8;

/// Client, server and protocol.
type Pair = (Address, Address, u8);

/// A pair, and the port of the service; none for all services of a pair together.
type Key = (Pair, Option<u16>);

/// Ports of a server that a client turned to.
#[derive(Debug)]
enum Services {
    Few(Vec<u16>),
    Many,
}

/// A conversation, and what its ended flows have brought.
#[derive(Debug)]
struct Entry {
    shown: Arc<Conversation>,
    ended_packets: u64,
    ended_bytes: u64,
}

/// One second of packet time.
#[derive(Debug)]
struct Second {
    point: ScorePoint,
    classes: [u64; CLASSES],
}

/// What the console looks at.
#[derive(Debug)]
pub(super) struct Board {
    conversations: LruCache<Key, Entry, RandomState>,
    services: LruCache<Pair, Services, RandomState>,
    seconds: VecDeque<Second>,
}

impl Default for Board {
    fn default() -> Self {
        Self { conversations: at_most(), services: at_most(), seconds: VecDeque::new() }
    }
}

impl Board {
    /// Takes the next verdict.
    pub(super) fn observe(&mut self, verdict: &Arc<Verdict>) {
        self.second(verdict);
        let key = self.key(&verdict.flow);
        let entry = self.conversations.get_or_insert_mut(key, || Entry::new(key, verdict));
        entry.observe(verdict);
    }

    /// Forgets everything, as when the capture's clock jumps back.
    pub(super) fn clear(&mut self) {
        self.conversations.clear();
        self.services.clear();
        self.seconds.clear();
    }

    /// Forgets what is out of reach at `now_us`.
    pub(super) fn advance(&mut self, now_us: i64) {
        let oldest = now_us.div_euclid(SECOND_US) - WINDOW_S;
        while self.seconds.front().is_some_and(|second| second.point.second < oldest) {
            self.seconds.pop_front();
        }
        let is_old = |entry: &Entry| entry.shown.last_us.div_euclid(SECOND_US) < oldest;
        while self.conversations.peek_lru().is_some_and(|(_, entry)| is_old(entry)) {
            self.conversations.pop_lru();
        }
    }

    /// Those that alarm first, the newest of them first; then by score.
    pub(super) fn conversations(&self) -> Vec<Arc<Conversation>> {
        let mut all: Vec<_> =
            self.conversations.iter().map(|(_, entry)| Arc::clone(&entry.shown)).collect();
        all.sort_by_cached_key(|one| {
            let newest_trouble = one.is_alarm.then_some(one.first_us);
            let name = (one.client, one.server, one.server_port, one.protocol);
            (Reverse(newest_trouble), Reverse(one.score), Reverse(one.last_us), name)
        });
        all.truncate(SHOWN);
        all
    }

    /// The worst score of each second, oldest first.
    pub(super) fn scores(&self) -> Vec<ScorePoint> {
        self.seconds.iter().map(|second| second.point).collect()
    }

    /// Final flows by class.
    pub(super) fn classes(&self) -> [u64; CLASSES] {
        let mut sum = [0; CLASSES];
        for second in &self.seconds {
            sum.iter_mut().zip(second.classes).for_each(|(sum, count)| *sum += count);
        }
        sum
    }

    /// The row that `flow` belongs to. A client that turns to ever more services of one server gets
    /// one row for all of them.
    fn key(&mut self, flow: &FlowSummary) -> Key {
        let tuple = &flow.tuple;
        let (pair, port) = ((tuple.source, tuple.target, tuple.protocol), tuple.server_port());
        let services = self.services.get_or_insert_mut(pair, || Services::Few(Vec::new()));
        match services {
            Services::Many => return (pair, None),
            Services::Few(ports) if ports.contains(&port) => return (pair, Some(port)),
            Services::Few(ports) if ports.len() < SERVICES => {
                ports.push(port);
                return (pair, Some(port));
            }
            Services::Few(_) => {}
        }
        if let Services::Few(ports) = std::mem::replace(services, Services::Many) {
            let keys = ports.into_iter().map(|port| (pair, Some(port)));
            let rows = keys.filter_map(|key| self.conversations.pop(&key));
            if let Some(joined) = rows.reduce(|row, other| row.joined(&other)) {
                self.conversations.put((pair, None), joined);
            }
        }
        (pair, None)
    }

    /// Verdicts come in order of time, but for those of flows that the end of input closed.
    fn second(&mut self, verdict: &Verdict) {
        let number = verdict.flow.at_us.div_euclid(SECOND_US);
        if self.seconds.back().is_none_or(|last| last.point.second < number) {
            let point = ScorePoint { second: number, score: Score::ZERO, verdicts: 0 };
            self.seconds.push_back(Second { point, classes: [0; CLASSES] });
        }
        let Some(second) = self.seconds.back_mut() else { return };
        second.point.score = second.point.score.max(verdict.score);
        second.point.verdicts = second.point.verdicts.saturating_add(1);
        if is_over(&verdict.flow) {
            second.classes[verdict.class as usize] += 1;
        }
    }
}

impl Entry {
    fn new(key: Key, verdict: &Verdict) -> Self {
        let ((client, server, protocol), server_port) = key;
        let shown = Conversation {
            client,
            server,
            server_port,
            protocol,
            score: Score::ZERO,
            class: Class::Benign,
            is_alarm: false,
            flows: 0,
            packets: 0,
            bytes: 0,
            first_us: verdict.flow.first_us,
            last_us: verdict.flow.last_us,
            recent: Vec::new(),
        };
        Self { shown: Arc::new(shown), ended_packets: 0, ended_bytes: 0 }
    }

    fn observe(&mut self, verdict: &Arc<Verdict>) {
        let flow = &verdict.flow;
        let Self { shown, ended_packets, ended_bytes } = self;
        if is_final(flow) {
            *ended_packets += flow.packets;
            *ended_bytes += flow.bytes;
        }
        let shown = Arc::make_mut(shown);
        match shown.recent.iter().position(|known| known.flow.id == flow.id) {
            Some(at) => drop(shown.recent.remove(at)),
            None => shown.flows += u64::from(flow.reports == 0),
        }
        shown.recent.insert(0, Arc::clone(verdict));
        shown.recent.truncate(RECENT);
        shown.first_us = shown.first_us.min(flow.first_us);
        shown.last_us = shown.last_us.max(flow.last_us);
        judge(shown, *ended_packets, *ended_bytes);
    }

    /// Both as one row for several services.
    fn joined(self, other: &Self) -> Self {
        let ended_packets = self.ended_packets + other.ended_packets;
        let ended_bytes = self.ended_bytes + other.ended_bytes;
        let mut shown = Arc::unwrap_or_clone(self.shown);
        shown.server_port = None;
        shown.flows += other.shown.flows;
        shown.first_us = shown.first_us.min(other.shown.first_us);
        shown.last_us = shown.last_us.max(other.shown.last_us);
        shown.recent.extend(other.shown.recent.iter().map(Arc::clone));
        shown.recent.sort_by_key(|one| Reverse(one.flow.at_us));
        shown.recent.truncate(RECENT);
        judge(&mut shown, ended_packets, ended_bytes);
        Self { shown: Arc::new(shown), ended_packets, ended_bytes }
    }
}

/// What the recent flows of a conversation, and those that ended before, come to.
fn judge(shown: &mut Conversation, ended_packets: u64, ended_bytes: u64) {
    let open = || shown.recent.iter().map(|one| &one.flow).filter(|flow| !is_final(flow));
    shown.packets = ended_packets + open().map(|flow| flow.packets).sum::<u64>();
    shown.bytes = ended_bytes + open().map(|flow| flow.bytes).sum::<u64>();
    // The newest of several that are equally bad.
    let worst = shown.recent.iter().rev().max_by_key(|one| (one.is_alarm, one.score));
    if let Some(worst) = worst {
        (shown.score, shown.class, shown.is_alarm) = (worst.score, worst.class, worst.is_alarm);
    }
}

fn at_most<K: Hash + Eq, V>() -> LruCache<K, V, RandomState> {
    let mut cache = LruCache::unbounded_with_hasher(RandomState::default());
    cache.resize(NonZeroUsize::new(CONVERSATIONS).unwrap_or(NonZeroUsize::MIN));
    cache
}

const fn is_final(flow: &FlowSummary) -> bool {
    matches!(flow.state, State::Final(_))
}

/// Whether the flow is over, and not only its row.
const fn is_over(flow: &FlowSummary) -> bool {
    matches!(flow.state, State::Final(end) if !matches!(end, End::Active))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::FlowId;
    use crate::packet::{Tuple, protocol};

    /// The only verdict on a flow that ended in this second, to this port.
    fn verdict(id: u64, second: i64, target_port: u16, class: Class) -> Arc<Verdict> {
        let tuple = Tuple {
            source: Address::v4([10, 0, 0, 1]),
            target: Address::v4([10, 0, 0, 2]),
            source_port: 40_000,
            target_port,
            protocol: protocol::TCP,
            icmp_type: 0,
        };
        let at_us = second * SECOND_US;
        let flow = FlowSummary {
            id: FlowId(id),
            tuple,
            first_us: at_us,
            last_us: at_us,
            at_us,
            packets: 10,
            bytes: 100,
            reports: 0,
            state: State::Final(End::Fin),
        };
        let (score, is_alarm) = match class {
            Class::Benign => (Score::new(0.1), false),
            _ => (Score::new(0.9), true),
        };
        let probabilities = [Score::ZERO; CLASSES];
        let vector = Arc::new([0.0; crate::feature::ALL_FEATURES]);
        Arc::new(Verdict { flow, class, score, probabilities, is_alarm, vector })
    }

    fn provisional(verdict: &Verdict, reports: u32) -> Arc<Verdict> {
        let flow = FlowSummary { reports, state: State::Provisional, ..verdict.flow };
        Arc::new(Verdict { flow, ..verdict.clone() })
    }

    #[test]
    fn an_open_flow_counts_once_however_often_it_is_scored() {
        let mut board = Board::default();
        let last = verdict(1, 3, 80, Class::Benign);
        board.observe(&provisional(&last, 0));
        board.observe(&provisional(&last, 1));
        let flow = FlowSummary { reports: 2, ..last.flow };
        board.observe(&Arc::new(Verdict { flow, ..(*last).clone() }));
        let row = &board.conversations()[0];
        assert_eq!((row.flows, row.packets, row.bytes, row.recent.len()), (1, 10, 100, 1));
    }

    #[test]
    fn trouble_comes_before_the_rest() {
        let mut board = Board::default();
        board.observe(&verdict(1, 1, 80, Class::Benign));
        board.observe(&verdict(2, 2, 443, Class::DosFlood));
        board.observe(&verdict(3, 3, 22, Class::Benign));
        let ports: Vec<_> = board.conversations().iter().map(|row| row.server_port).collect();
        assert_eq!(ports, [Some(443), Some(22), Some(80)]);
    }

    #[test]
    fn a_scan_is_one_row() {
        let mut board = Board::default();
        (1..=300).for_each(|port| board.observe(&verdict(port.into(), 1, port, Class::Scan)));
        let rows = board.conversations();
        assert_eq!((rows.len(), rows[0].server_port, rows[0].flows), (1, None, 300));
        assert_eq!(rows[0].packets, 3_000);
    }

    #[test]
    fn what_is_older_than_five_minutes_is_forgotten() {
        let mut board = Board::default();
        board.observe(&verdict(1, 1, 80, Class::Benign));
        board.advance(301 * SECOND_US);
        assert_eq!(board.conversations().len(), 1);
        board.advance(302 * SECOND_US);
        assert_eq!((board.conversations().len(), board.scores().len()), (0, 0));
    }
}
