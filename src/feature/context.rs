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

use super::activity::{Activity, Measured, News};
use super::recent::{Aggregate, Outcome, Recent, Window};
use crate::flow::{Report, Row, State};
use crate::packet::{Address, TcpFlags, Tuple};

/// Memory for sources, and as much again for targets, in bytes.
const HOSTS_BYTES: usize = 32 << 20;

/// Scopes of each kind whose activity is remembered, in entries of some 300 bytes.
const SCOPES: usize = 65_536;

/// The context of one flow at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Context {
    /// What the source did in the last 10 s and in the last minute.
    pub(super) source: [Aggregate; 2],
    /// What was done to the target.
    pub(super) target: [Aggregate; 2],
    /// What goes on around the flow, in the order of [`Scope`].
    pub(super) scopes: [Measured; 5],
    /// 1 while the flow is open.
    pub(super) provisional: f64,
}

/// Around what activity is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// Whoever opened the flow.
    Source,
    /// Whom it was opened to.
    Target,
    /// One client at one service of a server.
    Pair,
    /// One client at one server.
    Hosts,
    /// One service of a server, whoever its clients are.
    Service,
}

impl Context {
    /// What goes on around the flow.
    pub(super) const fn of(&self, scope: Scope) -> &Measured {
        &self.scopes[scope as usize]
    }
}

/// A service: server, port and protocol.
type Service = (Address, u16, u8);

/// Follows the reports of a flow table and gives each row its context.
#[derive(Debug)]
pub struct Contexts {
    sources: LruCache<Address, Box<Recent>, RandomState>,
    targets: LruCache<Address, Box<Recent>, RandomState>,
    pairs: LruCache<(Address, Service), Activity, RandomState>,
    host_pairs: LruCache<(Address, Address), Activity, RandomState>,
    services: LruCache<Service, Activity, RandomState>,
    /// Hosts met so far.
    met: u64,
}

