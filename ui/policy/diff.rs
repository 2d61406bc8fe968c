//! `weir policy diff`: what applying files would change.

use weir::api::shape::PolicyAppliedShape;
use weir::policy::PolicyMode;

use super::Error;
use super::apply::wanted;
use super::reach::Reach;
use super::source::Files;
use crate::cli::{Format, Printed, one_of};
use crate::paper::{Paper, aside};

/// Show what applying files would change: exit status 0 where nothing would, 1 where something would
///
/// The API server says what each policy would be; nothing is written, and what would harm is compared
/// like all else.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    files: Files,
    /// Whether they are to act (enforce) or only to tell (monitor) [default: as the file says]
    #[arg(long, value_name = "MODE", value_parser = one_of([PolicyMode::Monitor, PolicyMode::Enforce], PolicyMode::name))]
    mode: Option<PolicyMode>,
    #[command(flatten)]
    printed: Printed,
}

/// Prints it.
pub(super) fn run(
    args: &Args,
    begin: impl FnOnce() -> Result<Reach, Error>,
    paper: &mut Paper,
) -> Result<(), Error> {
    let policies = args.files.read()?;
    let reach = begin()?;
    let mut differ = 0;
    for policy in &policies {
        let would = reach.apply(wanted(policy, args.mode))?;
        differ += usize::from(!would.diff.is_empty());
        if args.printed.format == Format::Json {
            paper.json(&PolicyAppliedShape::from(&would))?;
            continue;
        }
        if !would.diff.is_empty() {
            paper.line(would.diff.trim_end())?;
        }
        // What is printed can be given to `patch`.
        would.notes.iter().for_each(|note| match note.strip_prefix("forced, although ") {
            Some(danger) => aside(&format!("{}: it would harm: {danger}", policy.name())),
            None => aside(&format!("{}: {note}", policy.name())),
        });
    }
    if differ == 0 { Ok(()) } else { Err(Error::Differs(differ)) }
}
