//! From reports of the flow table to rows of the output.

use weir::detect::Sequences;
use weir::engine::Sink;
use weir::export::{self, Labels, NO_LABEL, Record, Writer};
use weir::feature::{Context, Contexts, Summary, vector};
use weir::flow::{Report, Row, State};

use super::Error;
use crate::cli::FlowsArgs;

/// Whether rows of open flows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Provisional {
    Written,
    LeftOut,
}

/// Joins context, sequences and labels onto rows and writes them.
#[derive(Debug)]
pub(super) struct RowSink {
    /// What the output is called in messages.
    output: String,
    writer: Writer,
    labels: Option<Labels>,
    contexts: Option<Contexts>,
    sequences: Option<Sequences>,
    provisional: Provisional,
}

impl RowSink {
    /// Writes to `writer`, which is called `output` in messages.
    pub(super) fn new(
        args: &FlowsArgs,
        output: String,
        writer: Writer,
        labels: Option<Labels>,
    ) -> Self {
        Self {
            output,
            writer,
            labels,
            contexts: (args.context || args.sequences).then(Contexts::default),
            sequences: args.sequences.then(Sequences::default),
            provisional: if args.provisional { Provisional::Written } else { Provisional::LeftOut },
        }
    }

    /// Completes the output.
    pub(super) fn finish(self) -> Result<(), Error> {
        let Self { output, writer, .. } = self;
        writer.finish().map_err(|source| Error::Write { output, source })
    }

    /// The error that says that rows could not be written.
    pub(super) fn failed(self, source: export::Error) -> Error {
        Error::Write { output: self.output, source }
    }

    fn row(&mut self, row: Row<'_>, context: &Context) -> Result<(), export::Error> {
        if row.state == State::Provisional && self.provisional == Provisional::LeftOut {
            return Ok(());
        }
        let label = self.labels.as_ref().map_or(NO_LABEL, |labels| labels.label(row.flow));
        let Some(sequences) = &mut self.sequences else {
            return self.writer.write(&Record { row, context, label, sequence: None });
        };
        let vector = vector(&Summary::new(row.flow), context);
        let sequence = Some(&sequences.observe(&row, &vector));
        self.writer.write(&Record { row, context, label, sequence })
    }
}

impl Sink for RowSink {
    type Error = export::Error;

    fn report(&mut self, report: &Report<'_>) -> Result<(), Self::Error> {
        let joined = match (&mut self.contexts, report) {
            (Some(contexts), report) => contexts.observe(report),
            (None, Report::Row(row)) => Some((*row, Context::default())),
            (None, Report::Opened { .. }) => None,
        };
        joined.map_or(Ok(()), |(row, context)| self.row(row, &context))
    }

    fn restart(&mut self) -> Result<(), Self::Error> {
        self.contexts.iter_mut().for_each(Contexts::clear);
        self.sequences.iter_mut().for_each(Sequences::clear);
        Ok(())
    }

    fn flush(&mut self, _now_us: i64) -> Result<(), Self::Error> {
        self.writer.flush()
    }
}
