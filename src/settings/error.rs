//! Why settings were refused.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::layer::Origin;

/// Why there are no settings to work with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The settings file could not be read.
    #[error("read settings file `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The settings file is not TOML.
    #[error("parse settings file `{}`, line {line}: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where it stops being TOML, counted from 1.
        line: usize,
        /// What is wrong there. The parser's own error is left out: it quotes the line, which may
        /// hold a secret.
        message: String,
    },
    /// Keys that do not exist, or values that are not allowed: all of them.
    #[error("check settings:{}", Listed(.0))]
    Refused(Vec<Problem>),
    /// There is no place where a settings file would be looked for.
    #[error("find the settings file: neither XDG_CONFIG_HOME nor HOME is an absolute path")]
    NoHome,
    /// There is no place where the database would be kept.
    #[error(
        "find the state folder: no home folder is known; name the database by --database or \
         WEIR_DATABASE"
    )]
    NoState,
}

/// One thing wrong with one key.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// The key, as in the settings file.
    pub key: String,
    /// Where it was written.
    pub origin: Origin,
    /// What was written, shortened, secrets masked.
    pub value: String,
    /// What is wrong with it, and what is allowed.
    pub reason: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, origin, value, reason } = self;
        let key = key.escape_debug();
        write!(f, "{key} = {value} ({origin}): {reason}")
    }
}

/// One problem stands on the line itself, more of them on a line each.
struct Listed<'a>(&'a [Problem]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [only] => write!(f, " {only}"),
            all => all.iter().try_for_each(|problem| write!(f, "\n  {problem}")),
        }
    }
}
