//! What one source has found and not yet handed over.

use super::entry::Found;

/// What may wait for a reader to be done: a second of a flood.
const MOST: usize = 65_536;

/// Bytes of names that may wait.
const MOST_TEXT: usize = 4 << 20;

/// A name in the text of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Text {
    at: usize,
    len: usize,
}

/// What one source has found, in order.
#[derive(Debug, Default)]
pub(super) struct Batch {
    found: Vec<Found<Text>>,
    text: String,
    /// The clock has jumped back before all of it.
    is_restart: bool,
}

impl Batch {
    pub(super) const fn is_empty(&self) -> bool {
        self.found.is_empty() && !self.is_restart
    }

    pub(super) const fn is_full(&self) -> bool {
        self.found.len() >= MOST || self.text.len() >= MOST_TEXT
    }

    pub(super) const fn is_restart(&self) -> bool {
        self.is_restart
    }

    pub(super) fn found(&self) -> &[Found<Text>] {
        &self.found
    }

    pub(super) fn name(&self, text: Text) -> &str {
        self.text.get(text.at..text.at + text.len).unwrap_or_default()
    }

    /// Keeps a name for what is pushed next.
    pub(super) fn text(&mut self, name: &str) -> Text {
        let at = self.text.len();
        self.text.push_str(name);
        Text { at, len: name.len() }
    }

    pub(super) fn push(&mut self, found: Found<Text>) {
        self.found.push(found);
    }

    pub(super) fn clear(&mut self) {
        self.found.clear();
        self.text.clear();
        self.is_restart = false;
    }

    /// The clock has jumped back: nothing before matters.
    pub(super) fn restart(&mut self) {
        self.clear();
        self.is_restart = true;
    }
}
