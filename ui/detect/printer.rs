//! Prints incidents, or verdicts, as they come to be known.

use std::fmt::Write as _;
use std::io::{self, BufWriter, Stdout, Write};
use std::sync::Arc;

use serde_json::json;
use weir::detect::{Class, Shift, Verdict};
use weir::engine::{Delivery, Detection};
use weir::flow::State;
use weir::incident::{Alert, Change, Incident, Status, rfc3339};

use super::Error;
use crate::cli::Format;
use crate::paper;
use crate::text;

/// Writes to standard output what comes of scoring.
#[derive(Debug)]
pub(super) struct Printer {
    out: BufWriter<Stdout>,
    format: Format,
    verdicts: bool,
    detection: Detection,
    /// Incidents that go on, in the order in which they were detected.
    open: Vec<Arc<Incident>>,
    failure: Option<Error>,
}

impl Printer {
    pub(super) fn new(format: Format, verdicts: bool, detection: Detection) -> Self {
        let out = BufWriter::new(io::stdout());
        Self { out, format, verdicts, detection, open: Vec::new(), failure: None }
    }

    /// Whether nothing can be printed any more.
    pub(super) const fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// Takes what came of scoring.
    pub(super) fn take(&mut self, delivery: Delivery) {
        if self.has_failed() {
            return;
        }
        let taken = match delivery {
            Delivery::Scored(scored) if self.verdicts => {
                let is_final = |verdict: &Verdict| matches!(verdict.flow.state, State::Final(_));
                let mut verdicts =
                    scored.iter().map(|one| &one.verdict).filter(|one| is_final(one));
                verdicts.try_for_each(|verdict| self.verdict(verdict))
            }
            Delivery::Scored(scored) => {
                for one in &scored {
                    self.detection.observe(one);
                }
                self.changes()
            }
            Delivery::Moment(now_us) => {
                self.detection.advance(now_us);
                self.changes()
            }
            Delivery::Restart => {
                self.detection.restart();
                self.changes()
            }
            Delivery::Failed(error) => Err(error.into()),
        };
        self.failure = taken.err();
    }

    /// Prints what is still open, and says what went wrong before, or what to mind.
    pub(super) fn finish(&mut self) -> Result<(), Error> {
        if let Some(error) = self.failure.take() {
            return Err(error);
        }
        self.detection.finish();
        self.changes()?;
        for incident in std::mem::take(&mut self.open) {
            self.incident(&incident)?;
        }
        self.out.flush().map_err(Error::Write)?;
        if let Some(words) = unlike(&self.detection.shift()) {
            paper::aside(&words);
        }
        Ok(())
    }

    /// Keeps what goes on and prints what is over, once in each of its lives: what is learnt of it
    /// afterwards stands in the incident that followed.
    fn changes(&mut self) -> Result<(), Error> {
        for change in self.detection.changes() {
            let has_ended = matches!(change, Change::Resolved(_));
            let incident = change.into_incident();
            self.open.retain(|open| open.id != incident.id || incident.status == Status::Open);
            match self.open.iter_mut().find(|open| open.id == incident.id) {
                _ if has_ended => self.incident(&incident)?,
                _ if incident.status == Status::Resolved => {}
                Some(open) => *open = incident,
                None => self.open.push(incident),
            }
        }
        Ok(())
    }

    fn incident(&mut self, incident: &Incident) -> Result<(), Error> {
        let text = match self.format {
            Format::Json => serde_json::to_string(&Alert::from(incident))
                .map(|json| text::json(&json))
                .map_err(|error| Error::Write(error.into()))?,
            Format::Text => described(incident),
        };
        writeln!(self.out, "{text}").map_err(Error::Write)
    }

    fn verdict(&mut self, verdict: &Verdict) -> Result<(), Error> {
        let text = match self.format {
            Format::Json => as_json(verdict).to_string(),
            Format::Text => in_a_line(verdict),
        };
        writeln!(self.out, "{text}").map_err(Error::Write)
    }
}

/// That scores are less to be trusted on what was read, if they are.
fn unlike(shift: &Shift) -> Option<String> {
    let (index, bound) = (shift.excess()?, shift.bound);
    let features = shift.features.join(", ");
    Some(format!(
        "unlike training {index:.2}, over {bound:.2}: scores are less to be trusted here; what \
         differs most: {features}"
    ))
}

/// A verdict as one JSON object: the flow, and what the model said of it.
fn as_json(verdict: &Verdict) -> serde_json::Value {
    let flow = &verdict.flow;
    let (source_port, target_port) = flow.tuple.ports();
    let probabilities: serde_json::Map<_, _> = Class::ALL
        .iter()
        .zip(verdict.probabilities)
        .map(|(class, score)| (class.name().to_owned(), score.value().into()))
        .collect();
    json!({
        "flow": flow.id.to_string(),
        "source": flow.tuple.source.to_string(),
        "source_port": source_port,
        "target": flow.tuple.target.to_string(),
        "target_port": target_port,
        "protocol": flow.tuple.protocol,
        "first_packet": rfc3339(flow.first_us),
        "last_packet": rfc3339(flow.last_us),
        "packets": flow.packets,
        "bytes": flow.bytes,
        "class": verdict.class.name(),
        "score": verdict.score.value(),
        "alarm": verdict.is_alarm,
        "probabilities": probabilities,
    })
}

fn in_a_line(verdict: &Verdict) -> String {
    let flow = &verdict.flow;
    let (source_port, target_port) = flow.tuple.ports();
    let mark = if verdict.is_alarm { '!' } else { ' ' };
    format!(
        "{mark} {:.4} {:<16} {} {}:{source_port} → {}:{target_port} protocol {} {} packets {} B",
        verdict.score,
        verdict.class,
        rfc3339(flow.first_us),
        flow.tuple.source,
        flow.tuple.target,
        flow.tuple.protocol,
        flow.packets,
        flow.bytes,
    )
}

/// An incident in a few lines.
fn described(incident: &Incident) -> String {
    let Incident { class, severity, score, flows, packets, bytes, .. } = incident;
    let port = incident.target_port.map(|port| format!(":{port}")).unwrap_or_default();
    let target = incident.target().map(|host| host.to_string()).unwrap_or_default();
    let more = match incident.targets.total {
        0 | 1 => String::new(),
        total => format!(" and {} more", total - 1),
    };
    let sources: Vec<_> = incident.sources.listed.iter().take(3).map(ToString::to_string).collect();
    let others = incident.sources.total.saturating_sub(sources.len() as u64);
    let others = if others > 0 { format!(" and {others} more") } else { String::new() };
    let (first, last) = (rfc3339(incident.first_us), rfc3339(incident.last_us));
    let detected = rfc3339(incident.detected_us);
    let severity = severity.name().to_uppercase();
    let mut text = format!(
        "{severity} {class} → {target}{port}{more}, from {}{others}\n  {} · {flows} flows, {packets} \
         packets, {bytes} B · score {score:.4} · {}\n  first packet {first}, last {last}, detected \
         {detected}\n",
        sources.join(", "),
        incident.status.name(),
        incident.id,
    );
    for reason in &incident.why {
        // Writing to a text cannot fail.
        writeln!(text, "  why: {}", reason.text).ok();
    }
    text
}
