//! What the API server tells of itself: its version, its groups, and what is in them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::kinds::{KINDS, Kind, Origin, Scope};

/// The answer to a path that is none of an object; none where there is none, and for groups that are
/// `absent`.
pub fn answer(path: &[&str], version: &str, absent: &[&str]) -> Option<Value> {
    match *path {
        ["version"] => Some(self::version(version)),
        ["api"] => Some(json!({ "kind": "APIVersions", "versions": ["v1"] })),
        ["api", "v1"] => resources("", "v1"),
        ["apis"] => {
            Some(json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": groups(absent) }))
        }
        ["apis", group] => groups(absent).into_iter().find(|one| one["name"] == group),
        ["apis", group, _] if absent.contains(&group) => None,
        ["apis", group, version] => resources(group, version),
        _ => None,
    }
}

fn version(version: &str) -> Value {
    let mut parts = version.trim_start_matches('v').split('.');
    json!({
        "major": parts.next(),
        "minor": parts.next(),
        "gitVersion": version,
        "gitCommit": "0000000000000000000000000000000000000000",
        "gitTreeState": "clean",
        "buildDate": "2026-01-01T00:00:00Z",
        "goVersion": "go1.24",
        "compiler": "gc",
        "platform": "linux/amd64",
    })
}

fn groups(absent: &[&str]) -> Vec<Value> {
    let groups: BTreeMap<_, _> = KINDS.iter().map(|kind| (kind.group, kind.version)).collect();
    let is_there = |group: &str| !group.is_empty() && !absent.contains(&group);
    let named = groups.into_iter().filter(|(group, _)| is_there(group));
    let group = |(group, version): (&str, &str)| {
        let version = json!({ "groupVersion": format!("{group}/{version}"), "version": version });
        json!({
            "kind": "APIGroup",
            "apiVersion": "v1",
            "name": group,
            "versions": [version],
            "preferredVersion": version,
        })
    };
    named.map(group).collect()
}

fn resources(group: &str, version: &str) -> Option<Value> {
    let kinds = KINDS.iter().filter(|kind| (kind.group, kind.version) == (group, version));
    let kinds: Vec<&Kind> = kinds.collect();
    let first = kinds.first()?;
    let resource = |kind: &&Kind| {
        let verbs = match kind.origin {
            Origin::Aggregated => json!(["get", "list"]),
            _ => json!(["create", "delete", "get", "list", "patch", "update", "watch"]),
        };
        let short: Vec<_> = [kind.short].into_iter().filter(|short| !short.is_empty()).collect();
        json!({
            "name": kind.resource,
            "singularName": kind.name.to_lowercase(),
            "namespaced": kind.scope == Scope::Namespaced,
            "kind": kind.name,
            "verbs": verbs,
            "shortNames": short,
        })
    };
    Some(json!({
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": first.api_version(),
        "resources": kinds.iter().map(resource).collect::<Vec<_>>(),
    }))
}
