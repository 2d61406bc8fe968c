//! Doubly linked lists threaded through the slots of a table, so that a flow can be moved to the
//! end of a queue, or taken out of it, in constant time and without allocation.

/// Index of a slot.
pub(super) type SlotIndex = u32;

const NONE: SlotIndex = SlotIndex::MAX;

/// A slot's place in one list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    previous: SlotIndex,
    next: SlotIndex,
}

impl Default for Link {
    fn default() -> Self {
        Self { previous: NONE, next: NONE }
    }
}

/// Gives a list access to the links of its slots.
pub(super) trait Links {
    /// The link of `slot` in the list at hand.
    fn link(&mut self, slot: SlotIndex) -> &mut Link;
}

/// First and last slot of a list.
#[derive(Debug, Clone, Copy)]
pub(super) struct List {
    head: SlotIndex,
    tail: SlotIndex,
}

impl Default for List {
    fn default() -> Self {
        Self { head: NONE, tail: NONE }
    }
}

impl List {
    pub(super) fn head(self) -> Option<SlotIndex> {
        (self.head != NONE).then_some(self.head)
    }

    #[inline]
    pub(super) fn push(&mut self, links: &mut impl Links, slot: SlotIndex) {
        *links.link(slot) = Link { previous: self.tail, next: NONE };
        if self.tail == NONE {
            self.head = slot;
        } else {
            links.link(self.tail).next = slot;
        }
        self.tail = slot;
    }

    #[inline]
    pub(super) fn remove(&mut self, links: &mut impl Links, slot: SlotIndex) {
        let Link { previous, next } = *links.link(slot);
        if previous == NONE {
            self.head = next;
        } else {
            links.link(previous).next = next;
        }
        if next == NONE {
            self.tail = previous;
        } else {
            links.link(next).previous = previous;
        }
    }

    #[inline]
    pub(super) fn move_to_end(&mut self, links: &mut impl Links, slot: SlotIndex) {
        if self.tail != slot {
            self.remove(links, slot);
            self.push(links, slot);
        }
    }
}
