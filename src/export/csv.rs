//! CSV, the format of `CICFlowMeter`: its columns under its names.

use std::io::Write;
use std::ops::Range;

use super::column::{Choice, Column};
use super::timestamp::Timestamps;
use super::{Error, Record};
use crate::feature::{Summary, values};
use crate::flow::State;
use crate::packet::Address;

/// Text held back before it is handed on, in bytes.
const BUFFER_BYTES: usize = 64 << 10;

/// Writes rows as lines of text.
///
/// Whole numbers have no decimal point, real numbers the fewest digits that give the same number
/// back.
#[derive(Debug)]
pub struct CsvWriter<W> {
    output: W,
    parts: Vec<Part>,
    text: Vec<u8>,
    source: Vec<u8>,
    target: Vec<u8>,
    timestamps: Timestamps,
}

impl<W: Write> CsvWriter<W> {
    /// A file that begins with its header.
    pub fn new(output: W, choice: Choice) -> Self {
        let columns = Column::list(choice);
        let names: Vec<_> = columns.iter().map(Column::name).collect();
        let mut text = Vec::with_capacity(BUFFER_BYTES * 2);
        text.extend_from_slice(names.join(",").as_bytes());
        text.push(b'\n');
        Self {
            output,
            parts: parts(&columns),
            text,
            source: Vec::new(),
            target: Vec::new(),
            timestamps: Timestamps::default(),
        }
    }

    /// Adds a line.
    pub fn write(&mut self, record: &Record<'_>) -> Result<(), Error> {
        let flow = record.row.flow;
        self.source.clear();
        self.target.clear();
        address(flow.tuple.source, &mut self.source);
        address(flow.tuple.target, &mut self.target);
        let summary = Summary::new(flow);
        for part in &self.parts {
            match part {
                Part::Features(range) => {
                    for value in values(range.clone(), &summary, record.context) {
                        number(value, &mut self.text);
                        self.text.push(b',');
                    }
                }
                Part::Column(column) => {
                    let ends = (&self.source[..], &self.target[..]);
                    field(column, record, ends, &mut self.timestamps, &mut self.text);
                    self.text.push(b',');
                }
            }
        }
        if let Some(last) = self.text.last_mut() {
            *last = b'\n';
        }
        if self.text.len() >= BUFFER_BYTES { self.hand_on() } else { Ok(()) }
    }

    /// Hands on everything written so far.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.hand_on()?;
        self.output.flush().map_err(Error::Write)
    }

    fn hand_on(&mut self) -> Result<(), Error> {
        let written = self.output.write_all(&self.text);
        self.text.clear();
        written.map_err(Error::Write)
    }
}

/// What stands side by side in a line.
#[derive(Debug)]
enum Part {
    /// A run of features, by their places in the catalogue.
    Features(Range<usize>),
    /// Any other column.
    Column(Column),
}

fn parts(columns: &[Column]) -> Vec<Part> {
    let mut parts = Vec::new();
    for column in columns {
        match (column, parts.last_mut()) {
            (Column::Feature(at), Some(Part::Features(run))) if run.end == *at => run.end += 1,
            (Column::Feature(at), _) => parts.push(Part::Features(*at..*at + 1)),
            (column, _) => parts.push(Part::Column(*column)),
        }
    }
    parts
}

/// A column that is no feature.
fn field(
    column: &Column,
    record: &Record<'_>,
    (source, target): (&[u8], &[u8]),
    timestamps: &mut Timestamps,
    text: &mut Vec<u8>,
) {
    let flow = record.row.flow;
    let (source_port, target_port) = flow.tuple.ports();
    match column {
        // Written by runs.
        Column::Feature(_) => {}
        Column::FlowKey => {
            text.extend_from_slice(source);
            text.push(b'-');
            text.extend_from_slice(target);
            for part in [source_port, target_port, flow.tuple.protocol.into()] {
                text.push(b'-');
                integer(part, text);
            }
        }
        Column::SourceAddress => text.extend_from_slice(source),
        Column::SourcePort => integer(source_port, text),
        Column::TargetAddress => text.extend_from_slice(target),
        Column::TargetPort => integer(target_port, text),
        Column::Timestamp => timestamps.write(flow.first_us, text),
        Column::Label => quoted(record.label, text),
        Column::FlowId => text.extend_from_slice(flow.id().to_string().as_bytes()),
        Column::Final => text.extend_from_slice(match record.row.state {
            State::Final(_) => b"true",
            State::Provisional => b"false",
        }),
        Column::Steps => integer(record.sequence.map_or(0, |one| one.len), text),
        Column::Step(step, at) => {
            number(record.sequence.map_or(0.0, |one| one.steps[*step][*at].into()), text);
        }
    }
}

fn integer(value: impl itoa::Integer, text: &mut Vec<u8>) {
    text.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

#[inline]
#[expect(
    clippy::cast_possible_truncation,
    clippy::float_cmp,
    reason = "whole numbers in range are told apart exactly"
)]
fn number(value: f64, text: &mut Vec<u8>) {
    /// Up to here every whole number has a 64-bit float of its own.
    const WHOLE: f64 = 9_007_199_254_740_992.0;
    if value == 0.0 {
        text.push(b'0');
    } else if value.abs() < WHOLE && value.trunc() == value {
        integer(value as i64, text);
    } else {
        text.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
    }
}

fn address(address: Address, text: &mut Vec<u8>) {
    match address.as_v4() {
        Some(v4) => {
            let [a, b, c, d] = v4.octets();
            integer(a, text);
            for octet in [b, c, d] {
                text.push(b'.');
                integer(octet, text);
            }
        }
        None => text.extend_from_slice(address.to_string().as_bytes()),
    }
}

/// A label comes from a file of the user's: RFC 4180, 2.
fn quoted(label: &str, text: &mut Vec<u8>) {
    if label.contains([',', '"', '\n', '\r']) {
        text.push(b'"');
        text.extend_from_slice(label.replace('"', "\"\"").as_bytes());
        text.push(b'"');
    } else {
        text.extend_from_slice(label.as_bytes());
    }
}
