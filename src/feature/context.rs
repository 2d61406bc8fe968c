//! What a flow's source and target did shortly before: the features that one flow cannot show.
//!
//! Guessing, beacons and scans look ordinary flow by flow; fan-out, repetition, regularity and
//! failures give them away. Memory is bounded: the hosts heard of least recently are forgotten
//! first. Time is packet time.

use std::hash::{Hash, Hasher};
use std::num::NonZeroUsize;

use foldhash::fast::RandomState;
use lru::LruCache;
use siphasher::sip::SipHasher13;

use super::recent::{Aggregate, Outcome, Recent, Window, seconds};
use crate::flow::{Report, Row, State};
use crate::packet::{Address, TcpFlags, Tuple};

/// Memory for sources, and as much again for targets, in bytes.
const HOSTS_BYTES: usize = 32 << 20;

/// Server contexts whose last vector is remembered, in entries.
const GAPS: usize = 65_536;

/// The context of one flow at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Context {
    /// What the source did in the last 10 s and in the last minute.
    pub(super) source: [Aggregate; 2],
    /// What was done to the target.
    pub(super) target: [Aggregate; 2],
    /// Since the previous final row of the same client and service, ln(1 + s).
    pub(super) pair_gap: f64,
    /// Since the previous final row of the same server, ln(1 + s).
    pub(super) target_gap: f64,
    /// 1 while the flow is open.
    pub(super) provisional: f64,
}

/// Who spoke to which service: one of the two contexts in which vectors are put in sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Pair {
    client: Address,
    server: Address,
    server_port: u16,
    protocol: u8,
}

/// Follows the reports of a flow table and gives each row its context.
#[derive(Debug)]
pub struct Contexts {
    sources: LruCache<Address, Box<Recent>, RandomState>,
    targets: LruCache<Address, Box<Recent>, RandomState>,
    last_of_pair: LruCache<Pair, i64, RandomState>,
    last_of_target: LruCache<Address, i64, RandomState>,
    /// Hosts met so far.
    met: u64,
}

impl Default for Contexts {
    fn default() -> Self {
        let entry_bytes = size_of::<Recent>() + size_of::<Address>() + 64;
        let hosts = NonZeroUsize::new(HOSTS_BYTES / entry_bytes).unwrap_or(NonZeroUsize::MIN);
        let gaps = NonZeroUsize::new(GAPS).unwrap_or(NonZeroUsize::MIN);
        Self {
            sources: at_most(hosts),
            targets: at_most(hosts),
            last_of_pair: at_most(gaps),
            last_of_target: at_most(gaps),
            met: 0,
        }
    }
}

/// A cache of at most so many entries, which takes memory only for those there are.
fn at_most<K: Hash + Eq, V>(entries: NonZeroUsize) -> LruCache<K, V, RandomState> {
    let mut cache = LruCache::unbounded_with_hasher(RandomState::default());
    cache.resize(entries);
    cache
}

impl Contexts {
    /// Takes the next report in order; answers with the row and its context if it is one.
    pub fn observe<'a>(&mut self, report: &Report<'a>) -> Option<(Row<'a>, Context)> {
        match report {
            Report::Opened { order, tuple } => {
                self.open(order.at_us, tuple);
                None
            }
            Report::Row(row) => Some((*row, self.context(row))),
        }
    }

    /// Forgets everything, as when the capture's clock jumps back.
    pub fn clear(&mut self) {
        let Self { sources, targets, last_of_pair, last_of_target, met } = self;
        sources.clear();
        targets.clear();
        last_of_pair.clear();
        last_of_target.clear();
        *met = 0;
    }

    fn open(&mut self, at_us: i64, tuple: &Tuple) {
        let port = hashed(&tuple.server_port().to_be_bytes());
        let [source, target] = self.hosts(at_us, tuple);
        let ids = [source.id, target.id].map(|id| hashed(&id.to_be_bytes()));
        source.open(at_us, ids[1], port);
        target.open(at_us, ids[0], port);
    }

    fn context(&mut self, row: &Row<'_>) -> Context {
        let (at_us, tuple) = (row.order.at_us, &row.flow.tuple);
        let [source, target] = self.hosts(at_us, tuple);
        if row.flow.reports == 0 {
            let outcome = outcome(row);
            source.judge(at_us, outcome);
            target.judge(at_us, outcome);
        }
        let windows = [Window::TenSeconds, Window::Minute];
        let (source, target) = (
            windows.map(|window| source.aggregate(at_us, window)),
            windows.map(|window| target.aggregate(at_us, window)),
        );
        let (pair_gap, target_gap) = self.gaps(row);
        let provisional = if row.state == State::Provisional { 1.0 } else { 0.0 };
        Context { source, target, pair_gap, target_gap, provisional }
    }

    /// What is known of the source and of the target.
    fn hosts(&mut self, at_us: i64, tuple: &Tuple) -> [&mut Recent; 2] {
        let Self { sources, targets, met, .. } = self;
        [(sources, tuple.source), (targets, tuple.target)].map(|(hosts, host)| {
            &mut **hosts.get_or_insert_mut(host, || {
                *met += 1;
                Box::new(Recent::new(*met, at_us))
            })
        })
    }

    /// Log gaps to the previous final vector of the same pair and of the same target.
    fn gaps(&mut self, row: &Row<'_>) -> (f64, f64) {
        let (at_us, tuple) = (row.order.at_us, &row.flow.tuple);
        let pair = Pair {
            client: tuple.source,
            server: tuple.target,
            server_port: tuple.server_port(),
            protocol: tuple.protocol,
        };
        let gap = |last_us: Option<&i64>| {
            last_us.map_or(0.0, |last_us| seconds(at_us.saturating_sub(*last_us)).ln_1p())
        };
        let gaps = (gap(self.last_of_pair.get(&pair)), gap(self.last_of_target.get(&tuple.target)));
        if matches!(row.state, State::Final(_)) {
            self.last_of_pair.put(pair, at_us);
            self.last_of_target.put(tuple.target, at_us);
        }
        gaps
    }
}

/// A flow failed if nothing came back, or only a refusal.
fn outcome(row: &Row<'_>) -> Outcome {
    let back = &row.flow.backward;
    let is_refused = back.data_packets == 0 && back.flagged(TcpFlags::RST) > 0;
    if back.packets == 0 || is_refused { Outcome::Failed } else { Outcome::Answered }
}

/// The same in every process, so that sketches are.
pub(super) fn hashed(bytes: &[u8]) -> u64 {
    let mut hasher = SipHasher13::new();
    hasher.write(bytes);
    hasher.finish()
}
