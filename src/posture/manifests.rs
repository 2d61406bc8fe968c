//! What is scanned: sources and the documents in them.

use std::iter;

use serde_json::Value;

use super::Fault;
use super::cursor::Cursor;
use super::object::Object;
use crate::document::{self, Limits, Node, Place};

/// Bytes of a source.
const MOST_BYTES: usize = 32 << 20;

/// How much a source may hold. An object that a cluster takes has at most a few megabytes; a list of
/// all that runs has more.
const LIMITS: Limits =
    Limits { what: "a file", bytes: MOST_BYTES, documents: 10_000, depth: 100, values: 600_000 };

/// Objects of a run.
pub(super) const MOST_OBJECTS: usize = 20_000;

/// What is said of a template.
const TEMPLATE: &str = "this is a template and no manifest yet: render it first (`helm template`, \
                        `kustomize build`)";

/// All that is scanned in one run: its objects are looked at beside one another.
#[derive(Debug, Default)]
pub struct Manifests {
    pub(super) sources: Vec<Source>,
}

/// A file, or what stands for one.
#[derive(Debug)]
pub struct Source {
    /// As it was named.
    pub name: String,
    /// What it says; empty where it came as objects.
    pub text: String,
    /// What of it cannot be read, and why.
    pub faults: Vec<Fault>,
    /// What of it is no object of Kubernetes.
    pub others: Vec<Fault>,
    pub(super) documents: Vec<Node>,
    /// Where each line of the text begins.
    lines: Vec<u32>,
}

impl Manifests {
    /// The largest source that is worth reading, in bytes.
    pub const MOST_BYTES: usize = MOST_BYTES;

    /// Adds what a file holds: YAML or JSON, of as many documents as it likes.
    pub fn add(&mut self, name: impl Into<String>, bytes: &[u8]) {
        let mut source = Source::new(name.into());
        match document::text(bytes) {
            Ok(text) => source.read(text),
            Err(fault) => source.faults.push(fault),
        }
        self.sources.push(source);
    }

    /// Adds a source of which nothing is known but why.
    pub fn add_unread(&mut self, name: impl Into<String>, why: impl Into<String>) {
        let mut source = Source::new(name.into());
        source.faults.push(Place::default().fault(why.into()));
        self.sources.push(source);
    }

    /// Adds objects as an API server tells of them.
    pub fn add_objects(
        &mut self,
        name: impl Into<String>,
        objects: impl IntoIterator<Item = Value>,
    ) {
        let mut source = Source::new(name.into());
        source.documents.extend(objects.into_iter().map(Node::from_json));
        self.sources.push(source);
    }

    /// The sources, in the order in which they were added.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// All objects, at most so many that they can be compared with one another.
    pub(super) fn objects(&self) -> Vec<Object<'_>> {
        let sources = self.sources.iter().enumerate();
        let documents = sources
            .flat_map(|(number, source)| source.documents.iter().map(move |node| (number, node)));
        documents
            .flat_map(|(source, node)| Object::all(source, node))
            .take(MOST_OBJECTS + 1)
            .collect()
    }
}

impl Source {
    fn new(name: String) -> Self {
        let (faults, others, documents) = (Vec::new(), Vec::new(), Vec::new());
        Self { name, text: String::new(), faults, others, documents, lines: Vec::new() }
    }

    /// A line of the text, counted from 1, without its end.
    #[must_use]
    pub fn line(&self, number: usize) -> Option<&str> {
        let from = *self.lines.get(number.checked_sub(1)?)?;
        self.text.get(usize::try_from(from).ok()?..)?.lines().next()
    }

    fn read(&mut self, text: &str) {
        self.text = text.into();
        // Most of what is hostile has many lines, so that none is given room twice.
        self.lines.reserve_exact(1 + text.matches('\n').count());
        let ends = text.match_indices('\n').filter_map(|(at, _)| u32::try_from(at + 1).ok());
        self.lines.extend(iter::once(0).chain(ends));
        for document in document::each(text, &LIMITS) {
            match document {
                Ok(node) => match strange(&node) {
                    None => self.documents.push(node),
                    Some(message) => self.others.push(node.at.fault(message.into())),
                },
                Err(fault) => self.blame(fault),
            }
        }
    }

    /// Says of a template that it is one, once: it is what most files are that look like YAML and are none.
    fn blame(&mut self, fault: Fault) {
        let line = fault.at.line;
        let mut near = (line.saturating_sub(1)..=line + 1).filter_map(|number| self.line(number));
        if !near.any(|line| line.contains("{{")) {
            self.faults.push(fault);
        } else if self.faults.iter().all(|fault| fault.message != TEMPLATE) {
            self.faults.push(fault.at.fault(TEMPLATE.into()));
        }
    }
}

/// Why a document is no object; none if it is one.
fn strange(node: &Node) -> Option<&'static str> {
    let is_list = Cursor::new(node).get("items").exists();
    let is_none = Object::all(0, node).is_empty() && !is_list;
    is_none.then_some("this is no object of Kubernetes: it has no `kind`")
}
