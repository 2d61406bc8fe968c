//! `weir outbox`: what is still to be told, to whom, and what they said.

use std::io::{self, Write};

use serde_json::json;
use weir::incident::{SinkName, rfc3339};
use weir::settings::{Environment, Settings};
use weir::store::{self, Depth, Entry, EntryState, Reader, Which};

use crate::cli::{Format, one_of};
use crate::format;
use crate::look::Look;
use crate::paper::Paper;
use crate::text;
use crate::theme::Role;
use crate::visit::{self, Flags, Visit};
use crate::when;
use crate::widgets::table::{Clip, Column, Row};

const EXAMPLES: &str = "\
Examples:
  How far behind each sink is, and what it said last:
    weir outbox

  What Slack has refused:
    weir outbox list --sink slack --format json | jq 'select(.state == \"parked\")'

  Once Slack is mended, have it tried again:
    weir outbox retry slack

An entry waits until its sink has taken it. What a sink refuses for good is parked, with all that
comes after it of the same alert, until it is retried here. Entries are kept in the database, beside
a running weir, which alone delivers them.

Exit status: 0 done; 64 wrong usage or settings; 65 no such entry; 69 service unavailable; 74 input
or output failed; 77 no permission.";

/// Entries read at once.
const AT_ONCE: usize = 500;

/// See what is still to be told of alerts, and have refused entries tried again
///
/// Without a verb of its own it says how each sink is doing.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    pub(crate) settings: Flags,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    List(ListArgs),
    Retry(RetryArgs),
}

/// List entries in the order in which they are told
#[derive(Debug, clap::Args)]
struct ListArgs {
    /// Of this sink
    #[arg(long, value_parser = one_of(SinkName::ALL, SinkName::name))]
    sink: Option<SinkName>,
    /// At most so many
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 100,
        value_parser = clap::value_parser!(u32).range(1..=100_000)
    )]
    limit: u32,
    /// How they are printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    format: Format,
}

/// Have parked entries tried again, in order
///
/// An entry stands for all that are parked of the same alert and sink.
#[derive(Debug, clap::Args)]
struct RetryArgs {
    /// A sink (slack, firebase, alertmanager, webhook), or the number of an entry
    #[arg(value_name = "SINK|ENTRY", required_unless_present = "all", value_parser = which)]
    which: Option<Which>,
    /// Those of all sinks
    #[arg(long, conflicts_with = "which")]
    all: bool,
}

fn which(written: &str) -> Result<Which, String> {
    let entry = || written.parse().ok().map(Which::Entry);
    SinkName::named(written).map(Which::Of).or_else(entry).ok_or_else(|| {
        let sinks = SinkName::ALL.map(SinkName::name).join(", ");
        format!("expected one of {sinks}, or the number of an entry")
    })
}

