//! Objects as YAML that people read and Kubernetes reads back.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::Value;

/// Members that come first in an object, in this order; the others follow by name.
const FIRST: [&str; 20] = [
    "apiVersion",
    "kind",
    "metadata",
    "spec",
    "options",
    "name",
    "namespace",
    "subsystem",
    "event",
    "call",
    "hook",
    "path",
    "provider",
    "syscall",
    "return",
    "index",
    "type",
    "operator",
    "key",
    "action",
];

/// Members that come last.
const LAST: [&str; 2] = ["selectors", "values"];

/// `object` as YAML, the same for the same object: `apiVersion`, `kind`, `metadata`, `spec`, and
/// within them what says what it is about first. Text that YAML would take for something else is in
/// quotes, by the rules of YAML 1.1 too.
#[must_use]
pub fn yaml(object: &Value) -> String {
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    match serde_saphyr::to_string_with_options(&Ordered(object), options) {
        Ok(yaml) => yaml,
        // JSON is YAML too, and every object can be written in it.
        Err(_) => format!("{object:#}\n"),
    }
}

/// A value whose members come in order.
struct Ordered<'a>(&'a Value);

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(members) => {
                let mut members: Vec<_> = members.iter().collect();
                members.sort_by_key(|(name, _)| (rank(name), *name));
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(name, &Self(value))?;
                }
                map.end()
            }
            Value::Array(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(&Ordered(item))?;
                }
                list.end()
            }
            value => value.serialize(serializer),
        }
    }
}

/// Where a member stands among others.
fn rank(name: &str) -> usize {
    let last = || LAST.iter().position(|last| *last == name).map(|rank| FIRST.len() + 1 + rank);
    FIRST.iter().position(|first| *first == name).or_else(last).unwrap_or(FIRST.len())
}
