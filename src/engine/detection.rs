//! Verdicts to explained incidents, and to how far the network is from the model's training.

use tracing::warn;

use super::inference::Scored;
use crate::detect::{Scorer, Service, Shift, ShiftGauge, Usual};
use crate::incident::{Accepted, Change, FlowSpan, IncidentId, Tracker};

/// Follows verdicts and explains what becomes an incident.
#[derive(Debug)]
pub struct Detection {
    tracker: Tracker,
    explainer: Scorer,
    usual: Usual,
    shift: ShiftGauge,
}

impl Detection {
    /// Incidents of `tracker`, explained by a session of the model of its own against what is `usual`.
    #[must_use]
    pub fn new(tracker: Tracker, explainer: Scorer, usual: Usual) -> Self {
        let shift = ShiftGauge::new(explainer.manifest());
        Self { tracker, explainer, usual, shift }
    }

    /// From now on so much evidence is accepted where it is.
    pub fn accept(&mut self, accepted: Accepted) {
        self.tracker.accept(accepted);
    }

    /// Takes the next verdict.
    pub fn observe(&mut self, scored: &Scored) {
        let Self { tracker, explainer, usual, shift } = self;
        let Scored { verdict, sequence } = scored;
        usual.observe(verdict);
        shift.observe(verdict);
        tracker.observe(verdict, || {
            let here = usual.of(Service::of(&verdict.flow.tuple));
            match explainer.explain(sequence, here) {
                Ok(explanation) => explanation.reasons,
                Err(error) => {
                    warn!(%error, flow = %verdict.flow.id, "an incident is not explained");
                    Vec::new()
                }
            }
        });
    }

    /// Lets packet time pass up to `now_us`.
    pub fn advance(&mut self, now_us: i64) {
        self.tracker.advance(now_us);
    }

    /// Somebody says that an open incident is over.
    pub fn close(&mut self, id: IncidentId) {
        self.tracker.close(id);
    }

    /// The capture's clock jumped back: what goes on has nothing to do with what was.
    pub fn restart(&mut self) {
        self.tracker.restart();
        self.usual.clear();
    }

    /// No verdict will follow: what has not been told yet is told.
    pub fn finish(&mut self) {
        self.tracker.finish();
    }

    /// Incidents that were resolved before they were over, because too many were open.
    #[must_use]
    pub const fn resolved_early(&self) -> u64 {
        self.tracker.resolved_early()
    }

    /// How far the network is from what the model was trained on.
    #[must_use]
    pub fn shift(&self) -> Shift {
        self.shift.read()
    }

    /// Flows that joined incidents since the last time, or have more packets.
    pub fn spans(&mut self) -> Vec<(IncidentId, FlowSpan)> {
        self.tracker.spans()
    }

    /// What has changed since the last time, in order.
    pub fn changes(&mut self) -> Vec<Change> {
        self.tracker.changes()
    }
}
