//! Where the reports of the flow table go, and how they are handed on.

use crate::flow::Report;

/// Packets after which reports are handed on. Which packets share a batch changes no result.
pub(super) const BATCH: usize = 2_048;

/// Takes what the flow table reports.
pub trait Sink: Send + 'static {
    /// Why it can take no more.
    type Error: std::fmt::Debug + Send + 'static;

    /// Takes the next report, in order.
    fn report(&mut self, report: &Report<'_>) -> Result<(), Self::Error>;

    /// The capture's clock jumped back: nothing before has to do with what follows.
    fn restart(&mut self) -> Result<(), Self::Error>;

    /// It is `now_us` in packet time, and there may be no traffic for a while: hand on what is held
    /// back.
    fn flush(&mut self, now_us: i64) -> Result<(), Self::Error>;
}

/// The sink has failed; [`super::Pipeline::finish`] says why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped;

/// Gives `report` to `sink` unless that has failed before.
pub(super) fn give<S: Sink>(sink: &mut S, failure: &mut Option<S::Error>, report: &Report<'_>) {
    if failure.is_none() {
        *failure = sink.report(report).err();
    }
}
