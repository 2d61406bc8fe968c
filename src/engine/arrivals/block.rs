//! Entries in the order in which they came, in blocks that readers share.

use std::collections::VecDeque;
use std::sync::Arc;

use super::entry::Entry;

/// Entries of a block, 160 KiB: what has to be copied where a reader holds the newest one.
const BLOCK: usize = 4_096;

/// Some entries, nearly in order of time.
#[derive(Debug, Clone)]
pub(super) struct Block {
    entries: Vec<Entry>,
    pub(super) first_us: i64,
    pub(super) last_us: i64,
}

impl Block {
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

/// The newest entries.
#[derive(Debug)]
pub(super) struct Blocks {
    blocks: VecDeque<Arc<Block>>,
    /// How many blocks there may be.
    most: usize,
}

impl Blocks {
    /// Room for about so many entries.
    pub(super) const fn new(entries: usize) -> Self {
        Self { blocks: VecDeque::new(), most: entries / BLOCK }
    }

    /// Adds an entry, and gives back the oldest block where there are too many.
    pub(super) fn push(&mut self, entry: Entry) -> Option<Arc<Block>> {
        let at_us = entry.at_us;
        if let Some(block) = self.blocks.back_mut().filter(|block| block.entries.len() < BLOCK) {
            let block = Arc::make_mut(block);
            block.first_us = block.first_us.min(at_us);
            block.last_us = block.last_us.max(at_us);
            block.entries.push(entry);
            return None;
        }
        let entries = vec![entry];
        self.blocks.push_back(Arc::new(Block { entries, first_us: at_us, last_us: at_us }));
        if self.blocks.len() > self.most { self.blocks.pop_front() } else { None }
    }

    /// Gives back the oldest block if all of it is from before `since_us`.
    pub(super) fn expired(&mut self, since_us: i64) -> Option<Arc<Block>> {
        self.blocks.pop_front_if(|block| block.last_us < since_us)
    }

    pub(super) fn shared(&self) -> Vec<Arc<Block>> {
        self.blocks.iter().cloned().collect()
    }
}
