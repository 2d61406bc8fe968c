//! The rules that Tetragon's definitions hold policies to, as far as tests need them: which members
//! `spec` has, of which type, and what each item of its lists must name.

use serde_json::Value;

use super::kinds::Kind;
use super::status::{Cause, Status};

/// A type of the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    List,
    Map,
    Bool,
    Text,
}

/// The members of `spec`, and what their items must have.
const SPEC: &[(&str, Type, &[&str])] = &[
    ("containerSelector", Type::Map, &[]),
    ("enforcers", Type::List, &["calls"]),
    ("fentries", Type::List, &["call"]),
    ("hostSelector", Type::Map, &[]),
    ("kprobes", Type::List, &["call"]),
    ("lists", Type::List, &["name"]),
    ("loader", Type::Bool, &[]),
    ("lsmhooks", Type::List, &["hook"]),
    ("nodeSelector", Type::Map, &[]),
    ("options", Type::List, &["name"]),
    ("podSelector", Type::Map, &[]),
    ("selectorsMacros", Type::Map, &[]),
    ("tracepoints", Type::List, &["event", "subsystem"]),
    ("uprobes", Type::List, &["path"]),
    ("usdts", Type::List, &["name", "path", "provider"]),
];

/// Members of the items of any of these lists that tests get wrong.
const ITEM: &[(&str, Type)] = &[
    ("args", Type::List),
    ("call", Type::Text),
    ("event", Type::Text),
    ("hook", Type::Text),
    ("message", Type::Text),
    ("name", Type::Text),
    ("return", Type::Bool),
    ("selectors", Type::List),
    ("subsystem", Type::Text),
    ("syscall", Type::Bool),
    ("tags", Type::List),
    ("value", Type::Text),
];

/// Whether `kind` is one of Tetragon's.
pub fn is_policy(kind: &Kind) -> bool {
    kind.group == "cilium.io"
}

/// The first thing in an object that its schema does not know, as `path` and what is wrong there.
fn misfit(object: &Value) -> Option<(String, String)> {
    let top = object.as_object()?.keys();
    let known = ["apiVersion", "kind", "metadata", "spec", "status"];
    if let Some(member) = top.into_iter().find(|member| !known.contains(&&***member)) {
        return Some((format!(".{member}"), UNDECLARED.into()));
    }
    let spec = &object["spec"];
    if !spec.is_null() && !spec.is_object() {
        return Some((".spec".into(), mismatch(Type::Map, spec)));
    }
    for (member, value) in spec.as_object().into_iter().flatten() {
        let path = format!(".spec.{member}");
        let Some((_, expected, _)) = SPEC.iter().find(|(name, ..)| name == member) else {
            return Some((path, UNDECLARED.into()));
        };
        if !expected.fits(value) {
            return Some((path, mismatch(*expected, value)));
        }
        for (at, item) in value.as_array().into_iter().flatten().enumerate() {
            let wrong = ITEM.iter().find(|(name, expected)| !expected.fits(&item[*name]));
            if let Some((name, expected)) = wrong {
                return Some((format!("{path}[{at}].{name}"), mismatch(*expected, &item[*name])));
            }
        }
    }
    None
}

const UNDECLARED: &str = "field not declared in schema";

fn mismatch(expected: Type, value: &Value) -> String {
    let expected = match expected {
        Type::List => "list",
        Type::Map => "map",
        Type::Bool => "boolean",
        Type::Text => "string",
    };
    format!("expected {expected}, got &{{{value}}}")
}

impl Type {
    fn fits(self, value: &Value) -> bool {
        match self {
            _ if value.is_null() => true,
            Self::List => value.is_array(),
            Self::Map => value.is_object(),
            Self::Bool => value.is_boolean(),
            Self::Text => value.is_string(),
        }
    }
}

/// Whether an apply patch fits the schema.
pub fn config(kind: &Kind, config: &Value) -> Result<(), Status> {
    let Some((path, wrong)) = misfit(config).filter(|_| is_policy(kind)) else { return Ok(()) };
    let said = |member: &str| config["metadata"][member].as_str().unwrap_or_default();
    let (namespace, name) = (said("namespace"), said("name"));
    Err(Status::unnamed(format!(
        "failed to create typed patch object ({namespace}/{name}; {}, Kind={}): {path}: {wrong}",
        kind.api_version(),
        kind.name
    )))
}

/// Whether a whole object is known in all its parts, where the client asks for that.
pub fn strict(kind: &Kind, body: &Value) -> Result<(), Status> {
    match misfit(body) {
        Some((path, wrong)) if is_policy(kind) && wrong == UNDECLARED => {
            Err(Status::bad_request(format!(
                "{} in version \"{}\" cannot be handled as a {}: strict decoding error: unknown \
                 field \"{}\"",
                kind.name,
                kind.version,
                kind.name,
                path.trim_start_matches('.')
            )))
        }
        _ => Ok(()),
    }
}

/// What an object lacks, or has of another type.
pub fn causes(kind: &Kind, object: &Value) -> Vec<Cause> {
    if !is_policy(kind) {
        return Vec::new();
    }
    let cause = |reason, field: String, message: String| Cause { reason, message, field };
    if !object["spec"].is_object() {
        return vec![cause("FieldValueRequired", "spec".into(), "Required value".into())];
    }
    let mut causes = Vec::new();
    for (member, expected, needed) in SPEC {
        let value = &object["spec"][member];
        if !expected.fits(value) {
            let message = format!(
                "Invalid value: {value}: spec.{member} in body must be of type {}",
                if *expected == Type::List { "array" } else { "object" }
            );
            causes.push(cause("FieldValueTypeInvalid", format!("spec.{member}"), message));
        }
        for (at, item) in value.as_array().into_iter().flatten().enumerate() {
            let missing = needed.iter().filter(|name| item[**name].is_null());
            causes.extend(missing.map(|name| {
                let field = format!("spec.{member}[{at}].{name}");
                cause("FieldValueRequired", field, "Required value".into())
            }));
        }
    }
    causes
}
