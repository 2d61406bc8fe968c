//! `weir features`: what every column means.

use std::io::{self, Write};

use weir::feature::reference;

/// Print what every feature means, as Markdown
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// The reference could not be printed.
#[derive(Debug, thiserror::Error)]
#[error("write the reference to standard output")]
pub(crate) struct Error(#[from] io::Error);

/// Prints the reference that is made from the catalogue of features.
pub(crate) fn print() -> Result<(), Error> {
    let mut out = io::stdout().lock();
    out.write_all(reference().as_bytes())?;
    Ok(out.flush()?)
}
