//! How far the clock of a node is from that of packets.
//!
//! A process opens a connection just before its first packet is sent. Where the two times are apart by
//! much more than that, and always in the same way, the clocks differ.

use std::collections::VecDeque;
use std::num::NonZeroUsize;

use foldhash::fast::RandomState;
use lru::LruCache;

use super::SLACK_US;

/// How far apart two clocks may be to be compared, in µs.
const FARTHEST_US: i64 = 5_000_000;

/// Connections of which a node's clock is told, and how many are needed.
const SAMPLES: usize = 32;
const NEEDED: usize = 8;

/// Nodes remembered.
const NODES: NonZeroUsize = NonZeroUsize::new(4_096).expect("more than none");

/// What is known of the clock of one node.
#[derive(Debug, Default)]
struct Clock {
    samples: VecDeque<i64>,
    skew_us: i64,
}

/// How far clocks of nodes are from that of packets.
#[derive(Debug)]
pub(super) struct Skew(LruCache<u64, Clock, RandomState>);

impl Default for Skew {
    fn default() -> Self {
        Self(LruCache::with_hasher(NODES, RandomState::default()))
    }
}

impl Skew {
    /// Takes that a connection was opened at `opened_us` by the clock of `node`, and that its first
    /// packet came at `first_us`.
    pub(super) fn compare(&mut self, node: u64, opened_us: i64, first_us: i64) {
        let apart_us = first_us.saturating_sub(opened_us);
        if apart_us.saturating_abs() > FARTHEST_US {
            return;
        }
        let clock = self.0.get_or_insert_mut(node, Clock::default);
        if clock.samples.len() == SAMPLES {
            clock.samples.pop_front();
        }
        clock.samples.push_back(apart_us);
        clock.skew_us = skew_us(&clock.samples);
    }

    /// What to add to a time of `node` to have it by the clock of packets, in µs.
    pub(super) fn of(&self, node: u64) -> i64 {
        self.0.peek(&node).map_or(0, |clock| clock.skew_us)
    }
}

fn skew_us(samples: &VecDeque<i64>) -> i64 {
    if samples.len() < NEEDED {
        return 0;
    }
    let mut samples: Vec<_> = samples.iter().copied().collect();
    samples.sort_unstable();
    // Some packets are late for other reasons; none comes before it was sent.
    let usual_us = samples[samples.len() / 8];
    // Where events are lost, a connection may be compared with the event of another one.
    let is_near = |apart_us: &&i64| apart_us.abs_diff(usual_us) <= SLACK_US.unsigned_abs();
    let is_usual = samples.iter().filter(is_near).count() * 4 >= samples.len() * 3;
    if is_usual && usual_us.abs() > SLACK_US { usual_us } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_always_off_by_the_same_is_set_right_and_one_that_is_not_is_left_alone() {
        let mut skew = Skew::default();
        for at in 0..20 {
            skew.compare(1, at * 1_000_000, at * 1_000_000 - 1_500_000 + at * 20);
            skew.compare(2, at * 1_000_000, at * 1_000_000 + 40);
            // A slow network is no wrong clock.
            skew.compare(3, at * 1_000_000, at * 1_000_000 + if at % 4 == 0 { 30 } else { 90_000 });
        }
        assert!((skew.of(1) + 1_500_000).abs() < 1_000, "{}", skew.of(1));
        assert_eq!((skew.of(2), skew.of(3), skew.of(4)), (0, 0, 0));
    }

    #[test]
    fn connections_that_are_compared_with_the_events_of_others_set_no_clock() {
        let mut skew = Skew::default();
        for at in 0..32 {
            let other_us = if at % 3 == 0 { -400_000 - at * 9_000 } else { 40 };
            skew.compare(1, 0, other_us);
        }
        assert_eq!(skew.of(1), 0);
    }

    #[test]
    fn a_few_connections_do_not_set_a_clock() {
        let mut skew = Skew::default();
        (0..7).for_each(|_| skew.compare(1, 0, 2_000_000));
        skew.compare(1, 0, 60_000_000);
        assert_eq!(skew.of(1), 0);
    }
}
