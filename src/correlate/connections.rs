//! When connections began and ended, by packets alone: what claims are weighed against.
//!
//! Packets are seen where events may be lost. So it is by packets that it is known which other
//! connections a claim may be about.

use std::collections::BTreeSet;

use foldhash::fast::RandomState;
use lru::LruCache;

use super::asked::{Asked, Ending};
use super::claim::End;
use crate::packet::Address;

/// Beginnings that are remembered.
const BEGAN: usize = 32_768;

/// Connections that are remembered of one source, and of all.
const OF_A_SOURCE: usize = 64;
const OF_ALL_SOURCES: usize = 131_072;

/// A connection: a flow, or several of which each was cut off and the next goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Connection {
    pub(super) source: End,
    pub(super) target: End,
    pub(super) first_us: i64,
    /// Its last packet so far.
    pub(super) last_us: i64,
    ending: Ending,
}

impl Connection {
    /// Whether a flow whose first packet came at `at_us` is of it.
    fn goes_on_at(&self, at_us: i64) -> bool {
        // That the next of a flow that is open is another one needs no word of its end: that may be lost.
        // One that was cut off has packets to come before it would have ended by its silence.
        let is_soon = at_us.saturating_sub(self.last_us) <= SILENT_US;
        self.is_at(at_us) || self.ending == Ending::Cut && is_soon
    }

    /// Whether it had begun by then, and had packets to come.
    pub(super) fn is_at(&self, at_us: i64) -> bool {
        (self.first_us..=self.last_us).contains(&at_us)
    }
}

/// After such a silence a connection counts as over, as flows do where nothing else is set, in µs.
const SILENT_US: i64 = 120_000_000;

/// First packet, protocol, source and target.
type Place = (i64, u8, End, End);

/// Before any other.
const LOWEST: End = End { address: Address::v6([0; 16]), port: 0 };

/// Connections of one source.
#[derive(Debug)]
struct OfSource {
    /// In the order of time.
    all: Vec<Connection>,
    /// The newest beginning that is not among them any more.
    forgotten_us: i64,
}

/// Connections as packets have them, bounded.
#[derive(Debug)]
pub(super) struct Connections {
    of_source: LruCache<(u8, End), OfSource, RandomState>,
    of_all_sources: usize,
    /// The newest beginning at any source that is not remembered any more.
    gone_us: i64,
    began: BTreeSet<Place>,
    /// The newest of these that is not remembered any more.
    forgotten_us: i64,
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            of_source: LruCache::unbounded_with_hasher(RandomState::default()),
            of_all_sources: 0,
            gone_us: i64::MIN,
            began: BTreeSet::new(),
            forgotten_us: i64::MIN,
        }
    }
}

impl Connections {
    /// Takes a flow; the connection that it is, or is a part of.
    pub(super) fn take(&mut self, asked: &Asked) -> Connection {
        let Asked { first_us, ending, .. } = *asked;
        let [source, target] = asked.ends();
        let last_us = asked.last_us.max(first_us);
        let protocol = asked.tuple.protocol;
        let forgotten_us = self.gone_us;
        let nothing = || OfSource { all: Vec::new(), forgotten_us };
        let OfSource { all, forgotten_us } =
            self.of_source.get_or_insert_mut((protocol, source), nothing);
        let before = all.partition_point(|one| one.first_us <= first_us);
        let known = all[..before].iter_mut().rev().find(|one| one.target == target);
        if let Some(known) = known.filter(|one| one.goes_on_at(first_us)) {
            // How it stands is what its last packet says, however often it is asked for before.
            if last_us >= known.last_us {
                let is_same = first_us <= known.last_us;
                known.ending = if is_same { known.ending.max(ending) } else { ending };
                known.last_us = last_us;
            }
            return *known;
        }
        let one = Connection { source, target, first_us, last_us, ending };
        all.insert(before, one);
        if all.len() > OF_A_SOURCE {
            *forgotten_us = all.remove(0).first_us.max(*forgotten_us);
        } else {
            self.of_all_sources += 1;
        }
        self.began.insert((first_us, protocol, source, target));
        self.make_room();
        one
    }

