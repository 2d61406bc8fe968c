//! The rules that objects are held to.

use serde_json::Value;

use super::kinds::Kind;
use super::status::{Cause, Status};
use super::tracing;

/// The most bytes of all annotations together.
const ANNOTATIONS: usize = 256 << 10;

/// What the API server says of a name that is none.
const NO_SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', \
     and must start and end with an alphanumeric character (e.g. 'example.com', regex used for \
     validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/// What it says of a key of an annotation or a label.
const NO_KEY: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end \
     with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for \
     validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

/// Whether a body can be read as an object of its kind.
pub fn decoded(kind: &Kind, body: &Value) -> Result<(), Status> {
    if let Some((place, what)) = not_texts(body) {
        let message = format!(
            "{} in version \"{}\" cannot be handled as a {}: json: cannot unmarshal {what} into Go \
             struct field ObjectMeta.{place} of type string",
            kind.name, kind.version, kind.name
        );
        return Err(Status::bad_request(message));
    }
    is_of_kind(kind, body)
}

/// Whether an apply patch can be read as one.
pub fn config(kind: &Kind, config: &Value) -> Result<(), Status> {
    if config["metadata"]["managedFields"].is_array() {
        return Err(Status::bad_request("metadata.managedFields must be nil"));
    }
    if let Some((place, what)) = not_texts(config) {
        let name = config["metadata"]["name"].as_str().unwrap_or_default();
        let message = format!(
            "failed to create typed patch object ({name}; {}, Kind={}): .{place}: expected string, \
             got {what}",
            kind.api_version(),
            kind.name
        );
        return Err(Status::unnamed(message));
    }
    is_of_kind(kind, config)?;
    tracing::config(kind, config)
}

fn is_of_kind(kind: &Kind, body: &Value) -> Result<(), Status> {
    if !body.is_object() {
        return Err(Status::bad_request("the body of the request is no object"));
    }
    let said = |member: &str| body[member].as_str().unwrap_or_default();
    let (version, name) = (said("apiVersion"), said("kind"));
    if version == kind.api_version() && name == kind.name {
        return Ok(());
    }
    if version.is_empty() || name.is_empty() {
        let missing = if name.is_empty() { "Kind" } else { "apiVersion" };
        let body = body.to_string();
        return Err(Status::bad_request(format!("Object '{missing}' is missing in '{body}'")));
    }
    Err(Status::bad_request(format!(
        "{name} in version \"{version}\" cannot be handled as a {}: no kind \"{name}\" is registered \
         for version \"{version}\"",
        kind.name
    )))
}

/// The first label or annotation that is no text, and what it is.
fn not_texts(body: &Value) -> Option<(String, &'static str)> {
    ["annotations", "labels"].iter().find_map(|map| {
        body["metadata"][map].as_object()?.values().find_map(|value| {
            let what = match value {
                Value::String(_) | Value::Null => return None,
                Value::Bool(_) => "bool",
                Value::Number(_) => "number",
                Value::Array(_) => "array",
                Value::Object(_) => "object",
            };
            Some((format!("metadata.{map}"), what))
        })
    })
}

/// Whether an object may be kept as it is.
pub fn whole(kind: &Kind, name: &str, object: &Value) -> Result<(), Status> {
    let mut causes = Vec::new();
    let mut wrong = |field: &str, message: String| {
        let field = field.to_owned();
        causes.push(Cause { reason: "FieldValueInvalid", message, field });
    };
    if !is_subdomain(name) {
        wrong("metadata.name", format!("Invalid value: {name:?}: {NO_SUBDOMAIN}"));
    }
    for map in ["annotations", "labels"] {
        let keys = object["metadata"][map].as_object().into_iter().flatten().map(|(key, _)| key);
        for key in keys.filter(|key| !is_qualified(key)) {
            wrong(&format!("metadata.{map}"), format!("Invalid value: {key:?}: {NO_KEY}"));
        }
    }
    let annotations = object["metadata"]["annotations"].as_object().into_iter().flatten();
    let bytes: usize =
        annotations.map(|(key, value)| key.len() + value.as_str().map_or(0, str::len)).sum();
    if bytes > ANNOTATIONS {
        let message = format!("Too long: may not be more than {ANNOTATIONS} bytes");
        wrong("metadata.annotations", message);
    }
    let spec = &object["spec"];
    let is_empty = |rules: &Value| rules.as_array().is_none_or(Vec::is_empty);
    if kind.resource == "ingresses" && spec["defaultBackend"].is_null() && is_empty(&spec["rules"])
    {
        let message = "Invalid value: []: either `defaultBackend` or `rules` must be specified";
        wrong("spec", message.into());
    }
    if kind.resource == "leases" {
        for member in ["leaseDurationSeconds", "leaseTransitions"] {
            let least = i64::from(member == "leaseDurationSeconds");
            if let Some(value) = spec[member].as_i64().filter(|value| *value < least) {
                let than = if least == 1 { "greater than 0" } else { "greater than or equal to 0" };
                wrong(&format!("spec.{member}"), format!("Invalid value: {value}: must be {than}"));
            }
        }
    }
    causes.extend(tracing::causes(kind, object));
    if causes.is_empty() { Ok(()) } else { Err(Status::invalid(kind, name, &causes)) }
}

fn is_subdomain(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_label = |label: &str| {
        let bytes = label.as_bytes();
        let (first, last) = (bytes.first().copied(), bytes.last().copied());
        first.is_some_and(is_plain)
            && last.is_some_and(is_plain)
            && bytes.iter().all(|byte| is_plain(*byte) || *byte == b'-')
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

fn is_qualified(key: &str) -> bool {
    let (prefix, name) =
        key.split_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    let bytes = name.as_bytes();
    let ends = [bytes.first(), bytes.last()];
    prefix.is_none_or(is_subdomain)
        && (1..=63).contains(&name.len())
        && ends.iter().all(|end| end.is_some_and(u8::is_ascii_alphanumeric))
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}
