//! The schema of a `CustomResourceDefinition`, held against an object: as strict as an API server with
//! `fieldValidation=Strict`.

use serde_json::Value;

/// Keywords that say nothing about a value, or what nobody but an API server can check.
const SILENT: [&str; 7] = [
    "description",
    "default",
    "format",
    "pattern",
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
    "x-kubernetes-validations",
];

/// What the schema in `definition` finds wrong with `object`.
pub(crate) fn faults(definition: &Value, object: &Value) -> Vec<String> {
    let spec = &definition["spec"];
    let api_version = object["apiVersion"].as_str().unwrap_or_default();
    let (group, version) = api_version.split_once('/').unwrap_or_default();
    let mut faults = Vec::new();
    if spec["group"] != group || spec["names"]["kind"] != object["kind"] {
        faults.push(format!("{} is not of {}", object["kind"], spec["names"]["kind"]));
    }
    let versions = spec["versions"].as_array().expect("versions");
    match versions.iter().find(|known| known["name"] == version) {
        Some(version) => {
            look(&version["schema"]["openAPIV3Schema"], object, "object", &mut faults);
        }
        None => faults.push(format!("there is no version {version}")),
    }
    faults
}

fn look(schema: &Value, value: &Value, place: &str, faults: &mut Vec<String>) {
    let kind = schema["type"].as_str().unwrap_or_else(|| panic!("{place} has no type"));
    let is_of_kind = match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("{place}: type {other}"),
    };
    if !is_of_kind {
        return faults.push(format!("{place} is no {kind}: {value}"));
    }
    for (keyword, rule) in schema.as_object().expect("a schema") {
        let fault = match keyword.as_str() {
            "enum" => !rule.as_array().expect("values").contains(value),
            "minimum" => value.as_f64() < rule.as_f64(),
            "maxLength" => value.as_str().map(|text| text.chars().count() as u64) > rule.as_u64(),
            "maxItems" => value.as_array().map(|items| items.len() as u64) > rule.as_u64(),
            "required" => {
                let names = rule.as_array().expect("names");
                names.iter().any(|name| value.get(name.as_str().expect("a name")).is_none())
            }
            "type" | "properties" | "additionalProperties" | "items" => false,
            keyword => {
                assert!(SILENT.contains(&keyword), "{place}: a rule `{keyword}` is not looked at");
                false
            }
        };
        if fault {
            faults.push(format!("{place} breaks {keyword} {rule}: {value}"));
        }
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        look(&schema["items"], item, &format!("{place}[{index}]"), faults);
    }
    for (name, member) in value.as_object().into_iter().flatten() {
        let place = format!("{place}.{name}");
        let (named, others) = (&schema["properties"][name], &schema["additionalProperties"]);
        if named.is_object() {
            look(named, member, &place, faults);
        } else if others.is_object() {
            look(others, member, &place, faults);
        } else if schema.get("properties").is_some() {
            faults.push(format!("{place} is not known"));
        }
    }
}
