//! Documents as they were written, YAML or JSON: values, and where each of them stands.
//!
//! A text from outside is read within [`Limits`], as Kubernetes reads it: by the rules of YAML 1.1,
//! each member once. Whatever it is, it is [`Node`]s or a [`Fault`].

mod read;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::{Location, Spanned};

pub use read::{Fault, Limits, each, one, text};

/// Members of one map, however they came there.
const MOST_MEMBERS: usize = 50_000;

/// Where something stands, counted from 1; zeroes where there are no lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// In lines of the text.
    pub line: usize,
    /// In characters of the line.
    pub column: usize,
}

impl Place {
    /// Where a text begins.
    pub const START: Self = Self { line: 1, column: 1 };

    /// A fault that stands here.
    #[must_use]
    pub const fn fault(self, message: String) -> Fault {
        Fault { at: self, message }
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
pub struct Node {
    /// Where it begins.
    pub at: Place,
    /// What it is.
    pub kind: Kind,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Nothing.
    Null,
    /// True or false.
    Flag(bool),
    /// Whole or not.
    Number(Number),
    /// Text.
    Text(String),
    /// Items in their order.
    List(Vec<Node>),
    /// Its members in the order in which they are written.
    Map(Vec<(Key, Node)>),
}

/// Name of a member, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Where it begins.
    pub at: Place,
    /// As it is written.
    pub name: String,
}

impl Kind {
    /// What it is, in words.
    #[must_use]
    pub const fn words(&self) -> &'static str {
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
    /// A document that came without lines.
    #[must_use]
    pub fn from_json(value: Value) -> Self {
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
    pub fn value(self) -> Value {
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
            if members.len() >= MOST_MEMBERS {
                return Err(A::Error::custom("there are too many members"));
            }
            let value = entries.next_value::<Spanned<Kind>>()?;
            members.push((Key { at: key.referenced.into(), name: key.value }, value.into()));
        }
        Ok(Kind::Map(members))
    }
}
