//! Our table of members, held against the definitions that Tetragon ships, in both directions.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::super::schema::{SPEC, Shape};

const CRDS: [&str; 2] =
    ["cilium.io_tracingpolicies.yaml", "cilium.io_tracingpoliciesnamespaced.yaml"];

#[test]
fn the_table_is_that_of_the_definitions() {
    for name in CRDS {
        let root = std::env::var_os("WEIR_TEST_DATA").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
            Into::into,
        );
        let Ok(text) = fs::read_to_string(root.join("tetragon/crds").join(name)) else {
            println!("skipped: no ../shared/data");
            return;
        };
        let definition: Value = serde_yaml::from_str(&text).unwrap();
        let schema = &definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
        let spec = &schema["properties"]["spec"];
        let mut seen = 0;
        same("spec", spec, &Shape::Object(&SPEC), &mut seen);
        assert!(seen > 1_000, "only {seen} members were compared");
    }
}

/// Panics where `shape` takes something else than `schema`.
fn same(path: &str, schema: &Value, shape: &Shape, seen: &mut usize) {
    *seen += 1;
    let kind = schema["type"].as_str().unwrap();
    match shape {
        Shape::Text => {
            assert_eq!(kind, "string", "{path}");
            for limit in ["enum", "pattern", "maxLength", "minLength"] {
                assert!(schema[limit].is_null(), "{path} has {limit}");
            }
        }
        Shape::Flag => assert_eq!(kind, "boolean", "{path}"),
        Shape::Whole(least) => {
            assert_eq!(kind, "integer", "{path}");
            assert_eq!(schema["minimum"].as_i64(), *least, "{path}");
            assert!(schema["maximum"].is_null(), "{path}");
        }
        Shape::Choice(words) => {
            let listed: BTreeSet<_> =
                schema["enum"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            assert_eq!(words.iter().copied().collect::<BTreeSet<_>>(), listed, "{path}");
        }
        Shape::List(of, most) => {
            assert_eq!(kind, "array", "{path}");
            assert_eq!(schema["maxItems"].as_u64(), most.map(|most| most as u64), "{path}");
            assert!(schema["minItems"].is_null(), "{path}");
            same(&format!("{path}[]"), &schema["items"], of, seen);
        }
        Shape::Labels => {
            let values = &schema["additionalProperties"];
            assert_eq!(values["maxLength"], 63, "{path}");
            let pattern = "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$";
            assert_eq!(values["pattern"], pattern, "{path}");
        }
        Shape::Map(of) => {
            same(&format!("{path}.*"), &schema["additionalProperties"], of, seen);
        }
        Shape::Object(object) => {
            let properties = schema["properties"].as_object().unwrap();
            let ours: BTreeSet<_> = object.members.iter().map(|member| member.name).collect();
            let theirs: BTreeSet<_> = properties.keys().map(String::as_str).collect();
            assert_eq!(ours, theirs, "{path}");
            let required: BTreeSet<_> = schema["required"]
                .as_array()
                .map(|names| names.iter().filter_map(Value::as_str).collect())
                .unwrap_or_default();
            let ours: BTreeSet<_> = object
                .members
                .iter()
                .filter(|member| member.is_required)
                .map(|member| member.name)
                .collect();
            assert_eq!(ours, required, "{path}");
            let rules = schema["x-kubernetes-validations"].as_array().map_or(0, Vec::len);
            assert_eq!(object.rules.len(), rules, "{path}");
            for member in object.members {
                let path = format!("{path}.{}", member.name);
                same(&path, &properties[member.name], &member.shape, seen);
            }
        }
    }
}
