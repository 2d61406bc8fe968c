//! Flows that wait to be scored, and which of them is given up where there is no room.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::BATCH;
use super::mark::{Mark, Marks};
use crate::detect::{FlowSummary, Sequence};
use crate::feature::Vector;
use crate::flow::State;
use crate::packet::{Address, Tuple};

/// A flow that waits to be scored.
#[derive(Debug)]
pub(super) struct Job {
    /// What is said before its verdict.
    pub(super) before: Marks,
    pub(super) flow: FlowSummary,
    pub(super) vector: Arc<Vector>,
    pub(super) sequence: Box<Sequence>,
}

impl Job {
    pub(super) fn new(flow: FlowSummary, vector: Arc<Vector>, sequence: Box<Sequence>) -> Self {
        Self { before: Marks::default(), flow, vector, sequence }
    }
}

/// Flows that are scored together.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) jobs: Vec<Job>,
    /// What is said behind their verdicts.
    pub(super) after: Marks,
}

/// Flows that wait, in the order of submission.
#[derive(Debug, Default)]
pub(super) struct Queue {
    jobs: BTreeMap<u64, Job>,
    next: u64,
    /// What was said since the newest flow.
    tail: Marks,
    /// None where nothing is ever given up.
    shedding: Option<Shedding>,
}

impl Queue {
    /// A queue that holds `limit` flows and gives up what is beyond.
    pub(super) fn shedding(limit: usize) -> Self {
        Self { shedding: Some(Shedding::new(limit)), ..Self::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.jobs.len()
    }

    /// Whether there is neither a flow nor a mark.
    pub(super) fn is_empty(&self) -> bool {
        self.jobs.is_empty() && self.tail.is_empty()
    }

    /// Takes a flow, and says how many were given up for it.
    pub(super) fn push(&mut self, mut job: Job) -> u64 {
        job.before = std::mem::take(&mut self.tail);
        let number = self.next;
        self.next += 1;
        let victim = self.shedding.as_mut().and_then(|shedding| shedding.push(number, &job.flow));
        self.jobs.insert(number, job);
        victim.map_or(0, |victim| self.give_up(victim))
    }

    pub(super) fn mark(&mut self, mark: Mark) {
        self.tail.add(mark);
    }

    /// Whether the next batch is full, or to be scored as it is because of a mark behind it.
    pub(super) fn has_batch(&self) -> bool {
        let mut next = self.jobs.values().take(BATCH);
        self.len() >= BATCH || !self.tail.is_empty() || next.any(|job| !job.before.is_empty())
    }

    /// The next batch: what is full, else what stands before a mark, else all there is. What is in
    /// a batch that is full or marked does not depend on when it is taken.
    pub(super) fn take(&mut self) -> Batch {
        let mut jobs = Vec::with_capacity(BATCH.min(self.len()));
        while let Some(mut next) = self.jobs.first_entry() {
            if jobs.len() == BATCH {
                return Batch { jobs, after: Marks::default() };
            }
            let after = std::mem::take(&mut next.get_mut().before);
            if !after.is_empty() {
                return Batch { jobs, after };
            }
            let (number, job) = next.remove_entry();
            if let Some(shedding) = &mut self.shedding {
                shedding.remove(number, &job.flow);
            }
            jobs.push(job);
        }
        Batch { jobs, after: std::mem::take(&mut self.tail) }
    }

    /// What was said before the flow that is given up is said before the next one.
    fn give_up(&mut self, victim: u64) -> u64 {
        let Some(job) = self.jobs.remove(&victim) else { return 0 };
        if let Some(shedding) = &mut self.shedding {
            shedding.remove(victim, &job.flow);
        }
        let next = self.jobs.range_mut(victim..).next();
        next.map_or(&mut self.tail, |(_, next)| &mut next.before).follow(job.before);
        1
    }
}

/// How much it matters that a flow is scored, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// A newer vector of the same context waits as well.
    Superseded,
    Provisional,
    Final,
}

/// One client at one service.
type Context = (Address, Address, u16, u8);

const fn context(tuple: &Tuple) -> Context {
    (tuple.source, tuple.target, tuple.server_port(), tuple.protocol)
}

/// Which flow is given up next: the oldest of those that matter least.
#[derive(Debug)]
struct Shedding {
    limit: usize,
    order: BTreeSet<(Rank, u64)>,
    /// The newest provisional vector of each context.
    newest: HashMap<Context, u64, RandomState>,
}

impl Shedding {
    fn new(limit: usize) -> Self {
        Self { limit, order: BTreeSet::new(), newest: HashMap::default() }
    }

    /// Takes flow `number`, and says which is to be given up for it.
    fn push(&mut self, number: u64, flow: &FlowSummary) -> Option<u64> {
        let context = context(&flow.tuple);
        let (rank, older) = match flow.state {
            State::Provisional => (Rank::Provisional, self.newest.insert(context, number)),
            State::Final(_) => (Rank::Final, self.newest.remove(&context)),
        };
        if let Some(older) = older {
            self.order.remove(&(Rank::Provisional, older));
            self.order.insert((Rank::Superseded, older));
        }
        self.order.insert((rank, number));
        (self.order.len() > self.limit).then(|| self.order.first().map(|(_, number)| *number))?
    }

    /// Forgets flow `number`, which is scored or given up.
    fn remove(&mut self, number: u64, flow: &FlowSummary) {
        let context = context(&flow.tuple);
        if self.newest.get(&context) == Some(&number) {
            self.newest.remove(&context);
        }
        for rank in [Rank::Superseded, Rank::Provisional, Rank::Final] {
            if self.order.remove(&(rank, number)) {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests;
