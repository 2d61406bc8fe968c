//! What would be written, shown exactly, and the question whether it is to be.

use std::io::{self, BufRead, IsTerminal, Write};

use super::Error;
use crate::panes::proposal::Said;

/// Whether somebody is asked before anything is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asking {
    /// On the terminal.
    Asked,
    /// `--yes` has answered.
    Answered,
}

impl Asking {
    /// On the terminal, if there is one.
    pub(super) fn on_terminal() -> Result<Self, Error> {
        if io::stdin().is_terminal() { Ok(Self::Asked) } else { Err(Error::NobodyToAsk) }
    }

    /// Goes on if somebody agrees to what is `proposed`.
    pub(super) fn agreed(self, question: &str, proposed: &[Said]) -> Result<(), Error> {
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
