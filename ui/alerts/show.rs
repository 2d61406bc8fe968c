//! `weir alerts show`: all that is known of one alert, and who was told of it.

use weir::incident::{Alert, Incident, SinkName, Told};
use weir::store::{self, Entry, EntryState, Reader};

use super::{Error, find};
use crate::cli::Format;
use crate::format;
use crate::panes::facts::Fact;
use crate::panes::incident;
use crate::paper::Paper;
use crate::text;
use crate::theme::Role;
use crate::visit::Visit;
use crate::when;

/// Entries of the outbox read at once.
const AT_ONCE: usize = 500;

/// Show all that is known of one alert
///
/// With what sinks were told of it, or are still to be, and why not yet. As JSON it is what the API
/// shows.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Id of the alert, or what it begins with
    id: String,
    /// How it is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    format: Format,
}

/// Prints it.
pub(super) fn run(args: &Args, visit: &Visit, paper: &mut Paper) -> Result<(), Error> {
    let reader = visit.reader()?;
    let id = find(&reader, &args.id)?;
    let alert = reader.incident(id)?.ok_or(store::Error::NoIncident(id))?;
    if args.format == Format::Json {
        return Ok(paper.json(&Alert::from(&alert))?);
    }
    let mut facts = incident::facts(&alert, paper.look());
    facts.extend(deliveries(&reader, &alert)?);
    Ok(paper.facts(&facts)?)
}

/// What each sink knows of an alert, or is still to be told.
fn deliveries(reader: &Reader, alert: &Incident) -> Result<Vec<Fact>, Error> {
    let told = reader.told(alert.id)?;
    let mut entries = Vec::new();
    let mut after = i64::MIN;
    loop {
        let part = reader.outbox(after, AT_ONCE)?;
        let Some(last) = part.last() else { break };
        after = last.seq;
        entries.extend(part.into_iter().filter(|entry| entry.incident.id == alert.id));
    }
    let delivery = |(sink, told): (SinkName, Told)| {
        let entries: Vec<_> = entries.iter().filter(|entry| entry.sink == sink).collect();
        delivery(sink, told, &entries)
    };
    Ok(told.into_iter().map(delivery).collect())
}

/// What one sink is still to be told; where it is told all, how it knows the alert.
fn delivery(sink: SinkName, told: Told, entries: &[&Entry]) -> Fact {
    let [first, ..] = entries else {
        let Told { status, severity, class, .. } = told;
        let known = format!("told that it is {}, {} {class}", status.name(), severity.name());
        return Fact::told(sink.name(), known, Role::Good);
    };
    let (state, role) = match first.state {
        EntryState::Waiting => ("waiting", Role::Warning),
        EntryState::Parked => ("parked", Role::Bad),
    };
    let news: Vec<_> = entries.iter().map(|entry| entry.news.name()).collect();
    let since = when::written(first.created_us);
    let tried = match first.attempts {
        0 => String::new(),
        attempts => format!(", tried {}", format::counted(attempts.into(), "time")),
    };
    let said = first.error.as_ref().map(|error| format!(": {}", text::clean(error)));
    let (news, said) = (news.join(", "), said.unwrap_or_default());
    Fact::told(sink.name(), format!("{state} since {since}: {news}{tried}{said}"), role)
}
