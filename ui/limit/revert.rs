//! `weir limit revert`: a limit undone before its time.

use weir::api::shape::RevertedShape;
use weir::cluster::Effect;
use weir::engine::Reverted;
use weir::respond::IngressName;
use weir::settings::{Environment, Settings};

use super::Error;
use super::reach::Reach;
use super::wanted;
use crate::cli::Format;
use crate::consent::{Asking, Consent};
use crate::panes::proposal;
use crate::paper::Paper;
use crate::text;

/// Undo the limit that Weir holds at an Ingress
///
/// Every value is what it was before, and whose it was. What somebody has changed since is left alone
/// and said.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The Ingress
    #[arg(value_name = "NAMESPACE/NAME", value_parser = wanted::ingress)]
    ingress: IngressName,
    #[command(flatten)]
    consent: Consent,
}

/// Undoes it once somebody has agreed to what is written.
pub(super) fn run(
    args: &Args,
    settings: &Settings,
    environment: &Environment,
    paper: &mut Paper,
) -> Result<(), Error> {
    let Args { ingress, consent } = args;
    let asking = consent.asking("lift a limit", settings)?;
    let reach = Reach::begin(settings, environment)?;
    if consent.dry_run {
        let would = reach.revert(ingress, Effect::DryRun)?;
        if consent.printed.format == Format::Json {
            return Ok(paper.json(&RevertedShape::from(&would))?);
        }
        for line in proposal::of_revert(&would) {
            paper.line(&line.text())?;
        }
        return Ok(
            paper.line(&format!("the limit of {ingress} would be lifted; nothing is written"))?
        );
    }
    if asking == Asking::Asked {
        let would = reach.revert(ingress, Effect::DryRun)?;
        asking.agreed(&format!("Lift the limit of {ingress}"), &proposal::of_revert(&would))?;
    }
    print(&reach.revert(ingress, Effect::Lasting)?, consent.printed.format, paper)
}

fn print(reverted: &Reverted, format: Format, paper: &mut Paper) -> Result<(), Error> {
    if format == Format::Json {
        return Ok(paper.json(&RevertedShape::from(reverted))?);
    }
    let ingress = &reverted.status.ingress;
    paper.line(&format!("the limit of {ingress} is lifted"))?;
    for left in &reverted.left {
        paper.line(&format!("left alone: {}", text::clean(left)))?;
    }
    Ok(())
}
