//! `weir baseline show`: what is accepted, and how that came about.

use serde_json::{Value, json};
use weir::incident::{Accepted, rfc3339};
use weir::store::{Accepting, Origin};

use super::Error;
use crate::cli::Format;
use crate::format;
use crate::look::Look;
use crate::paper::{Paper, aside};
use crate::text;
use crate::theme::Role;
use crate::visit::Visit;
use crate::when;
use crate::widgets::table::{Clip, Column, Row};

/// List what is accepted, by class and place
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How it is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    format: Format,
}

const COLUMNS: [Column; 7] = [
    Column::text("CLASS", 12, Clip::End, 0),
    Column::text("PLACE", 20, Clip::Middle, 1),
    Column::number("ACCEPTED", 8, 2),
    Column::number("MORE THAN", 9, 3),
    Column::text("FROM", 16, Clip::End, 4),
    Column::text("BY", 4, Clip::End, 5),
    Column::text("SINCE", 20, Clip::End, 6),
];

/// Prints it.
pub(super) fn run(args: &Args, visit: &Visit, paper: &mut Paper) -> Result<(), Error> {
    let accepted = visit.reader()?.baseline()?;
    if args.format == Format::Json {
        return Ok(accepted.iter().try_for_each(|one| paper.json(&as_json(one)))?);
    }
    if accepted.is_empty() {
        aside(
            "nothing is accepted yet; `weir baseline learn` learns it from a capture in which nobody attacks",
        );
        return Ok(());
    }
    let look = *paper.look();
    let rows: Vec<_> = accepted.iter().map(|one| row(one, &look)).collect();
    paper.table(&COLUMNS, &rows)?;
    aside(
        "in nats of evidence within a minute: MORE THAN so much makes an incident there, besides what the alert budget asks for",
    );
    Ok(())
}

fn row(one: &Accepting, look: &Look) -> Row {
    let from = match one.origin {
        Origin::Traffic(us) => format!("{} of traffic", format::span(us)),
        Origin::Feedback(id) => format!("alert {id}"),
    };
    let cells = vec![
        look.cell(Role::Text, one.class.name()),
        look.cell(Role::Text, one.place.to_string()),
        look.cell(Role::Text, one.weight.to_string()),
        look.cell(Role::Text, Accepted::bar(one.weight).to_string()),
        look.cell(Role::Dim, from),
        look.cell(Role::Text, text::clean(&one.by)),
        look.cell(Role::Dim, when::written(one.at_us)),
    ];
    Row { cells, ..Row::default() }
}

fn as_json(one: &Accepting) -> Value {
    let (traffic_s, alert) = match one.origin {
        Origin::Traffic(us) => (Some(us / 1_000_000), None),
        Origin::Feedback(id) => (None, Some(id.to_string())),
    };
    json!({
        "class": one.class.name(),
        "place": one.place.to_string(),
        "accepted": one.weight.value(),
        "more_than": Accepted::bar(one.weight).value(),
        "traffic_s": traffic_s,
        "alert": alert,
        "by": one.by,
        "since": rfc3339(one.at_us),
    })
}
