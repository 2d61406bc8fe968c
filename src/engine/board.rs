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

use super::naming::name_hosts;
use super::snapshot::{Conversation, ScorePoint};
use crate::correlate::{Answer, Found};
use crate::detect::{CLASSES, Class, FlowSummary, Score, Verdict};
use crate::flow::{End, FlowId, State};
use crate::incident::Who;
use crate::packet::{Address, Tuple};

/// Conversations remembered; the one heard of least recently is forgotten first.
const CONVERSATIONS: usize = 4_096;

/// Conversations shown.
const SHOWN: usize = 512;

/// Flows remembered of a conversation.
const RECENT: usize = 32;

/// Flows remembered that go on, 10 MiB: of each only what is new since its last verdict is counted.
const OPEN_FLOWS: usize = 131_072;

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

/// What a verdict adds to its conversation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Gain {
    flows: u64,
    packets: u64,
    bytes: u64,
    resets: u64,
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
    conversations: LruCache<Key, Arc<Conversation>, RandomState>,
    /// Packets and bytes counted so far of flows that go on.
    open: LruCache<FlowId, (u64, u64), RandomState>,
    services: LruCache<Pair, Services, RandomState>,
    /// First packets of the flows whose client and server are shown.
    joined: LruCache<Key, [i64; 2], RandomState>,
    seconds: VecDeque<Second>,
}

impl Default for Board {
    fn default() -> Self {
        Self {
            conversations: at_most(CONVERSATIONS),
            open: at_most(OPEN_FLOWS),
            services: at_most(CONVERSATIONS),
            joined: at_most(CONVERSATIONS),
            seconds: VecDeque::new(),
        }
    }
}

impl Board {
    /// Takes the next verdict.
    pub(super) fn observe(&mut self, verdict: &Arc<Verdict>) {
        self.second(verdict);
        let key = self.key(&verdict.flow);
        let gain = self.gain(&verdict.flow);
        let row = self.conversations.get_or_insert_mut(key, || Arc::new(opened(key, verdict)));
        take(Arc::make_mut(row), verdict, gain);
    }

    /// Forgets everything, as when the capture's clock jumps back.
    pub(super) fn clear(&mut self) {
        self.conversations.clear();
        self.open.clear();
        self.services.clear();
        self.joined.clear();
        self.seconds.clear();
    }

    /// Forgets what is out of reach at `now_us`.
    pub(super) fn advance(&mut self, now_us: i64) {
        let oldest = now_us.div_euclid(SECOND_US) - WINDOW_S;
        while self.seconds.front().is_some_and(|second| second.point.second < oldest) {
            self.seconds.pop_front();
        }
        let is_old = |row: &Conversation| row.last_us.div_euclid(SECOND_US) < oldest;
        while self.conversations.peek_lru().is_some_and(|(_, row)| is_old(row)) {
            self.conversations.pop_lru();
        }
    }

    /// Takes which processes are at the ends of a flow whose first packet came at `first_us`; those of the
    /// newest flow are shown, unless it is not clear any more that they are its.
    pub(super) fn join(&mut self, tuple: &Tuple, first_us: i64, found: &Found) {
        let pair = (tuple.source, tuple.target, tuple.protocol);
        let key = match self.services.peek(&pair) {
            Some(Services::Many) => (pair, None),
            _ => (pair, Some(tuple.server_port())),
        };
        let Some(row) = self.conversations.peek_mut(&key) else { return };
        let newest_us = self.joined.get_or_insert_mut(key, || [i64::MIN; 2]);
        for (at, answer) in [&found.client, &found.server].into_iter().enumerate() {
            let process = match answer {
                Answer::Owner(owner) if newest_us[at] <= first_us => Some(owner.process.clone()),
                Answer::Unclear if newest_us[at] == first_us => None,
                _ => continue,
            };
            newest_us[at] = first_us;
            let row = Arc::make_mut(row);
            let shown = if at == 0 { &mut row.client_process } else { &mut row.server_process };
            *shown = process.map(Arc::new);
        }
    }

