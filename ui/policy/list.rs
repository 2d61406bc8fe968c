//! `weir policy list`: policies and what agents make of them.

use weir::api::shape::PolicyShape;
use weir::policy::PolicyStatus;

use super::Error;
use super::reach::Reach;
use crate::cli::{Format, Printed};
use crate::look::Look;
use crate::panes::policies;
use crate::paper::{Paper, aside};
use crate::text;
use crate::theme::Role;
use crate::widgets::table::{Clip, Column, Row};
use crate::words;

/// List policies and what each agent makes of them, those that are applied and not loaded first
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    printed: Printed,
}

const COLUMNS: [Column; 7] = [
    Column::text("POLICY", 16, Clip::Middle, 0),
    Column::text("STANDING", 13, Clip::End, 0),
    Column::text("MODE", 7, Clip::End, 2),
    Column::text("AGENTS", 6, Clip::End, 3),
    Column::text("DOES", 8, Clip::End, 4),
    Column::text("HOOKS", 16, Clip::End, 5),
    Column::text("WHY", 24, Clip::End, 1),
];

/// Prints them. What the list does not say goes to standard error, which may be closed.
pub(super) fn run(args: &Args, reach: &Reach, paper: &mut Paper) -> Result<(), Error> {
    let list = reach.list()?;
    for note in &list.notes {
        aside(note);
    }
    if args.printed.format == Format::Json {
        let mut policies = list.policies.iter();
        return Ok(policies.try_for_each(|one| paper.json(&PolicyShape::from(&**one)))?);
    }
    if list.policies.is_empty() {
        if list.notes.is_empty() {
            aside("there is no policy");
        }
        return Ok(());
    }
    let look = *paper.look();
    let rows: Vec<_> = list.policies.iter().map(|status| row(status, &look)).collect();
    Ok(paper.table(&COLUMNS, &rows)?)
}

fn row(status: &PolicyStatus, look: &Look) -> Row {
    let PolicyStatus { name, standing, why, hooks, .. } = status;
    let role = policies::role(*standing);
    let cells = vec![
        look.cell(Role::Text, text::clean(&name.to_string())),
        look.cell(role, words::standing(*standing)),
        look.cell(Role::Text, policies::mode_words(status)),
        look.cell(Role::Text, policies::at_work(status)),
        look.cell(Role::Text, policies::does(status)),
        look.cell(Role::Dim, text::clean(&hooks.join(", "))),
        look.cell(role, text::clean(why)),
    ];
    Row { cells, ..Row::default() }
}
