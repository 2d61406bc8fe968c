//! What the API server makes of an object by itself.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::kinds::Kind;
use super::target::Target;

/// Now, as the API server writes it.
pub fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `body` as a new object.
pub fn born(target: &Target, body: &Value) -> Value {
    let kind = target.kind;
    let mut object = body.clone();
    object["apiVersion"] = kind.api_version().into();
    object["kind"] = kind.name.into();
    object["metadata"]["name"] = target.name.as_str().into();
    if !target.namespace.is_empty() {
        object["metadata"]["namespace"] = target.namespace.as_str().into();
    }
    object["metadata"]["uid"] = uid().into();
    object["metadata"]["creationTimestamp"] = now().into();
    if kind.counts_generations() {
        object["metadata"]["generation"] = 1.into();
    }
    if kind.has_status() {
        object["status"] = kind.blank()["status"].clone();
    }
    complete(kind, &mut object);
    object
}

fn uid() -> String {
    let [a, b, c, d] = std::array::from_fn(|_| fastrand::u16(..));
    format!(
        "{:08x}-{a:04x}-4{:03x}-8{:03x}-{b:04x}{c:04x}{d:04x}",
        fastrand::u32(..),
        a & 0xfff,
        b & 0xfff
    )
}

/// Without what says who owns it.
pub fn unmanaged(object: &Value) -> Value {
    let mut object = object.clone();
    object["metadata"].as_object_mut().map(|metadata| metadata.remove("managedFields"));
    object
}

/// Whether nothing but times of managers differs.
pub fn is_same(live: &Value, object: &Value) -> bool {
    let timeless = |object: &Value| {
        let mut object = object.clone();
        for entry in object["metadata"]["managedFields"].as_array_mut().into_iter().flatten() {
            entry["time"] = Value::Null;
        }
        object
    };
    timeless(live) == timeless(object)
}

/// RFC 7386.
pub fn patched(object: &mut Value, patch: Value) {
    let Value::Object(changes) = patch else {
        *object = patch;
        return;
    };
    if !object.is_object() {
        *object = json!({});
    }
    for (name, change) in changes {
        let members = object.as_object_mut().expect("made one");
        if change.is_null() {
            members.remove(&name);
        } else {
            patched(members.entry(name).or_insert(Value::Null), change);
        }
    }
}

/// Takes away what says nothing, and adds what an object of its kind always has.
pub fn complete(kind: &Kind, object: &mut Value) {
    drop_nulls(object);
    if let Some(metadata) = object["metadata"].as_object_mut() {
        let is_empty = |value: &Value| value.as_object().is_some_and(Map::is_empty);
        metadata.retain(|name, one| !matches!(&**name, "annotations" | "labels") || !is_empty(one));
    }
    if let (Some(members), Value::Object(blank)) = (object.as_object_mut(), kind.blank()) {
        for (name, value) in blank {
            members.entry(name).or_insert(value);
        }
    }
}

/// Takes away members that are null: no object with a type has them.
pub fn drop_nulls(object: &mut Value) {
    match object {
        Value::Object(members) => {
            members.retain(|_, one| !one.is_null());
            members.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}
