//! Who owns which fields of an object, as the API server keeps it in `metadata.managedFields`.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How a manager came to own a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Operation {
    /// By creating, replacing or patching the object.
    Update,
    /// By server-side apply.
    Apply,
}

/// A manager that owns a field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner {
    /// By server-side apply, or otherwise.
    pub operation: Operation,
    /// Its name.
    pub manager: String,
    /// The version of the API in which it speaks of its fields.
    pub api_version: String,
}

/// Managers that own the field of `object` at `path`, those that update first.
pub(super) fn owners(object: &Value, path: &[&str]) -> Vec<Owner> {
    let owns = |(_, fields): &(Owner, &Map<String, Value>)| has(fields, path);
    let mut owners: Vec<_> = entries(object).filter(owns).map(|(owner, _)| owner).collect();
    owners.sort_unstable();
    owners.dedup();
    owners
}

/// The part of `object` that `owner` owns; empty where it owns nothing.
pub(super) fn part(object: &Value, owner: &Owner) -> Value {
    let found = entries(object)
        .find(|(other, _)| (other.operation, &other.manager) == (owner.operation, &owner.manager));
    let part = found.and_then(|(_, fields)| extract(object, fields));
    part.unwrap_or_else(|| Value::Object(Map::new()))
}

/// Entries of `managedFields`, without those of subresources.
fn entries(object: &Value) -> impl Iterator<Item = (Owner, &Map<String, Value>)> {
    let entries = object["metadata"]["managedFields"].as_array().map(Vec::as_slice);
    entries.unwrap_or_default().iter().filter_map(|entry| {
        if entry["subresource"].as_str().is_some_and(|name| !name.is_empty()) {
            return None;
        }
        let owner = Owner {
            operation: match entry["operation"].as_str()? {
                "Apply" => Operation::Apply,
                "Update" => Operation::Update,
                _ => return None,
            },
            manager: entry["manager"].as_str()?.to_owned(),
            api_version: entry["apiVersion"].as_str()?.to_owned(),
        };
        Some((owner, entry["fieldsV1"].as_object()?))
    })
}

fn has(fields: &Map<String, Value>, path: &[&str]) -> bool {
    let mut fields = fields;
    for (depth, name) in path.iter().enumerate() {
        match fields.get(&format!("f:{name}")).and_then(Value::as_object) {
            Some(_) if depth + 1 == path.len() => return true,
            Some(inner) => fields = inner,
            None => return false,
        }
    }
    false
}

/// What of `value` the set of `fields` covers.
fn extract(value: &Value, fields: &Map<String, Value>) -> Option<Value> {
    if fields.is_empty() {
        return Some(value.clone());
    }
    match value {
        Value::Object(object) => {
            let mut part = Map::new();
            for (key, inner) in fields {
                let Some(name) = key.strip_prefix("f:") else { continue };
                let (Some(value), Some(inner)) = (object.get(name), inner.as_object()) else {
                    continue;
                };
                part.extend(extract(value, inner).map(|inner| (name.to_owned(), inner)));
            }
            Some(Value::Object(part))
        }
        Value::Array(items) => {
            let part = fields.iter().filter_map(|(key, inner)| item(items, key, inner));
            Some(Value::Array(part.collect()))
        }
        _ => None,
    }
}

/// The item of a list that `key` names, as far as `fields` cover it.
fn item(items: &[Value], key: &str, fields: &Value) -> Option<Value> {
    let (kind, text) = key.split_once(':')?;
    let named: Value = serde_json::from_str(text).ok()?;
    match kind {
        "v" => items.contains(&named).then_some(named),
        "k" => {
            let keys = named.as_object()?;
            let is_it =
                |item: &&Value| keys.iter().all(|(name, value)| item.get(name) == Some(value));
            let mut part = extract(items.iter().find(is_it)?, fields.as_object()?)?;
            // An item of a list is nothing without the fields that tell it from the others.
            part.as_object_mut()?.extend(keys.clone());
            Some(part)
        }
        _ => None,
    }
}
