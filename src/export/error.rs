//! What can go wrong while rows are written or labels are read.

use std::io;
use std::path::PathBuf;

use ::parquet::errors::ParquetError;

/// Why rows could not be written or labels not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file system or the pipe refused.
    #[error(transparent)]
    Write(io::Error),
    /// The Parquet library refused.
    #[error("make Parquet")]
    Parquet(#[source] ParquetError),
    /// The labels cannot be read.
    #[error("read labels from `{path}`")]
    ReadLabels {
        /// The file as given.
        path: PathBuf,
        /// What the system or the CSV reader said.
        source: csv::Error,
    },
    /// A line of labels says something else than a label.
    #[error("read labels from `{path}`, line {line}: {reason}")]
    Label {
        /// The file as given.
        path: PathBuf,
        /// Line in that file, from 1.
        line: u64,
        /// What is wrong with it and what is expected.
        reason: String,
    },
}

impl Error {
    /// The refusal of the file system or pipe behind this, if that is what happened.
    #[must_use]
    pub fn io(&self) -> Option<&io::Error> {
        match self {
            Self::Write(error) => Some(error),
            Self::ReadLabels { source, .. } => match source.kind() {
                csv::ErrorKind::Io(error) => Some(error),
                _ => None,
            },
            Self::Parquet(_) | Self::Label { .. } => None,
        }
    }
}

/// What the library wraps is said as itself: its own text repeats it.
impl From<ParquetError> for Error {
    fn from(error: ParquetError) -> Self {
        match error {
            ParquetError::External(cause) => match cause.downcast::<io::Error>() {
                Ok(cause) => Self::Write(*cause),
                Err(cause) => Self::Parquet(ParquetError::External(cause)),
            },
            error => Self::Parquet(error),
        }
    }
}