impl Default for Contexts {
    fn default() -> Self {
        let entry_bytes = size_of::<Recent>() + size_of::<Address>() + 64;
        let hosts = NonZeroUsize::new(HOSTS_BYTES / entry_bytes).unwrap_or(NonZeroUsize::MIN);
        let scopes = NonZeroUsize::new(SCOPES).unwrap_or(NonZeroUsize::MIN);
        Self {
            sources: at_most(hosts),
            targets: at_most(hosts),
            pairs: at_most(scopes),
            host_pairs: at_most(scopes),
            services: at_most(scopes),
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
        let Self { sources, targets, pairs, host_pairs, services, met } = self;
        sources.clear();
        targets.clear();
        pairs.clear();
        host_pairs.clear();
        services.clear();
        *met = 0;
    }

    fn open(&mut self, at_us: i64, tuple: &Tuple) {
        let port = hashed(&tuple.server_port().to_be_bytes());
        let [source, target] = self.hosts(at_us, tuple);
        let ids = [source.id, target.id].map(|id| hashed(&id.to_be_bytes()));
        source.open(at_us, ids[1], port);
        target.open(at_us, ids[0], port);
        self.scopes(tuple).into_iter().for_each(|scope| scope.open(at_us));
    }

    fn context(&mut self, row: &Row<'_>) -> Context {
        let (at_us, tuple) = (moment(row), &row.flow.tuple);
        let outcome = outcome(row);
        let [source, target] = self.hosts(at_us, tuple);
        if row.flow.reports == 0 {
            source.judge(at_us, outcome);
            target.judge(at_us, outcome);
        }
        let windows = [Window::TenSeconds, Window::Minute];
        let aggregates = [&mut *source, &mut *target]
            .map(|host| windows.map(|window| host.aggregate(at_us, window)));
        let news = News::of(row, outcome);
        let hosts = [source, target].map(|host| host.activity.observe(at_us, &news));
        let [pair, host_pair, service] =
            self.scopes(tuple).map(|scope| scope.observe(at_us, &news));
        Context {
            source: aggregates[0],
            target: aggregates[1],
            scopes: [hosts[0], hosts[1], pair, host_pair, service],
            provisional: if news.is_final { 0.0 } else { 1.0 },
        }
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

    /// The activity of the pair, of both hosts and of the service.
    fn scopes(&mut self, tuple: &Tuple) -> [&mut Activity; 3] {
        let (client, server) = (tuple.source, tuple.target);
        let service = (server, tuple.server_port(), tuple.protocol);
        [
            self.pairs.get_or_insert_mut((client, service), Activity::default),
            self.host_pairs.get_or_insert_mut((client, server), Activity::default),
            self.services.get_or_insert_mut(service, Activity::default),
        ]
    }
}

/// The moment that a row is about: now while the flow is open, else that of its last packet. Who
/// waits until silence has ended a flow finds the windows around it empty.
const fn moment(row: &Row<'_>) -> i64 {
    match row.state {
        State::Provisional => row.order.at_us,
        State::Final(_) => row.flow.last_us,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{FlowTable, Share, Stamp, Timeouts};
    use crate::packet::{Packet, protocol};

    /// The context of every row of datagrams, each at so many ms from a port of the client's to a
    /// port of the server's, and whether the row is final.
    fn contexts(datagrams: &[(i64, u16, u16)]) -> Vec<(Context, bool)> {
        let timeouts = Timeouts { report_us: Some(5_000_000), ..Timeouts::default() };
        let mut table = FlowTable::new(Share::new(100, 1), 0, 100, timeouts);
        let (mut contexts, mut seen) = (Contexts::default(), Vec::new());
        let mut take = |report: Report<'_>| {
            if let Some((row, context)) = contexts.observe(&report) {
                seen.push((context, matches!(row.state, State::Final(_))));
            }
        };
        for (sequence, (at_ms, source_port, target_port)) in (1..).zip(datagrams) {
            let packet = Packet {
                time_us: at_ms * 1_000,
                tuple: Tuple {
                    source: Address::v4([10, 0, 0, 1]),
                    target: Address::v4([10, 0, 1, 1]),
                    source_port: *source_port,
                    target_port: *target_port,
                    protocol: protocol::UDP,
                    icmp_type: 0,
                },
                payload_len: 100,
                header_len: 8,
                flags: TcpFlags::default(),
                window: 0,
                tunnel: None,
            };
            table.observe(&packet, Stamp { clock_us: packet.time_us, sequence });
            table.report(packet.time_us, &mut take);
        }
        table.finish(1_000_000_000, take);
        seen
    }

    fn finals(datagrams: &[(i64, u16, u16)]) -> Vec<Context> {
        contexts(datagrams)
            .into_iter()
            .filter_map(|(one, is_final)| is_final.then_some(one))
            .collect()
    }

    #[test]
    fn silence_that_ends_a_flow_takes_nothing_from_its_context() {
        let scan: Vec<_> = (0..20).map(|port| (i64::from(port) * 100, 40_000, 1 + port)).collect();
        for context in finals(&scan) {
            assert!((context.source[1].flows.exp_m1() - 20.0).abs() < 1e-9);
            assert!(context.source[1].ports.exp_m1() > 15.0);
            assert!(context.of(Scope::Hosts).opened[1].exp_m1() > 15.0);
        }
    }

    #[test]
    fn flows_are_counted_as_open_until_they_end() {
        let open: Vec<_> = finals(&[(0, 1, 80), (0, 2, 80), (0, 3, 443)])
            .iter()
            .map(|context| {
                [Scope::Source, Scope::Hosts, Scope::Pair]
                    .map(|scope| context.of(scope).open.exp_m1().round())
            })
            .collect();
        assert_eq!(open, [[3.0, 3.0, 2.0], [2.0, 2.0, 1.0], [1.0, 1.0, 1.0]]);
    }

    #[test]
    fn bytes_count_once_however_often_a_flow_is_reported() {
        let talk: Vec<_> = (0..30).map(|second| (second * 1_000, 1, 80)).collect();
        let seen = contexts(&talk);
        assert!(seen.len() > 5, "{} rows", seen.len());
        let up = seen.last().unwrap().0.of(Scope::Pair).five_minute_bytes[0].exp_m1();
        // 3,000 bytes over half a minute, of which the first have faded by a tenth.
        assert!((2_700.0..=3_000.0).contains(&up), "{up}");
    }
}
