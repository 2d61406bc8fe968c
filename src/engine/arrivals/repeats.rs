//! Segments that were sent again, or seen at two interfaces.

/// Segments remembered, in 64 KiB: those of a second of a flood, and near enough to be looked at with
/// every message.
const SLOTS: u64 = 8_192;

/// How far apart in packet time the same segment is a repeat.
const WITHIN_S: u32 = 60;

/// A segment that was seen: the part of its print that its place does not tell, and when.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    mark: u32,
    second: u32,
}

/// Remembers segments by their print, each in the one place that its print names.
#[derive(Debug)]
pub(super) struct Repeats {
    slots: Vec<Slot>,
}

impl Default for Repeats {
    fn default() -> Self {
        let slots = (0..SLOTS).map(|_| Slot::default());
        Self { slots: slots.collect() }
    }
}

impl Repeats {
    /// Whether the segment was seen before; from now on it was.
    pub(super) fn has_seen(&mut self, print: u64, at_us: i64) -> bool {
        let place = usize::try_from(print % SLOTS).unwrap_or_default();
        let Some(slot) = self.slots.get_mut(place) else { return false };
        let second = at_us.div_euclid(1_000_000) & i64::from(u32::MAX);
        let now = Slot {
            mark: u32::try_from(print >> 32).unwrap_or_default(),
            second: u32::try_from(second).unwrap_or_default(),
        };
        let before = std::mem::replace(slot, now);
        before.mark == now.mark && before.second.abs_diff(now.second) <= WITHIN_S
    }
}
