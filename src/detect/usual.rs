//! What is usual of each service here, against which incidents are explained.
//!
//! A few vectors of each service are kept, of flows that ended and did not alarm; what is usual is
//! the one in their middle. An attack that stays below the threshold must not become usual while it goes on.
//! So vectors are taken by time, never by number: a flood counts for no more than a quiet minute.
//! From the first few on one is taken every half a minute, which makes what is kept half an hour
//! long, and a quarter of an hour of attack is needed before the middle follows it. After an alarm
//! at a service nothing is taken of it for a while, because its neighbours feel the attack too.

mod known;
mod service;

use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroUsize;
use std::sync::Arc;

use foldhash::fast::RandomState;
use lru::LruCache;

use super::verdict::Verdict;
use crate::feature::{ALL_FEATURES, Vector};
use crate::flow::State;

pub use self::known::Known;
pub use self::service::Service;

/// Services of which is known what is usual, and as many again of which it is not yet.
const SERVICES: NonZeroUsize = NonZeroUsize::new(256).expect("more than none");

/// Vectors from which on there is a middle that is usual.
const ENOUGH: usize = 8;

/// Vectors kept of a service, 0.6 KiB each: 10 MiB in all.
const KEPT: usize = 64;

/// Packet time between two vectors that are taken of a service while there are not enough, in µs.
const SOON_US: i64 = 2_000_000;

/// The same once there are.
const LATER_US: i64 = 30_000_000;

/// Packet time after an alarm at a service in which nothing is taken of it, in µs: as far back as
/// most features of the context look.
const AFTER_ALARM_US: i64 = 60_000_000;

/// What is usual of each service, as far as it was given or learnt from verdicts.
#[derive(Debug)]
pub struct Usual {
    /// Of these nothing is learnt.
    given: BTreeMap<Service, Known>,
    learnt: LruCache<Service, Recent, RandomState>,
    /// Those of which there is not enough yet. They are apart so that a scan, to which every port is
    /// a service, does not displace those that are.
    new: LruCache<Service, Recent, RandomState>,
}

impl Default for Usual {
    fn default() -> Self {
        Self::with([])
    }
}

impl Usual {
    /// What is usual is `known` of these services, of 256 at most, and learnt of all others.
    pub fn with(known: impl IntoIterator<Item = Known>) -> Self {
        let given = known.into_iter().take(SERVICES.get()).map(|known| (known.service, known));
        let cache = || LruCache::with_hasher(SERVICES, RandomState::default());
        Self { given: given.collect(), learnt: cache(), new: cache() }
    }

    /// Learns from the next verdict; verdicts are to come in the order of packet time.
    pub fn observe(&mut self, verdict: &Verdict) {
        let service = Service::of(&verdict.flow.tuple);
        if self.given.contains_key(&service) {
            return;
        }
        let is_learnt = self.learnt.contains(&service);
        let services = if is_learnt { &mut self.learnt } else { &mut self.new };
        let recent = services.get_or_insert_mut(service, Recent::default);
        recent.observe(verdict);
        let is_enough = recent.vectors.len() >= ENOUGH;
        if !is_learnt
            && is_enough
            && let Some(recent) = self.new.pop(&service)
        {
            self.learnt.put(service, recent);
        }
    }

    /// What is usual of `service`, once there is enough to say so.
    #[must_use]
    pub fn of(&self, service: Service) -> Option<Vector> {
        let given = self.given.get(&service).map(|known| known.vector);
        given.or_else(|| self.learnt.peek(&service)?.typical())
    }

    /// All of which is known what is usual, in the order of services.
    #[must_use]
    pub fn known(&self) -> Vec<Known> {
        let learnt = self.learnt.iter().filter_map(|(service, recent)| {
            let samples = recent.vectors.len();
            Some(Known { service: *service, samples, vector: recent.typical()? })
        });
        let mut known: Vec<_> = self.given.values().copied().chain(learnt).collect();
        known.sort_by_key(|known| known.service);
        known
    }

    /// Forgets what was learnt, as when the capture's clock jumps back: another capture may be of
    /// another place, and what is said of it must not depend on what was read before. What was given
    /// stays.
    pub fn clear(&mut self) {
        self.learnt.clear();
        self.new.clear();
    }
}

/// Vectors of one service, the newest last.
#[derive(Debug)]
struct Recent {
    vectors: VecDeque<Arc<Vector>>,
    /// When the next one is taken, in µs since the epoch.
    next_us: i64,
}

impl Default for Recent {
    fn default() -> Self {
        Self { vectors: VecDeque::new(), next_us: i64::MIN }
    }
}

impl Recent {
    fn observe(&mut self, verdict: &Verdict) {
        let at_us = verdict.flow.at_us;
        if verdict.is_alarm {
            self.next_us = self.next_us.max(at_us.saturating_add(AFTER_ALARM_US));
        } else if matches!(verdict.flow.state, State::Final(_)) && at_us >= self.next_us {
            self.take(&verdict.vector, at_us);
        }
    }

    fn take(&mut self, vector: &Arc<Vector>, at_us: i64) {
        if self.vectors.len() == KEPT {
            self.vectors.pop_front();
        }
        self.vectors.push_back(Arc::clone(vector));
        let pause_us = if self.vectors.len() < ENOUGH { SOON_US } else { LATER_US };
        self.next_us = at_us.saturating_add(pause_us);
    }

    /// The vector nearest to the median of each feature, none where there is not enough: by how many of
    /// the others lie between. Medians alone are a vector that nobody sent, which is like nothing that
    /// the model has learnt. Of equals the newest.
    fn typical(&self) -> Option<Vector> {
        let count = self.vectors.len();
        if count < ENOUGH {
            return None;
        }
        let middle = (count - 1) / 2;
        let mut between = vec![0; count];
        for feature in 0..ALL_FEATURES {
            let mut values: Vec<_> = self.vectors.iter().map(|vector| vector[feature]).collect();
            values.sort_unstable_by(f32::total_cmp);
            for (between, vector) in between.iter_mut().zip(&self.vectors) {
                let below =
                    values.partition_point(|value| value.total_cmp(&vector[feature]).is_lt());
                let same =
                    values.partition_point(|value| value.total_cmp(&vector[feature]).is_le());
                *between += below.saturating_sub(middle) + (middle + 1).saturating_sub(same);
            }
        }
        let nearest = between.iter().zip(&self.vectors).rev().min_by_key(|(between, _)| **between);
        nearest.map(|(_, vector)| **vector)
    }
}

#[cfg(test)]
mod tests;
