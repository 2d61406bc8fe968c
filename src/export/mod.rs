//! Rows to files: CSV and Parquet, with ground truth joined on.
//!
//! Which columns there are follows from the catalogue in [`crate::feature`]; what a row is, from
//! [`crate::flow`]. This module never decides what is written, only how.

mod column;
mod csv;
mod error;
mod label;
mod parquet;
mod timestamp;

use std::io::Write;

pub use column::{Choice, Column};
pub use csv::CsvWriter;
pub use error::Error;
pub use label::{Labels, NO_LABEL, UNLABELLED};
pub use parquet::ParquetWriter;

use crate::detect::Sequence;
use crate::feature::Context;
use crate::flow::Row;

/// One row with what is joined onto it.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// The flow at its end or as it stands.
    pub row: Row<'a>,
    /// What its source and target did shortly before.
    pub context: &'a Context,
    /// Ground truth, or a word that there is none.
    pub label: &'a str,
    /// What the model is fed, where the file is to hold that.
    pub sequence: Option<&'a Sequence>,
}

/// A file of rows in the making.
///
/// What has been written stays written, whatever fails later; [`Writer::finish`] completes the file.
pub enum Writer {
    /// Comma-separated values, RFC 4180 with bare line feeds.
    Csv(CsvWriter<Box<dyn Write + Send>>),
    /// Apache Parquet.
    Parquet(Box<ParquetWriter<Box<dyn Write + Send>>>),
}

impl Writer {
    /// Adds a row.
    pub fn write(&mut self, record: &Record<'_>) -> Result<(), Error> {
        match self {
            Self::Csv(writer) => writer.write(record),
            Self::Parquet(writer) => writer.write(record),
        }
    }

    /// Hands on what is held back so that a reader sees it; Parquet holds back whole row groups.
    pub fn flush(&mut self) -> Result<(), Error> {
        match self {
            Self::Csv(writer) => writer.flush(),
            Self::Parquet(_) => Ok(()),
        }
    }

    /// Completes the file.
    pub fn finish(self) -> Result<(), Error> {
        match self {
            Self::Csv(mut writer) => writer.flush(),
            Self::Parquet(writer) => writer.finish(),
        }
    }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Csv(_) => "Csv",
            Self::Parquet(_) => "Parquet",
        })
    }
}
