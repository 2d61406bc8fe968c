//! `weir alerts`: incidents as they are kept, and what people do about them, beside a running engine
//! or without one.

mod act;
mod evidence;
mod expression;
mod feedback;
mod list;
mod mutes;
mod show;

use std::io;
use std::path::PathBuf;

use weir::capture::evidence as packets;
use weir::incident::{IncidentId, MuteId};
use weir::settings::{Environment, Settings};
use weir::store::{self, Reader};

use self::expression::Misplaced;
use crate::paper::Paper;
use crate::text;
use crate::visit::{self, Flags, Visit};

const EXAMPLES: &str = "\
Examples:
  What has happened in the last two hours and is urgent:
    weir alerts list --since 2h --severity high

  The floods towards one network, or one namespace, that nobody has taken on:
    weir alerts list --status open 'class:dos* dst:10.244.0.0/16'
    weir alerts list --status open 'class:dos* dst:shop/*'

  Take one on, look at its packets, and say that it is over:
    weir alerts ack 5f1c
    weir alerts evidence 5f1c -o flood.pcapng
    weir alerts resolve 5f1c

  Nothing was wrong: as much of the same there is to be no alert any more:
    weir alerts feedback 5f1c --false

  Let nobody be told of the scanner of your own until the evening:
    weir alerts mute class:scan src:10.0.0.9 --for 8h --reason 'audit of November'

The beginning of an id will do where no other alert has the same. Alerts are kept in the database,
beside a running weir. Root works as the user behind sudo, or as nobody, as weir itself does.

Exit status: 0 done, whether there are alerts or not; 64 wrong usage or settings; 65 no such alert
or mute, or more than one; 69 service unavailable, or no packet is left; 74 input or output failed;
77 no permission.";

/// Look at alerts, take them on, resolve, judge or mute them, and save their packets
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    pub(crate) settings: Flags,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    List(list::Args),
    Show(show::Args),
    /// Take alerts on: you are seen to look after them
    ///
    /// They stay so until they are over; one that comes back is open again. The first that cannot be
    /// taken on ends it, such as one that is resolved.
    Ack {
        /// Ids of alerts, or what they begin with
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Say that alerts are over
    ///
    /// What comes after that from the same attack opens the alert again.
    Resolve {
        /// Ids of alerts, or what they begin with
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    Feedback(feedback::Args),
    Mute(mutes::NewArgs),
    Mutes(mutes::ListArgs),
    /// End a mute now
    Unmute {
        /// The number of the mute, as `weir alerts mutes` lists it
        #[arg(value_name = "MUTE")]
        id: i64,
    },
    Evidence(evidence::Args),
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
    /// What was written is no filter.
    #[error(transparent)]
    Filter(#[from] Misplaced),
    /// No alert has such an id.
    #[error("find alert `{}`: no id in the database begins so", text::clean(.0))]
    Unknown(String),
    /// Several alerts have such an id.
    #[error("find alert `{}`: several ids begin so:{}", text::clean(prefix), listed(candidates))]
    Ambiguous {
        /// What was written.
        prefix: String,
        /// What it could mean.
        candidates: Vec<IncidentId>,
    },
    /// A capture is not for eyes.
    #[error("write packets to a terminal: name a file, `-o alert.pcapng`, or use a pipe")]
    Terminal,
    /// The ring could not be read, or the capture not be written.
    #[error(transparent)]
    Packets(#[from] packets::Error),
    /// The file could not be made.
    #[error("write `{}`", path.display())]
    Create {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// No packet of the alert is in the ring.
    #[error("save packets of alert {id}: {why}")]
    Gone {
        /// The alert.
        id: IncidentId,
        /// Why there are none, in words.
        why: String,
    },
    /// What was found or done could not be printed.
    #[error("write to standard output")]
    Print(#[from] io::Error),
}

/// Ids, one a line.
fn listed(ids: &[IncidentId]) -> String {
    /// More would not be read.
    const MOST: usize = 20;
    let shown = ids.iter().take(MOST).map(ToString::to_string);
    let more = (ids.len() > MOST).then(|| "…".to_owned());
    shown.chain(more).flat_map(|line| ["\n  ".to_owned(), line]).collect()
}

/// Does what is asked and says what was done.
pub(crate) fn run(
    args: &Args,
    settings: &Settings,
    environment: &Environment,
) -> Result<(), Error> {
    let visit = Visit::begin(settings, environment)?;
    let mut paper = Paper::new(settings, environment);
    match &args.action {
        Action::List(args) => list::run(args, &visit, &mut paper)?,
        Action::Show(args) => show::run(args, &visit, &mut paper)?,
        Action::Ack { ids } => act::acknowledge(ids, &visit, &mut paper)?,
        Action::Resolve { ids } => act::resolve(ids, &visit, &mut paper)?,
        Action::Feedback(args) => feedback::run(args, &visit, &mut paper)?,
        Action::Mute(args) => mutes::add(args, &visit, &mut paper)?,
        Action::Mutes(args) => mutes::list(args, &visit, &mut paper)?,
        Action::Unmute { id } => mutes::end(MuteId(*id), &visit, &mut paper)?,
        Action::Evidence(args) => evidence::run(args, settings, &visit)?,
    }
    Ok(paper.finish()?)
}

/// The one alert whose id begins so.
fn find(reader: &Reader, prefix: &str) -> Result<IncidentId, Error> {
    let candidates = reader.named(&prefix.to_ascii_lowercase())?;
    match candidates.as_slice() {
        [] => Err(Error::Unknown(prefix.to_owned())),
        [only] => Ok(*only),
        _ => Err(Error::Ambiguous { prefix: prefix.to_owned(), candidates }),
    }
}
