//! Where rows go: standard output or a file, as CSV or Parquet.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;

use nix::unistd::{Gid, Uid, fchown};
use weir::export::{Choice, CsvWriter, ParquetWriter, Writer};
use weir::settings::Invoker;

use super::Error;
use crate::cli::FlowsArgs;

/// The format of a file of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    Parquet,
}

/// An output that has been chosen, and perhaps opened.
pub(super) struct Output {
    /// Standard output if there is none.
    path: Option<PathBuf>,
    file: Option<File>,
    format: Format,
    choice: Choice,
}

impl Output {
    /// The output that the arguments ask for.
    pub(super) fn choose(args: &FlowsArgs) -> Result<Self, Error> {
        let path = args.output.clone().filter(|path| path.as_os_str() != "-");
        let extension = path.as_deref().and_then(|path| path.extension());
        let format = match extension.and_then(|extension| extension.to_str()) {
            None | Some("csv") => Format::Csv,
            Some("parquet") => Format::Parquet,
            Some(_) => return Err(Error::Format { path: path.unwrap_or_default() }),
        };
        let choice =
            Choice { context: args.context, state: args.provisional, sequences: args.sequences };
        Ok(Self { path, file: None, format, choice })
    }

    /// Creates the file; a new one belongs to the user behind sudo, if there is one.
    pub(super) fn opened(mut self, owner: Option<Invoker>) -> Result<Self, Error> {
        if let Some(path) = &self.path {
            let create = || match File::create_new(path) {
                Ok(file) => {
                    if let Some(Invoker { uid, gid }) = owner {
                        fchown(&file, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)))?;
                    }
                    Ok(file)
                }
                // What was there before keeps its owner.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => File::create(path),
                Err(error) => Err(error),
            };
            self.file =
                Some(create().map_err(|source| Error::Create { path: path.clone(), source })?);
        }
        Ok(self)
    }

    /// What it is called in messages.
    pub(super) fn name(&self) -> String {
        match &self.path {
            Some(path) => format!("`{}`", path.display()),
            None => "standard output".into(),
        }
    }

    /// Begins the file.
    pub(super) fn writer(self) -> Result<Writer, Error> {
        let name = self.name();
        let opened = if self.file.is_some() { self } else { self.opened(None)? };
        // Without a second handle a file is no worse off than a pipe.
        let rescue = opened.file.as_ref().and_then(|file| file.try_clone().ok());
        let output: Box<dyn Write + Send> = match opened.file {
            Some(file) => Box::new(file),
            None => Box::new(io::stdout()),
        };
        match opened.format {
            Format::Csv => Ok(Writer::Csv(CsvWriter::new(output, opened.choice))),
            Format::Parquet => {
                let writer = ParquetWriter::new(output, rescue, opened.choice)
                    .map_err(|source| Error::Write { output: name, source })?;
                Ok(Writer::Parquet(Box::new(writer)))
            }
        }
    }
}
