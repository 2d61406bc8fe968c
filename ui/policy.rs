//! `weir policy`: policies of Tetragon, beside a running engine or without one.

mod apply;
mod delete;
mod diff;
mod list;
mod reach;
mod source;

use std::io;
use std::path::PathBuf;

use serde::Serialize;
use weir::cluster;
use weir::engine::PolicyError;
use weir::settings::{Environment, Settings};

use self::reach::Reach;
use crate::cli::WriterFlags;
use crate::paper::Paper;
use crate::{consent, survey, visit};

const EXAMPLES: &str = "\
Examples:
  Which policies there are and what each agent makes of them, those that are not loaded first:
    weir policy list

  Try a policy without letting it act; what would be written is shown and asked for:
    weir policy apply -f policy.yaml --mode monitor

  What applying the files of a folder would change, as `kubectl diff` says it:
    weir policy diff -f policies/

  The same without a cluster, at one agent:
    weir policy apply -f policy.yaml --cluster off --tetragon localhost:54321

  Delete one of a namespace:
    weir policy delete shop/no-egress

In a cluster a policy is checked by the API server first, then written by server-side apply under the
field manager `weir`. Where there is none it is given to each agent that --tetragon names. What would
kill, or fail calls, where Weir, Kubernetes or the node need them is refused unless --force is given.
What is done here is in the audit of the database, where there is one.

Exit status: 0 done; 1 `diff` has found differences; 64 wrong usage or settings; 65 no policy, one that
would harm, one that the API server does not take, one that is not there, or one that is applied and
not loaded, or not everywhere; 69 neither a cluster nor an agent is there or answers, or no agent did it; 74 input or output failed; 77 no
permission, or `read-only`; 130 not agreed to.";

/// List, apply, delete and compare policies of Tetragon
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    pub(crate) settings: WriterFlags,
    #[command(flatten)]
    pub(crate) reach: ReachFlags,
}

/// Where policies are; named as the keys of the settings.
#[derive(Debug, clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
#[command(next_help_heading = crate::cli::SETTINGS)]
pub(crate) struct ReachFlags {
    /// Whether a cluster is used: auto, on or off
    #[arg(long, global = true, value_name = "REACH")]
    cluster: Option<String>,
    /// Where an agent of Tetragon is asked: auto, none, `unix://PATH`, HOST:PORT or cluster:PORT; several
    /// may be given
    #[arg(long, global = true, value_name = "WHERE", value_delimiter = ',')]
    tetragon: Option<Vec<String>>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    List(list::Args),
    Apply(apply::Args),
    Delete(delete::Args),
    Diff(diff::Args),
}

/// Why not everything was done that was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The database could not be come to.
    #[error(transparent)]
    Visit(#[from] visit::Error),
    /// A policy was not applied, deleted or read.
    #[error(transparent)]
    Policy(PolicyError),
    /// It would harm.
    #[error("{0}; `--force` applies it all the same")]
    Dangerous(String),
    /// It is applied, and not every agent has loaded it.
    #[error("{0}")]
    NotLoaded(String),
    /// Applying it would change so many policies.
    #[error("{0} policies would change")]
    Differs(usize),
    /// A file could not be read.
    #[error("read policies from {}", .0.display())]
    Read(PathBuf, #[source] io::Error),
    /// What is in a file is no policy.
    #[error("{}: {problems}", path.display())]
    Invalid {
        /// Which.
        path: PathBuf,
        /// What is wrong, each with its place.
        problems: String,
    },
    /// There is no policy in a file.
    #[error("{}: there is no policy in it", .0.display())]
    Empty(PathBuf),
    /// A file is too large or holds too many.
    #[error("{}: expected at most {most}", path.display())]
    TooMuch {
        /// Which.
        path: PathBuf,
        /// How much there may be.
        most: String,
    },
    /// It may not be done, or nobody has agreed to it.
    #[error(transparent)]
    Consent(#[from] consent::Error),
    /// The cluster could not be found.
    #[error(transparent)]
    Survey(#[from] survey::Error),
    /// The cluster that was named cannot be talked to, or does not say which agents it has.
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    /// What talks to the cluster could not be started.
    #[error("start what talks to the cluster and to agents")]
    Tasks(#[source] io::Error),
    /// What was found or done could not be printed.
    #[error("write to standard output")]
    Print(#[from] io::Error),
}

/// Who would harm is told how to insist.
impl From<PolicyError> for Error {
    fn from(error: PolicyError) -> Self {
        match error {
            PolicyError::Dangerous(why) => Self::Dangerous(why),
            error => Self::Policy(error),
        }
    }
}

/// Does what is asked and says what was done.
pub(crate) fn run(
    args: &Args,
    settings: &Settings,
    environment: &Environment,
) -> Result<(), Error> {
    let mut paper = Paper::new(settings, environment);
    let begin = || Reach::begin(settings, environment);
    let done = match &args.action {
        Action::List(args) => list::run(args, &begin()?, &mut paper),
        Action::Apply(args) => apply::run(args, settings, begin, &mut paper),
        Action::Delete(args) => delete::run(args, settings, begin, &mut paper),
        Action::Diff(args) => diff::run(args, begin, &mut paper),
    };
    // What was done before something failed is said all the same.
    let printed = paper.finish();
    done?;
    Ok(printed?)
}
