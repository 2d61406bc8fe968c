//! Programs that were started in pods, and what is usual there.

use std::collections::{HashSet, VecDeque};
use std::hash::BuildHasher;
use std::num::NonZeroUsize;
use std::sync::Arc;

use foldhash::fast::RandomState;
use lru::LruCache;

use crate::correlate::Owner;
use crate::engine::events::KeptEvent;

/// Pods that are remembered.
const PODS: NonZeroUsize = NonZeroUsize::new(1_024).expect("more than none");

/// Starts of a pod that are remembered whole.
const OF_A_POD: usize = 64;

/// Different programs of a pod whose times are remembered.
const PROGRAMS: NonZeroUsize = NonZeroUsize::new(256).expect("more than none");

/// Starts that wait to be asked for.
const FRESH: usize = 4_096;

/// How far back something is usual, in µs.
const USUAL_US: i64 = 600_000_000;

/// Times of one program that are remembered, and how far they are apart, in µs: together they reach back
/// further than what is usual.
const TIMES: usize = 80;
const APART_US: i64 = 10_000_000;

/// What is usual in a pod: programs with their arguments, as hashes.
pub(crate) type Usual = HashSet<u64>;

/// A program that was started in a pod.
#[derive(Debug, Clone)]
pub(crate) struct Exec {
    pub(crate) at_us: i64,
    /// A hash of what was started, with its arguments.
    pub(crate) what: u64,
    pub(crate) owner: Arc<Owner>,
    pub(crate) kept: Arc<KeptEvent>,
}

impl Exec {
    pub(super) fn of(kept: &Arc<KeptEvent>, owner: &Arc<Owner>) -> Self {
        let (owner, kept) = (Arc::clone(owner), Arc::clone(kept));
        Self { at_us: kept.event.at_us, what: 0, owner, kept }
    }

    /// Namespace and name of its pod.
    pub(crate) fn pod(&self) -> (&str, &str) {
        (&self.owner.process.namespace, &self.owner.process.pod)
    }
}

#[derive(Debug)]
struct OfPod {
    newest: VecDeque<Arc<Exec>>,
    times_us: LruCache<u64, VecDeque<i64>, RandomState>,
}

/// Programs that were started in pods, bounded.
#[derive(Debug)]
pub(super) struct Execs {
    pods: LruCache<(String, String), OfPod, RandomState>,
    fresh: VecDeque<Arc<Exec>>,
    hasher: RandomState,
}

impl Default for Execs {
    fn default() -> Self {
        Self {
            pods: LruCache::with_hasher(PODS, RandomState::default()),
            fresh: VecDeque::new(),
            hasher: RandomState::default(),
        }
    }
}

impl Execs {
    pub(super) fn observe(&mut self, exec: &Exec) {
        let process = &exec.owner.process;
        if process.pod.is_empty() {
            return;
        }
        let what = self.hasher.hash_one((&process.binary, &process.arguments));
        let exec = Arc::new(Exec { what, ..exec.clone() });
        let pod = (process.namespace.clone(), process.pod.clone());
        let of_pod = self.pods.get_or_insert_mut(pod, || OfPod {
            newest: VecDeque::new(),
            times_us: LruCache::with_hasher(PROGRAMS, RandomState::default()),
        });
        let times_us = of_pod.times_us.get_or_insert_mut(what, VecDeque::new);
        if times_us.iter().all(|at_us| at_us.abs_diff(exec.at_us) >= APART_US.unsigned_abs()) {
            times_us.push_back(exec.at_us);
            if times_us.len() > TIMES {
                times_us.pop_front();
            }
        }
        push(&mut of_pod.newest, &exec, OF_A_POD);
        push(&mut self.fresh, &exec, FRESH);
    }

    pub(super) fn fresh(&mut self) -> Vec<Arc<Exec>> {
        self.fresh.drain(..).collect()
    }

    pub(super) fn in_pod(
        &self,
        namespace: &str,
        pod: &str,
        before_us: i64,
    ) -> (Vec<Arc<Exec>>, Usual) {
        let Some(of_pod) = self.pods.peek(&(namespace.to_owned(), pod.to_owned())) else {
            return (Vec::new(), Usual::new());
        };
        let since_us = before_us.saturating_sub(USUAL_US);
        let is_usual = |times_us: &VecDeque<i64>| {
            times_us.iter().any(|at_us| since_us <= *at_us && *at_us < before_us)
        };
        let usual = of_pod.times_us.iter().filter(|(_, times_us)| is_usual(times_us));
        (of_pod.newest.iter().map(Arc::clone).collect(), usual.map(|(what, _)| *what).collect())
    }
}

fn push(all: &mut VecDeque<Arc<Exec>>, exec: &Arc<Exec>, most: usize) {
    if all.len() == most {
        all.pop_front();
    }
    all.push_back(Arc::clone(exec));
}
