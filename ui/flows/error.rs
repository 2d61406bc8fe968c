//! Why `weir flows` did not do all that was asked.

use std::io;
use std::path::PathBuf;

use weir::export;

use crate::input;

/// Why `weir flows` did not do all that was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A source could not be read, or not to its end.
    #[error(transparent)]
    Input(#[from] input::Error),
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
