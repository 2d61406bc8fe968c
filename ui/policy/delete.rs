//! `weir policy delete`: policies by their names.

use weir::api::shape::PolicyDeletedShape;
use weir::cluster::Effect;
use weir::engine::PolicyDeleted;
use weir::policy::PolicyName;
use weir::settings::Settings;

use super::Error;
use super::reach::Reach;
use crate::cli::Format;
use crate::consent::{Asking, Consent};
use crate::panes::proposal;
use crate::paper::Paper;
use crate::text;

/// Delete policies
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Policies, those of a namespace as NAMESPACE/NAME
    #[arg(required = true, value_name = "NAME", value_parser = PolicyName::parse)]
    policies: Vec<PolicyName>,
    #[command(flatten)]
    consent: Consent,
}

/// Deletes them once somebody has agreed.
pub(super) fn run(
    args: &Args,
    settings: &Settings,
    begin: impl FnOnce() -> Result<Reach, Error>,
    paper: &mut Paper,
) -> Result<(), Error> {
    let Args { policies, consent } = args;
    let asking = consent.asking("delete a policy", settings)?;
    let reach = begin()?;
    if asking == Asking::Asked {
        for name in policies {
            let would = reach.delete(name, Effect::DryRun)?;
            asking.agreed(&format!("Delete {name}"), &proposal::of_deleted(&would))?;
        }
    }
    let effect = if consent.dry_run { Effect::DryRun } else { Effect::Lasting };
    let mut printed = Ok(());
    for name in policies {
        // Whoever does not read on has asked for all of them all the same.
        printed = printed.and(print(&reach.delete(name, effect)?, consent.printed.format, paper));
    }
    printed
}

fn print(deleted: &PolicyDeleted, format: Format, paper: &mut Paper) -> Result<(), Error> {
    if format == Format::Json {
        return Ok(paper.json(&PolicyDeletedShape::from(deleted))?);
    }
    let PolicyDeleted { name, notes, is_dry_run, .. } = deleted;
    if *is_dry_run {
        for line in proposal::of_deleted(deleted) {
            paper.line(&line.text())?;
        }
        paper.line(&format!("{name} would be deleted; nothing is"))?;
    } else {
        paper.line(&format!("{name} is deleted"))?;
    }
    notes.iter().try_for_each(|note| Ok(paper.line(&text::clean(note))?))
}