    /// Those that alarm first, the newest of them first; then by score. `who` is asked what their hosts
    /// are; of those that it knows no more, the last word stands.
    pub(super) fn conversations(
        &mut self,
        who: impl Fn(Address, i64) -> Option<Arc<Who>>,
    ) -> Vec<Arc<Conversation>> {
        let mut all: Vec<_> = self.conversations.iter().map(|(_, row)| Arc::clone(row)).collect();
        all.sort_by_cached_key(|one| {
            let newest_trouble = one.is_alarm.then_some(one.first_us);
            let name = (one.client, one.server, one.server_port, one.protocol);
            (Reverse(newest_trouble), Reverse(one.score), Reverse(one.last_us), name)
        });
        all.truncate(SHOWN);
        for row in &mut all {
            if name_hosts(row, &who)
                && let Some(kept) = self.conversations.peek_mut(&(pair(row), row.server_port))
            {
                *kept = Arc::clone(row);
            }
        }
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
            let rows = rows.map(Arc::unwrap_or_clone);
            if let Some(row) = rows.reduce(joined) {
                self.conversations.put((pair, None), Arc::new(row));
            }
        }
        (pair, None)
    }

    /// What is new of `flow` since its last verdict.
    fn gain(&mut self, flow: &FlowSummary) -> Gain {
        let is_full = self.open.len() == OPEN_FLOWS;
        let counted = match flow.state {
            State::Final(_) => self.open.pop(&flow.id),
            State::Provisional => self.open.put(flow.id, (flow.packets, flow.bytes)),
        };
        // A flow ends once, and only then is it known how.
        let resets = u64::from(matches!(flow.state, State::Final(End::Rst)));
        match counted {
            Some((packets, bytes)) => Gain {
                flows: 0,
                packets: flow.packets.saturating_sub(packets),
                bytes: flow.bytes.saturating_sub(bytes),
                resets,
            },
            // Too many go on at once: this one has been counted and forgotten.
            None if is_full && flow.reports > 0 => Gain { resets, ..Gain::default() },
            None => Gain { flows: 1, packets: flow.packets, bytes: flow.bytes, resets },
        }
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

/// A row without flows, for that of `verdict` and more.
fn opened(((client, server, protocol), server_port): Key, verdict: &Verdict) -> Conversation {
    Conversation {
        client,
        server,
        client_who: None,
        server_who: None,
        client_process: None,
        server_process: None,
        server_port,
        protocol,
        score: Score::ZERO,
        class: Class::Benign,
        is_alarm: false,
        flows: 0,
        packets: 0,
        bytes: 0,
        resets: 0,
        first_us: verdict.flow.first_us,
        last_us: verdict.flow.last_us,
        recent: Vec::new(),
    }
}

/// What every row of two hosts shares.
const fn pair(row: &Conversation) -> Pair {
    (row.client, row.server, row.protocol)
}

fn take(row: &mut Conversation, verdict: &Arc<Verdict>, gain: Gain) {
    let flow = &verdict.flow;
    row.flows += gain.flows;
    row.packets += gain.packets;
    row.bytes += gain.bytes;
    row.resets += gain.resets;
    row.first_us = row.first_us.min(flow.first_us);
    row.last_us = row.last_us.max(flow.last_us);
    row.recent.retain(|known| known.flow.id != flow.id);
    row.recent.insert(0, Arc::clone(verdict));
    judge(row);
}

/// Both as one row for several services.
fn joined(mut row: Conversation, other: Conversation) -> Conversation {
    row.server_port = None;
    row.client_process = row.client_process.or(other.client_process);
    row.server_process = row.server_process.or(other.server_process);
    row.client_who = row.client_who.or(other.client_who);
    row.server_who = row.server_who.or(other.server_who);
    row.flows += other.flows;
    row.packets += other.packets;
    row.bytes += other.bytes;
    row.resets += other.resets;
    row.first_us = row.first_us.min(other.first_us);
    row.last_us = row.last_us.max(other.last_us);
    row.recent.extend(other.recent);
    row.recent.sort_by_key(|one| Reverse(one.flow.at_us));
    judge(&mut row);
    row
}

/// What the recent flows of a conversation come to.
fn judge(row: &mut Conversation) {
    row.recent.truncate(RECENT);
    // The newest of several that are equally bad.
    let worst = row.recent.iter().rev().max_by_key(|one| (one.is_alarm, one.score));
    if let Some(worst) = worst {
        (row.score, row.class, row.is_alarm) = (worst.score, worst.class, worst.is_alarm);
    }
}

/// A cache that takes memory only for what is in it.
fn at_most<K: Hash + Eq, V>(entries: usize) -> LruCache<K, V, RandomState> {
    let mut cache = LruCache::unbounded_with_hasher(RandomState::default());
    cache.resize(NonZeroUsize::new(entries).unwrap_or(NonZeroUsize::MIN));
    cache
}

/// Whether the flow is over, and not only its row.
const fn is_over(flow: &FlowSummary) -> bool {
    matches!(flow.state, State::Final(end) if !matches!(end, End::Active))
}

#[cfg(test)]
mod tests;
