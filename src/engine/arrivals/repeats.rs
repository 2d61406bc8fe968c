//! Segments that were sent again, or seen at two interfaces.

/// Segments remembered, in 512 KiB: those of some seconds of a flood.
const SLOTS: usize = 32_768;

/// How far apart in packet time the same segment is a repeat, in µs.
const WITHIN_US: u64 = 60_000_000;

/// Remembers segments by their print, each in the one place that its print names.
#[derive(Debug)]
pub(super) struct Repeats {
    /// Print and time.
    slots: Vec<(u64, i64)>,
}

impl Default for Repeats {
    fn default() -> Self {
        Self { slots: vec![(0, i64::MIN); SLOTS] }
    }
}

impl Repeats {
    /// Whether the segment was seen before; from now on it was.
    pub(super) fn has_seen(&mut self, print: u64, at_us: i64) -> bool {
        let place = usize::try_from(print % SLOTS as u64).unwrap_or_default();
        let Some(slot) = self.slots.get_mut(place) else { return false };
        let (before, before_us) = std::mem::replace(slot, (print, at_us));
        before == print && before_us.abs_diff(at_us) <= WITHIN_US
    }
}
