//! Sequences: the last vectors of one client at one service.

use std::collections::VecDeque;
use std::num::NonZeroUsize;

use foldhash::fast::RandomState;
use lru::LruCache;

use crate::feature::{ALL_FEATURES, Vector};
use crate::flow::{Row, State};
use crate::packet::{Address, Tuple};

/// Vectors in a sequence, the newest included.
pub const LENGTH: usize = 10;

/// Memory for the vectors of past flows, in bytes.
const HISTORY_BYTES: usize = 128 << 20;

/// The context that the flows of a sequence have in common: client, server, server port, protocol.
type Key = (Address, Address, u16, u8);

/// The newest vector of a context behind those of the final rows before it.
#[derive(Debug, Clone, Copy)]
pub struct Sequence {
    /// Oldest first, the newest last; where there are fewer than [`LENGTH`], zeros come first.
    pub steps: [Vector; LENGTH],
    /// How many of the last `steps` are vectors.
    pub len: usize,
}

/// Remembers the vectors of final rows and puts each new one behind them.
///
/// Bounded in bytes: the contexts heard of least recently are forgotten first.
#[derive(Debug)]
pub struct Sequences {
    history: LruCache<Key, VecDeque<Vector>, RandomState>,
}

impl Default for Sequences {
    fn default() -> Self {
        let entry_bytes = (LENGTH - 1) * size_of::<Vector>() + size_of::<Key>() + 64;
        let entries = NonZeroUsize::new(HISTORY_BYTES / entry_bytes).unwrap_or(NonZeroUsize::MIN);
        // Memory is taken only for the entries there are.
        let mut history = LruCache::unbounded_with_hasher(RandomState::default());
        history.resize(entries);
        Self { history }
    }
}

impl Sequences {
    /// The sequence that ends with `vector`, which belongs to `row`.
    ///
    /// Only final rows are remembered: an open flow never counts twice.
    pub fn observe(&mut self, row: &Row<'_>, vector: &Vector) -> Sequence {
        let Tuple { source, target, protocol, .. } = row.flow.tuple;
        let key = (source, target, row.flow.tuple.server_port(), protocol);
        let past = self.history.get(&key);
        let sequence = sequence(past.into_iter().flatten(), vector);
        if matches!(row.state, State::Final(_)) {
            let past = self.history.get_or_insert_mut(key, VecDeque::new);
            if past.len() == LENGTH - 1 {
                past.pop_front();
            }
            // No more than the cap on entries counts on.
            past.reserve_exact(1);
            past.push_back(*vector);
        }
        sequence
    }

    /// Forgets everything, as when the capture's clock jumps back.
    pub fn clear(&mut self) {
        self.history.clear();
    }
}

fn sequence<'a>(past: impl Iterator<Item = &'a Vector>, newest: &'a Vector) -> Sequence {
    let vectors: Vec<_> = past.chain([newest]).collect();
    let len = vectors.len();
    let mut steps = [[0.0; ALL_FEATURES]; LENGTH];
    for (step, vector) in steps.iter_mut().rev().zip(vectors.into_iter().rev()) {
        *step = *vector;
    }
    Sequence { steps, len }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{FlowTable, Report, Share, Stamp, Timeouts};
    use crate::packet::{Packet, TcpFlags, protocol};

    /// The first packet, at so many milliseconds, of a flow from `client` to a service.
    fn packet(client: [u8; 4], number: u16) -> Packet {
        Packet {
            time_us: i64::from(number) * 1_000,
            tuple: Tuple {
                source: Address::v4(client),
                target: Address::v4([10, 0, 1, 1]),
                source_port: number,
                target_port: 80,
                protocol: protocol::UDP,
                icmp_type: 0,
            },
            payload_len: 1,
            header_len: 8,
            flags: TcpFlags::default(),
            window: 0,
            tunnel: None,
        }
    }

    fn stamp(packet: &Packet, number: u16) -> Stamp {
        Stamp { clock_us: packet.time_us, sequence: number.into() }
    }

    /// The first value of every step of the sequence that ends in each row, for flows from these
    /// clients to one service; the n-th row's vector begins with n.
    fn first_values(clients: &[u8], state: Option<State>) -> Vec<Vec<f32>> {
        let timeouts = Timeouts { report_us: Some(5_000_000), ..Timeouts::default() };
        let mut table = FlowTable::new(Share::new(100, 1), 0, 100, timeouts);
        let mut sequences = Sequences::default();
        let mut seen = Vec::new();
        for (number, client) in (1_u16..).zip(clients) {
            let packet = packet([10, 0, 0, *client], number);
            table.observe(&packet, stamp(&packet, number));
        }
        table.finish(1_000_000_000, |report| {
            let Report::Row(row) = report else { return };
            let is_wanted = matches!(row.state, State::Provisional) == state.is_some();
            if is_wanted {
                let mut vector = [0.0; ALL_FEATURES];
                vector[0] = f32::from(row.flow.tuple.source_port);
                let sequence = sequences.observe(&row, &vector);
                seen.push(sequence.steps.iter().map(|step| step[0]).collect());
            }
        });
        seen
    }

    #[test]
    fn a_short_sequence_begins_with_zeros() {
        let seen = first_values(&[7], None);
        assert_eq!(seen[0], [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
    }

    #[test]
    fn each_client_at_a_service_has_a_sequence_of_its_own() {
        let seen = first_values(&[7, 8, 7], None);
        assert_eq!(seen[1][7..], [0.0, 0.0, 2.0]);
        assert_eq!(seen[2][7..], [0.0, 1.0, 3.0]);
    }

    #[test]
    fn only_the_last_ten_are_kept() {
        let seen = first_values(&[7; 12], None);
        assert_eq!(seen[11], [3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0]);
    }

    #[test]
    fn an_open_flow_is_not_remembered() {
        let seen = first_values(&[7, 7], Some(State::Provisional));
        assert_eq!(seen[1][8..], [0.0, 2.0]);
    }

    #[test]
    fn a_context_holds_no_more_memory_than_the_cap_counts_on() {
        let mut sequences = Sequences::default();
        let mut table = FlowTable::new(Share::new(100, 1), 0, 100, Timeouts::default());
        for number in 1..=20 {
            let packet = packet([10, 0, 0, 7], number);
            table.observe(&packet, stamp(&packet, number));
        }
        table.finish(1_000_000_000, |report| {
            if let Report::Row(row) = report {
                sequences.observe(&row, &[0.0; ALL_FEATURES]);
            }
        });
        assert!(sequences.history.iter().all(|(_, past)| past.capacity() < LENGTH));
    }
}
