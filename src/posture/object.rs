//! Objects of Kubernetes as manifests have them.

use std::fmt;
use std::sync::Arc;

use super::cursor::Cursor;
use crate::document::Node;

/// Characters of a name: Kubernetes takes no longer one.
pub(super) const LONGEST: usize = 253;

/// Lists in one another that are opened.
const DEEPEST: usize = 4;

/// Which object.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// The namespace that is written; empty if none is.
    pub(super) namespace: &'a str,
    /// Which it is, as findings say it.
    pub(super) name: Arc<Name>,
}

impl<'a> Object<'a> {
    /// The objects of a document: itself, or the items of a list.
    pub(super) fn all(source: usize, document: &'a Node) -> Vec<Self> {
        let mut found = Vec::new();
        collect(source, &Cursor::new(document), ("", ""), DEEPEST, &mut found);
        found
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

/// Adds an object, or what is in a list; items may leave their version and kind to the list.
fn collect<'a>(
    source: usize,
    root: &Cursor<'a>,
    listed: (&'a str, &'a str),
    depth: usize,
    found: &mut Vec<Object<'a>>,
) {
    let written = root.get("kind").word();
    let kind = if written.is_empty() { listed.1 } else { written };
    let api_version = root.get("apiVersion").text().unwrap_or(listed.0);
    // `List`, `PodList`, and whatever an API server answers with.
    if let Some(of) = written.strip_suffix("List").filter(|_| root.get("items").exists()) {
        if depth > 0 {
            for item in root.get("items").items() {
                collect(source, &item, (api_version, of), depth - 1, found);
            }
        }
    } else if !kind.is_empty() {
        let metadata = root.get("metadata");
        let namespace = metadata.get("namespace").word();
        let name = metadata.get("name").text().or_else(|| metadata.get("generateName").text());
        let name = Arc::new(Name {
            kind: cut(kind, LONGEST),
            namespace: cut(namespace, LONGEST),
            name: cut(name.unwrap_or_default(), LONGEST),
        });
        found.push(Object { source, root: root.clone(), api_version, kind, namespace, name });
    }
}

/// The beginning of a text that somebody wrote.
pub(super) fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}
