//! A walk through a document that remembers where it is, also where nothing is written.

use std::fmt;
use std::rc::Rc;

use crate::document::{Kind, Node, Place};

/// A field of an object: its value if it is written, and where it is or would be.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    node: Option<&'a Node>,
    at: Place,
    path: Path<'a>,
}

/// How a field is reached from its object.
#[derive(Debug, Clone, Default)]
struct Path<'a>(Option<Rc<(Self, Step<'a>)>>);

#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Member(&'a str),
    Item(usize),
}

impl<'a> Cursor<'a> {
    /// The object itself.
    #[must_use]
    pub(super) fn new(node: &'a Node) -> Self {
        Self { node: Some(node), at: node.at, path: Path::default() }
    }

    /// Its member of this name.
    #[must_use]
    pub(super) fn get(&self, name: &'a str) -> Self {
        let path = self.path.then(Step::Member(name));
        let members = match self.node.map(|node| &node.kind) {
            Some(Kind::Map(members)) => members.as_slice(),
            _ => &[],
        };
        match members.iter().find(|(key, _)| key.name == name) {
            Some((key, node)) => Self { node: Some(node), at: place(key.at, node), path },
            // What is missing is missing there where it would be.
            None => Self { node: None, at: self.at, path },
        }
    }

    /// The member that these names lead to.
    #[must_use]
    pub(super) fn at_path(&self, names: &[&'a str]) -> Self {
        names.iter().fold(self.clone(), |cursor, name| cursor.get(name))
    }

    /// Its items, if it is a list.
    pub(super) fn items(&self) -> impl Iterator<Item = Self> + use<'a> {
        let items = match self.node.map(|node| &node.kind) {
            Some(Kind::List(items)) => items.as_slice(),
            _ => &[],
        };
        let path = self.path.clone();
        items.iter().enumerate().map(move |(number, node)| Self {
            node: Some(node),
            at: node.at,
            path: path.then(Step::Item(number)),
        })
    }

    /// Its members and their names, if it is a map.
    pub(super) fn members(&self) -> impl Iterator<Item = (&'a str, Self)> + use<'a> {
        let members = match self.node.map(|node| &node.kind) {
            Some(Kind::Map(members)) => members.as_slice(),
            _ => &[],
        };
        let path = self.path.clone();
        members.iter().map(move |(key, node)| {
            let path = path.then(Step::Member(&key.name));
            (key.name.as_str(), Self { node: Some(node), at: place(key.at, node), path })
        })
    }

    /// Whether something is written there; `null` is nothing.
    #[must_use]
    pub(super) fn exists(&self) -> bool {
        self.node.is_some_and(|node| node.kind != Kind::Null)
    }

    /// Whether it is an empty list, an empty map, an empty text, or nothing.
    #[must_use]
    pub(super) fn is_empty(&self) -> bool {
        match self.node.map(|node| &node.kind) {
            None | Some(Kind::Null) => true,
            Some(Kind::List(items)) => items.is_empty(),
            Some(Kind::Map(members)) => members.is_empty(),
            Some(Kind::Text(text)) => text.is_empty(),
            Some(Kind::Flag(_) | Kind::Number(_)) => false,
        }
    }

    /// The text, if it is one.
    #[must_use]
    pub(super) fn text(&self) -> Option<&'a str> {
        match self.node.map(|node| &node.kind) {
            Some(Kind::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The text, empty if it is none.
    #[must_use]
    pub(super) fn word(&self) -> &'a str {
        self.text().unwrap_or_default()
    }

    /// True or false, if it is one of them.
    #[must_use]
    pub(super) fn flag(&self) -> Option<bool> {
        match self.node.map(|node| &node.kind) {
            Some(Kind::Flag(flag)) => Some(*flag),
            _ => None,
        }
    }

    /// The number, if it is a whole one.
    #[must_use]
    pub(super) fn whole(&self) -> Option<i64> {
        match self.node.map(|node| &node.kind) {
            Some(Kind::Number(number)) => number.as_i64(),
            _ => None,
        }
    }

    /// A text or a number as it would be written, as in quantities and ports; none for anything else.
    #[must_use]
    pub(super) fn scalar(&self) -> Option<String> {
        match self.node.map(|node| &node.kind) {
            Some(Kind::Text(text)) => Some(text.clone()),
            Some(Kind::Number(number)) => Some(number.to_string()),
            Some(Kind::Flag(flag)) => Some(flag.to_string()),
            _ => None,
        }
    }

    /// Its items that are texts, or the text itself.
    #[must_use]
    pub(super) fn words(&self) -> Vec<&'a str> {
        self.text().map_or_else(
            || self.items().filter_map(|item| item.text()).collect(),
            |text| vec![text],
        )
    }

    /// How many bytes its texts have, names among them.
    #[must_use]
    pub(super) fn bytes(&self) -> usize {
        fn bytes(node: &Node) -> usize {
            match &node.kind {
                Kind::Text(text) => text.len(),
                Kind::List(items) => items.iter().map(bytes).sum(),
                Kind::Map(members) => {
                    members.iter().map(|(key, node)| key.name.len() + bytes(node)).sum()
                }
                Kind::Null | Kind::Flag(_) | Kind::Number(_) => 0,
            }
        }
        self.node.map_or(0, bytes)
    }

    /// Where it stands; where it is missing, where that stands which lacks it.
    #[must_use]
    pub(super) const fn place(&self) -> Place {
        self.at
    }

    /// How it is reached: `spec.containers[0].image`.
    #[must_use]
    pub(super) fn path(&self) -> String {
        self.path.to_string()
    }
}

/// A value stands where it begins, one with parts of its own where its name stands.
const fn place(key: Place, node: &Node) -> Place {
    match &node.kind {
        Kind::List(_) | Kind::Map(_) | Kind::Null => key,
        Kind::Flag(_) | Kind::Number(_) | Kind::Text(_) => node.at,
    }
}

impl<'a> Path<'a> {
    fn then(&self, step: Step<'a>) -> Self {
        Self(Some(Rc::new((self.clone(), step))))
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(link) = &self.0 else { return Ok(()) };
        let (before, step) = &**link;
        before.fmt(f)?;
        match step {
            Step::Item(number) => write!(f, "[{number}]"),
            // As kubectl's own paths have it, so that a name with dots is one step.
            Step::Member(name) if name.contains(['.', '/', '[', ']']) => write!(f, "['{name}']"),
            Step::Member(name) if before.0.is_none() => f.write_str(name),
            Step::Member(name) => write!(f, ".{name}"),
        }
    }
}
