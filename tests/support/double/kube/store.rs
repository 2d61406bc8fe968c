//! What the API server keeps: objects, their versions, and what has happened to them.

use std::collections::BTreeMap;
use std::sync::mpsc::{self, Receiver, Sender};

use serde_json::{Value, json};

use super::kinds::Kind;
use super::select::Selector;
use super::status::Status;
use crate::support::double::http::Piece;

/// Namespace and name.
pub type Key = (String, String);

/// The first version that is given out.
const FIRST: u64 = 1_000;

/// Something that happened.
#[derive(Debug, Clone)]
pub struct Event {
    /// The version it made.
    pub version: u64,
    /// Of what.
    pub kind: &'static Kind,
    /// As it was.
    pub before: Option<Value>,
    /// As it is.
    pub after: Option<Value>,
}

/// Somebody who is told of what happens.
#[derive(Debug)]
struct Watch {
    kind: &'static Kind,
    selector: Selector,
    wants_bookmarks: bool,
    line: Sender<Piece>,
}

/// What is kept.
#[derive(Debug)]
pub struct Store {
    objects: BTreeMap<(&'static str, &'static str), BTreeMap<Key, Value>>,
    version: u64,
    /// What happened up to this version is forgotten.
    compacted: u64,
    events: Vec<Event>,
    watches: Vec<Watch>,
    /// What remains of lists that were begun, by the token that goes on with them.
    rests: BTreeMap<String, (u64, Vec<Value>)>,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            objects: BTreeMap::new(),
            version: FIRST,
            compacted: FIRST,
            events: Vec::new(),
            watches: Vec::new(),
            rests: BTreeMap::new(),
        }
    }
}

impl Store {
    /// The newest version.
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// The object.
    pub fn get(&self, kind: &Kind, namespace: &str, name: &str) -> Option<&Value> {
        let key = (namespace.to_owned(), name.to_owned());
        self.objects.get(&(kind.group, kind.resource))?.get(&key)
    }

    /// Those that `selector` means, in order of their names.
    pub fn list(&self, kind: &Kind, selector: &Selector) -> Vec<Value> {
        let all = self.objects.get(&(kind.group, kind.resource)).into_iter().flatten();
        all.map(|(_, object)| object).filter(|object| selector.matches(object)).cloned().collect()
    }

    /// Replaces an object, or takes it away; tells all who watch, and returns it as it is since.
    pub fn set(&mut self, kind: &'static Kind, key: &Key, object: Option<Value>) -> Value {
        self.version += 1;
        let mut after = object;
        if let Some(object) = &mut after {
            object["metadata"]["resourceVersion"] = self.version.to_string().into();
        }
        let all = self.objects.entry((kind.group, kind.resource)).or_default();
        let before = match after.clone() {
            Some(object) => all.insert(key.clone(), object),
            None => all.remove(key),
        };
        let event = Event { version: self.version, kind, before, after };
        self.watches.retain(|watch| match watch.line_of(&event) {
            Some(line) => watch.line.send(Piece::Text(line)).is_ok(),
            None => true,
        });
        let said = event.after.clone().or_else(|| event.before.clone()).unwrap_or_default();
        self.events.push(event);
        said
    }

    /// Forgets what has happened so far: older versions cannot be gone on from.
    pub fn compact(&mut self) {
        self.compacted = self.version;
        self.events.clear();
        self.rests.clear();
    }

    /// Cuts off all who watch: in the middle of a line, where `piece` says so.
    pub fn cut_watches(&mut self, piece: &Piece) {
        for watch in self.watches.drain(..) {
            watch.line.send(piece.clone()).ok();
        }
    }

    /// How many watch.
    pub fn watches(&mut self) -> usize {
        self.watches.retain(|watch| watch.line.send(Piece::Text(String::new())).is_ok());
        self.watches.len()
    }

    /// Tells those who want to know it which version is the newest.
    pub fn bookmark(&mut self) {
        let version = self.version;
        self.watches.retain(|watch| {
            !watch.wants_bookmarks
                || watch.line.send(Piece::Text(bookmark(watch.kind, version, json!({})))).is_ok()
        });
    }

    /// Keeps the rest of a list; returns the token that goes on with it.
    pub fn keep_rest(&mut self, version: u64, rest: Vec<Value>) -> String {
        let token = format!("rest-{version}-{}", self.rests.len());
        self.rests.insert(token.clone(), (version, rest));
        token
    }

    /// The rest that belongs to a token.
    pub fn rest(&self, token: &str) -> Option<(u64, Vec<Value>)> {
        self.rests.get(token).cloned()
    }

    /// What is told to one who watches from `version` on; from the present on, with all there is,
    /// where that is none.
    pub fn watch(
        &mut self,
        kind: &'static Kind,
        selector: Selector,
        version: Option<u64>,
        wants: Wants,
    ) -> Receiver<Piece> {
        let (line, lines) = mpsc::channel();
        let wants_bookmarks = wants != Wants::Events;
        let watch = Watch { kind, selector, wants_bookmarks, line };
        let tell = |text: String| watch.line.send(Piece::Text(text)).ok();
        match version {
            Some(version) if version < self.compacted => {
                let why = format!("too old resource version: {version} ({})", self.compacted);
                tell(line_of("ERROR", &Status::expired(why).body()));
                watch.line.send(Piece::End).ok();
                return lines;
            }
            Some(version) => {
                for event in self.events.iter().filter(|event| event.version > version) {
                    watch.line_of(event).and_then(tell);
                }
            }
            None => {
                for object in self.list(kind, &watch.selector) {
                    tell(line_of("ADDED", &object));
                }
            }
        }
        if wants == Wants::InitialEvents {
            let end = json!({ "k8s.io/initial-events-end": "true" });
            tell(bookmark(kind, self.version, json!({ "annotations": end })));
        }
        self.watches.push(watch);
        lines
    }
}

/// What one who watches wants besides what happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wants {
    /// Nothing.
    Events,
    /// Bookmarks.
    Bookmarks,
    /// Bookmarks, one of them after all there is.
    InitialEvents,
}

impl Watch {
    /// What it is told of `event`; none where that is not its business.
    fn line_of(&self, event: &Event) -> Option<String> {
        if event.kind != self.kind {
            return None;
        }
        let of =
            |object: &'_ Option<Value>| object.clone().filter(|one| self.selector.matches(one));
        let (verb, object) = match (of(&event.before), of(&event.after)) {
            (None, None) => return None,
            (None, Some(object)) => ("ADDED", object),
            (Some(_), Some(object)) => ("MODIFIED", object),
            (Some(mut object), None) => {
                object["metadata"]["resourceVersion"] = event.version.to_string().into();
                ("DELETED", object)
            }
        };
        Some(line_of(verb, &object))
    }
}

fn bookmark(kind: &Kind, version: u64, mut metadata: Value) -> String {
    metadata["resourceVersion"] = version.to_string().into();
    metadata["creationTimestamp"] = Value::Null;
    let object =
        json!({ "kind": kind.name, "apiVersion": kind.api_version(), "metadata": metadata });
    line_of("BOOKMARK", &object)
}

fn line_of(verb: &str, object: &Value) -> String {
    format!("{}\n", json!({ "type": verb, "object": object }))
}
