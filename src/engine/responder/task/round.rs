//! Which Ingresses are looked at, and what comes of it.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use tokio::time::timeout;

use super::{Seen, Task};
use crate::cluster::{self, Objects};
use crate::engine::keeper::with_causes;
use crate::engine::limits::LimitError;
use crate::respond::plan;
use crate::respond::{Controller, IngressName, Ledger, Reading, Refusal, ValueState};

/// Looks between two at which every limit is read from the API server: the watch shows neither who
/// owns a value nor Traefik's Middlewares.
const THOROUGH: u32 = 10;

/// Ingresses that are read in one look.
const AT_ONCE: usize = 50;

/// How long a look goes on with another Ingress: the Lease is to be renewed in between.
const SPELL: Duration = Duration::from_secs(3);

/// How long one Ingress may hold up all others. What was begun there is gone on with later.
const LONGEST: Duration = Duration::from_secs(8);

/// Whose turn comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    /// Where the time of a limit is over.
    Due,
    /// Where nothing presses.
    Usual,
    /// Where it failed the last time: that must not hold up the others.
    Again,
}

/// What is to be looked at.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// Ingresses whose turn is still to come.
    waiting: BTreeSet<(Turn, IngressName)>,
    /// Those where it failed the last time.
    failed: BTreeSet<IngressName>,
    /// Looks since the Lease was taken; none while another has it.
    looks: Option<u32>,
}

impl Round {
    /// Adds what is to be looked at: with the Lease new in hand, all that may hold something of
    /// Weir's, for whoever had it before may have been killed at any step.
    fn fill(&mut self, seen: &[Seen], pressing: impl Fn(&Seen) -> Option<Turn>) {
        let looks = self.looks.map_or(0, |looks| looks.wrapping_add(1));
        let is_first = self.looks.is_none();
        if !seen.is_empty() {
            self.looks = Some(looks);
        }
        let is_thorough = looks.is_multiple_of(THOROUGH);
        for seen in seen {
            let turn = match seen.ledger() {
                Some(_) => pressing(seen).or_else(|| is_thorough.then_some(Turn::Usual)),
                None => (is_first && seen.may_hold()).then_some(Turn::Usual),
            };
            if let Some(turn) = turn {
                let has_failed = self.failed.contains(&seen.name);
                let turn = if has_failed { Turn::Again } else { turn };
                self.waiting.insert((turn, seen.name.clone()));
            }
        }
    }

    /// Whose turn it is.
    fn take(&mut self) -> Option<IngressName> {
        let (_, name) = self.waiting.pop_first()?;
        for turn in [Turn::Usual, Turn::Again] {
            self.waiting.remove(&(turn, name.clone()));
        }
        Some(name)
    }
}

/// What came of looking after an Ingress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tending {
    Done,
    /// It is not allowed, or makes no sense.
    Refused,
    /// The API server has no time for it.
    Passing,
    /// Nobody has answered.
    Away,
}

impl Tending {
    const fn of(error: &LimitError) -> Self {
        match error {
            LimitError::NoIngress(_) => Self::Done,
            LimitError::Unsure { .. } | LimitError::Cluster(cluster::Error::Unreachable { .. }) => {
                Self::Away
            }
            LimitError::Cluster(error) if error.is_passing() => Self::Passing,
            _ => Self::Refused,
        }
    }
}

impl<O, S> Task<O, S>
where
    O: Objects + Send + Sync,
    S: Fn(&IngressName, &Value) -> Result<Controller, Refusal> + Send + Sync,
{
    /// Looks after limits, if this one holds the Lease.
    pub(super) async fn look(&mut self) {
        if !self.is_holder() {
            self.round = Round::default();
            return;
        }
        let seen = (self.parts.survey)();
        self.note(&seen);
        let (wall_us, started) = ((self.parts.wall_us)(), self.now());
        let Self { patience, round, .. } = self;
        round.fill(&seen, |seen| match Ledger::read(seen.ledger()) {
            Reading::Held(ledger) => {
                let is_due = patience.is_over(&seen.name, &ledger, wall_us, started);
                let is_wrong =
                    is_disturbed(seen, &ledger) || plan::corrected(&ledger, wall_us).is_some();
                let usual = is_wrong.then_some(Turn::Usual);
                if is_due { Some(Turn::Due) } else { usual }
            }
            Reading::Absent | Reading::Unreadable(_) => None,
        });
        let mut again = Vec::new();
        for _ in 0..AT_ONCE {
            let has_time = self.now().saturating_sub(started) < SPELL;
            // The Lease may run out on the way.
            let next = if has_time && self.is_holder() { self.round.take() } else { None };
            let Some(name) = next else { break };
            let tending = self.tend(&name).await;
            match tending {
                Tending::Done => drop(self.round.failed.remove(&name)),
                Tending::Refused | Tending::Passing | Tending::Away => {
                    self.round.failed.insert(name.clone());
                }
            }
            if matches!(tending, Tending::Passing | Tending::Away) {
                again.push((Turn::Again, name));
            }
            if tending == Tending::Away {
                break;
            }
        }
        self.round.waiting.extend(again);
    }

    fn is_holder(&self) -> bool {
        self.lease.as_ref().is_some_and(|lease| lease.is_held(self.now()))
    }

    /// Notes since when limits are there.
    fn note(&mut self, seen: &[Seen]) {
        let (wall_us, now) = ((self.parts.wall_us)(), self.now());
        let names: BTreeSet<_> = seen.iter().map(|seen| &seen.name).collect();
        self.patience.retain(|name| names.contains(name));
        self.round.failed.retain(|name| names.contains(name));
        self.said.retain(|name, _| name.as_ref().is_none_or(|name| names.contains(name)));
        for seen in seen {
            let Reading::Held(ledger) = Ledger::read(seen.ledger()) else { continue };
            self.patience.see(&seen.name, &ledger, wall_us, now);
        }
    }

    /// Looks after one Ingress.
    async fn tend(&mut self, name: &IngressName) -> Tending {
        let (wall_us, now) = ((self.parts.wall_us)(), self.now());
        let patience = &self.patience;
        let is_due = |ledger: &Ledger| patience.is_over(name, ledger, wall_us, now);
        let tended = self.parts.responder.tend(name, &is_due, wall_us);
        let Ok(tended) = timeout(LONGEST, tended).await else {
            let text = format!(
                "the API server takes longer than {} s to look after the limit; Weir goes on with \
                 it later",
                LONGEST.as_secs()
            );
            self.fail(Some(name), text);
            return Tending::Away;
        };
        match tended {
            Ok(tended) => {
                self.freshen(&tended.status);
                for (kind, text) in tended.news {
                    self.decide(Some(name), kind, text);
                }
                match tended.unreadable {
                    Some(text) => self.fail(Some(name), text),
                    None => drop(self.said.remove(&Some(name.clone()))),
                }
                Tending::Done
            }
            Err(error) => {
                let tending = Tending::of(&error);
                if tending != Tending::Done {
                    self.fail(Some(name), with_causes(&error));
                }
                tending
            }
        }
    }
}

/// Whether what the watch shows is not what is written down.
fn is_disturbed(seen: &Seen, ledger: &Ledger) -> bool {
    ledger.values.iter().any(|value| match value.state {
        ValueState::Held => seen.annotation(&value.field) != Some(&value.wanted),
        ValueState::Leaving => true,
        ValueState::Lost => false,
    })
}
