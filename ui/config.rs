//! `weir config`: the settings in force and where they come from.

use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;

use weir::settings::{Resolved, SettingsFile};

/// Print the settings in force and where each value comes from
///
/// The output is a valid settings file; secrets are masked.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Print which settings file is looked at
    #[arg(long)]
    pub(crate) path: bool,
}

/// The settings could not be printed.
#[derive(Debug, thiserror::Error)]
#[error("write settings to standard output")]
pub(crate) struct Error(#[from] io::Error);

/// Prints the settings in force as a settings file.
pub(crate) fn print(resolved: &Resolved) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    out.write_all(resolved.to_string().as_bytes())?;
    Ok(out.flush()?)
}

/// Prints the path of the settings file byte by byte, so that what reads it can open it.
pub(crate) fn print_path(file: &SettingsFile) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    out.write_all(file.path().as_os_str().as_bytes())?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}
