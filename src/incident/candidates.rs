//! All alarms that are not yet incidents, by class and pivot, within bounds.

use std::num::NonZeroUsize;

use foldhash::fast::RandomState;
use lru::LruCache;

use super::accepted::Accepted;
use super::alarm::{Alarm, Key};
use super::candidate::Candidate;
use super::kin::are_kin;
use super::minute::Said;
use super::whereabouts::Place;
use crate::detect::{Class, FlowSummary};

/// Candidates, of which those heard of least recently are forgotten where there are too many, or where
/// all together have too many flows.
#[derive(Debug)]
pub(super) struct Candidates {
    all: LruCache<Key, Candidate, RandomState>,
    flows: usize,
    most_flows: usize,
}

impl Candidates {
    pub(super) fn new(most: NonZeroUsize, most_flows: usize) -> Self {
        let all = LruCache::with_hasher(most, RandomState::default());
        Self { all, flows: 0, most_flows }
    }

    /// Puts an alarm with the others of its class and pivot; `in_a_row` verdicts on its flow alarmed
    /// before it.
    pub(super) fn add(
        &mut self,
        alarm: &Alarm,
        in_a_row: u32,
        window_us: i64,
    ) -> Option<&Candidate> {
        let key = alarm.key();
        let is_full = self.all.len() == self.all.cap().get() && !self.all.contains(&key);
        if is_full {
            self.forget_oldest();
        }
        let candidate = self.all.get_or_insert_mut(key, Candidate::default);
        let before = candidate.len();
        candidate.add(*alarm, in_a_row, window_us);
        self.flows = self.flows - before + candidate.len();
        while self.flows > self.most_flows && self.all.len() > 1 {
            self.forget_oldest();
        }
        self.all.peek(&key)
    }

    /// Takes back what was `said` of a flow; how many verdicts on it in a row alarmed, if it is remembered.
    pub(super) fn withdraw(&mut self, key: &Key, flow: &FlowSummary, said: Said) -> Option<u32> {
        let candidate = self.all.get_mut(key)?;
        let in_a_row = candidate.withdraw(flow.id, Place::of(key.0, &flow.tuple), said)?;
        self.flows -= 1;
        if candidate.is_empty() {
            self.all.pop(key);
        }
        Some(in_a_row)
    }

    /// Takes out a candidate that has become an incident.
    pub(super) fn take(&mut self, key: &Key) -> Option<Candidate> {
        let candidate = self.all.pop(key)?;
        self.flows -= candidate.len();
        Some(candidate)
    }

    /// Whether a candidate is but a part of what is usual where it is, most of which is taken for kin.
    pub(super) fn is_part_of_usual(&self, key: &Key, accepted: &Accepted, window_us: i64) -> bool {
        let Some(candidate) = self.all.peek(key) else { return false };
        let (class, pivot) = *key;
        let kin = Class::ALL.into_iter().filter(|other| *other != class && are_kin(*other, class));
        kin.filter_map(|other| self.all.peek(&(other, pivot)))
            .any(|kin| candidate.is_part_of(kin, accepted, window_us))
    }

    /// Every alarm.
    pub(super) fn alarms(&self) -> impl Iterator<Item = Alarm> {
        self.all.iter().flat_map(|(_, candidate)| candidate.alarms())
    }

    pub(super) fn clear(&mut self) {
        self.all.clear();
        self.flows = 0;
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    fn forget_oldest(&mut self) {
        if let Some((_, candidate)) = self.all.pop_lru() {
            self.flows -= candidate.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::tests::alarm;

    const MINUTE_US: i64 = 60_000_000;

    /// Flow `id` that alarms about host `target`.
    fn flood(id: u64, target: u8) -> Alarm {
        Alarm::of(&alarm(id, Class::DosFlood, (7, target), 0), id).unwrap()
    }

    #[test]
    fn where_all_have_too_many_flows_the_oldest_candidate_is_forgotten() {
        let mut candidates = Candidates::new(NonZeroUsize::new(9).unwrap(), 4);
        for (id, target) in [(1, 1), (2, 2), (3, 1), (4, 3)] {
            candidates.add(&flood(id, target), 0, MINUTE_US);
        }
        assert_eq!(candidates.len(), 3);
        candidates.add(&flood(5, 3), 0, MINUTE_US);
        let oldest = flood(2, 2);
        let withdrawn = candidates.withdraw(&oldest.key(), &oldest.flow, oldest.said());
        assert_eq!(withdrawn, None);
        let mut flows: Vec<_> = candidates.alarms().map(|alarm| alarm.flow.id.0).collect();
        flows.sort_unstable();
        assert_eq!(flows, [1, 3, 4, 5]);
    }

    #[test]
    fn the_one_that_grows_is_kept_even_if_it_has_too_many_alone() {
        let mut candidates = Candidates::new(NonZeroUsize::MIN, 2);
        for id in 0..5 {
            assert!(candidates.add(&flood(id, 1), 0, MINUTE_US).is_some());
        }
        candidates.add(&flood(9, 2), 0, MINUTE_US);
        assert_eq!(candidates.alarms().map(|alarm| alarm.flow.id.0).collect::<Vec<_>>(), [9]);
        assert_eq!(candidates.take(&flood(9, 2).key()).map(|taken| taken.len()), Some(1));
        assert_eq!((candidates.flows, candidates.len()), (0, 0));
    }
}
