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

/// Starts of a pod that are remembered whole; those of all pods, in bytes.
const OF_A_POD: usize = 64;
const MOST_BYTES: usize = 32 << 20;

/// Different programs of a pod whose times are remembered.
const PROGRAMS: NonZeroUsize = NonZeroUsize::new(256).expect("more than none");

/// Starts that wait to be asked for; what is in their pods is remembered longer.
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

    fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.kept.event.size_bytes()
            + self.owner.process.binary.len()
            + self.owner.process.arguments.len()
    }

    /// Namespace and name of its pod.
    pub(crate) fn pod(&self) -> (&str, &str) {
        (&self.owner.process.namespace, &self.owner.process.pod)
    }
}

#[derive(Debug)]
struct OfPod {
    starts: VecDeque<Arc<Exec>>,
    times_us: LruCache<u64, VecDeque<i64>, RandomState>,
}

impl OfPod {
    fn new() -> Self {
        let times_us = LruCache::with_hasher(PROGRAMS, RandomState::default());
        Self { starts: VecDeque::new(), times_us }
    }

    /// Forgets the oldest start of a program that was started again since, so that what was started once
    /// stays; else the oldest of all.
    fn forget(&mut self) -> Option<Arc<Exec>> {
        let mut seen = HashSet::new();
        let newest: Vec<_> = self.starts.iter().rev().map(|exec| seen.insert(exec.what)).collect();
        let again = newest.iter().rposition(|is_newest| !is_newest);
        let at = again.map_or(0, |from_back| self.starts.len() - 1 - from_back);
        self.starts.remove(at)
    }

    fn bytes(&self) -> usize {
        self.starts.iter().map(|exec| exec.bytes()).sum()
    }
}

/// Programs that were started in pods, bounded.
#[derive(Debug)]
pub(super) struct Execs {
    pods: LruCache<(String, String), OfPod, RandomState>,
    fresh: VecDeque<Arc<Exec>>,
    /// Of all starts that are remembered in pods.
    bytes: usize,
    /// Starts that were forgotten for others.
    pub(super) evicted: u64,
    hasher: RandomState,
}

impl Default for Execs {
    fn default() -> Self {
        Self {
            pods: LruCache::with_hasher(PODS, RandomState::default()),
            fresh: VecDeque::new(),
            bytes: 0,
            evicted: 0,
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
        if self.pods.len() == PODS.get() && !self.pods.contains(&pod) {
            self.forget_pod();
        }
        let of_pod = self.pods.get_or_insert_mut(pod, OfPod::new);
        let times_us = of_pod.times_us.get_or_insert_mut(what, VecDeque::new);
        if times_us.iter().all(|at_us| at_us.abs_diff(exec.at_us) >= APART_US.unsigned_abs()) {
            times_us.push_back(exec.at_us);
            if times_us.len() > TIMES {
                times_us.pop_front();
            }
        }
        of_pod.starts.push_back(Arc::clone(&exec));
        self.bytes += exec.bytes();
        if of_pod.starts.len() > OF_A_POD
            && let Some(gone) = of_pod.forget()
        {
            self.bytes -= gone.bytes();
            self.evicted += 1;
        }
        self.fresh.push_back(exec);
        if self.fresh.len() > FRESH {
            self.fresh.pop_front();
            self.evicted += 1;
        }
        while self.bytes > MOST_BYTES && self.forget_pod() {}
    }

    /// Forgets the pod in which nothing was started for the longest time.
    fn forget_pod(&mut self) -> bool {
        let Some((_, gone)) = self.pods.pop_lru() else { return false };
        self.bytes -= gone.bytes();
        self.evicted += gone.starts.len() as u64;
        true
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
        (of_pod.starts.iter().map(Arc::clone).collect(), usual.map(|(what, _)| *what).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::processes::tests::exec;
    use crate::incident::Process;

    fn started(execs: &mut Execs, pod: &str, at: i64, arguments: &str) {
        let process = Process {
            pod: pod.into(),
            binary: "/bin/sh".into(),
            arguments: arguments.into(),
            ..Process::default()
        };
        let owner = Owner { id: String::new(), parent_id: String::new(), process };
        execs.observe(&Exec::of(&exec(at, "/bin/sh", arguments), &Arc::new(owner)));
    }

    #[test]
    fn what_was_started_once_stays_among_what_is_started_again_and_again() {
        let mut execs = Execs::default();
        started(&mut execs, "web", 1, "-c id");
        (2..1_000).for_each(|at| started(&mut execs, "web", at, "-c check"));
        started(&mut execs, "web", 1_000, "-c whoami");
        let (all, _) = execs.in_pod("", "web", 0);
        assert_eq!(all.len(), OF_A_POD);
        let [first, .., last] = [0, 1, OF_A_POD - 1].map(|at| all[at].at_us / 1_000_000);
        assert_eq!((first, last), (1, 1_000));
        assert_eq!(execs.evicted, 1_000 - OF_A_POD as u64);
    }

    #[test]
    fn memory_for_starts_is_bounded() {
        let mut execs = Execs::default();
        for number in 0..30_000 {
            started(&mut execs, &(number % 900).to_string(), number, &"x".repeat(3_000));
            assert!(execs.bytes <= MOST_BYTES);
            execs.fresh();
        }
        assert!(execs.evicted > 0);
        while execs.forget_pod() {}
        assert_eq!(execs.bytes, 0, "what is kept is counted");
    }
}
