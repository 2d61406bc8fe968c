//! Which model is run: the one in the settings, else the one that was chosen, else the one in the
//! binary.
//!
//! Chosen models are copied into `models` of the state folder, each into a folder of its own that is
//! never changed. The file `current` beside them names the one in use and the one before, and is only
//! ever replaced whole. What makes a model fit belongs to [`crate::detect`].

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::detect::{self, Model};

/// Names of both files of a model that was chosen.
const ONNX: &str = "clstm.onnx";
const JSON: &str = "clstm.json";

/// How the model in the binary is called where names of chosen ones stand.
const BUILT_IN: &str = "built-in";

/// Hexadecimal digits in the name of a chosen model.
const NAME_DIGITS: usize = 16;

/// Largest file `current`.
const CHOICE_BYTES: usize = 256;

/// Why a model could not be loaded, chosen or left.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read.
    #[error("read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file or folder could not be written.
    #[error("write `{}`", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The model is refused.
    #[error("use the model `{}`", path.display())]
    Refused {
        /// Its graph.
        path: PathBuf,
        /// Why.
        source: detect::Error,
    },
    /// The file that names the chosen model says something else.
    #[error("read `{}`: it does not name models; remove it to use the built-in one", .0.display())]
    Choice(PathBuf),
    /// No model was chosen before the current one.
    #[error("return to the model before: there is none")]
    NothingBefore,
}

/// Where a model comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The binary.
    BuiltIn,
    /// The folder of a model that was chosen.
    Chosen(PathBuf),
    /// The file that the settings name.
    Given(PathBuf),
}

/// A model that fits, and where it comes from.
#[derive(Debug)]
pub struct LoadedModel {
    /// The model.
    pub model: Model,
    /// Where it comes from.
    pub origin: Origin,
}

/// The models of a state folder.
#[derive(Debug, Clone)]
pub struct Models {
    folder: PathBuf,
}

impl Models {
    /// The models kept in the folder `state`, which need not exist.
    #[must_use]
    pub fn new(state: &Path) -> Self {
        Self { folder: state.join("models") }
    }

    /// The model `given` in the settings, else the chosen one, else the one in the binary.
    pub fn load(&self, given: Option<&Path>) -> Result<LoadedModel, Error> {
        match given {
            Some(path) => {
                let model = Files::read(path)?.model(path)?;
                Ok(LoadedModel { model, origin: Origin::Given(path.into()) })
            }
            None => self.load_chosen(&self.choice()?.current),
        }
    }

    /// Copies the model whose graph is `path` and makes it the current one, if it passes `check`.
    pub fn choose(
        &self,
        path: &Path,
        check: impl FnOnce(&Model) -> Result<(), detect::Error>,
    ) -> Result<LoadedModel, Error> {
        let before = self.choice()?;
        let files = Files::read(path)?;
        check(&files.model(path)?)
            .map_err(|source| Error::Refused { path: path.into(), source })?;
        let current = Name::of(&files);
        let folder = self.path(&current);
        fs::create_dir_all(&folder)
            .map_err(|source| Error::Write { path: folder.clone(), source })?;
        replace(&folder.join(ONNX), &files.onnx)?;
        replace(&folder.join(JSON), &files.json)?;
        let loaded = self.load_chosen(&current)?;
        if before.current != current {
            self.set(&Choice { current, before: Some(before.current) })?;
        }
        Ok(loaded)
    }

    /// Makes the model before the current one again, and the current one the one before.
    pub fn roll_back(&self) -> Result<LoadedModel, Error> {
        let Choice { current, before } = self.choice()?;
        let before = before.ok_or(Error::NothingBefore)?;
        let loaded = self.load_chosen(&before)?;
        self.set(&Choice { current: before, before: Some(current) })?;
        Ok(loaded)
    }

