//! The part of a policy that all objects of Kubernetes have: what it is, and what it is called.

use serde_json::{Map, Value};

use super::check::{Check, meant, quoted};
use super::schema::{SPEC, Shape};
use super::{PolicyName, Problem, name};
use crate::document::{Key, Kind, Node, Place};

/// The version of the API in which policies are written.
pub(super) const API_VERSION: &str = "cilium.io/v1alpha1";

/// Kind of a policy that holds on whole nodes.
pub(super) const KIND: &str = "TracingPolicy";

/// Kind of a policy of one namespace.
pub(super) const KIND_NAMESPACED: &str = "TracingPolicyNamespaced";

/// Members of an object.
const MEMBERS: [&str; 5] = ["apiVersion", "kind", "metadata", "spec", "status"];

/// Members of its metadata; those that only a server writes are taken out later.
const METADATA: [&str; 15] = [
    "name",
    "namespace",
    "labels",
    "annotations",
    "finalizers",
    "ownerReferences",
    "generateName",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "selfLink",
];

/// The object that `root` is, and its name; else all that is wrong with it.
pub(super) fn object(root: Node) -> Result<(PolicyName, Value), Vec<Problem>> {
    let mut check = Check::default();
    let at = root.at;
    let Kind::Map(members) = root.kind else {
        let words = "is an object: it begins with `apiVersion: cilium.io/v1alpha1`";
        check.wrong(if at == Place::default() { at } else { Place { line: 1, column: 1 } }, words);
        return Err(check.into_problems());
    };
    let mut object = Map::new();
    let (mut kind, mut metadata, mut spec) = (None, None, None);
    for (key, node) in members {
        match key.name.as_str() {
            "apiVersion" => check.below("apiVersion", |check| version(check, &node, &mut object)),
            "kind" => kind = check.below("kind", |check| kind_of(check, &node)),
            "metadata" => metadata = Some((key.at, node)),
            "spec" => spec = Some((key.at, node)),
            "status" => {}
            _ => {
                let words =
                    format!("has no member `{}`{}", quoted(&key.name), meant(&key.name, &MEMBERS));
                check.wrong(key.at, &words);
            }
        }
    }
    if !object.contains_key("apiVersion") {
        check.wrong(at, "lacks `apiVersion`: add `apiVersion: cilium.io/v1alpha1`");
    }
    if kind.is_none() {
        check.wrong(at, "lacks `kind`: add `kind: TracingPolicy`");
    }
    let is_namespaced = kind.flatten();
    let name = if let Some((_, node)) = metadata {
        check.below("metadata", |check| {
            let (name, metadata) = self::metadata(check, node, is_namespaced)?;
            object.insert("metadata".into(), metadata);
            Some(name)
        })
    } else {
        check.wrong(at, "lacks `metadata`: add `metadata:` with a `name` in it");
        None
    };
    match spec {
        Some((_, node)) => {
            let spec = check.below("spec", |check| check.value(node, &Shape::Object(&SPEC)));
            object.insert("spec".into(), spec);
        }
        None => {
            check.wrong(at, "lacks `spec`: add `spec:` with `kprobes`, `tracepoints` or others");
        }
    }
    let problems = check.into_problems();
    match name {
        Some(name) if problems.is_empty() => {
            let kind = if name.namespace.is_some() { KIND_NAMESPACED } else { KIND };
            object.insert("kind".into(), kind.into());
            Ok((name, Value::Object(object)))
        }
        _ => Err(problems),
    }
}

fn version(check: &mut Check, node: &Node, object: &mut Map<String, Value>) {
    if node.kind != Kind::Text(API_VERSION.into()) {
        check.wrong(node.at, &format!("is `{API_VERSION}` for policies of Tetragon"));
    }
    object.insert("apiVersion".into(), API_VERSION.into());
}

/// Whether a policy of this kind has a namespace; none inside where it is no policy.
#[expect(clippy::option_option, reason = "the outer one is whether it was written at all")]
fn kind_of(check: &mut Check, node: &Node) -> Option<Option<bool>> {
    match &node.kind {
        Kind::Null => return None,
        Kind::Text(kind) if kind == KIND => return Some(Some(false)),
        Kind::Text(kind) if kind == KIND_NAMESPACED => return Some(Some(true)),
        Kind::Text(kind) => {
            let known = [KIND, KIND_NAMESPACED];
            check.wrong(node.at, &format!("cannot be `{}`{}", quoted(kind), meant(kind, &known)));
        }
        kind => check.wrong(node.at, &format!("is `{KIND}`, not {}", kind.words())),
    }
    Some(None)
}

fn metadata(
    check: &mut Check,
    node: Node,
    is_namespaced: Option<bool>,
) -> Option<(PolicyName, Value)> {
    let at = node.at;
    let Kind::Map(members) = node.kind else {
        check.wrong(at, &format!("takes members such as `name`, not {}", node.kind.words()));
        return None;
    };
    let mut metadata = Map::new();
    let (mut name, mut namespace) = (None, None);
    for (key, node) in members {
        if node.kind == Kind::Null {
            continue;
        }
        match key.name.as_str() {
            "name" => name = Some(check.below("name", |check| self::name(check, node))),
            "namespace" => {
                namespace =
                    Some(check.below("namespace", |check| {
                        self::namespace(check, &key, node, is_namespaced)
                    }));
            }
            "labels" | "annotations" => {
                let shape =
                    if key.name == "labels" { Shape::Labels } else { Shape::Map(&Shape::Text) };
                let value = check.below(&key.name, |check| check.value(node, &shape));
                metadata.insert(key.name, value);
            }
            member if METADATA.contains(&member) => {
                metadata.insert(key.name, node.value());
            }
            member => {
                let words =
                    format!("has no member `{}`{}", quoted(member), meant(member, &METADATA));
                check.wrong(key.at, &words);
            }
        }
    }
    if name.is_none() {
        check.wrong(at, "lacks `name`: add the name of the policy");
    }
    if is_namespaced == Some(true) && namespace.is_none() {
        let words = format!("lacks `namespace`: a {KIND_NAMESPACED} belongs to one");
        check.wrong(at, &words);
    }
    let (name, namespace) = (name??, namespace.flatten());
    metadata.insert("name".into(), name.clone().into());
    if let Some(namespace) = &namespace {
        metadata.insert("namespace".into(), namespace.clone().into());
    }
    Some((PolicyName { namespace, name }, Value::Object(metadata)))
}

fn name(check: &mut Check, node: Node) -> Option<String> {
    match node.kind {
        Kind::Text(text) if name::is_subdomain(&text) => return Some(text),
        Kind::Text(text) => {
            check.wrong(node.at, &format!("cannot be `{}`: {}", quoted(&text), name::SUBDOMAIN));
        }
        kind => check.wrong(node.at, &format!("takes a text in quotes, not {}", kind.words())),
    }
    None
}

fn namespace(
    check: &mut Check,
    key: &Key,
    node: Node,
    is_namespaced: Option<bool>,
) -> Option<String> {
    if is_namespaced == Some(false) {
        let words = format!(
            "does not belong here: a {KIND} holds on whole nodes; the kind {KIND_NAMESPACED} has a namespace"
        );
        check.wrong(key.at, &words);
        return None;
    }
    match node.kind {
        Kind::Text(text) if name::is_label(&text) => return Some(text),
        Kind::Text(text) => {
            check.wrong(node.at, &format!("cannot be `{}`: {}", quoted(&text), name::LABEL));
        }
        kind => check.wrong(node.at, &format!("takes a text in quotes, not {}", kind.words())),
    }
    None
}
