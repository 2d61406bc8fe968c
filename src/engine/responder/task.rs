//! The one task that sets and lifts limits for an engine, and looks after them while it holds the
//! Lease.
//!
//! Whoever asks is answered whether or not it holds it: every write is refused by the API server
//! where somebody else was faster. What is due is undone only by the holder.

mod lease;
mod patience;
mod round;
#[cfg(test)]
pub(super) mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use foldhash::fast::RandomState;
use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use self::lease::Lease;
use self::patience::Patience;
use self::round::Round;
use super::survey::Seen;
use super::{BY_ITSELF, Responder};
use crate::cluster::{Effect, Objects};
use crate::engine::limits::{Asked, LimitAsk, LimitError};
use crate::engine::snapshot::Holder;
use crate::respond::{
    Controller, Decision, DecisionKind, Election, IngressName, Limit, LimitStatus, Preview, Refusal,
};

/// How often limits are looked after.
const EVERY: Duration = Duration::from_secs(3);

/// For how long what was just written is believed rather than the watch, which may be behind.
const FRESH: Duration = Duration::from_secs(10);

/// What a limit would have meant to those who came lately.
pub(in crate::engine) type PreviewFn = Box<
    dyn Fn(IngressName, Limit) -> BoxFuture<'static, Result<Preview, LimitError>> + Send + Sync,
>;

/// What the task works with.
pub(in crate::engine) struct Parts<O, S> {
    pub(in crate::engine) responder: Responder<O, S>,
    /// One's part in the election; without one, nothing is ever undone by itself.
    pub(in crate::engine) election: Option<Election>,
    /// Every Ingress as the watch shows it; empty as long as it is not ready.
    pub(in crate::engine) survey: Box<dyn Fn() -> Vec<Seen> + Send + Sync>,
    pub(in crate::engine) preview: PreviewFn,
    /// The wall clock, in µs since the epoch.
    pub(in crate::engine) wall_us: Box<dyn Fn() -> i64 + Send + Sync>,
    /// Packet time, in µs since the epoch.
    pub(in crate::engine) packet_us: Box<dyn Fn() -> i64 + Send + Sync>,
    /// Told whenever something may have changed. It must not wait.
    pub(in crate::engine) publish: Box<dyn Fn(Report) + Send + Sync>,
}

/// How limits stand.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::engine) struct Report {
    /// Ingresses in order of their names.
    pub(in crate::engine) limits: Vec<Arc<LimitStatus>>,
    /// Who undoes limits.
    pub(in crate::engine) holder: Holder,
    /// What was decided since the last report, oldest first.
    pub(in crate::engine) decisions: Vec<Decision>,
    /// When this was read by the wall clock, in µs since the epoch.
    pub(in crate::engine) read_us: i64,
}

/// Answers `asked` and looks after limits, until asked to stop or until nobody can ask any more.
pub(in crate::engine) async fn run<O, S>(
    parts: Parts<O, S>,
    asked: &mut Asked,
    stop: CancellationToken,
) where
    O: Objects + Send + Sync,
    S: Fn(&IngressName, &Value) -> Result<Controller, Refusal> + Send + Sync,
{
    let mut task = Task::new(parts);
    let (mut looks, mut renewals) = (interval(EVERY), interval(Election::EVERY));
    for timer in [&mut looks, &mut renewals] {
        timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    }
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            _ = renewals.tick() => task.elect().await,
            // Before questions: who asks without end must not keep a limit from ending.
            _ = looks.tick() => task.look().await,
            ask = asked.recv() => match ask {
                Some(ask) => task.answer(ask).await,
                None => break,
            },
        }
        task.report();
    }
    task.release().await;
}

struct Task<O, S> {
    parts: Parts<O, S>,
    started: Instant,
    lease: Option<Lease>,
    round: Round,
    patience: Patience,
    /// What was just written, which the watch may not show yet.
    fresh: HashMap<IngressName, (Arc<LimitStatus>, Instant), RandomState>,
    /// What was said last of an Ingress that fails: it is said once.
    said: HashMap<Option<IngressName>, String, RandomState>,
    decisions: Vec<Decision>,
}

