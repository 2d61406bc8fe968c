//! Objects of Kubernetes as manifests have them.

use std::fmt;

use serde::Serialize;

use super::cursor::Cursor;
use crate::document::Node;

/// Lists in one another that are opened.
const DEEPEST: usize = 4;

/// Which object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Name {
    /// `Deployment`.
    pub kind: String,
    /// Empty where the manifest leaves it to whoever applies it, and for what belongs to no namespace.
    pub namespace: String,
    /// `web`; of one that is given its name later, what that begins with.
    pub name: String,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, namespace, name } = self;
        match namespace.as_str() {
            "" => write!(f, "{kind} {name}"),
            namespace => write!(f, "{kind} {namespace}/{name}"),
        }
    }
}

/// An object of a source.
#[derive(Debug, Clone)]
pub(super) struct Object<'a> {
    /// The number of the source.
    pub(super) source: usize,
    pub(super) root: Cursor<'a>,
    pub(super) api_version: &'a str,
    pub(super) kind: &'a str,
}

impl<'a> Object<'a> {
    /// The objects of a document: itself, or the items of a list.
    pub(super) fn all(source: usize, document: &'a Node) -> Vec<Self> {
        let mut found = Vec::new();
        collect(source, &Cursor::new(document), DEEPEST, &mut found);
        found
    }

    /// Which it is.
    pub(super) fn name(&self) -> Name {
        let metadata = self.metadata();
        let name = metadata.get("name").text().or_else(|| metadata.get("generateName").text());
        Name {
            kind: self.kind.into(),
            namespace: self.namespace().into(),
            name: name.unwrap_or_default().into(),
        }
    }

    /// The namespace that is written; empty if none is.
    pub(super) fn namespace(&self) -> &'a str {
        self.metadata().get("namespace").word()
    }

    /// The API group; empty for the core.
    pub(super) fn group(&self) -> &'a str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    pub(super) fn metadata(&self) -> Cursor<'a> {
        self.root.get("metadata")
    }

    pub(super) fn spec(&self) -> Cursor<'a> {
        self.root.get("spec")
    }

    pub(super) fn annotation(&self, name: &'a str) -> Cursor<'a> {
        self.metadata().get("annotations").get(name)
    }
}

fn collect<'a>(source: usize, root: &Cursor<'a>, depth: usize, found: &mut Vec<Object<'a>>) {
    let kind = root.get("kind").word();
    // `List`, `PodList`, and whatever an API server answers with.
    if kind.ends_with("List") && root.get("items").exists() {
        if depth > 0 {
            for item in root.get("items").items() {
                collect(source, &item, depth - 1, found);
            }
        }
    } else if !kind.is_empty() {
        let api_version = root.get("apiVersion").word();
        found.push(Object { source, root: root.clone(), api_version, kind });
    }
}
