//! From the reports of the flow table to sequences for the model.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::inference::{Inference, Mark};
use super::sink::Sink;
use super::snapshot::FlowCounts;
use crate::detect::{FlowSummary, Sequences};
use crate::feature::{Contexts, Summary, vector};
use crate::flow::{End, Report, Row, State};

/// What the flow table has done, as the stage behind it sees it.
#[derive(Debug, Default)]
pub struct FlowMeters {
    opened: AtomicU64,
    ended: AtomicU64,
    evicted: AtomicU64,
}

impl FlowMeters {
    /// What has been counted so far.
    #[must_use]
    pub fn counts(&self) -> FlowCounts {
        let read = |meter: &AtomicU64| meter.load(Ordering::Relaxed);
        let (opened, ended) = (read(&self.opened), read(&self.ended));
        FlowCounts { open: opened.saturating_sub(ended), opened, evicted: read(&self.evicted) }
    }

    fn observe(&self, report: &Report<'_>) {
        let count = |meter: &AtomicU64| meter.fetch_add(1, Ordering::Relaxed);
        match report {
            Report::Opened { .. } => {
                count(&self.opened);
            }
            // After a split the flow is open in its next row.
            Report::Row(Row { state: State::Provisional | State::Final(End::Active), .. }) => {}
            Report::Row(Row { state: State::Final(end), .. }) => {
                count(&self.ended);
                if *end == End::Evicted {
                    count(&self.evicted);
                }
            }
        }
    }
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
    /// Hands sequences to `inference`.
    #[must_use]
    pub fn new(inference: Inference) -> Self {
        let (contexts, sequences) = (Contexts::default(), Sequences::default());
        Self { contexts, sequences, inference, flows: Arc::default() }
    }

    /// Where flows are counted, for whoever wants to watch.
    #[must_use]
    pub fn flows(&self) -> Arc<FlowMeters> {
        Arc::clone(&self.flows)
    }

    /// Waits until all verdicts are delivered.
    pub fn finish(self) {
        self.inference.finish();
    }
}

impl Sink for Scoring {
    type Error = Infallible;

    fn report(&mut self, report: &Report<'_>) -> Result<(), Self::Error> {
        self.flows.observe(report);
        if let Some((row, context)) = self.contexts.observe(report) {
            let vector = vector(&Summary::new(row.flow), &context);
            let sequence = Box::new(self.sequences.observe(&row, &vector));
            self.inference.submit(FlowSummary::from(&row), Arc::new(vector), sequence);
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
