//! What one host did, or had done to it, in the last minute: counts and sketches of fixed size.

use super::activity::Activity;

/// Length of a slot of history in µs.
const SLOT_US: i64 = 5_000_000;

/// Slots of history: a minute.
const SLOTS: u8 = 12;

/// Bits of a distinct-count sketch; it tells up to about 1,400 values apart.
const SKETCH_BITS: u16 = 256;

/// Fewer gaps than this say nothing about regularity.
const MIN_GAPS: u32 = 3;

/// How far back a feature looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Window {
    /// 5 to 10 s, depending on where in its slot the moment lies; slots begin with the host.
    TenSeconds,
    /// 55 to 60 s.
    Minute,
}

impl Window {
    const fn slots(self) -> u8 {
        match self {
            Self::TenSeconds => 2,
            Self::Minute => SLOTS,
        }
    }
}

/// How many different values were seen, by linear counting (Whang, Vander-Zanden, Taylor 1990).
#[derive(Debug, Clone, Copy, Default)]
struct Distinct([u64; 4]);

impl Distinct {
    fn add(&mut self, hash: u64) {
        let bit = hash % u64::from(SKETCH_BITS);
        self.0[(bit / 64) as usize] |= 1 << (bit % 64);
    }

    fn merge(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(own, others)| *own |= others);
    }

    fn estimate(self) -> f64 {
        let set: u32 = self.0.iter().map(|word| word.count_ones()).sum();
        let bits = f64::from(SKETCH_BITS);
        // A full sketch is read as one with a single bit left.
        let clear = (bits - f64::from(set)).max(1.0);
        -bits * (clear / bits).ln()
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    opened: u32,
    judged: u32,
    failed: u32,
    gaps: u32,
    gaps_s: f64,
    gap_squares: f64,
    peers: Distinct,
    ports: Distinct,
    /// Pairs of peer and port.
    services: Distinct,
}

impl Slot {
    fn merge(&mut self, other: &Self) {
        self.opened = self.opened.saturating_add(other.opened);
        self.judged = self.judged.saturating_add(other.judged);
        self.failed = self.failed.saturating_add(other.failed);
        self.gaps = self.gaps.saturating_add(other.gaps);
        self.gaps_s += other.gaps_s;
        self.gap_squares += other.gap_squares;
        self.peers.merge(other.peers);
        self.ports.merge(other.ports);
        self.services.merge(other.services);
    }
}

/// The last minute of one host.
#[derive(Debug, Clone)]
pub(super) struct Recent {
    /// What stands for the host in sketches of others: never its address, so that a network with
    /// other addresses gives the same features.
    pub(super) id: u64,
    slots: [Slot; SLOTS as usize],
    /// Where slots are counted from: the host's first moment, so that shifted times change nothing.
    origin_us: i64,
    /// Number of the newest slot since the origin.
    newest: i64,
    last_opened_us: Option<i64>,
    /// The same by sums that fade.
    pub(super) activity: Activity,
}

/// What a window says about a host.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Aggregate {
    /// ln(1 + flows opened).
    pub(super) flows: f64,
    /// ln(1 + different hosts at the other end).
    pub(super) peers: f64,
    /// ln(1 + different server ports).
    pub(super) ports: f64,
    /// ln(1 + flows opened for each different pair of host and port).
    pub(super) repetition: f64,
    /// Share of flows that got no answer or were refused, of those of which that is known.
    pub(super) failures: f64,
    /// 1 for flows opened at equal intervals, towards 0 the more these vary; 0 with few of them.
    pub(super) regularity: f64,
}

impl Recent {
    /// A host first heard of at `at_us`.
    pub(super) fn new(id: u64, at_us: i64) -> Self {
        Self {
            id,
            slots: [Slot::default(); SLOTS as usize],
            origin_us: at_us,
            newest: 0,
            last_opened_us: None,
            activity: Activity::default(),
        }
    }

    /// A flow opened at `at_us`; `peer` and `port` are hashes of the other end.
    pub(super) fn open(&mut self, at_us: i64, peer: u64, port: u64) {
        let gap_s = self.last_opened_us.map(|last_us| seconds(at_us.saturating_sub(last_us)));
        self.last_opened_us = Some(at_us);
        self.activity.open(at_us);
        let slot = self.slot(at_us);
        slot.opened = slot.opened.saturating_add(1);
        slot.peers.add(peer);
        slot.ports.add(port);
        slot.services.add(peer ^ port.rotate_left(32));
        if let Some(gap_s) = gap_s {
            slot.gaps = slot.gaps.saturating_add(1);
            slot.gaps_s += gap_s;
            slot.gap_squares += gap_s * gap_s;
        }
    }

