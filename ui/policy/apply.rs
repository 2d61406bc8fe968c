//! `weir policy apply`: policies from files.

use weir::api::shape::PolicyAppliedShape;
use weir::engine::{PolicyApplied, PolicyRequest};
use weir::policy::{Policy, PolicyMode, Standing};
use weir::settings::Settings;

use super::Error;
use super::reach::Reach;
use super::source::Files;
use crate::cli::{Format, one_of};
use crate::consent::{Asking, Consent};
use crate::panes::proposal::{self, Said};
use crate::paper::Paper;
use crate::{text, words};

/// Apply policies from files
///
/// All of them are read and checked before the first is written. The command waits up to three seconds
/// for each to be loaded, and says where it is not.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    files: Files,
    /// Whether they act (enforce) or only tell (monitor) [default: as the file says]
    #[arg(long, value_name = "MODE", value_parser = one_of([PolicyMode::Monitor, PolicyMode::Enforce], PolicyMode::name))]
    mode: Option<PolicyMode>,
    /// Apply them although they would harm
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    consent: Consent,
}

/// Applies them once somebody has agreed to what is written.
pub(super) fn run(
    args: &Args,
    settings: &Settings,
    begin: impl FnOnce() -> Result<Reach, Error>,
    paper: &mut Paper,
) -> Result<(), Error> {
    let policies = args.files.read()?;
    let asking = args.consent.asking("apply a policy", settings)?;
    let reach = begin()?;
    if asking == Asking::Asked || policies.len() > 1 {
        // One that is refused is not to leave the others half applied.
        for policy in &policies {
            let would = reach.apply(request(args, policy, true))?;
            if asking == Asking::Asked {
                asking.agreed(&format!("Apply {}", policy.name()), &proposed(&would))?;
            }
        }
    }
    let (mut not_loaded, mut printed) = (Vec::new(), Ok(()));
    for policy in &policies {
        let applied = reach.apply(request(args, policy, args.consent.dry_run))?;
        // Whoever does not read on has asked for all of them all the same.
        printed = printed.and(print(&applied, args.consent.printed.format, paper));
        let status = &applied.status;
        let lacking = match status.standing {
            Standing::NotLoaded => "not loaded",
            Standing::PartlyLoaded => "not loaded everywhere",
            _ => continue,
        };
        if !applied.is_dry_run {
            not_loaded.push(format!("{} is applied and {lacking}: {}", status.name, status.why));
        }
    }
    if not_loaded.is_empty() { printed } else { Err(Error::NotLoaded(not_loaded.join("; "))) }
}

pub(super) fn wanted(policy: &Policy, mode: Option<PolicyMode>) -> PolicyRequest {
    let manifest = policy.manifest().clone();
    PolicyRequest { manifest, mode, is_forced: true, is_dry_run: true }
}

fn request(args: &Args, policy: &Policy, is_dry_run: bool) -> PolicyRequest {
    PolicyRequest { is_forced: args.force, is_dry_run, ..wanted(policy, args.mode) }
}

/// What would change, and the exact object that is sent.
fn proposed(applied: &PolicyApplied) -> Vec<Said> {
    let mut lines = proposal::of_policy(applied);
    lines.extend(proposal::of_written(&applied.written));
    lines
}

fn print(applied: &PolicyApplied, format: Format, paper: &mut Paper) -> Result<(), Error> {
    if format == Format::Json {
        return Ok(paper.json(&PolicyAppliedShape::from(applied))?);
    }
    let status = &applied.status;
    if applied.is_dry_run {
        for line in proposed(applied) {
            paper.line(&line.text())?;
        }
        return Ok(paper.line(&format!("{} would be applied; nothing is written", status.name))?);
    }
    let already = if applied.diff.is_empty() { "already " } else { "" };
    paper.line(&format!("{} is {already}applied: {}", status.name, words::stands(status)))?;
    applied.notes.iter().try_for_each(|note| Ok(paper.line(&text::clean(note))?))
}
