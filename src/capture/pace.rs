//! How long to wait before each packet of a replay.
//!
//! Pure: takes packet time and elapsed time, answers a duration. The caller waits.

use std::time::Duration;

use crate::settings::Speed;

/// Longest gap between two packets that is replayed, in microseconds: captures hold jumps of years.
const MAX_GAP_US: i64 = 60_000_000;

/// The schedule of one replay.
#[derive(Debug, Clone)]
pub struct Pacer {
    speed: Speed,
    /// Latest packet time so far, in microseconds; none before the first packet.
    latest_us: Option<i64>,
    /// Recorded time since the first packet, with long gaps cut, in microseconds.
    due_us: u64,
}

impl Pacer {
    /// A schedule that begins with the first packet.
    #[must_use]
    pub const fn new(speed: Speed) -> Self {
        Self { speed, latest_us: None, due_us: 0 }
    }

    /// How long to wait before the packet of `time_us`, `elapsed` after the replay began.
    ///
    /// A gap longer than 60 s of recorded time counts as 60 s. A packet older than the one before
    /// it waits for nothing; after a step back of more than 60 s the recorded clock goes on from
    /// there. A replay that fell behind catches up.
    pub fn wait(&mut self, time_us: i64, elapsed: Duration) -> Duration {
        let Speed::Times(factor) = self.speed else { return Duration::ZERO };
        let gap_us = time_us.saturating_sub(self.latest_us.unwrap_or(time_us));
        if !(-MAX_GAP_US..0).contains(&gap_us) {
            self.latest_us = Some(time_us);
        }
        self.due_us += gap_us.clamp(0, MAX_GAP_US).unsigned_abs();
        if gap_us < 0 {
            return Duration::ZERO;
        }
        let recorded = Duration::from_micros(self.due_us).as_secs_f64();
        let due = Duration::try_from_secs_f64(recorded / factor).unwrap_or(Duration::MAX);
        due.saturating_sub(elapsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    #[test]
    fn at_full_speed_nothing_waits() {
        let mut pacer = Pacer::new(Speed::Max);
        assert_eq!(pacer.wait(0, Duration::ZERO), Duration::ZERO);
        assert_eq!(pacer.wait(9 * SECOND, Duration::ZERO), Duration::ZERO);
    }

    #[test]
    fn a_packet_waits_for_its_recorded_time_less_what_has_passed() {
        let mut pacer = Pacer::new(Speed::Times(2.0));
        assert_eq!(pacer.wait(100 * SECOND, Duration::ZERO), Duration::ZERO);
        assert_eq!(
            pacer.wait(104 * SECOND, Duration::from_millis(500)),
            Duration::from_millis(1500)
        );
        assert_eq!(pacer.wait(105 * SECOND, Duration::from_secs(3)), Duration::ZERO);
    }

    #[test]
    fn a_jump_of_years_waits_a_minute() {
        let mut pacer = Pacer::new(Speed::Times(1.0));
        pacer.wait(i64::MIN, Duration::ZERO);
        assert_eq!(pacer.wait(i64::MAX, Duration::ZERO), Duration::from_mins(1));
    }

    #[test]
    fn a_small_step_back_does_not_stretch_the_schedule() {
        let mut pacer = Pacer::new(Speed::Times(1.0));
        pacer.wait(10 * SECOND, Duration::ZERO);
        assert_eq!(pacer.wait(9 * SECOND, Duration::ZERO), Duration::ZERO);
        assert_eq!(pacer.wait(11 * SECOND, Duration::ZERO), Duration::from_secs(1));
    }

    #[test]
    fn after_a_jump_back_the_clock_goes_on_from_there() {
        let mut pacer = Pacer::new(Speed::Times(1.0));
        pacer.wait(1000 * SECOND, Duration::ZERO);
        assert_eq!(pacer.wait(0, Duration::ZERO), Duration::ZERO);
        assert_eq!(pacer.wait(2 * SECOND, Duration::ZERO), Duration::from_secs(2));
    }

    #[test]
    fn the_slowest_speed_does_not_overflow() {
        let mut pacer = Pacer::new(Speed::Times(1e-320));
        pacer.wait(0, Duration::ZERO);
        assert_eq!(pacer.wait(SECOND, Duration::ZERO), Duration::MAX);
    }
}
