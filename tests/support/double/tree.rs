//! The tree of JSON that a Realtime Database is.
//!
//! It keeps no nulls, no empty branches and no lists: a list is a branch whose keys are numbers, and
//! is shown as a list again where more than half of its places are taken.

use serde_json::{Map, Value};

/// The deepest branch.
const DEPTH: usize = 32;

/// The longest key in bytes.
const KEY: usize = 768;

/// A tree.
#[derive(Debug, Default)]
pub struct Tree(Value);

impl Tree {
    /// What is at `path`, as it is shown.
    pub fn get(&self, path: &[String]) -> Value {
        let found = path.iter().try_fold(&self.0, |at, key| at.get(key));
        shown(found.cloned().unwrap_or_default())
    }

    /// Puts `value` at `path`, and takes away what is empty then.
    pub fn set(&mut self, path: &[String], value: Value) {
        put(&mut self.0, path, kept(value));
    }
}

/// Whether `key` may be one.
pub fn is_key(key: &str) -> bool {
    let is_forbidden = |one: char| ".$#[]/".contains(one) || one.is_ascii_control();
    !key.is_empty() && key.len() <= KEY && !key.contains(is_forbidden)
}

/// Whether all keys in `value` may be such, and it is not too deep.
pub fn is_storable(value: &Value, depth: usize) -> bool {
    match value {
        _ if depth > DEPTH => false,
        Value::Array(list) => list.iter().all(|one| is_storable(one, depth + 1)),
        Value::Object(members) => {
            members.iter().all(|(key, one)| is_key(key) && is_storable(one, depth + 1))
        }
        _ => true,
    }
}

fn put(at: &mut Value, path: &[String], value: Value) {
    let Some((key, rest)) = path.split_first() else {
        *at = value;
        return;
    };
    if !at.is_object() {
        if value.is_null() {
            return;
        }
        *at = Value::Object(Map::new());
    }
    let members = at.as_object_mut().expect("made one");
    put(members.entry(key.clone()).or_insert(Value::Null), rest, value);
    if members.get(key).is_some_and(Value::is_null) {
        members.remove(key);
    }
    if members.is_empty() {
        *at = Value::Null;
    }
}

/// As it is kept.
fn kept(value: Value) -> Value {
    let members: Map<_, _> = match value {
        Value::Array(list) => {
            list.into_iter().enumerate().map(|(at, one)| (at.to_string(), kept(one))).collect()
        }
        Value::Object(members) => members.into_iter().map(|(key, one)| (key, kept(one))).collect(),
        other => return other,
    };
    let members: Map<_, _> = members.into_iter().filter(|(_, one)| !one.is_null()).collect();
    if members.is_empty() { Value::Null } else { Value::Object(members) }
}

/// As it is shown.
fn shown(value: Value) -> Value {
    let Value::Object(members) = value else { return value };
    let members: Map<_, _> = members.into_iter().map(|(key, one)| (key, shown(one))).collect();
    let places: Option<Vec<usize>> = members.keys().map(|key| place(key)).collect();
    let length = places.as_ref().and_then(|places| places.iter().max()).map(|last| last + 1);
    match length.filter(|length| members.len() * 2 > *length) {
        Some(length) => {
            let one = |at: usize| members.get(&at.to_string()).cloned().unwrap_or_default();
            Value::Array((0..length).map(one).collect())
        }
        None => Value::Object(members),
    }
}

/// The place in a list that `key` names.
pub fn place(key: &str) -> Option<usize> {
    let is_plain = key == "0" || !key.starts_with('0');
    key.parse().ok().filter(|_| is_plain && key.bytes().all(|digit| digit.is_ascii_digit()))
}