impl<O, S> Task<O, S>
where
    O: Objects + Send + Sync,
    S: Fn(&IngressName, &Value) -> Result<Controller, Refusal> + Send + Sync,
{
    fn new(mut parts: Parts<O, S>) -> Self {
        Self {
            lease: parts.election.take().map(Lease::new),
            parts,
            started: Instant::now(),
            round: Round::default(),
            patience: Patience::default(),
            fresh: HashMap::default(),
            said: HashMap::default(),
            decisions: Vec::new(),
        }
    }

    async fn answer(&mut self, ask: LimitAsk) {
        let now_us = (self.parts.wall_us)();
        // Whoever asked may have gone; what was asked for is done all the same.
        match ask {
            LimitAsk::Apply(request, by, tell) => {
                let (name, limit) = (request.ingress.clone(), request.limit.clone());
                let mut applied = self.parts.responder.apply(*request, &by, now_us).await;
                if let Ok(applied) = &mut applied {
                    // The response has looked at what came before it decided.
                    if by.from != BY_ITSELF {
                        applied.preview = (self.parts.preview)(name, limit).await.ok();
                    }
                    if !applied.is_dry_run {
                        self.freshen(&applied.status);
                    }
                }
                tell.send(applied).ok();
            }
            LimitAsk::Revert { ingress, by, is_dry_run, tell } => {
                let effect = if is_dry_run { Effect::DryRun } else { Effect::Lasting };
                let reverted = self.parts.responder.revert(&ingress, &by, effect, now_us).await;
                if let Ok(reverted) = &reverted
                    && !is_dry_run
                {
                    self.freshen(&reverted.status);
                }
                tell.send(reverted).ok();
            }
            LimitAsk::Lift(ingress, incident, by, tell) => {
                let lifted = self.parts.responder.lift_own(&ingress, incident, &by, now_us).await;
                if let Ok(lifted) = &lifted {
                    self.freshen(&lifted.status);
                }
                tell.send(lifted).ok();
            }
            LimitAsk::List(Some(ingress), tell) => {
                let look = self.parts.responder.look(&ingress, now_us).await;
                tell.send(look.map(|status| vec![status])).ok();
            }
            LimitAsk::List(None, tell) => {
                let limits = self.limits(now_us);
                tell.send(Ok(limits.iter().map(|status| (**status).clone()).collect())).ok();
            }
            LimitAsk::Preview(ingress, limit, tell) => {
                tell.send((self.parts.preview)(ingress, *limit).await).ok();
            }
        }
    }

    fn freshen(&mut self, status: &LimitStatus) {
        let (name, now) = (status.ingress.clone(), Instant::now());
        self.fresh.insert(name, (Arc::new(status.clone()), now));
    }

    /// Every Ingress and its limit, in order of their names.
    fn limits(&mut self, now_us: i64) -> Vec<Arc<LimitStatus>> {
        self.fresh.retain(|_, (_, since)| since.elapsed() < FRESH);
        let seen = (self.parts.survey)();
        let status = |seen: &Seen| match self.fresh.get(&seen.name) {
            Some((status, _)) => Arc::clone(status),
            None => Arc::new(seen.status(now_us)),
        };
        let mut limits: Vec<_> = seen.iter().map(status).collect();
        limits.sort_unstable_by(|a, b| a.ingress.cmp(&b.ingress));
        limits
    }

    fn report(&mut self) {
        let read_us = (self.parts.wall_us)();
        let report = Report {
            limits: self.limits(read_us),
            holder: self.lease.as_ref().map_or(Holder::Unknown, |lease| lease.holder(self.now())),
            decisions: std::mem::take(&mut self.decisions),
            read_us,
        };
        (self.parts.publish)(report);
    }

    /// A clock that never jumps.
    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn decide(&mut self, ingress: Option<&IngressName>, kind: DecisionKind, text: String) {
        self.decisions.push(Decision {
            at_us: (self.parts.packet_us)(),
            incident: None,
            class: None,
            ingress: ingress.cloned(),
            kind,
            text,
        });
    }

    /// Says that something fails, unless that was the last that was said of it.
    fn fail(&mut self, ingress: Option<&IngressName>, text: String) {
        if self.said.get(&ingress.cloned()) != Some(&text) {
            self.said.insert(ingress.cloned(), text.clone());
            if let Some(ingress) = ingress {
                self.parts.responder.untended(ingress, &text);
            }
            self.decide(ingress, DecisionKind::Failed, text);
        }
    }
}
