//! What would be written, shown exactly, and the question whether it is to be.

use std::io::{self, BufRead, IsTerminal, Write};

use weir::settings::Settings;

use crate::cli::Printed;
use crate::panes::proposal::Said;

/// Why nothing is written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The settings say that nothing is to be changed.
    #[error("{0}: `read-only` is set, and nothing is changed")]
    ReadOnly(&'static str),
    /// Nobody could be asked.
    #[error(
        "ask whether to write this: standard input is no terminal; `--yes` goes on without asking, \
         `--dry-run` writes nothing"
    )]
    NobodyToAsk,
    /// Whoever was asked said no.
    #[error("not agreed to; nothing is changed")]
    Declined,
    /// The question could not be asked.
    #[error("ask whether to write this")]
    Ask(#[source] io::Error),
}

/// How far a verb goes, whether it asks, and how what came of it is printed.
#[derive(Debug, clap::Args)]
pub(crate) struct Consent {
    /// Only say what would be written, once the API server has checked it
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not ask
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,
    #[command(flatten)]
    pub(crate) printed: Printed,
}

impl Consent {
    /// Whether somebody is to be asked before `deed` is done, which must be allowed.
    pub(crate) fn asking(&self, deed: &'static str, settings: &Settings) -> Result<Asking, Error> {
        match self {
            Self { dry_run: true, .. } => Ok(Asking::Answered),
            _ if settings.read_only => Err(Error::ReadOnly(deed)),
            Self { yes: true, .. } => Ok(Asking::Answered),
            _ => Asking::on_terminal(),
        }
    }
}

/// Whether somebody is asked before anything is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asking {
    /// On the terminal.
    Asked,
    /// `--yes` has answered, or nothing is written.
    Answered,
}

impl Asking {
    /// On the terminal, if there is one.
    fn on_terminal() -> Result<Self, Error> {
        if io::stdin().is_terminal() { Ok(Self::Asked) } else { Err(Error::NobodyToAsk) }
    }

    /// Goes on if somebody agrees to what is `proposed`.
    pub(crate) fn agreed(self, question: &str, proposed: &[Said]) -> Result<(), Error> {
        if self == Self::Answered {
            return Ok(());
        }
        let mut out = io::stderr().lock();
        for line in proposed {
            writeln!(out, "{}", line.text()).map_err(Error::Ask)?;
        }
        write!(out, "{question}? [y/N] ").and_then(|()| out.flush()).map_err(Error::Ask)?;
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer).map_err(Error::Ask)?;
        match answer.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => Err(Error::Declined),
        }
    }
}