    fn make_room(&mut self) {
        if self.began.len() > BEGAN
            && let Some((at_us, ..)) = self.began.pop_first()
        {
            self.forgotten_us = self.forgotten_us.max(at_us);
        }
        while self.of_all_sources > OF_ALL_SOURCES
            && let Some((_, gone)) = self.of_source.pop_lru()
        {
            self.of_all_sources -= gone.all.len();
            let newest_us = gone.all.last().map_or(i64::MIN, |one| one.first_us);
            self.gone_us = self.gone_us.max(newest_us).max(gone.forgotten_us);
        }
    }

    /// Those of one source, in the order of time.
    pub(super) fn of(&self, protocol: u8, source: End) -> &[Connection] {
        self.of_source.peek(&(protocol, source)).map_or(&[], |known| known.all.as_slice())
    }

    /// Until when connections of a source may have begun that are not remembered.
    pub(super) fn forgotten_us(&self, protocol: u8, source: End) -> i64 {
        self.of_source.peek(&(protocol, source)).map_or(self.gone_us, |known| known.forgotten_us)
    }

    /// Those of `protocol` that began from `from_us` to `until_us`; none where it is not certain that these
    /// are all, or there are more than `most` of any protocol.
    pub(super) fn between(
        &self,
        protocol: u8,
        from_us: i64,
        until_us: i64,
        most: usize,
    ) -> Option<Vec<Connection>> {
        if from_us <= self.forgotten_us {
            return None;
        }
        let places = self.began.range((from_us, 0, LOWEST, LOWEST)..);
        let mut found = Vec::new();
        for (number, place) in places.take_while(|place| place.0 <= until_us).enumerate() {
            if number == most {
                return None;
            }
            let (first_us, of, source, target) = *place;
            if of != protocol {
                continue;
            }
            let mut known = self.of(protocol, source).iter();
            let known = known.find(|one| one.first_us == first_us && one.target == target);
            // Of one that is forgotten it is only known that it was there.
            let last_us = first_us;
            let bare = Connection { source, target, first_us, last_us, ending: Ending::Over };
            found.push(known.copied().unwrap_or(bare));
        }
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::flow;
    use super::*;

    const WEB: &str = "10.1.0.1:40000";
    const DB: &str = "10.2.0.1:5432";

    #[test]
    fn flows_of_one_connection_are_one_until_it_is_over() {
        let mut all = Connections::default();
        let cut =
            |first_us, last_us| Asked { ending: Ending::Cut, ..flow(WEB, DB, first_us, last_us) };
        assert_eq!(all.take(&cut(10, 20)).first_us, 10);
        assert_eq!(all.take(&cut(30, 40)).first_us, 10);
        assert_eq!(all.take(&flow(WEB, DB, 50, 60)).first_us, 10);
        assert_eq!(all.take(&flow(WEB, DB, 70, 80)).first_us, 70);
        assert_eq!(all.take(&cut(30, 40)).last_us, 60, "asked again later");
        let known = all.between(6, 0, 100, 9).unwrap();
        assert_eq!(known.iter().map(|one| one.first_us).collect::<Vec<_>>(), [10, 70]);
        assert_eq!(all.between(6, 0, 100, 1), None, "too many");
    }

    #[test]
    fn memory_for_sources_is_bounded_and_it_is_known_what_is_gone() {
        let mut all = Connections::default();
        let source = flow(WEB, DB, 0, 0).ends()[0];
        for at_us in 0..100 {
            all.take(&flow(WEB, DB, at_us * 10, at_us * 10 + 1));
        }
        assert_eq!((all.of(6, source).len(), all.forgotten_us(6, source)), (OF_A_SOURCE, 350));
        for number in 0..150_000 {
            let source =
                format!("10.{}.{}.1:{}", number / 200 % 250, number % 200, 1 + number / 50_000);
            all.take(&flow(&source, DB, 10_000 + number, 10_000 + number));
            assert!(all.of_all_sources <= OF_ALL_SOURCES);
        }
        assert!(all.of(6, source).is_empty());
        assert!(all.forgotten_us(6, source) >= 990);
    }

    #[test]
    fn what_is_not_remembered_is_not_said_to_be_all() {
        let mut all = Connections::default();
        for at_us in 0..=i64::try_from(BEGAN).unwrap() {
            all.take(&flow(&format!("10.1.0.1:{}", 1_000 + at_us % 60_000), DB, at_us, at_us));
        }
        assert_eq!(all.between(6, 0, 2, 9), None);
        assert_eq!(all.between(6, 1, 2, 9).map(|all| all.len()), Some(2));
        assert!(all.began.len() <= BEGAN);
    }
}
