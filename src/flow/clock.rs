//! The clock of a capture: the time of its packets, made to run forward.

/// A moment of a capture: when, and which packet it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Latest packet time so far, in µs since the epoch. Timeouts are counted on it.
    pub clock_us: i64,
    /// Number of the packet in the capture, from 1.
    pub sequence: u64,
}

/// What a packet did to the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Time went on or stood still.
    Forward(Stamp),
    /// The packet is late by at most the tolerance; the clock stands still.
    Late(Stamp),
    /// Time jumped back: another capture begins, and nothing before it can be continued.
    Back(Stamp),
}

/// Gives every packet its stamp.
#[derive(Debug, Clone)]
pub struct Clock {
    now_us: i64,
    sequence: u64,
    tolerance_us: i64,
}

impl Clock {
    /// A clock that takes packets late by more than `tolerance_us` for a jump back in time.
    #[must_use]
    pub const fn new(tolerance_us: i64) -> Self {
        Self { now_us: i64::MIN, sequence: 0, tolerance_us }
    }

    /// The stamp of the next packet.
    #[inline]
    pub fn observe(&mut self, time_us: i64) -> Step {
        self.sequence += 1;
        let is_late = time_us < self.now_us;
        if is_late && self.now_us.saturating_sub(time_us) > self.tolerance_us {
            self.now_us = time_us;
            return Step::Back(self.stamp());
        }
        self.now_us = self.now_us.max(time_us);
        if is_late { Step::Late(self.stamp()) } else { Step::Forward(self.stamp()) }
    }

    /// Lets time pass without a packet, as on a quiet interface. Never goes back.
    pub fn advance(&mut self, time_us: i64) {
        self.now_us = self.now_us.max(time_us);
    }

    /// Latest packet time so far, in µs since the epoch.
    #[must_use]
    pub const fn now_us(&self) -> i64 {
        self.now_us
    }

    const fn stamp(&self) -> Stamp {
        Stamp { clock_us: self.now_us, sequence: self.sequence }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_packet_does_not_turn_the_clock_back() {
        let mut clock = Clock::new(100);
        clock.observe(1_000);
        assert_eq!(clock.observe(950), Step::Late(Stamp { clock_us: 1_000, sequence: 2 }));
    }

    #[test]
    fn a_jump_back_beyond_the_tolerance_starts_another_capture() {
        let mut clock = Clock::new(100);
        clock.observe(1_000);
        assert_eq!(clock.observe(899), Step::Back(Stamp { clock_us: 899, sequence: 2 }));
    }

    #[test]
    fn times_at_the_ends_of_the_range_do_not_overflow() {
        let mut clock = Clock::new(100);
        clock.observe(i64::MAX);
        assert!(matches!(clock.observe(i64::MIN), Step::Back(_)));
    }
}
