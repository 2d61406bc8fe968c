//! Why `weir flows` did not do all that was asked.

use std::io;
use std::path::PathBuf;

use weir::{capture, export};

use super::complain;

/// Why `weir flows` did not do all that was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A source could not be read.
    #[error(transparent)]
    Capture(capture::Error),
    /// Some of several files could not be read whole; each was named when it happened.
    #[error("{failed} of {files} captures could not be read whole; the others were")]
    SomeCaptures {
        /// How many.
        failed: usize,
        /// Of how many.
        files: usize,
        /// The first of them, which decides the exit status.
        first: capture::Error,
    },
    /// Ground truth could not be read.
    #[error(transparent)]
    Labels(export::Error),
    /// Rows could not be written; those before were.
    #[error("write flows to {output}")]
    Write {
        /// Where to.
        output: String,
        /// Why not.
        source: export::Error,
    },
    /// The output could not be created.
    #[error("create `{}`", path.display())]
    Create {
        /// As given.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The output has a name from which its format does not follow.
    #[error("write flows to `{}`: the name must end in .csv or .parquet", path.display())]
    Format {
        /// As given.
        path: PathBuf,
    },
    /// Files and interfaces were given together.
    #[error(
        "read files and interfaces together: they are of different times; give one or the other"
    )]
    MixedSources,
    /// A signal handler could not be set.
    #[error("prepare to be interrupted")]
    Signal(#[source] io::Error),
    /// A thread could not be started.
    #[error("start a thread")]
    Threads(#[source] io::Error),
    /// The user stopped it; rows of what was read have been written.
    #[error("interrupted; the flows of what was read are written")]
    Interrupted,
}

impl Error {
    /// The error that stands for the failures of some of `files`; the rest is said here.
    pub(super) fn of_files(failures: Vec<capture::Error>, files: usize) -> Option<Self> {
        if files > 1 {
            for error in &failures {
                complain(error);
            }
        }
        let failed = failures.len();
        let first = failures.into_iter().next()?;
        Some(if files > 1 {
            Self::SomeCaptures { failed, files, first }
        } else {
            Self::Capture(first)
        })
    }
}
