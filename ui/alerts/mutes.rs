//! `weir alerts mute`, `mutes` and `unmute`.

use serde_json::json;
use weir::incident::{MuteId, rfc3339};
use weir::store::{Mute, NewMute};

use super::{Error, expression};
use crate::cli::Format;
use crate::format;
use crate::look::Look;
use crate::paper::Paper;
use crate::text;
use crate::theme::Role;
use crate::visit::Visit;
use crate::when;
use crate::widgets::table::{Clip, Column, Row};

/// Let nobody be told of alerts for a while
///
/// They are seen and kept as before, and counted for what the mute hides. A list of all alerts, as
/// Firebase holds it, shows them as muted.
#[derive(Debug, clap::Args)]
pub(super) struct NewArgs {
    /// Which alerts, in the filter language
    #[arg(required = true, value_name = "FILTER")]
    words: Vec<String>,
    /// For how long, such as 30m, 2h or 7d
    #[arg(long = "for", value_name = "DURATION", value_parser = when::span_us)]
    span_us: i64,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// List mutes, the newest first
#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    /// Those that have ended too
    #[arg(long)]
    all: bool,
    /// How they are printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    format: Format,
}

const COLUMNS: [Column; 7] = [
    Column::number("MUTE", 4, 0),
    Column::text("FILTER", 16, Clip::End, 1),
    Column::number("HID", 3, 3),
    Column::text("UNTIL", 20, Clip::End, 2),
    Column::text("BY", 4, Clip::End, 5),
    Column::text("REASON", 12, Clip::End, 4),
    Column::text("SINCE", 20, Clip::End, 6),
];

/// Begins a mute.
pub(super) fn add(args: &NewArgs, visit: &Visit, paper: &mut Paper) -> Result<(), Error> {
    let (filter, _) = expression::filter(&args.words)?;
    let expires_us = paper.look().now_us.saturating_add(args.span_us);
    let mute = NewMute { filter, reason: args.reason.clone(), expires_us };
    let mute = visit.actions()?.mute(&mute, &visit.by)?;
    Ok(paper.line(&format!("{}, until {}", named(&mute), when::written(mute.expires_us)))?)
}

/// Ends a mute.
pub(super) fn end(id: MuteId, visit: &Visit, paper: &mut Paper) -> Result<(), Error> {
    let mute = visit.actions()?.unmute(id, &visit.by)?;
    let hidden = format::counted(mute.hidden, "alert");
    Ok(paper.line(&format!("{}, ended; it hid {hidden}", named(&mute)))?)
}

/// Prints mutes.
pub(super) fn list(args: &ListArgs, visit: &Visit, paper: &mut Paper) -> Result<(), Error> {
    let mutes = visit.reader()?.mutes(args.all)?;
    match args.format {
        Format::Json => mutes.iter().try_for_each(|mute| paper.json(&as_json(mute)))?,
        Format::Text => {
            let look = *paper.look();
            let rows: Vec<_> = mutes.iter().map(|mute| row(mute, &look)).collect();
            paper.table(&COLUMNS, &rows)?;
        }
    }
    Ok(())
}

fn named(mute: &Mute) -> String {
    format!("mute {}: {}", mute.id, text::clean(&mute.filter))
}

fn row(mute: &Mute, look: &Look) -> Row {
    let cells = vec![
        look.cell(Role::Text, mute.id.to_string()),
        look.cell(Role::Text, text::clean(&mute.filter)),
        look.cell(Role::Text, format::count(mute.hidden)),
        look.cell(Role::Text, when::written(mute.expires_us)),
        look.cell(Role::Text, text::clean(&mute.author)),
        look.cell(Role::Text, text::clean(&mute.reason)),
        look.cell(Role::Dim, when::written(mute.created_us)),
    ];
    Row { cells, ..Row::default() }
}

fn as_json(mute: &Mute) -> serde_json::Value {
    json!({
        "id": mute.id.0,
        "filter": mute.filter,
        "reason": mute.reason,
        "author": mute.author,
        "created_at": rfc3339(mute.created_us),
        "expires_at": rfc3339(mute.expires_us),
        "hidden": mute.hidden,
    })
}
