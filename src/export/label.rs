//! Ground truth: which flows are known to be what, and when.
//!
//! A labels file is CSV with the header `flow key,from,to,label`. A flow key is that of the
//! `Flow ID` column, `source-target-port-port-protocol`, in either direction; `*` stands for any
//! value of a part. `from` and `to` are RFC 3339 times or seconds since the Unix epoch; an empty one
//! is open. The first line that fits a flow and overlaps it in time gives its label.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::Error;
use crate::flow::Flow;
use crate::packet::Address;

/// The label of every flow where no ground truth is given, as `CICFlowMeter` writes it.
pub const NO_LABEL: &str = "NeedManualLabel";

/// The label of a flow that no line of the ground truth fits.
pub const UNLABELLED: &str = "unlabelled";

/// Ground truth for flows.
#[derive(Debug, Default)]
pub struct Labels {
    /// Lines without a `*`, found by their key.
    exact: HashMap<Key, Vec<Line>>,
    /// The others, tried one by one.
    patterns: Vec<(Pattern, Line)>,
}

/// Source and target with their ports, and the protocol.
type Key = ((Address, u16), (Address, u16), u8);

#[derive(Debug, Clone, Copy)]
struct Pattern {
    source: Option<Address>,
    target: Option<Address>,
    source_port: Option<u16>,
    target_port: Option<u16>,
    protocol: Option<u8>,
}

#[derive(Debug, Clone)]
struct Line {
    number: u64,
    from_us: i64,
    to_us: i64,
    label: String,
}

impl Labels {
    /// Reads the labels file at `path`.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let file = File::open(path)
            .map_err(|cause| Error::ReadLabels { path: path.into(), source: cause.into() })?;
        Self::from_reader(path, file)
    }

    /// Reads labels from anywhere; `name` stands for their path in errors.
    pub fn from_reader(name: impl Into<PathBuf>, raw: impl Read) -> Result<Self, Error> {
        let path = &name.into();
        let unreadable = |source| Error::ReadLabels { path: path.clone(), source };
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(raw);
        let header: Vec<_> =
            reader.headers().map_err(unreadable)?.iter().map(str::to_lowercase).collect();
        if header != ["flow key", "from", "to", "label"] {
            let reason =
                format!("the header is `{}`, not `flow key,from,to,label`", header.join(","));
            return Err(Error::Label { path: path.clone(), line: 1, reason });
        }
        let mut labels = Self::default();
        for record in reader.records() {
            let record = record.map_err(unreadable)?;
            let number = record.position().map_or(0, csv::Position::line);
            labels.add(&record, number).map_err(|reason| Error::Label {
                path: path.clone(),
                line: number,
                reason,
            })?;
        }
        Ok(labels)
    }

    /// The label of `flow`; [`UNLABELLED`] if no line fits.
    #[must_use]
    pub fn label(&self, flow: &Flow) -> &str {
        let tuple = &flow.tuple;
        let (source_port, target_port) = tuple.ports();
        let key = ((tuple.source, source_port), (tuple.target, target_port), tuple.protocol);
        let overlaps = |line: &&Line| line.from_us <= flow.last_us && line.to_us >= flow.first_us;
        let exact = self.exact.get(&canonical(key)).into_iter().flatten().find(overlaps);
        let pattern = self
            .patterns
            .iter()
            .filter(|(pattern, _)| pattern.fits(key))
            .map(|(_, line)| line)
            .find(overlaps);
        [exact, pattern]
            .into_iter()
            .flatten()
            .min_by_key(|line| line.number)
            .map_or(UNLABELLED, |line| &line.label)
    }

    fn add(&mut self, record: &csv::StringRecord, number: u64) -> Result<(), String> {
        let [key, from, to, label] = [0, 1, 2, 3].map(|at| record.get(at).unwrap_or_default());
        let pattern = Pattern::parse(key)?;
        let line = Line {
            number,
            from_us: time(from, i64::MIN)?,
            to_us: time(to, i64::MAX)?,
            label: label.chars().filter(|character| !character.is_control()).collect(),
        };
        match pattern.key() {
            Some(key) => self.exact.entry(canonical(key)).or_default().push(line),
            None => self.patterns.push((pattern, line)),
        }
        Ok(())
    }
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, String> {
        let parts: Vec<_> = text.split('-').collect();
        let [source, target, source_port, target_port, protocol] = parts[..] else {
            return Err(format!(
                "flow key `{text}` has {} parts, not source-target-port-port-protocol",
                parts.len()
            ));
        };
        Ok(Self {
            source: part::<IpAddr>(source, "an address")?.map(Address::from),
            target: part::<IpAddr>(target, "an address")?.map(Address::from),
            source_port: part(source_port, "a port")?,
            target_port: part(target_port, "a port")?,
            protocol: part(protocol, "a protocol number")?,
        })
    }

    fn key(self) -> Option<Key> {
        Some(((self.source?, self.source_port?), (self.target?, self.target_port?), self.protocol?))
    }

    fn fits(self, (source, target, protocol): Key) -> bool {
        let end = |(address, port): (Address, u16), own: Option<Address>, own_port: Option<u16>| {
            own.is_none_or(|own| own == address) && own_port.is_none_or(|own| own == port)
        };
        let way = |from, to| {
            end(from, self.source, self.source_port) && end(to, self.target, self.target_port)
        };
        self.protocol.is_none_or(|own| own == protocol)
            && (way(source, target) || way(target, source))
    }
}

fn part<T: std::str::FromStr>(text: &str, what: &str) -> Result<Option<T>, String> {
    if text == "*" {
        return Ok(None);
    }
    text.parse()
        .map(Some)
        .map_err(|_| format!("`{text}` in the flow key is neither {what} nor `*`"))
}

/// Microseconds since the epoch; `open` for an empty field.
fn time(text: &str, open: i64) -> Result<i64, String> {
    if text.is_empty() {
        return Ok(open);
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time.as_microsecond());
    }
    match text.parse::<f64>() {
        #[expect(clippy::cast_possible_truncation, reason = "saturates, which is what is meant")]
        Ok(seconds) if seconds.is_finite() => Ok((seconds * 1e6).round() as i64),
        _ => Err(format!("`{text}` is neither an RFC 3339 time nor seconds since the epoch")),
    }
}

/// The same for both directions.
fn canonical((a, b, protocol): Key) -> Key {
    if a <= b { (a, b, protocol) } else { (b, a, protocol) }
}
