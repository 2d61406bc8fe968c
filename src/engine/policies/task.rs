//! The one task that reads and writes policies for an engine: it looks at them every ten seconds, right
//! after each change, and when other agents are there than before.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::{PolicyAsk, PolicyClient, PolicyError, PolicyList};
use crate::cluster::{Effect, Objects};
use crate::engine::keeper::with_causes;
use crate::engine::snapshot::TetragonStatus;
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
    /// As they were read last.
    pub(in crate::engine) list: PolicyList,
    /// Why they could not be read since.
    pub(in crate::engine) failure: Option<String>,
}

impl PoliciesSeen {
    /// Puts it into what is shown.
    pub(in crate::engine) fn show_in(&self, status: &mut TetragonStatus) {
        let Self { list: PolicyList { policies, read_us, notes }, failure } = self.clone();
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
    let mut task = Task { client, publish, stop, seen: PoliciesSeen::default(), read: None };
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

/// Whether policies may stand otherwise after what was asked for.
fn may_differ<T>(done: &Result<T, PolicyError>, is_dry_run: impl Fn(&T) -> bool) -> bool {
    match done {
        Ok(done) => !is_dry_run(done),
        // An agent that refuses a policy may have given up the one before it.
        Err(error) => matches!(error, PolicyError::Unsure { .. } | PolicyError::Agent(_)),
    }
}

struct Task<'a, O> {
    client: &'a PolicyClient<O>,
    publish: &'a (dyn Fn(PoliciesSeen) + Send + Sync),
    stop: &'a CancellationToken,
    seen: PoliciesSeen,
    /// When they were read last, and not by whoever has changed one since.
    read: Option<Instant>,
}

impl<O: Objects + Send + Sync> Task<'_, O> {
    async fn answer(&mut self, ask: PolicyAsk) {
        if ask.is_given_up() {
            debug!("nobody waits any more for what was asked of policies: it is not done");
            return;
        }
        // Whoever asked may go now; what was begun is done all the same.
        match ask {
            PolicyAsk::List(tell) => {
                tell.send(self.list().await).ok();
            }
            PolicyAsk::Apply(request, by, tell) => {
                let applied = self.client.apply(*request, &by).await;
                let may_differ = may_differ(&applied, |applied| applied.is_dry_run);
                tell.send(applied).ok();
                self.look_after(may_differ).await;
            }
            PolicyAsk::Switch(switch, by, tell) => {
                let applied = self.client.switch(&switch, &by).await;
                let may_differ = may_differ(&applied, |applied| applied.is_dry_run);
                tell.send(applied).ok();
                self.look_after(may_differ).await;
            }
            PolicyAsk::Delete { name, by, is_dry_run, tell } => {
                let effect = if is_dry_run { Effect::DryRun } else { Effect::Lasting };
                let deleted = self.client.delete(&name, &by, effect).await;
                let may_differ = may_differ(&deleted, |deleted| deleted.is_dry_run);
                tell.send(deleted).ok();
                self.look_after(may_differ).await;
            }
        }
    }

    /// How they stand, from memory where that is fresh.
    async fn list(&mut self) -> Result<PolicyList, PolicyError> {
        if self.read.is_some_and(|read| read.elapsed() < FRESH) {
            return Ok(self.seen.list.clone());
        }
        self.look().await
    }

    /// After a change, whoever asks next is to see it.
    async fn look_after(&mut self, may_differ: bool) {
        if may_differ {
            self.read = None;
            drop(self.look().await);
        }
    }

    /// Reads them; whoever ends does not wait for that.
    async fn look(&mut self) -> Result<PolicyList, PolicyError> {
        let now_us = Timestamp::now().as_microsecond();
        let listed = tokio::select! {
            () = self.stop.cancelled() => return Err(PolicyError::Ended),
            listed = self.client.list(now_us) => listed,
        };
        self.read = listed.is_ok().then(Instant::now);
        match &listed {
            Ok(list) => self.seen = PoliciesSeen { list: list.clone(), failure: None },
            // Then there are none to be shown, and why is shown elsewhere.
            Err(error @ PolicyError::Nowhere(_)) => {
                let list = PolicyList { notes: vec![error.to_string()], ..PolicyList::default() };
                self.seen = PoliciesSeen { list, failure: None };
            }
            Err(error) => self.seen.failure = Some(with_causes(error)),
        }
        (self.publish)(self.seen.clone());
        listed
    }
}
