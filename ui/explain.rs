//! `weir explain`: what a check looks for, why that matters, and how it is mended.

use std::io;

use weir::posture::{self, Check};
use weir::settings::{Environment, Settings};

use crate::panes::facts::Fact;
use crate::paper::Paper;
use crate::theme::Role;
use crate::widgets::table::{Clip, Column, Row};

/// Say what a check of `weir smells` looks for, why, and how to mend it
///
/// Without an id it lists all checks.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Id of a check, such as WEIR-101
    #[arg(value_name = "ID", value_parser = check)]
    check: Option<Chosen>,
    /// Print all checks as Markdown
    #[arg(long, conflicts_with = "check")]
    markdown: bool,
}

/// A check that was named.
#[derive(Debug, Clone, Copy)]
struct Chosen(&'static Check);

fn check(id: &str) -> Result<Chosen, &'static str> {
    posture::named(id).map(Chosen).ok_or("there is no such check; `weir explain` lists them")
}

const COLUMNS: [Column; 4] = [
    Column::text("ID", 9, Clip::End, 0),
    Column::text("SEVERITY", 8, Clip::End, 1),
    Column::text("ABOUT", 13, Clip::End, 2),
    Column::text("TITLE", 20, Clip::End, 0),
];

/// Prints it.
pub(crate) fn run(args: &Args, settings: &Settings, environment: &Environment) -> io::Result<()> {
    let mut paper = Paper::new(settings, environment);
    match args.check {
        Some(Chosen(check)) => explain(check, &mut paper)?,
        None if args.markdown => {
            posture::reference().lines().try_for_each(|line| paper.line(line))?;
        }
        None => list(&mut paper)?,
    }
    paper.finish()
}

fn list(paper: &mut Paper) -> io::Result<()> {
    let look = *paper.look();
    let row = |check: &'static Check| Row {
        cells: vec![
            look.cell(Role::Text, check.id),
            look.cell(crate::smells::role(check.severity), check.severity.name()),
            look.cell(Role::Text, check.category.name()),
            look.cell(Role::Text, check.title),
        ],
        ..Row::default()
    };
    let rows: Vec<_> = posture::all().map(row).collect();
    paper.table(&COLUMNS, &rows)
}

fn explain(check: &Check, paper: &mut Paper) -> io::Result<()> {
    let references = check.references.iter().map(|(tool, id)| format!("{tool} {id}"));
    let references = references.collect::<Vec<_>>().join(", ");
    paper.line(&format!("{}: {}", check.id, check.title))?;
    paper.line("")?;
    paper.facts(&[
        Fact::new("severity", check.severity.name()),
        Fact::new("about", check.category.name()),
        Fact::new("why", check.why),
        Fact::new("elsewhere", references),
    ])?;
    for (title, yaml) in
        [("mend", check.mend), ("found in", check.failing), ("not found in", check.passing)]
    {
        paper.line("")?;
        paper.line(&format!("{title}:"))?;
        yaml.lines().try_for_each(|line| paper.line(&format!("  {line}")))?;
    }
    Ok(())
}
