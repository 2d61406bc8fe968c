//! `weir policy list`: policies and what agents make of them.

use std::io::{self, Write};

use weir::api::shape::PolicyShape;
use weir::policy::{LoadState, PolicyMode, PolicyStatus, Standing};

use super::Error;
use super::reach::Reach;
use crate::cli::Format;
use crate::look::Look;
use crate::paper::Paper;
use crate::text;
use crate::theme::Role;
use crate::widgets::table::{Clip, Column, Row};
use crate::words;

/// List policies and what each agent makes of them, those that are applied and not loaded first
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How they are printed
    #[arg(
        short = 'o',
        long,
        value_enum,
        value_name = "FORMAT",
        default_value_t = Format::Text
    )]
    format: Format,
}

const COLUMNS: [Column; 7] = [
    Column::text("POLICY", 16, Clip::Middle, 0),
    Column::text("STANDING", 13, Clip::End, 0),
    Column::text("MODE", 7, Clip::End, 2),
    Column::text("AGENTS", 6, Clip::End, 3),
    Column::text("ACTS", 8, Clip::End, 4),
    Column::text("HOOKS", 16, Clip::End, 5),
    Column::text("WHY", 24, Clip::End, 1),
];

/// Prints them. What the list does not say goes to standard error, which may be closed.
pub(super) fn run(args: &Args, reach: &Reach, paper: &mut Paper) -> Result<(), Error> {
    let list = reach.list()?;
    for note in &list.notes {
        writeln!(io::stderr(), "weir: {}", text::clean(note)).ok();
    }
    if args.format == Format::Json {
        let mut policies = list.policies.iter();
        return Ok(policies.try_for_each(|one| paper.json(&PolicyShape::from(&**one)))?);
    }
    if list.policies.is_empty() {
        if list.notes.is_empty() {
            writeln!(io::stderr(), "weir: there is no policy").ok();
        }
        return Ok(());
    }
    let look = *paper.look();
    let rows: Vec<_> = list.policies.iter().map(|status| row(status, &look)).collect();
    Ok(paper.table(&COLUMNS, &rows)?)
}

fn row(status: &PolicyStatus, look: &Look) -> Row {
    let PolicyStatus { name, standing, why, hooks, actions, agents, .. } = status;
    let role = match standing {
        Standing::NotLoaded => Role::Critical,
        Standing::PartlyLoaded => Role::Bad,
        Standing::AgentOnly | Standing::Unknown => Role::Warning,
        Standing::Changing => Role::Text,
        Standing::Disabled => Role::Dim,
        Standing::Loaded => Role::Good,
    };
    let at_work = agents.iter().filter(|agent| agent.state == LoadState::Enabled).count();
    let cells = vec![
        look.cell(Role::Text, text::clean(&name.to_string())),
        look.cell(role, words::standing(*standing)),
        look.cell(Role::Text, mode(status)),
        look.cell(Role::Text, format!("{at_work}/{}", agents.len())),
        look.cell(Role::Text, text::clean(&actions.join(" "))),
        look.cell(Role::Dim, text::clean(&hooks.join(", "))),
        look.cell(role, text::clean(why)),
    ];
    Row { cells, ..Row::default() }
}

/// The mode that a policy asks for, else that in which agents have it.
fn mode(status: &PolicyStatus) -> &'static str {
    let of_agents = || status.agents.iter().find_map(|agent| agent.mode);
    match status.mode.or_else(of_agents) {
        Some(mode) => mode.name(),
        None if status.manifest.is_some() => PolicyMode::Enforce.name(),
        None => "",
    }
}
