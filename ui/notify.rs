//! `weir notify`: who is told of alerts, and whether they can be.

use std::io;
use std::time::Duration;

use tokio::runtime;
use weir::capture::{self, privilege};
use weir::incident::SinkName;
use weir::notify::{self, Answer, Sink};
use weir::settings::{Environment, Settings};

use crate::cli::one_of;
use crate::paper::Paper;
use crate::text;
use crate::theme::Role;
use crate::widgets::table::{Clip, Column, Row};

const EXAMPLES: &str = "\
Examples:
  Who is told, and where:
    weir notify

  Whether Slack takes a message, before one is needed:
    SLACK_WEBHOOK_URL=https://hooks.slack.com/services/… weir notify test slack

Sinks are those of the settings; secrets among these come from the settings file or the environment
and have no flags. `weir outbox` says what they were told. Root works as the user behind sudo, or as
nobody, as weir itself does.

Exit status: 0 done, and a test was taken; 64 wrong usage or settings, or a sink that they do not
name; 65 a key that is none; 69 the sink did not take the test now, and may later; 74 input or output
failed; 77 no permission, or the sink refused.";

/// List who is told of alerts, or send one of them a test
///
/// Without a verb of its own it lists them.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Send a message that says that it is a test, and print what came back
    Test {
        /// Whom to send it to
        #[arg(value_parser = one_of(SinkName::ALL, SinkName::name))]
        sink: SinkName,
    },
}

/// Why nobody was told, or it is not known who is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Root could not be given up.
    #[error(transparent)]
    Privilege(#[from] capture::Error),
    /// The settings name a sink that cannot be made.
    #[error(transparent)]
    Sink(#[from] notify::Error),
    /// The settings do not name the sink.
    #[error("test {}: the settings do not name it; `weir notify` lists those that they do", .0.name())]
    NotNamed(SinkName),
    /// The sink took nothing, and may another time.
    #[error("test {}: not taken{}: {why}", sink.name(), Wait(*.after))]
    Later {
        /// Which.
        sink: SinkName,
        /// How long it wants to be left alone.
        after: Option<Duration>,
        /// What it said.
        why: String,
    },
    /// The sink will not take it.
    #[error("test {}: refused: {why}", sink.name())]
    Refused {
        /// Which.
        sink: SinkName,
        /// What it said.
        why: String,
    },
    /// Nothing that sends could be started.
    #[error("start what sends messages")]
    Tasks(#[source] io::Error),
    /// The outcome could not be printed.
    #[error("write to standard output")]
    Print(#[from] io::Error),
}

/// How long to wait, in words, if it is known.
struct Wait(Option<Duration>);

impl std::fmt::Display for Wait {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.map_or(Ok(()), |wait| write!(f, ", may be in {} s", wait.as_secs()))
    }
}

const COLUMNS: [Column; 2] =
    [Column::text("SINK", 12, Clip::End, 0), Column::text("WHERE", 16, Clip::Middle, 1)];

/// Does what is asked and says what came of it.
pub(crate) fn run(
    args: &Args,
    settings: &Settings,
    environment: &Environment,
) -> Result<(), Error> {
    // Keys must be readable by whom weir becomes.
    privilege::drop_root(environment.invoker())?;
    let sinks = Sink::all(settings, environment)?;
    let mut paper = Paper::new(settings, environment);
    match &args.action {
        None => list(&sinks, &mut paper)?,
        Some(Action::Test { sink }) => test(*sink, &sinks, &mut paper)?,
    }
    Ok(paper.finish()?)
}

fn list(sinks: &[Sink], paper: &mut Paper) -> io::Result<()> {
    if sinks.is_empty() {
        return paper.line("nobody is told: the settings name no sink");
    }
    let look = *paper.look();
    let row = |sink: &Sink| {
        let cells = [sink.name().name().to_owned(), text::clean(&sink.place())];
        Row { cells: cells.map(|cell| look.cell(Role::Text, cell)).into(), ..Row::default() }
    };
    paper.table(&COLUMNS, &sinks.iter().map(row).collect::<Vec<_>>())
}

fn test(name: SinkName, sinks: &[Sink], paper: &mut Paper) -> Result<(), Error> {
    let sink = sinks.iter().find(|sink| sink.name() == name).ok_or(Error::NotNamed(name))?;
    let tasks =
        runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Tasks)?;
    match tasks.block_on(sink.test()) {
        Answer::Taken { handle } => {
            let handle = handle.map(|handle| format!(" as {}", text::clean(&handle)));
            let taken = format!("{} has taken the test{}", name.name(), handle.unwrap_or_default());
            Ok(paper.line(&taken)?)
        }
        Answer::Later { after, why } => {
            Err(Error::Later { sink: name, after, why: text::clean(&why) })
        }
        Answer::Refused { why } => Err(Error::Refused { sink: name, why: text::clean(&why) }),
    }
}
