//! What goes on within one scope, such as between two hosts: statistics that fade with time or with
//! number, of fixed size.
//!
//! A sum fades as the damped incremental statistics of Kitsune do (Mirsky, Doitshman, Elovici,
//! Shabtai: *Kitsune: An Ensemble of Autoencoders for Online Network Intrusion Detection*, NDSS
//! 2018): what is older counts less, and nothing is kept to be taken away again.

use super::recent::{Outcome, seconds};
use crate::flow::{Row, State, real};

/// How fast sums fade: to 1/e in so many seconds.
const FADES_S: [f64; 3] = [10.0, 60.0, 300.0];

/// Means of what came one after another weigh the newest by one in so many.
const WEIGHT: f64 = 1.0 / 12.0;

/// Fewer intervals than this say nothing about regularity.
const MIN_INTERVALS: f64 = 3.0;

/// One scope's activity.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Activity {
    /// Flows open now.
    open: u32,
    opened: [f64; 3],
    /// Bytes forward and backward, fading in 60 s and in 300 s.
    bytes: [[f64; 2]; 2],
    intervals: Intervals,
    ended: Ended,
    /// To when all sums have faded; none before the first.
    faded_us: Option<i64>,
    /// When the last final row was.
    last_final_us: Option<i64>,
}

/// What activity says at one moment; logarithms are ln(1 + n).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Measured {
    /// Flows open now.
    pub(super) open: f64,
    /// Flows opened, fading in 10 s, 60 s and 300 s.
    pub(super) opened: [f64; 3],
    /// Bytes forward and backward, fading in 60 s.
    pub(super) minute_bytes: [f64; 2],
    /// Bytes forward and backward, fading in 300 s.
    pub(super) five_minute_bytes: [f64; 2],
    /// Seconds between openings.
    pub(super) interval: f64,
    /// 1 for flows opened at equal intervals, towards 0 the more these vary; 0 with few of them.
    pub(super) regularity: f64,
    /// Share of flows that got no answer or were refused.
    pub(super) failures: f64,
    /// Bytes forward and backward of one flow.
    pub(super) each_bytes: [f64; 2],
    /// How far flows deviate from that.
    pub(super) spread: [f64; 2],
    /// Seconds since the final row before.
    pub(super) gap: f64,
}

/// What a row says that activity is made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct News {
    /// Payload bytes forward and backward since the row before.
    new_bytes: [f64; 2],
    /// Payload bytes forward and backward since the flow opened.
    bytes: [f64; 2],
    outcome: Outcome,
    /// Whether the flow has ended.
    pub(super) is_final: bool,
}

impl News {
    /// Of a row whose flow went so.
    pub(super) fn of(row: &Row<'_>, outcome: Outcome) -> Self {
        Self {
            new_bytes: row.flow.news_bytes().map(real),
            bytes: [&row.flow.forward, &row.flow.backward].map(|side| real(side.lengths.sum)),
            outcome,
            is_final: matches!(row.state, State::Final(_)),
        }
    }
}

impl Activity {
    /// A flow opened.
    pub(super) fn open(&mut self, at_us: i64) {
        self.fade(at_us);
        self.open = self.open.saturating_add(1);
        self.opened.iter_mut().for_each(|opened| *opened += 1.0);
        self.intervals.open(at_us);
    }

    /// Takes a row of one of its flows; answers what goes on around it.
    pub(super) fn observe(&mut self, at_us: i64, news: &News) -> Measured {
        self.carry(at_us, news.new_bytes);
        let measured = self.measure(at_us);
        if news.is_final {
            self.end(at_us, news);
        }
        measured
    }

    /// So many bytes went forward and backward.
    fn carry(&mut self, at_us: i64, bytes: [f64; 2]) {
        self.fade(at_us);
        for sums in &mut self.bytes {
            sums.iter_mut().zip(bytes).for_each(|(sum, bytes)| *sum += bytes);
        }
    }

    fn end(&mut self, at_us: i64, news: &News) {
        self.open = self.open.saturating_sub(1);
        self.ended.add(news.bytes, news.outcome);
        self.last_final_us = self.last_final_us.max(Some(at_us));
    }

    /// What there is to say at `at_us`. Of a moment that is past it says what is known now.
    fn measure(&mut self, at_us: i64) -> Measured {
        self.fade(at_us);
        let [minute, five_minutes] = self.bytes;
        let gap_us = self.last_final_us.map_or(0, |last_us| at_us.saturating_sub(last_us));
        Measured {
            open: f64::from(self.open).ln_1p(),
            opened: self.opened.map(f64::ln_1p),
            minute_bytes: minute.map(f64::ln_1p),
            five_minute_bytes: five_minutes.map(f64::ln_1p),
            interval: self.intervals.usual_s.mean.ln_1p(),
            regularity: self.intervals.regularity(),
            failures: self.ended.failures.mean,
            each_bytes: self.ended.bytes.map(|one| one.mean),
            spread: self.ended.bytes.map(|one| one.deviation),
            gap: seconds(gap_us).ln_1p(),
        }
    }

    fn fade(&mut self, at_us: i64) {
        let from_us = self.faded_us.unwrap_or(at_us);
        self.faded_us = Some(from_us.max(at_us));
        if at_us <= from_us {
            return;
        }
        let passed_s = seconds(at_us.saturating_sub(from_us));
        let left = FADES_S.map(|fade_s| (-passed_s / fade_s).exp());
        self.opened.iter_mut().zip(left).for_each(|(sum, left)| *sum *= left);
        for (sums, left) in self.bytes.iter_mut().zip(&left[1..]) {
            for sum in sums {
                *sum *= left;
            }
        }
    }
}

