//! `weir limit`: limits at Ingresses, set and undone by hand, beside a running engine or without one.

mod apply;
mod list;
mod preview;
mod reach;
mod revert;
mod wanted;

use std::io;

use weir::engine::LimitError;
use weir::respond::Refusal;
use weir::settings::{Environment, Settings};
use weir::store;

use self::reach::Reach;
use crate::cli::WriterFlags;
use crate::paper::Paper;
use crate::{consent, input, survey, text, visit};

const EXAMPLES: &str = "\
Examples:
  What limits which Ingress, by whom, and until when:
    weir limit list

  Who would have been refused, had this limit been there during a capture:
    weir limit preview shop/web --rps 5 --burst 25 --capture flood.pcap

  Set it for a quarter of an hour; what is written is shown and asked for:
    weir limit apply shop/web --rps 5 --burst 25 --ttl 15m --reason 'flood since 03:10'

  Have the API server check it and write nothing:
    weir limit apply shop/web --rps 5 --reason test --dry-run

  Undo it before its time:
    weir limit revert shop/web

Every limit ends, and is then undone by whichever weir watches the cluster: each value is what it was
before, and whose it was. What it takes to undo it stands in an annotation of the Ingress, so that it
outlives every weir. What is done here is in the audit of the database, where there is one.

Exit status: 0 done; 64 wrong usage or settings; 65 no such Ingress or limit, or one that its
controller or the API server does not take; 69 the cluster is not there or does not answer; 74 input
or output failed; 77 no permission, or `read-only`; 130 not agreed to, or interrupted.";

/// Set, undo, list and try limits at Ingresses
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    pub(crate) settings: WriterFlags,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    Apply(apply::Args),
    Revert(revert::Args),
    List(list::Args),
    Preview(preview::Args),
}

/// Why not everything was done that was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The database could not be come to.
    #[error(transparent)]
    Visit(#[from] visit::Error),
    /// The limit was not set, lifted or read.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// The limit on the command line is none.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The captures could not be read.
    #[error(transparent)]
    Input(#[from] input::Error),
    /// No alert has the id that was given.
    #[error("answer alert `{}`: the database holds no such alert, or no database is there", text::clean(.0))]
    NoAlert(String),
    /// The database refused.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// It may not be done, or nobody has agreed to it.
    #[error(transparent)]
    Consent(#[from] consent::Error),
    /// The cluster could not be looked at.
    #[error(transparent)]
    Survey(#[from] survey::Error),
    /// A signal handler could not be set.
    #[error("prepare to be interrupted")]
    Signal(#[source] io::Error),
    /// The user ended it.
    #[error("interrupted; nothing is changed")]
    Interrupted,
    /// What talks to the cluster could not be started.
    #[error("start what talks to the cluster")]
    Tasks(#[source] io::Error),
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
        Action::Apply(args) => apply::run(args, settings, environment, &mut paper)?,
        Action::Revert(args) => revert::run(args, settings, environment, &mut paper)?,
        Action::List(args) => {
            list::run(args, &Reach::begin(settings, environment)?, &mut paper)?;
        }
        Action::Preview(args) => {
            preview::run(args, settings, environment, &mut paper)?;
        }
    }
    Ok(paper.finish()?)
}
