//! How lists and maps of the known kinds are merged; what is not named here is replaced whole.

use serde_json::{Map, Value};

use super::fields::Path;

/// How something is merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// As a whole.
    Leaf,
    /// Member by member.
    Map,
    /// Item by item, told apart by these members.
    Keyed(&'static [&'static str]),
    /// Each value once.
    Set,
}

/// Lists that are merged item by item: the last two names on the way to them, and how.
const LISTS: &[(&str, &str, Shape)] = &[
    ("metadata", "finalizers", Shape::Set),
    ("metadata", "ownerReferences", Shape::Keyed(&["uid"])),
    ("spec", "containers", Shape::Keyed(&["name"])),
    ("spec", "initContainers", Shape::Keyed(&["name"])),
    ("spec", "volumes", Shape::Keyed(&["name"])),
    ("spec", "imagePullSecrets", Shape::Keyed(&["name"])),
    ("containers", "env", Shape::Keyed(&["name"])),
    ("containers", "ports", Shape::Keyed(&["containerPort", "protocol"])),
    ("containers", "volumeMounts", Shape::Keyed(&["mountPath"])),
    ("spec", "ports", Shape::Keyed(&["port", "protocol"])),
    ("status", "conditions", Shape::Keyed(&["type"])),
    ("status", "addresses", Shape::Keyed(&["type"])),
    ("status", "podIPs", Shape::Keyed(&["ip"])),
    ("spec", "podCIDRs", Shape::Set),
];

/// Maps that are replaced whole.
const WHOLE: &[&str] = &[
    "selector",
    "nodeSelector",
    "podSelector",
    "hostSelector",
    "containerSelector",
    "matchLabels",
    "configMapKeyRef",
    "secretKeyRef",
    "fieldRef",
    "resourceFieldRef",
    "claimRef",
    "targetRef",
    "involvedObject",
];

/// How `value` at `path` is merged.
pub fn shape(path: &Path, value: &Value) -> Shape {
    let mut names = path.iter().rev().filter_map(|step| step.strip_prefix("f:"));
    let (last, before) = (names.next().unwrap_or_default(), names.next().unwrap_or_default());
    match value {
        Value::Object(_) if WHOLE.contains(&last) && before != "metadata" => Shape::Leaf,
        // One who owns an object owns it whole, though the list of owners is merged.
        Value::Object(_) if last == "ownerReferences" => Shape::Leaf,
        Value::Object(_) => Shape::Map,
        Value::Array(_) => {
            let found = LISTS.iter().find(|(holder, name, _)| (*holder, *name) == (before, last));
            found.map_or(Shape::Leaf, |(_, _, shape)| *shape)
        }
        _ => Shape::Leaf,
    }
}

/// The step to an item of a list.
pub fn step(shape: Shape, item: &Value) -> String {
    let Shape::Keyed(names) = shape else { return format!("v:{item}") };
    let member = |name: &&str| {
        let given = item.get(name).filter(|given| !given.is_null()).cloned();
        // The API server fills this in before it looks.
        let value = given.or_else(|| (*name == "protocol").then(|| "TCP".into()));
        Some(((*name).to_owned(), value?))
    };
    let key: Map<_, _> = names.iter().filter_map(member).collect();
    format!("k:{}", Value::Object(key))
}
