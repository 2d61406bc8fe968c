//! The thread that remembers events, and says how it is going.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Observe;
use super::queue::{Over, Waiting};
use crate::engine::desk::PANICKED;
use crate::engine::events::{Events, Kept, Recorder};
use crate::engine::snapshot::TetragonStatus;
use crate::tetragon::{AgentLink, AgentStatus};

/// How often it is said at most.
const EVERY: Duration = Duration::from_millis(250);

/// The owner of what is remembered.
pub(super) struct Keeping {
    pub(super) recorder: Recorder,
    pub(super) events: Events,
    pub(super) agents: watch::Receiver<Arc<Vec<AgentStatus>>>,
    pub(super) observe: Observe,
    /// What is said while no agent is known.
    pub(super) silent: String,
    pub(super) shown: watch::Sender<TetragonStatus>,
    pub(super) over: CancellationToken,
}

impl Keeping {
    /// Until nothing comes any more.
    pub(super) fn run(mut self, waiting: &Waiting) {
        let outcome = catch_unwind(AssertUnwindSafe(|| self.work(waiting)));
        if let Err(panic) = outcome {
            self.give_up();
            resume_unwind(panic);
        }
    }

    /// Agents that are heard must not look as if their events were remembered.
    fn give_up(&self) {
        let since_us = Timestamp::now().as_microsecond();
        let mut agents = Vec::clone(&self.agents.borrow());
        for agent in &mut agents {
            agent.link = AgentLink::Down { since_us, why: PANICKED.into() };
        }
        self.shown.send_modify(|shown| {
            shown.agents = agents;
            shown.absent = Some(PANICKED.into());
        });
    }

    fn work(&mut self, waiting: &Waiting) {
        let mut due = Instant::now();
        loop {
            match waiting.next(EVERY) {
                // Whoever reads for too long is not waited for.
                Ok(events) if events.is_empty() && self.over.is_cancelled() => break,
                Ok(events) if events.is_empty() => {}
                Ok(events) => {
                    for kept in self.recorder.record(events) {
                        (self.observe)(&kept);
                    }
                }
                Err(Over) => break,
            }
            let now = Instant::now();
            if now >= due {
                due = now + EVERY;
                self.publish();
            }
        }
        self.publish();
    }

    /// Shows how it is going, unless nothing has changed.
    fn publish(&self) {
        let Kept { events: kept, bytes: kept_bytes, evicted } = self.events.kept();
        let agents = Vec::clone(&self.agents.borrow());
        let events = self.events.before(None).take(TetragonStatus::SHOWN).collect();
        self.shown.send_if_modified(|shown| {
            let is_absent = agents.is_empty() && shown.needed.is_empty();
            let next = TetragonStatus {
                absent: is_absent.then(|| self.silent.clone()),
                agents,
                kept,
                kept_bytes,
                evicted,
                events,
                ..shown.clone()
            };
            let is_new = *shown != next;
            *shown = next;
            is_new
        });
    }
}
