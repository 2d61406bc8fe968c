//! Lays one place over another and checks the result.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::{Table, Value};

use super::environment::PREFIX;
use super::mask::is_secret;
use super::render::on_one_line;
use super::{Environment, Error, Problem, Settings, SettingsFile, masked};

/// How much of a refused value is shown, in characters.
const SHOWN: usize = 80;

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nowhere: it is the default.
    Default,
    /// In this settings file.
    File(PathBuf),
    /// In this environment variable.
    Environment(String),
    /// Behind this flag, named without its dashes.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            // Either may hold a line break, which would end the comment this stands in.
            Self::File(path) => write!(f, "file {}", path.to_string_lossy().escape_debug()),
            Self::Environment(name) => write!(f, "environment {}", name.escape_debug()),
            Self::Flag(name) => write!(f, "flag --{name}"),
        }
    }
}

/// Settings that have been checked, and where each value came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// The settings in force.
    pub settings: Settings,
    pub(super) origins: BTreeMap<String, Origin>,
}

impl Resolved {
    /// Reads `file` and lays `environment` and then `flags` over it.
    ///
    /// `flags` has the keys of the settings file; a text in it may stand for a number or a list,
    /// as in the environment.
    ///
    /// # Errors
    /// The file cannot be read or is not TOML; or keys are unknown or values not allowed, in which
    /// case [`Error::Refused`] names all of them.
    pub fn read(
        file: Option<&SettingsFile>,
        environment: &Environment,
        flags: Table,
    ) -> Result<Self, Error> {
        let defaults = table(&Settings::default());
        let mut entries = BTreeMap::new();
        if let Some(file) = file {
            let origin = Origin::File(file.path().to_owned());
            entries.extend(
                file.read()?
                    .into_iter()
                    .map(|(key, value)| (key, Entry { value, origin: origin.clone() })),
            );
        }
        entries.extend(environment.settings.iter().map(|(name, value)| {
            let key = key_of(name);
            let value = written(&value.to_string_lossy(), defaults.get(&key));
            (key, Entry { value, origin: Origin::Environment(name.clone()) })
        }));
        entries.extend(flags.into_iter().map(|(key, value)| {
            let value = match value {
                Value::String(text) => written(&text, defaults.get(&key)),
                other => other,
            };
            let origin = Origin::Flag(key.clone());
            (key, Entry { value, origin })
        }));
        checked(defaults, entries)
    }

    /// The settings file, if a secret is written in it.
    #[must_use]
    pub fn file_with_secrets(&self) -> Option<&Path> {
        let values = table(&self.settings);
        let is_set =
            |key: &str| values.get(key).and_then(Value::as_str).is_some_and(|set| !set.is_empty());
        self.origins.iter().find_map(|(key, origin)| match origin {
            Origin::File(path) if is_secret(key) && is_set(key) => Some(path.as_path()),
            _ => None,
        })
    }
}

/// A value and where it was written.
struct Entry {
    value: Value,
    origin: Origin,
}

/// The settings as a table of the keys of the settings file.
pub(super) fn table(settings: &Settings) -> Table {
    Table::try_from(settings).expect("settings are texts, numbers and lists of texts")
}

/// The key that the environment variable `name` stands for.
///
/// One that is not in capitals stands for none, and is told apart by keeping its name.
fn key_of(name: &str) -> String {
    match name.strip_prefix(PREFIX) {
        Some(rest) if !rest.contains(|c: char| c == '-' || c.is_lowercase()) => {
            rest.to_lowercase().replace('_', "-")
        }
        _ => name.to_owned(),
    }
}

/// `text` as a value of the type of `example`; a text where it is not of that type.
fn written(text: &str, example: Option<&Value>) -> Value {
    match example {
        Some(Value::Integer(_)) => text.trim().parse().map_or_else(|_| text.into(), Value::Integer),
        Some(Value::Boolean(_)) => text.trim().parse().map_or_else(|_| text.into(), Value::Boolean),
        Some(Value::Array(_)) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Value::Array(items.map(Value::from).collect())
        }
        _ => text.into(),
    }
}

/// Takes over one entry after the other, so that each is judged alone and all faults are found.
fn checked(defaults: Table, entries: BTreeMap<String, Entry>) -> Result<Resolved, Error> {
    let mut origins: BTreeMap<_, _> =
        defaults.keys().map(|key| (key.clone(), Origin::Default)).collect();
    let known = defaults.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    let mut settings = Settings::default();
    let mut accepted = defaults;
    let mut problems = Vec::new();
    for (key, Entry { value, origin }) in entries {
        let shown = shown(&key, &value);
        let mut candidate = accepted.clone();
        let is_known = candidate.insert(key.clone(), value).is_some();
        match Settings::deserialize(candidate.clone()) {
            Ok(next) => {
                settings = next;
                accepted = candidate;
                origins.insert(key, origin);
            }
            Err(error) => {
                let reason = if is_known {
                    error.message().to_owned()
                } else {
                    format!("unknown key, expected one of {known}")
                };
                problems.push(Problem { key, origin, value: shown, reason });
            }
        }
    }
    if problems.is_empty() {
        Ok(Resolved { settings, origins })
    } else {
        Err(Error::Refused(problems))
    }
}

/// `value` as an error may show it.
fn shown(key: &str, value: &Value) -> String {
    let value = on_one_line(&masked(key, value));
    match value.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", value.split_at(end).0),
        None => value,
    }
}