/// A mean and the mean distance from it over the last dozen or so (as TCP estimates its round trip:
/// Jacobson, *Congestion Avoidance and Control*, SIGCOMM 1988).
#[derive(Debug, Clone, Copy, Default)]
struct Usual {
    count: f64,
    mean: f64,
    deviation: f64,
}

impl Usual {
    fn add(&mut self, value: f64) {
        self.count += 1.0;
        let weight = (1.0 / self.count).max(WEIGHT);
        // The first is as far from the mean as it can know: not at all.
        let error = if self.count > 1.0 { value - self.mean } else { 0.0 };
        self.mean += weight * (value - self.mean);
        self.deviation += weight * (error.abs() - self.deviation);
    }
}

/// How far apart flows open, in seconds.
#[derive(Debug, Clone, Copy, Default)]
struct Intervals {
    usual_s: Usual,
    last_us: Option<i64>,
}

impl Intervals {
    fn open(&mut self, at_us: i64) {
        if let Some(last_us) = self.last_us {
            self.usual_s.add(seconds(at_us.saturating_sub(last_us)));
        }
        self.last_us = self.last_us.max(Some(at_us));
    }

    fn regularity(&self) -> f64 {
        let Usual { count, mean, deviation } = self.usual_s;
        if count < MIN_INTERVALS || mean <= 0.0 {
            return 0.0;
        }
        1.0 / (1.0 + deviation / mean)
    }
}

/// How flows ended.
#[derive(Debug, Clone, Copy, Default)]
struct Ended {
    failures: Usual,
    /// ln(1 + bytes) forward and backward.
    bytes: [Usual; 2],
}

impl Ended {
    fn add(&mut self, bytes: [f64; 2], outcome: Outcome) {
        self.failures.add(if outcome == Outcome::Failed { 1.0 } else { 0.0 });
        self.bytes.iter_mut().zip(bytes).for_each(|(usual, bytes)| usual.add(bytes.ln_1p()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    fn news(bytes: [f64; 2], outcome: Outcome) -> News {
        News { new_bytes: bytes, bytes, outcome, is_final: true }
    }

    #[test]
    fn a_sum_fades_and_a_steady_rate_gives_the_rate_times_the_time_of_fading() {
        let mut activity = Activity::default();
        (0..5_000).for_each(|number| activity.open(number * SECOND / 2));
        let [ten, minute, five] = activity.measure(2_500 * SECOND).opened.map(f64::exp_m1);
        assert!((ten - 20.0).abs() < 0.6 && (minute - 120.0).abs() < 1.1, "{ten} {minute}");
        assert!((five - 600.0).abs() < 2.0, "{five}");
        let [ten, ..] = activity.measure(2_510 * SECOND).opened.map(f64::exp_m1);
        assert!((ten - 20.0 / 1_f64.exp()).abs() < 0.3, "{ten}");
    }

    #[test]
    fn what_a_moment_that_is_past_sees_has_not_faded_further() {
        let mut activity = Activity::default();
        activity.open(0);
        assert_eq!(activity.measure(9 * SECOND), activity.measure(3 * SECOND));
    }

    #[test]
    fn flows_are_open_until_they_end() {
        let mut activity = Activity::default();
        (0..3).for_each(|_| activity.open(0));
        activity.end(SECOND, &news([1.0, 0.0], Outcome::Answered));
        assert!((activity.measure(SECOND).open - 2_f64.ln_1p()).abs() < 1e-12);
        // More ends than openings: openings that were forgotten meanwhile.
        (0..5).for_each(|_| activity.end(SECOND, &news([1.0, 0.0], Outcome::Answered)));
        assert!(activity.measure(SECOND).open == 0.0);
    }

    #[test]
    fn a_beacon_is_regular_and_people_are_not() {
        let of = |gaps: &[i64]| {
            let (mut activity, mut at_us) = (Activity::default(), 0);
            for gap in gaps {
                activity.open(at_us);
                at_us += gap * SECOND;
            }
            activity.measure(at_us)
        };
        let beacon = of(&[10; 20]);
        assert!((beacon.regularity - 1.0).abs() < 1e-12);
        assert!((beacon.interval - 10_f64.ln_1p()).abs() < 1e-12);
        let people = of(&[1, 40, 2, 2, 90, 1, 7, 30, 1, 1, 50]);
        assert!(people.regularity < 0.6, "{}", people.regularity);
        assert!(of(&[10, 10]).regularity == 0.0);
    }

    #[test]
    fn flows_of_one_size_have_no_spread() {
        let mut activity = Activity::default();
        (0..20).for_each(|_| activity.end(0, &news([120.0, 64.0], Outcome::Failed)));
        let measured = activity.measure(0);
        assert!(measured.spread.iter().all(|spread| *spread < 1e-12));
        assert!((measured.each_bytes[0] - 120_f64.ln_1p()).abs() < 1e-12);
        assert!((measured.failures - 1.0).abs() < 1e-12);
        (0..2).for_each(|_| activity.end(0, &news([9_000.0, 64.0], Outcome::Answered)));
        let measured = activity.measure(0);
        assert!(measured.spread[0] > 0.3 && measured.failures < 0.9);
    }

    #[test]
    fn a_jump_of_centuries_leaves_everything_finite() {
        let mut activity = Activity::default();
        activity.open(i64::MIN);
        activity.carry(i64::MAX, [1e18, 1e18]);
        activity.open(i64::MIN);
        activity.end(i64::MAX, &news([f64::MAX, 0.0], Outcome::Answered));
        let measured = activity.measure(i64::MIN);
        let all = [measured.interval, measured.gap, measured.each_bytes[0], measured.opened[2]];
        assert!(all.iter().all(|value| value.is_finite()), "{measured:?}");
    }
}
