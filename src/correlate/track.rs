//! All that was claimed about one pair of ends.

use std::sync::Arc;

use super::claim::{End, Owner, Step};

/// Claims of one pair that are remembered; beyond it the oldest goes.
const NOTES: usize = 512;

/// Two ends, the lower first, and the protocol between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Pair {
    pub(super) protocol: u8,
    pub(super) ends: [End; 2],
}

impl Pair {
    pub(super) fn of(protocol: u8, one: End, other: End) -> Self {
        let ends = if one <= other { [one, other] } else { [other, one] };
        Self { protocol, ends }
    }

    /// The end that is not `end`.
    pub(super) fn other(&self, end: End) -> End {
        if self.ends[0] == end { self.ends[1] } else { self.ends[0] }
    }
}

/// A claim.
#[derive(Debug, Clone)]
pub(super) struct Note {
    pub(super) at_us: i64,
    pub(super) step: Step,
    /// Whose end it is about.
    pub(super) local: End,
    pub(super) socket: u64,
    /// A hash of the node's name.
    pub(super) node: u64,
    pub(super) owner: Option<Arc<Owner>>,
}

/// All that was claimed about one pair, in the order of time.
#[derive(Debug, Default)]
pub(super) struct Track {
    notes: Vec<Note>,
    /// Whether it was used to compare clocks.
    pub(super) is_sampled: bool,
}

impl Track {
    /// Takes a claim; what is forgotten for it.
    pub(super) fn add(&mut self, note: Note) -> Option<Note> {
        let at = self.notes.partition_point(|one| (one.at_us, one.step) <= (note.at_us, note.step));
        self.notes.insert(at, note);
        (self.notes.len() > NOTES).then(|| self.notes.remove(0))
    }

    pub(super) fn notes(&self) -> &[Note] {
        &self.notes
    }

    pub(super) fn bytes(&self) -> usize {
        // Twice the pair: it stands among those of its client too.
        2 * size_of::<Pair>() + size_of::<Self>() + 64 + self.notes.capacity() * size_of::<Note>()
    }
}
