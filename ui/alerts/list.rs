//! `weir alerts list`: alerts in a table, or as objects, newest first.

use std::io::{self, Write};

use weir::detect::Class;
use weir::filter::Filter;
use weir::incident::{Alert, Incident, Severity, Status};
use weir::store::{Page, Query, Reader};

use super::{Error, expression};
use crate::cli::{Format, one_of};
use crate::look::Look;
use crate::panes::alerts::{pivot, role};
use crate::paper::Paper;
use crate::text;
use crate::theme::Role;
use crate::visit::Visit;
use crate::when;
use crate::widgets::table::{Clip, Column, Row};

/// Alerts read at once.
const AT_ONCE: usize = 500;

/// List alerts, newest first
///
/// Those that fit everything said. Times are those of the packets, in UTC.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// With a packet since then: so long ago (2h, 7d), or a moment (2026-11-25T08:00:00Z)
    #[arg(long, value_name = "WHEN", value_parser = when::moment_us)]
    since: Option<i64>,
    /// In this state
    #[arg(long, value_parser = one_of(Status::ALL, Status::name))]
    status: Option<Status>,
    /// As urgent as this, or more
    #[arg(long, value_parser = one_of(Severity::ALL, Severity::name))]
    severity: Option<Severity>,
    /// Of this class, such as dos-flood
    #[arg(long, value_parser = one_of(Class::ALL, Class::name))]
    class: Option<Class>,
    /// The filter as a flag
    #[arg(long, value_name = "FILTER", conflicts_with = "words")]
    filter: Option<String>,
    /// What they must be in the filter language, such as 'class:dos* score>0.9'
    #[arg(value_name = "FILTER")]
    words: Vec<String>,
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

const COLUMNS: [Column; 8] = [
    Column::text("ALERT", 16, Clip::End, 0),
    Column::text("SEVERITY", 8, Clip::End, 1),
    Column::text("CLASS", 8, Clip::End, 2),
    Column::text("HOST", 12, Clip::Middle, 3),
    Column::number("FLOWS", 5, 6),
    Column::number("SCORE", 5, 7),
    Column::text("STATUS", 8, Clip::End, 4),
    Column::text("SINCE", 20, Clip::End, 5),
];

/// Prints those that fit.
pub(super) fn run(args: &Args, visit: &Visit, paper: &mut Paper) -> Result<(), Error> {
    let (_, filter) = match &args.filter {
        Some(text) => expression::filter(std::slice::from_ref(text))?,
        None => expression::filter(&args.words)?,
    };
    let chosen = Chosen { args, filter, now_us: paper.look().now_us };
    let reader = visit.reader()?;
    let (shown, has_more) = match args.format {
        Format::Json => chosen.each(&reader, |alert| paper.json(&Alert::from(alert)))?,
        Format::Text => {
            let look = *paper.look();
            let mut rows = Vec::new();
            let found = chosen.each(&reader, |alert| {
                rows.push(row(alert, &look));
                Ok(())
            })?;
            if !rows.is_empty() {
                paper.table(&COLUMNS, &rows)?;
            }
            found
        }
    };
    // Standard error may be closed; what was asked for is printed.
    match args.format {
        _ if has_more => writeln!(io::stderr(), "weir: there are more; `--limit` shows them").ok(),
        Format::Text if shown == 0 => writeln!(io::stderr(), "weir: no alert fits").ok(),
        Format::Text | Format::Json => None,
    };
    Ok(())
}

/// Which alerts are wanted.
struct Chosen<'a> {
    args: &'a Args,
    filter: Filter,
    now_us: i64,
}

impl Chosen<'_> {
    /// Hands over all that are wanted, newest first, up to the limit; how many, and whether there are
    /// more.
    fn each(
        &self,
        reader: &Reader,
        mut take: impl FnMut(&Incident) -> io::Result<()>,
    ) -> Result<(u32, bool), Error> {
        let Args { since, status, severity, class, limit, .. } = *self.args;
        let mut query =
            Query { status, severity, class, since_us: since, after: None, limit: AT_ONCE };
        let mut taken = 0;
        loop {
            let Page { incidents, next } = reader.incidents(&query)?;
            for incident in incidents.iter().filter(|one| self.filter.matches(*one, self.now_us)) {
                if taken == limit {
                    return Ok((taken, true));
                }
                take(incident)?;
                taken += 1;
            }
            if next.is_none() {
                return Ok((taken, false));
            }
            query.after = next;
        }
    }
}

fn row(alert: &Incident, look: &Look) -> Row {
    let role = role(alert);
    let cells = vec![
        look.cell(Role::Text, alert.id.to_string()),
        look.cell(role, alert.severity.name()),
        look.cell(role, alert.class.name()),
        look.cell(Role::Text, pivot(alert)),
        look.cell(Role::Text, alert.flows.to_string()),
        look.cell(Role::Text, format!("{:.3}", alert.score)),
        look.cell(Role::Text, status(alert)),
        look.cell(Role::Dim, when::written(alert.first_us)),
    ];
    Row { cells, ..Row::default() }
}

/// Where an alert is in its life, who brought it there, and whether it is muted.
pub(super) fn status(alert: &Incident) -> String {
    let by = match alert.status {
        Status::Open => None,
        Status::Acknowledged => alert.acknowledged.as_ref(),
        Status::Resolved => alert.resolved_by.as_ref(),
    };
    let by = by.map(|mark| format!(" by {}", text::clean(&mark.by))).unwrap_or_default();
    let muted = if alert.muted_by.is_some() { ", muted" } else { "" };
    format!("{}{by}{muted}", alert.status.name())
}
