//! Sequences: the last vectors of one client at one service, and of one server.

use std::collections::VecDeque;
use std::num::NonZeroUsize;

use foldhash::fast::RandomState;
use lru::LruCache;

use crate::feature::Vector;
use crate::flow::{Row, State};
use crate::packet::{Address, Tuple};

/// Vectors in a sequence, the newest included.
pub const LENGTH: usize = 10;

/// Memory for the vectors of past flows, in bytes.
const HISTORY_BYTES: usize = 128 << 20;

/// What the flows of a sequence have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// One client at one service: client, server, server port and protocol.
    Pair,
    /// One server, whoever its clients are.
    Server,
}

/// A context: a scope and whom it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Pair(Address, Address, u16, u8),
    Server(Address),
}

impl Key {
    fn new(scope: Scope, tuple: &Tuple) -> Self {
        match scope {
            Scope::Pair => {
                Self::Pair(tuple.source, tuple.target, tuple.server_port(), tuple.protocol)
            }
            Scope::Server => Self::Server(tuple.target),
        }
    }
}

/// The newest vector of a context behind those of the final rows before it.
#[derive(Debug, Clone, Copy)]
pub struct Sequence {
    /// What its flows have in common.
    pub scope: Scope,
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
        Self { history: LruCache::with_hasher(entries, RandomState::default()) }
    }
}

impl Sequences {
    /// The sequences that end with `vector`, which belongs to `row`.
    ///
    /// Only final rows are remembered: an open flow never counts twice.
    pub fn observe(&mut self, row: &Row<'_>, vector: &Vector) -> [Sequence; 2] {
        [Scope::Pair, Scope::Server].map(|scope| {
            let key = Key::new(scope, &row.flow.tuple);
            let past = self.history.get(&key);
            let sequence = sequence(scope, past.into_iter().flatten(), vector);
            if matches!(row.state, State::Final(_)) {
                let past = self.history.get_or_insert_mut(key, VecDeque::new);
                if past.len() == LENGTH - 1 {
                    past.pop_front();
                }
                past.push_back(*vector);
            }
            sequence
        })
    }

    /// Forgets everything, as when the capture's clock jumps back.
    pub fn clear(&mut self) {
        self.history.clear();
    }
}

fn sequence<'a>(
    scope: Scope,
    past: impl Iterator<Item = &'a Vector>,
    newest: &'a Vector,
) -> Sequence {
    let vectors: Vec<_> = past.chain([newest]).collect();
    let len = vectors.len();
    let mut steps = [[0.0; size_of::<Vector>() / size_of::<f32>()]; LENGTH];
    for (step, vector) in steps.iter_mut().rev().zip(vectors.into_iter().rev()) {
        *step = *vector;
    }
    Sequence { scope, steps, len }
}
