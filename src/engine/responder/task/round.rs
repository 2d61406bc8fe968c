//! Which Ingresses are looked at, and what comes of it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Seen, Task};
use crate::cluster::Objects;
use crate::engine::keeper::with_causes;
use crate::engine::limits::LimitError;
use crate::respond::{Controller, DecisionKind, IngressName, Ledger, Reading, Refusal, ValueState};

/// Looks between two at which every limit is read from the API server: the watch shows neither who
/// owns a value nor Traefik's Middlewares.
const THOROUGH: u32 = 10;

/// Ingresses that are read in one look.
const AT_ONCE: usize = 50;

/// What is to be looked at.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// Ingresses whose turn is still to come.
    waiting: BTreeSet<IngressName>,
    /// Looks since the Lease was taken; none while another has it.
    looks: Option<u32>,
}

impl Round {
    /// Adds what is to be looked at: with the Lease new in hand, all that may hold something of
    /// Weir's, for whoever had it before may have been killed at any step.
    fn fill(&mut self, seen: &[Seen], is_pressing: impl Fn(&Seen) -> bool) {
        let looks = self.looks.map_or(0, |looks| looks.wrapping_add(1));
        let is_first = self.looks.is_none();
        if !seen.is_empty() {
            self.looks = Some(looks);
        }
        let is_thorough = looks.is_multiple_of(THOROUGH);
        let is_wanted = |seen: &&Seen| {
            is_first && seen.may_hold()
                || seen.ledger().is_some() && (is_thorough || is_pressing(seen))
        };
        self.waiting.extend(seen.iter().filter(is_wanted).map(|seen| seen.name.clone()));
    }
}

impl<O, S> Task<O, S>
where
    O: Objects + Send + Sync,
    S: Fn(&IngressName, &Value) -> Result<Controller, Refusal> + Send + Sync,
{
    /// Looks after limits, if this one holds the Lease.
    pub(super) async fn look(&mut self) {
        if !self.lease.as_ref().is_some_and(|lease| lease.is_held(self.now())) {
            self.round = Round::default();
            return;
        }
        let seen = (self.parts.survey)();
        self.note(&seen);
        let (wall_us, now) = ((self.parts.wall_us)(), self.now());
        let Self { patience, round, .. } = self;
        round.fill(&seen, |seen| match Ledger::read(seen.ledger()) {
            Reading::Held(ledger) => {
                patience.is_over(&seen.name, &ledger, wall_us, now) || is_disturbed(seen, &ledger)
            }
            Reading::Absent | Reading::Unreadable(_) => false,
        });
        for _ in 0..AT_ONCE {
            // The Lease may run out on the way.
            let is_held = self.lease.as_ref().is_some_and(|lease| lease.is_held(self.now()));
            let Some(name) = self.round.waiting.first().filter(|_| is_held).cloned() else {
                return;
            };
            if !self.tend(&name).await {
                return;
            }
            self.round.waiting.remove(&name);
        }
    }

    /// Notes since when limits are there, and clocks that are ahead.
    fn note(&mut self, seen: &[Seen]) {
        let (wall_us, now) = ((self.parts.wall_us)(), self.now());
        let names: BTreeSet<_> = seen.iter().map(|seen| &seen.name).collect();
        self.patience.retain(|name| names.contains(name));
        self.said.retain(|name, _| name.as_ref().is_none_or(|name| names.contains(name)));
        for seen in seen {
            let Reading::Held(ledger) = Ledger::read(seen.ledger()) else { continue };
            if let Some(text) = self.patience.see(&seen.name, &ledger, wall_us, now) {
                self.decide(Some(&seen.name), DecisionKind::Failed, text);
            }
        }
    }

    /// Looks after one Ingress; whether the API server could be asked.
    async fn tend(&mut self, name: &IngressName) -> bool {
        let (wall_us, now) = ((self.parts.wall_us)(), self.now());
        let patience = &self.patience;
        let is_due = |ledger: &Ledger| patience.is_over(name, ledger, wall_us, now);
        match self.parts.responder.tend(name, &is_due, wall_us).await {
            Ok(tended) => {
                self.freshen(&tended.status);
                for (kind, text) in tended.news {
                    self.decide(Some(name), kind, text);
                }
                match tended.unreadable {
                    Some(text) => self.fail(Some(name), text),
                    None => drop(self.said.remove(&Some(name.clone()))),
                }
                true
            }
            Err(LimitError::NoIngress(_)) => true,
            Err(error) => {
                let is_away = matches!(&error, LimitError::Cluster(error) if error.is_passing());
                self.fail(Some(name), with_causes(&error));
                !is_away
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
