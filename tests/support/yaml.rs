//! Files of this repository that hold YAML.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Where a file of this repository is.
pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// What a file of this repository holds.
#[track_caller]
pub fn text(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The documents of a YAML file of this repository.
#[track_caller]
pub fn documents(name: &str) -> Vec<Value> {
    serde_yaml::Deserializer::from_str(&text(name))
        .map(|document| {
            Value::deserialize(document).unwrap_or_else(|wrong| panic!("{name}: {wrong}"))
        })
        .collect()
}

/// The one document of a YAML file of this repository, as a type that takes it as it is.
#[track_caller]
pub fn document<T: DeserializeOwned>(name: &str) -> T {
    serde_yaml::from_str(&text(name)).unwrap_or_else(|wrong| panic!("{name}: {wrong}"))
}

/// The YAML files in a folder of this repository, in order of name.
pub fn files(folder: &str) -> Vec<String> {
    let names =
        path(folder).read_dir().expect("a folder").map(|entry| entry.expect("a file").file_name());
    let mut names: Vec<_> = names
        .filter_map(|name| name.into_string().ok())
        .filter(|name| Path::new(name).extension().is_some_and(|kind| kind == "yaml"))
        .map(|name| format!("{folder}/{name}"))
        .collect();
    names.sort();
    names
}