    /// It is now known whether a flow failed.
    pub(super) fn judge(&mut self, at_us: i64, outcome: Outcome) {
        let slot = self.slot(at_us);
        slot.judged = slot.judged.saturating_add(1);
        slot.failed = slot.failed.saturating_add(u32::from(outcome == Outcome::Failed));
    }

    /// What the window that ends at `at_us` says.
    pub(super) fn aggregate(&mut self, at_us: i64, window: Window) -> Aggregate {
        self.slot(at_us);
        let mut sum = Slot::default();
        for back in 0..window.slots() {
            sum.merge(&self.slots[place(self.newest.saturating_sub(back.into()))]);
        }
        Aggregate {
            flows: f64::from(sum.opened).ln_1p(),
            peers: sum.peers.estimate().ln_1p(),
            ports: sum.ports.estimate().ln_1p(),
            repetition: repetition(&sum),
            failures: if sum.judged == 0 {
                0.0
            } else {
                f64::from(sum.failed) / f64::from(sum.judged)
            },
            regularity: regularity(&sum),
        }
    }

    /// The slot of `at_us`, those between it and the newest emptied. A moment before the newest
    /// slot counts as of the newest.
    fn slot(&mut self, at_us: i64) -> &mut Slot {
        let number = at_us.saturating_sub(self.origin_us).div_euclid(SLOT_US);
        let passed = number.saturating_sub(self.newest).clamp(0, SLOTS.into());
        self.newest = self.newest.max(number);
        for back in 0..passed {
            self.slots[place(self.newest.saturating_sub(back))] = Slot::default();
        }
        &mut self.slots[place(self.newest)]
    }
}

/// How a flow went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It was answered.
    Answered,
    /// It got no answer, or was refused.
    Failed,
}

fn repetition(slot: &Slot) -> f64 {
    if slot.opened == 0 {
        return 0.0;
    }
    (f64::from(slot.opened) / slot.services.estimate()).ln_1p()
}

fn regularity(slot: &Slot) -> f64 {
    if slot.gaps < MIN_GAPS || slot.gaps_s <= 0.0 {
        return 0.0;
    }
    let n = f64::from(slot.gaps);
    let mean = slot.gaps_s / n;
    let variance = (slot.gap_squares / n - mean * mean).max(0.0);
    1.0 / (1.0 + variance.sqrt() / mean)
}

/// Where slot `number` is kept.
fn place(number: i64) -> usize {
    usize::try_from(number.rem_euclid(SLOTS.into())).unwrap_or(0)
}

#[expect(clippy::cast_precision_loss, reason = "gaps of centuries need no microseconds")]
pub(super) fn seconds(microseconds: i64) -> f64 {
    microseconds.max(0) as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature::context::hashed;

    #[test]
    fn equal_intervals_are_fully_regular() {
        let mut recent = Recent::new(0, 0);
        (0..9).for_each(|n| recent.open(n * 1_000_000, 1, 1));
        assert!((recent.aggregate(9_000_000, Window::Minute).regularity - 1.0).abs() < 1e-9);
    }

    #[test]
    fn guessing_repeats_and_a_scan_does_not() {
        let (mut guessing, mut scan) = (Recent::new(0, 0), Recent::new(0, 0));
        for n in 0..50 {
            guessing.open(0, 1, 22);
            scan.open(0, hashed(&[n]), 22);
        }
        let repetition = |recent: &mut Recent| recent.aggregate(0, Window::Minute).repetition;
        assert!((repetition(&mut guessing) - 51.0_f64.ln()).abs() < 0.05);
        assert!((repetition(&mut scan) - 2.0_f64.ln()).abs() < 0.1);
    }

    #[test]
    fn what_is_older_than_the_window_is_forgotten() {
        let mut recent = Recent::new(0, 0);
        recent.open(0, 1, 1);
        assert!(recent.aggregate(20_000_000, Window::TenSeconds).flows == 0.0);
        assert!(recent.aggregate(20_000_000, Window::Minute).flows > 0.0);
        assert!(recent.aggregate(61_000_000, Window::Minute).flows == 0.0);
    }

    #[test]
    fn distinct_counts_are_close_up_to_a_thousand() {
        for count in [1_u32, 10, 100, 1_000] {
            let mut distinct = Distinct::default();
            (0..u64::from(count)).for_each(|n| distinct.add(hashed(&n.to_be_bytes())));
            let error = (distinct.estimate() - f64::from(count)).abs() / f64::from(count);
            assert!(error < 0.25, "{count}: {}", distinct.estimate());
        }
    }

    #[test]
    fn a_jump_of_centuries_leaves_everything_finite() {
        let mut recent = Recent::new(0, i64::MIN);
        recent.open(i64::MAX, 1, 1);
        recent.open(i64::MIN, 1, 1);
        let aggregate = recent.aggregate(i64::MAX, Window::Minute);
        assert!(aggregate.flows.is_finite() && aggregate.regularity.is_finite());
    }
}
