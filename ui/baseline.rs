//! `weir baseline`: what is usual here, learnt from traffic in which nobody attacks.

mod forget;
mod learn;
mod show;

use std::io;

use weir::settings::{Environment, Settings};
use weir::store;

use crate::cli::{FlowFlags, ModelFlags};
use crate::detect;
use crate::paper::Paper;
use crate::visit::{self, Flags, Visit};

const EXAMPLES: &str = "\
Examples:
  Learn from a capture of an hour in which nothing was wrong:
    weir baseline learn monday.pcapng

  Learn from what comes in now, for an hour; Ctrl-C ends it earlier and keeps what was learnt:
    sudo weir baseline learn iface:eth0 --for 1h

  What is accepted, from whom and since when; accept it no more:
    weir baseline show
    weir baseline forget --class scan --place 10.0.0.9

What is learnt while somebody attacks is accepted too, and the next attack of that size is then no
incident: look at the table. The model stays as it is: of each class and place it is only remembered
how much evidence there was within a minute. A place is the service attacked (80/tcp) of floods, slow
attacks, guessing and web attacks, else the host that does it. An incident there then needs more than
half as much again, besides what the alert budget asks for. What one alert teaches, `weir alerts
feedback` takes. All of it is kept in the database; a running weir heeds it at once. Root works as
the user behind sudo, or as nobody, as weir itself does; only captures are read as root, for which
the database should be there before.

Exit status: 0 done; 64 wrong usage or settings; 65 bad input data; 69 service unavailable, or too
much is accepted; 74 input or output failed; 77 no permission.";

/// Learn what is usual here, so that it makes no incident
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    pub(crate) settings: Flags,
}

impl Args {
    /// The settings that learning takes, where that is what is asked for.
    pub(crate) fn learning(&self) -> Option<(&FlowFlags, &ModelFlags)> {
        match &self.action {
            Action::Learn(args) => Some((&args.flows, &args.model)),
            Action::Show(_) | Action::Forget(_) => None,
        }
    }
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    Learn(Box<learn::Args>),
    Show(show::Args),
    Forget(forget::Args),
}

/// Why not everything was done that was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The database could not be come to.
    #[error(transparent)]
    Visit(#[from] visit::Error),
    /// The database refused.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The traffic could not be had, or not be scored.
    #[error(transparent)]
    Detect(#[from] detect::Error),
    /// What was found or done could not be printed.
    #[error("write to standard output")]
    Print(#[from] io::Error),
}

/// Does what is asked and says what was done.
pub(crate) fn run(
    args: &Args,
    settings: &Settings,
    environment: &Environment,
) -> Result<(), Error> {
    let mut paper = Paper::new(settings, environment);
    match &args.action {
        Action::Learn(args) => learn::run(args, settings, environment, &mut paper)?,
        Action::Show(args) => show::run(args, &Visit::begin(settings, environment)?, &mut paper)?,
        Action::Forget(args) => {
            forget::run(args, &Visit::begin(settings, environment)?, &mut paper)?;
        }
    }
    Ok(paper.finish()?)
}
