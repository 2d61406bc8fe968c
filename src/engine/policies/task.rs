//! The one task that reads and writes policies for an engine: it looks at them every ten seconds, right
//! after each change, and when other agents are there than before.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::{PolicyAsk, PolicyClient, PolicyError, PolicyList};
use crate::cluster::{Effect, Objects};
use crate::engine::keeper::with_causes;
use crate::engine::snapshot::TetragonStatus;
use crate::policy::PolicyStatus;
use crate::tetragon::{AgentLink, AgentStatus, Endpoint};

/// How often policies are looked at.
const EVERY: Duration = Duration::from_secs(10);

/// For how long what was read is believed, however many ask.
const FRESH: Duration = Duration::from_secs(2);

/// How long agents have at the start to be known: before that there may be nobody who could be asked.
const KNOWN: Duration = Duration::from_secs(1);

/// What there is to show of policies.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::engine) struct PoliciesSeen {
    /// As they were read last, worst first.
    pub(in crate::engine) policies: Vec<Arc<PolicyStatus>>,
    /// When that was, in µs since the epoch by the wall clock; 0 if never.
    pub(in crate::engine) read_us: i64,
    /// Why they could not be read since.
    pub(in crate::engine) failure: Option<String>,
    /// What else there is to say of them.
    pub(in crate::engine) notes: Vec<String>,
}

impl PoliciesSeen {
    /// Puts it into what is shown.
    pub(in crate::engine) fn show_in(&self, status: &mut TetragonStatus) {
        let Self { policies, read_us, failure, notes } = self.clone();
        (status.policies, status.policies_read_us) = (policies, read_us);
        (status.policies_failure, status.policies_notes) = (failure, notes);
    }
}

/// Answers `asked` until asked to stop or until nobody can ask any more; `publish` is told what there
/// is to show and must not wait.
pub(super) async fn run<O: Objects + Send + Sync>(
    client: &PolicyClient<O>,
    asked: &mut mpsc::Receiver<PolicyAsk>,
    publish: &(dyn Fn(PoliciesSeen) + Send + Sync),
    stop: &CancellationToken,
) {
    let mut task = Task { client, publish, seen: PoliciesSeen::default(), read: None };
    let mut looks = interval(EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut agents = client.parts.agents.clone();
    tokio::select! {
        () = stop.cancelled() => return,
        // Where nobody will ever tell of agents this ends at once.
        _ = timeout(KNOWN, agents.wait_for(|agents| !agents.is_empty())) => {}
    }
    let (mut known, mut due) = (heard(&agents.borrow_and_update()), None);
    loop {
        let soon = async {
            match due {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            _ = looks.tick() => drop(task.look().await),
            () = soon => {
                due = None;
                drop(task.look().await);
            }
            ask = asked.recv() => match ask {
                Some(ask) => task.answer(ask).await,
                None => return,
            },
            Ok(()) = agents.changed() => {
                let there = heard(&agents.borrow_and_update());
                if there != known {
                    known = there;
                    due = Some(Instant::now() + FRESH / 2);
                }
            }
        }
    }
}

/// Agents that can be asked, and whether they are heard.
fn heard(agents: &[AgentStatus]) -> Vec<(Endpoint, bool)> {
    super::agents::askable(agents)
        .into_iter()
        .map(|agent| (agent.endpoint, agent.link == AgentLink::Up))
        .collect()
}

struct Task<'a, O> {
    client: &'a PolicyClient<O>,
    publish: &'a (dyn Fn(PoliciesSeen) + Send + Sync),
    seen: PoliciesSeen,
    /// When they were read last, and not by whoever has changed one since.
    read: Option<Instant>,
}

impl<O: Objects + Send + Sync> Task<'_, O> {
    async fn answer(&mut self, ask: PolicyAsk) {
        // Whoever asked may have gone; what was asked for is done all the same.
        match ask {
            PolicyAsk::List(tell) => {
                tell.send(self.list().await).ok();
            }
            PolicyAsk::Apply(request, by, tell) => {
                let applied = self.client.apply(*request, &by).await;
                let has_changed = applied.as_ref().is_ok_and(|applied| !applied.is_dry_run);
                tell.send(applied).ok();
                self.look_after(has_changed).await;
            }
            PolicyAsk::Switch(switch, by, tell) => {
                let applied = self.client.switch(&switch, &by).await;
                let has_changed = applied.as_ref().is_ok_and(|applied| !applied.is_dry_run);
                tell.send(applied).ok();
                self.look_after(has_changed).await;
            }
            PolicyAsk::Delete { name, by, is_dry_run, tell } => {
                let effect = if is_dry_run { Effect::DryRun } else { Effect::Lasting };
                let deleted = self.client.delete(&name, &by, effect).await;
                let has_changed = deleted.is_ok() && !is_dry_run;
                tell.send(deleted).ok();
                self.look_after(has_changed).await;
            }
        }
    }

    /// How they stand, from memory where that is fresh.
    async fn list(&mut self) -> Result<PolicyList, PolicyError> {
        if self.read.is_some_and(|read| read.elapsed() < FRESH) && self.seen.failure.is_none() {
            let PoliciesSeen { policies, read_us, notes, .. } = self.seen.clone();
            return Ok(PolicyList { policies, read_us, notes });
        }
        self.look().await
    }

    /// After a change, whoever asks next is to see it.
    async fn look_after(&mut self, has_changed: bool) {
        if has_changed {
            self.read = None;
            drop(self.look().await);
        }
    }

    async fn look(&mut self) -> Result<PolicyList, PolicyError> {
        let listed = self.client.list(Timestamp::now().as_microsecond()).await;
        match &listed {
            Ok(PolicyList { policies, read_us, notes }) => {
                self.read = Some(Instant::now());
                self.seen = PoliciesSeen {
                    policies: policies.clone(),
                    read_us: *read_us,
                    failure: None,
                    notes: notes.clone(),
                };
            }
            // Then there are none to be shown, and why is shown elsewhere.
            Err(error @ PolicyError::Nowhere(_)) => {
                self.seen =
                    PoliciesSeen { notes: vec![error.to_string()], ..PoliciesSeen::default() };
            }
            Err(error) => self.seen.failure = Some(with_causes(error)),
        }
        (self.publish)(self.seen.clone());
        listed
    }
}
