//! Which settings file is looked at, and what it holds.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use toml::Table;

use super::{Environment, Error};

/// Largest settings file that is read, in bytes.
const LARGEST: u64 = 1 << 20;

/// The one settings file that is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsFile {
    path: PathBuf,
    presence: Presence,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    /// Somebody named it, so it must be there.
    Needed,
    /// It stands at the usual place, where there may be none.
    Optional,
}

impl SettingsFile {
    /// The file `named` by a flag, else the one `WEIR_CONFIG` names, else `weir/weir.toml` in
    /// `XDG_CONFIG_HOME` or in `.config` of the home folder.
    ///
    /// # Errors
    /// [`Error::NoHome`] where none is named and neither folder is known.
    pub fn locate(named: Option<&Path>, environment: &Environment) -> Result<Self, Error> {
        if let Some(path) = named.or(environment.config.as_deref()) {
            return Ok(Self { path: path.to_owned(), presence: Presence::Needed });
        }
        let folder = environment.config_home.as_deref().ok_or(Error::NoHome)?;
        Ok(Self { path: folder.join("weir/weir.toml"), presence: Presence::Optional })
    }

    /// Where it is, or would be.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it holds; nothing where it may be absent and is.
    pub(super) fn read(&self) -> Result<Table, Error> {
        match text(&self.path) {
            Ok(text) => parse(&self.path, &text),
            Err(error) if self.presence == Presence::Optional && is_absent(&error) => {
                Ok(Table::new())
            }
            Err(source) => Err(Error::Read { path: self.path.clone(), source }),
        }
    }
}

/// Below a path that is no folder there is no file either.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(LARGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST {
        return Err(io::Error::new(ErrorKind::FileTooLarge, "larger than 1 MiB"));
    }
    Ok(text)
}

fn parse(path: &Path, text: &str) -> Result<Table, Error> {
    text.parse().map_err(|error: toml::de::Error| {
        let start = error.span().map_or(0, |span| span.start);
        let line = 1 + text.bytes().take(start).filter(|byte| *byte == b'\n').count();
        Error::Syntax { path: path.to_owned(), line, message: error.message().to_owned() }
    })
}