    fn load_chosen(&self, name: &Name) -> Result<LoadedModel, Error> {
        let folder = self.path(name);
        let (model, origin) = match name {
            Name::BuiltIn => {
                let refused = |source| Error::Refused { path: BUILT_IN.into(), source };
                (Model::built_in().map_err(refused)?, Origin::BuiltIn)
            }
            Name::Kept(_) => {
                let path = folder.join(ONNX);
                (Files::read(&path)?.model(&path)?, Origin::Chosen(folder))
            }
        };
        Ok(LoadedModel { model, origin })
    }

    fn path(&self, name: &Name) -> PathBuf {
        self.folder.join(name.text())
    }

    fn choice(&self) -> Result<Choice, Error> {
        let path = self.folder.join("current");
        match read(&path, CHOICE_BYTES) {
            Ok(text) => Choice::parse(&text).ok_or(Error::Choice(path)),
            Err(Error::Read { source, .. }) if source.kind() == ErrorKind::NotFound => {
                Ok(Choice { current: Name::BuiltIn, before: None })
            }
            Err(error) => Err(error),
        }
    }

    fn set(&self, choice: &Choice) -> Result<(), Error> {
        replace(&self.folder.join("current"), choice.text().as_bytes())
    }
}

/// A model among those of a state folder.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Name {
    BuiltIn,
    /// The beginning of its digest.
    Kept(String),
}

impl Name {
    /// A manifest names its graph by digest, so that its own digest stands for both.
    fn of(files: &Files) -> Self {
        let digits = format!("{:x}", Sha256::digest(&files.json));
        Self::Kept(digits.chars().take(NAME_DIGITS).collect())
    }

    fn parse(text: &str) -> Option<Self> {
        let is_digit = |c: char| c.is_ascii_digit() || matches!(c, 'a'..='f');
        let is_digest = text.len() == NAME_DIGITS && text.chars().all(is_digit);
        match text {
            BUILT_IN => Some(Self::BuiltIn),
            _ => is_digest.then(|| Self::Kept(text.into())),
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::BuiltIn => BUILT_IN,
            Self::Kept(digits) => digits,
        }
    }
}

/// The model in use and the one before: a line each.
#[derive(Debug)]
struct Choice {
    current: Name,
    before: Option<Name>,
}

impl Choice {
    fn parse(text: &[u8]) -> Option<Self> {
        let mut lines = std::str::from_utf8(text).ok()?.lines();
        let current = Name::parse(lines.next()?)?;
        let before = lines.next().map(|line| Name::parse(line).ok_or(())).transpose().ok()?;
        lines.next().is_none().then_some(Self { current, before })
    }

    fn text(&self) -> String {
        let names = [Some(&self.current), self.before.as_ref()];
        names.into_iter().flatten().flat_map(|name| [name.text(), "\n"]).collect()
    }
}

/// Both files of a model, as they were read.
struct Files {
    onnx: Vec<u8>,
    json: Vec<u8>,
}

impl Files {
    /// The graph `path` and the manifest beside it.
    fn read(path: &Path) -> Result<Self, Error> {
        let onnx = read(path, Model::MAX_BYTES)?;
        let json = read(&path.with_extension("json"), Model::MAX_BYTES)?;
        Ok(Self { onnx, json })
    }

    fn model(&self, path: &Path) -> Result<Model, Error> {
        Model::new(self.onnx.clone(), &self.json)
            .map_err(|source| Error::Refused { path: path.into(), source })
    }
}

/// What is in a file, up to one byte more than `limit`, by which one that is too large is known.
fn read(path: &Path, limit: usize) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(limit as u64 + 1).read_to_end(&mut bytes))
        .map_err(|source| Error::Read { path: path.into(), source })?;
    Ok(bytes)
}

/// Puts `bytes` in the place of a file, so that at every moment one or the other is there whole.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let write = || {
        let new = path.with_extension("new");
        let mut file = File::create(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, path)?;
        path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    };
    write().map_err(|source| Error::Write { path: path.into(), source })
}

#[cfg(test)]
mod tests;