/// Why not everything was done that was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The database could not be come to.
    #[error(transparent)]
    Visit(#[from] visit::Error),
    /// The database refused.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// What was found or done could not be printed.
    #[error("write to standard output")]
    Print(#[from] io::Error),
}

const SINKS: [Column; 7] = [
    Column::text("SINK", 12, Clip::End, 0),
    Column::number("WAIT", 4, 1),
    Column::number("PARKED", 6, 2),
    Column::text("OLDEST", 20, Clip::End, 4),
    Column::number("TOLD", 4, 3),
    Column::text("LAST TAKEN", 20, Clip::End, 5),
    Column::text("LAST ERROR", 12, Clip::End, 6),
];

const ENTRIES: [Column; 9] = [
    Column::number("ENTRY", 5, 0),
    Column::text("SINK", 8, Clip::End, 1),
    Column::text("NEWS", 8, Clip::End, 3),
    Column::text("ALERT", 16, Clip::End, 2),
    Column::text("CLASS", 8, Clip::End, 6),
    Column::text("STATE", 7, Clip::End, 4),
    Column::number("TRIED", 5, 7),
    Column::text("SINCE", 20, Clip::End, 8),
    Column::text("SAID", 12, Clip::End, 5),
];

/// Does what is asked and says what was done.
pub(crate) fn run(
    args: &Args,
    settings: &Settings,
    environment: &Environment,
) -> Result<(), Error> {
    let visit = Visit::begin(settings, environment)?;
    let mut paper = Paper::new(settings, environment);
    match &args.action {
        None => sinks(&visit.reader()?, &mut paper)?,
        Some(Action::List(args)) => list(args, &visit.reader()?, &mut paper)?,
        Some(Action::Retry(RetryArgs { which, .. })) => {
            let which = which.unwrap_or(Which::All);
            let retried = visit.actions()?.retry(which, &visit.by)?;
            let entries = if retried == 1 {
                "1 entry".into()
            } else {
                format!("{} entries", format::count(retried))
            };
            paper.line(&format!("{entries} will be tried again"))?;
        }
    }
    Ok(paper.finish()?)
}

/// Prints how each sink is doing.
fn sinks(reader: &Reader, paper: &mut Paper) -> Result<(), Error> {
    let look = *paper.look();
    let rows: Vec<_> =
        reader.sinks()?.iter().map(|(sink, depth)| sink_row(*sink, depth, &look)).collect();
    if rows.is_empty() {
        return Ok(paper.line("no sink was ever told; `weir notify` lists those of the settings")?);
    }
    Ok(paper.table(&SINKS, &rows)?)
}

fn sink_row(sink: SinkName, depth: &Depth, look: &Look) -> Row {
    let time = |at_us: Option<i64>| at_us.map(when::written).unwrap_or_default();
    let error = depth.last_error.as_ref();
    let error =
        error.map(|(at_us, said)| format!("{} {}", when::written(*at_us), text::clean(said)));
    let (waits, parked) = (
        if depth.waiting > 0 { Role::Warning } else { Role::Text },
        if depth.parked > 0 { Role::Bad } else { Role::Text },
    );
    let cells = vec![
        look.cell(Role::Text, sink.name()),
        look.cell(waits, format::count(depth.waiting)),
        look.cell(parked, format::count(depth.parked)),
        look.cell(Role::Text, time(depth.oldest_us)),
        look.cell(Role::Text, format::count(depth.delivered.saturating_add(depth.digested))),
        look.cell(Role::Text, time(depth.last_success_us)),
        look.cell(Role::Dim, error.unwrap_or_default()),
    ];
    Row { cells, ..Row::default() }
}

/// Prints entries.
fn list(args: &ListArgs, reader: &Reader, paper: &mut Paper) -> Result<(), Error> {
    let look = *paper.look();
    let mut rows = Vec::new();
    let has_more = each(args, reader, |entry| match args.format {
        Format::Json => paper.json(&as_json(entry)),
        Format::Text => {
            rows.push(row(entry, &look));
            Ok(())
        }
    })?;
    if !rows.is_empty() {
        paper.table(&ENTRIES, &rows)?;
    }
    // Standard error may be closed; what was asked for is printed.
    match args.format {
        _ if has_more => writeln!(io::stderr(), "weir: there are more; `--limit` shows them").ok(),
        Format::Text if rows.is_empty() => writeln!(io::stderr(), "weir: nothing waits").ok(),
        Format::Text | Format::Json => None,
    };
    Ok(())
}

/// Hands over the entries that are wanted, up to the limit; whether there are more.
fn each(
    args: &ListArgs,
    reader: &Reader,
    mut take: impl FnMut(&Entry) -> io::Result<()>,
) -> Result<bool, Error> {
    let (mut after, mut taken) = (i64::MIN, 0);
    loop {
        let part = reader.outbox(after, AT_ONCE)?;
        let Some(last) = part.last() else { return Ok(false) };
        after = last.seq;
        for entry in part.iter().filter(|entry| args.sink.is_none_or(|sink| sink == entry.sink)) {
            if taken == args.limit {
                return Ok(true);
            }
            take(entry)?;
            taken += 1;
        }
    }
}

const fn state(entry: &Entry) -> &'static str {
    match entry.state {
        EntryState::Waiting => "waiting",
        EntryState::Parked => "parked",
    }
}

fn row(entry: &Entry, look: &Look) -> Row {
    let role = if entry.state == EntryState::Parked { Role::Bad } else { Role::Text };
    let cells = vec![
        look.cell(Role::Text, entry.seq.to_string()),
        look.cell(Role::Text, entry.sink.name()),
        look.cell(Role::Text, entry.news.name()),
        look.cell(Role::Text, entry.incident.id.to_string()),
        look.cell(Role::Text, entry.incident.class.name()),
        look.cell(role, state(entry)),
        look.cell(Role::Text, format::count(entry.attempts.into())),
        look.cell(Role::Dim, when::written(entry.created_us)),
        look.cell(Role::Dim, text::clean(entry.error.as_deref().unwrap_or_default())),
    ];
    Row { cells, ..Row::default() }
}

fn as_json(entry: &Entry) -> serde_json::Value {
    json!({
        "entry": entry.seq,
        "sink": entry.sink.name(),
        "news": entry.news.name(),
        "alert": entry.incident.id.to_string(),
        "class": entry.incident.class.name(),
        "severity": entry.incident.severity.name(),
        "state": state(entry),
        "stands_for": entry.stands_for,
        "attempts": entry.attempts,
        "error": entry.error,
        "created_at": rfc3339(entry.created_us),
    })
}
