//! The most evidence that comes within a minute, by class and place, where nobody attacks.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use super::accepted::Accepted;
use super::alarm::Alarm;
use super::candidates::Candidates;
use super::followed::Followed;
use super::options::Options;
use super::whereabouts::Place;
use crate::detect::{Class, Verdict, Weight};

/// The longest step of packet time that counts as traffic, in µs: a longer one lies between captures.
const LONGEST_STEP_US: i64 = 600_000_000;

/// The most that spoke for an attack at a place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Peak {
    /// The most within a minute.
    pub weight: Weight,
    /// Whether it would have been an incident.
    pub is_incident: bool,
}

/// Follows verdicts as [`Tracker`](super::Tracker) does, by the same rule for what is a candidate, but
/// opens nothing: what would have become an incident goes on to grow, so that its most is seen.
#[derive(Debug)]
pub struct Peaks {
    options: Options,
    candidates: Candidates,
    followed: Followed,
    highest: BTreeMap<(Class, Place), Peak>,
    left_out: u64,
    now_us: Option<i64>,
    traffic_us: i64,
}

impl Peaks {
    /// Nothing was seen yet.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let candidates = NonZeroUsize::new(options.candidates).unwrap_or(NonZeroUsize::MIN);
        Self {
            candidates: Candidates::new(candidates, options.suspects),
            followed: Followed::new(options.flows, options.forget_us),
            highest: BTreeMap::new(),
            left_out: 0,
            now_us: None,
            traffic_us: 0,
            options,
        }
    }

    /// Takes the next verdict.
    pub fn observe(&mut self, verdict: &Verdict) {
        let flow = &verdict.flow;
        // What goes on began before the first verdict on it.
        if self.now_us.is_none() {
            self.advance(flow.first_us);
        }
        self.advance(flow.at_us);
        // A verdict replaces the one before it on the same flow.
        let before = self.followed.leave_candidate(flow.id);
        let before =
            before.and_then(|(key, said)| Some((key, self.candidates.withdraw(&key, flow, said)?)));
        if let Some(alarm) = Alarm::of(verdict, 0)
            && self.followed.can_follow(flow)
        {
            let in_a_row = before.filter(|(key, _)| *key == alarm.key()).map_or(0, |(_, row)| row);
            let alarm = alarm.after(in_a_row);
            self.followed.suspect(&alarm);
            self.suspect(&alarm, in_a_row);
        }
        self.followed.heard(flow);
    }

    /// Lets packet time pass up to `now_us`.
    pub fn advance(&mut self, now_us: i64) {
        let step_us = self.now_us.map_or(0, |before_us| now_us.saturating_sub(before_us));
        if (0..=LONGEST_STEP_US).contains(&step_us) {
            self.traffic_us = self.traffic_us.saturating_add(step_us);
        }
        self.now_us = Some(self.now_us.map_or(now_us, |before_us| before_us.max(now_us)));
    }

    /// The capture's clock jumped back: another capture begins.
    pub fn restart(&mut self) {
        self.candidates.clear();
        self.followed.clear();
        self.now_us = None;
    }

    /// How much packet time was seen, in µs.
    #[must_use]
    pub const fn traffic_us(&self) -> i64 {
        self.traffic_us
    }

    /// The most at each place, as far as it is near an incident: what is far from one makes none, and to
    /// accept it would change nothing.
    pub fn iter(&self) -> impl Iterator<Item = (Class, Place, Peak)> {
        self.highest.iter().map(|((class, place), peak)| (*class, *place, *peak))
    }

    /// How often there was no room for a further place.
    #[must_use]
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }

    fn suspect(&mut self, alarm: &Alarm, in_a_row: u32) {
        let Options { opening_flows, window_us, weights, .. } = self.options;
        let Some(candidate) = self.candidates.add(alarm, in_a_row, window_us) else { return };
        let needed = weights.of(alarm.class);
        let accepted = Accepted::default();
        let is_attack = |needed| candidate.is_attack(opening_flows, needed, &accepted);
        if !(is_attack(Weight::ZERO) && Accepted::is_worth_accepting(candidate.weight(), needed)) {
            return;
        }
        let is_incident = is_attack(needed);
        for (place, weight) in candidate.places() {
            let peak = Peak { weight, is_incident };
            self.left_out += u64::from(!raise(&mut self.highest, (alarm.class, place), peak));
        }
    }
}

/// Remembers what is more than what was seen; whether there was room for it.
fn raise(peaks: &mut BTreeMap<(Class, Place), Peak>, at: (Class, Place), peak: Peak) -> bool {
    if peaks.len() >= Accepted::MOST && !peaks.contains_key(&at) {
        return false;
    }
    let known = peaks.entry(at).or_default();
    known.weight = known.weight.max(peak.weight);
    known.is_incident |= peak.is_incident;
    true
}
