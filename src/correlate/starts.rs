//! When flows began and ended, as far as claims are weighed by it.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use foldhash::fast::RandomState;
use lru::LruCache;

use super::claim::End;
use super::track::Pair;

/// Beginnings that are remembered.
const STARTS: usize = 32_768;

/// Pairs of which ends are remembered, and ends of one pair.
const PAIRS: NonZeroUsize = NonZeroUsize::new(65_536).expect("more than none");
const ENDS: usize = 4;

/// First packet, protocol, source and target.
type Place = (i64, u8, End, End);

/// When flows began and ended.
#[derive(Debug)]
pub(super) struct Starts {
    /// A hash of the identity of the process that claims the very source; none where it is not known.
    began: BTreeMap<Place, Option<u64>>,
    ended: LruCache<Pair, Vec<i64>, RandomState>,
    /// The same of all flows of one source.
    of_source: LruCache<(u8, End), Vec<i64>, RandomState>,
}

impl Default for Starts {
    fn default() -> Self {
        Self {
            began: BTreeMap::new(),
            ended: LruCache::with_hasher(PAIRS, RandomState::default()),
            of_source: LruCache::with_hasher(PAIRS, RandomState::default()),
        }
    }
}

impl Starts {
    pub(super) fn began(&mut self, place: Place, owner: Option<u64>) {
        self.began.insert(place, owner);
        if self.began.len() > STARTS {
            self.began.pop_first();
        }
    }

    /// Source and target of flows of `protocol` that began from `from_us` to `until_us` and may be of the
    /// process of this hash.
    pub(super) fn of(
        &self,
        owner: u64,
        protocol: u8,
        from_us: i64,
        until_us: i64,
    ) -> impl Iterator<Item = (End, End)> {
        self.began
            .range(from_us_on(from_us))
            .take_while(move |((at_us, ..), _)| *at_us <= until_us)
            .filter(move |((_, of, ..), _)| *of == protocol)
            .filter(move |(_, known)| known.is_none_or(|known| known == owner))
            .map(|((.., source, target), _)| (*source, *target))
    }

    /// Packets say that a flow of `source` is over, with one at `last_us`.
    pub(super) fn ended(&mut self, pair: Pair, source: End, last_us: i64) {
        let of_source = self.of_source.get_or_insert_mut((pair.protocol, source), Vec::new);
        for ended in [self.ended.get_or_insert_mut(pair, Vec::new), of_source] {
            if !ended.contains(&last_us) {
                ended.push(last_us);
                if ended.len() > ENDS {
                    ended.remove(0);
                }
            }
        }
    }

    /// The last packet of the last flow of a pair that was over before `before_us`.
    pub(super) fn over(&self, pair: &Pair, before_us: i64) -> Option<i64> {
        last(self.ended.peek(pair), before_us)
    }

    /// The last packet of the last flow of a source, whoever it went to, that was over before `before_us`.
    pub(super) fn over_of(&self, protocol: u8, source: End, before_us: i64) -> Option<i64> {
        last(self.of_source.peek(&(protocol, source)), before_us)
    }
}

fn last(ended: Option<&Vec<i64>>, before_us: i64) -> Option<i64> {
    ended.into_iter().flatten().filter(|last_us| **last_us < before_us).max().copied()
}

/// From the first place of a moment on.
const fn from_us_on(from_us: i64) -> std::ops::RangeFrom<Place> {
    use crate::packet::Address;
    const LOWEST: End = End { address: Address::v6([0; 16]), port: 0 };
    (from_us, 0, LOWEST, LOWEST)..
}
