//! A document as it was written: values, and where each of them stands.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::{Location, Spanned};

use super::Problem;

/// Bytes of a policy that is read.
const LONGEST: usize = 256 * 1024;

/// Lists and maps that may stand in one another.
const DEEPEST: usize = 64;

/// Values of a document, those that aliases repeat among them.
const MOST: usize = 50_000;

/// Where something stands, counted from 1; zeroes where there are no lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

impl Place {
    /// A fault that stands here.
    pub(super) const fn problem(self, message: String) -> Problem {
        Problem { line: self.line, column: self.column, message }
    }
}

impl From<Location> for Place {
    fn from(location: Location) -> Self {
        let whole = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        Self { line: whole(location.line()), column: whole(location.column()) }
    }
}

/// A value, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) at: Place,
    pub(super) kind: Kind,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Null,
    Flag(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    /// Its members in the order in which they are written.
    Map(Vec<(Key, Node)>),
}

/// Name of a member, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) at: Place,
    pub(super) name: String,
}

impl Kind {
    /// What it is, in words.
    pub(super) const fn words(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Flag(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "members of its own",
        }
    }
}

impl Node {
    /// The one document of `text`.
    pub(super) fn from_yaml(text: &str) -> Result<Self, Problem> {
        if text.len() > LONGEST {
            let message = format!(
                "it is {} KiB long, and a policy has at most {}: leave something out",
                text.len() / 1024,
                LONGEST / 1024
            );
            return Err(Place { line: 1, column: 1 }.problem(message));
        }
        serde_saphyr::from_str_with_options::<Spanned<Kind>>(text, options())
            .map(Self::from)
            .map_err(|error| unreadable(&error))
    }

    /// A document that came without lines.
    pub(super) fn from_json(value: Value) -> Self {
        let kind = match value {
            Value::Null => Kind::Null,
            Value::Bool(flag) => Kind::Flag(flag),
            Value::Number(number) => Kind::Number(number),
            Value::String(text) => Kind::Text(text),
            Value::Array(items) => Kind::List(items.into_iter().map(Self::from_json).collect()),
            Value::Object(members) => {
                let key = |name| Key { at: Place::default(), name };
                let members = members.into_iter();
                Kind::Map(
                    members.map(|(name, value)| (key(name), Self::from_json(value))).collect(),
                )
            }
        };
        Self { at: Place::default(), kind }
    }

    /// The value without places.
    pub(super) fn value(self) -> Value {
        match self.kind {
            Kind::Null => Value::Null,
            Kind::Flag(flag) => Value::Bool(flag),
            Kind::Number(number) => Value::Number(number),
            Kind::Text(text) => Value::String(text),
            Kind::List(items) => Value::Array(items.into_iter().map(Self::value).collect()),
            Kind::Map(members) => {
                let members = members.into_iter().map(|(key, node)| (key.name, node.value()));
                Value::Object(members.collect::<Map<_, _>>())
            }
        }
    }
}

impl From<Spanned<Kind>> for Node {
    fn from(spanned: Spanned<Kind>) -> Self {
        Self { at: spanned.referenced.into(), kind: spanned.value }
    }
}

/// As Kubernetes reads YAML: `yes` is true, `0755` is octal, a member stands once.
fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            // The second one is told of in words of ours.
            max_documents: 2,
            max_depth: DEEPEST,
            flow_nesting_limit: DEEPEST,
            max_nodes: MOST,
            max_events: 3 * MOST,
            max_aliases: 1_000,
            max_anchors: 1_000,
            max_total_scalar_bytes: 2 * LONGEST,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MOST,
            max_replay_stack_depth: 16,
        },
        legacy_octal_numbers: true,
    }
}

/// Why a text is no YAML, in the words of its reader, and where.
fn unreadable(error: &serde_saphyr::Error) -> Problem {
    let error = error.without_snippet();
    let at = error.location().map_or(Place { line: 1, column: 1 }, Place::from);
    if matches!(error, serde_saphyr::Error::MultipleDocuments { .. }) {
        return at.problem("here begins another document: write one policy at a time".into());
    }
    if is_too_much(error) {
        let message = format!(
            "this is more than a policy may hold: at most {DEEPEST} lists and maps in one another, \
             {MOST} values, and few aliases"
        );
        return at.problem(message);
    }
    let words = error.to_string();
    // The place is said once.
    let words = words.rsplit_once(" at line ").map_or(&*words, |(words, _)| words);
    let words: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    at.problem(format!("this cannot be read as YAML: {words}"))
}

/// Whether a text was left unread for its size, its depth or its aliases.
const fn is_too_much(error: &serde_saphyr::Error) -> bool {
    use serde_saphyr::Error as E;
    matches!(
        error,
        E::Budget { .. }
            | E::AliasReplayCounterOverflow { .. }
            | E::AliasReplayLimitExceeded { .. }
            | E::AliasExpansionLimitExceeded { .. }
            | E::AliasReplayStackDepthExceeded { .. }
    )
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KindVisitor)
    }
}

struct KindVisitor;

impl<'de> Visitor<'de> for KindVisitor {
    type Value = Kind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Kind, E> {
        Ok(Kind::Null)
    }

    fn visit_none<E>(self) -> Result<Kind, E> {
        Ok(Kind::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Kind, E> {
        Ok(Kind::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Kind, E> {
        Ok(Kind::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Kind, E> {
        Ok(Kind::Number(number.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Kind, E> {
        let number = Number::from_f64(number);
        number.map(Kind::Number).ok_or_else(|| E::custom("this number is not finite"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Kind, E> {
        Ok(Kind::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Kind, E> {
        Ok(Kind::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Kind, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element::<Spanned<Kind>>()? {
            list.push(item.into());
        }
        Ok(Kind::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Kind, A::Error> {
        let mut members = Vec::new();
        while let Some(key) = entries.next_key::<Spanned<String>>()? {
            if members.len() >= MOST {
                return Err(A::Error::custom("there are too many members"));
            }
            let value = entries.next_value::<Spanned<Kind>>()?;
            members.push((Key { at: key.referenced.into(), name: key.value }, value.into()));
        }
        Ok(Kind::Map(members))
    }
}
