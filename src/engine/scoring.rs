//! From the reports of the flow table to sequences for the model.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::gauges::FlowMeters;
use super::inference::Inference;
use super::sink::Sink;
use crate::detect::{FlowSummary, Sequences};
use crate::feature::{Contexts, Summary, vector};
use crate::flow::{End, Report, Row, State};

/// What the model is told beside sequences, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// It is so late in packet time, in µs since the epoch.
    Moment(i64),
    /// The capture's clock jumped back.
    Restart,
}

/// Makes vectors and sequences of rows and hands them to inference.
#[derive(Debug)]
pub struct Scoring {
    contexts: Contexts,
    sequences: Sequences,
    inference: Inference,
    flows: Arc<FlowMeters>,
}

impl Scoring {
    /// Hands sequences to `inference` and counts flows on `flows`.
    pub(super) fn new(inference: Inference, flows: Arc<FlowMeters>) -> Self {
        Self { contexts: Contexts::default(), sequences: Sequences::default(), inference, flows }
    }

    /// Waits until all that was handed over is scored and delivered.
    pub fn finish(self) {
        self.inference.finish();
    }

    fn count(&self, report: &Report<'_>) {
        let meter = match report {
            Report::Opened { .. } => &self.flows.opened,
            Report::Row(Row { state: State::Final(end), .. }) if *end != End::Active => {
                if *end == End::Evicted {
                    self.flows.evicted.fetch_add(1, Ordering::Relaxed);
                }
                &self.flows.ended
            }
            Report::Row(_) => return,
        };
        meter.fetch_add(1, Ordering::Relaxed);
    }
}

impl Sink for Scoring {
    type Error = Infallible;

    fn report(&mut self, report: &Report<'_>) -> Result<(), Self::Error> {
        self.count(report);
        if let Some((row, context)) = self.contexts.observe(report) {
            let vector = vector(&Summary::new(row.flow), &context);
            let sequences = self.sequences.observe(&row, &vector);
            self.inference.submit(FlowSummary::from(&row), Arc::new(vector), sequences);
        }
        Ok(())
    }

    fn restart(&mut self) -> Result<(), Self::Error> {
        self.contexts.clear();
        self.sequences.clear();
        self.inference.mark(Mark::Restart);
        Ok(())
    }

    fn flush(&mut self, now_us: i64) -> Result<(), Self::Error> {
        self.inference.mark(Mark::Moment(now_us));
        Ok(())
    }
}
