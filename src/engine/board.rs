//! The newest verdicts by conversation, and the course of the score: what the console looks at.
//!
//! Bounded, and moved by packet time alone.

use std::cmp::Reverse;
use std::collections::VecDeque;
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

/// Client, server, server port and protocol.
type Key = (Address, Address, u16, u8);

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
    seconds: VecDeque<Second>,
}

impl Default for Board {
    fn default() -> Self {
        let mut conversations = LruCache::unbounded_with_hasher(RandomState::default());
        conversations.resize(NonZeroUsize::new(CONVERSATIONS).unwrap_or(NonZeroUsize::MIN));
        Self { conversations, seconds: VecDeque::new() }
    }
}

impl Board {
    /// Takes the next verdict.
    pub(super) fn observe(&mut self, verdict: &Arc<Verdict>) {
        self.second(verdict);
        let flow = &verdict.flow;
        let tuple = &flow.tuple;
        let key = (tuple.source, tuple.target, tuple.server_port(), tuple.protocol);
        let entry = self.conversations.get_or_insert_mut(key, || Entry::new(key, verdict));
        entry.observe(verdict);
    }

    /// Forgets everything, as when the capture's clock jumps back.
    pub(super) fn clear(&mut self) {
        self.conversations.clear();
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
        let (client, server, server_port, protocol) = key;
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
        if matches!(flow.state, State::Final(_)) {
            self.ended_packets += flow.packets;
            self.ended_bytes += flow.bytes;
        }
        let shown = Arc::make_mut(&mut self.shown);
        match shown.recent.iter().position(|known| known.flow.id == flow.id) {
            Some(at) => drop(shown.recent.remove(at)),
            None => shown.flows += u64::from(flow.reports == 0),
        }
        shown.recent.insert(0, Arc::clone(verdict));
        shown.recent.truncate(RECENT);
        shown.first_us = shown.first_us.min(flow.first_us);
        shown.last_us = shown.last_us.max(flow.last_us);
        let open = || shown.recent.iter().map(|one| &one.flow).filter(|flow| !is_final(flow));
        shown.packets = self.ended_packets + open().map(|flow| flow.packets).sum::<u64>();
        shown.bytes = self.ended_bytes + open().map(|flow| flow.bytes).sum::<u64>();
        // The newest of several that are equally bad.
        let worst = shown.recent.iter().rev().max_by_key(|one| (one.is_alarm, one.score));
        if let Some(worst) = worst {
            (shown.score, shown.class, shown.is_alarm) = (worst.score, worst.class, worst.is_alarm);
        }
    }
}

const fn is_final(flow: &FlowSummary) -> bool {
    matches!(flow.state, State::Final(_))
}

/// Whether the flow is over, and not only its row.
const fn is_over(flow: &FlowSummary) -> bool {
    matches!(flow.state, State::Final(end) if !matches!(end, End::Active))
}
