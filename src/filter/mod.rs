//! The filter language: one small typed language for console, command line and API.
//!
//! `src:10.0.0.0/8 port:80,443 (class:dos* or score>0.9) !proto:udp`: terms side by side must all
//! hold, `or` parts alternatives, `!` or `not` turns one round, parentheses group, quotes take the
//! meaning from spaces and signs, `*` stands for any text. A term is a key, an operator (`:` or `=`,
//! `!=`, `<`, `<=`, `>`, `>=`) and a value, or values with commas between them of which one must
//! fit, or a range such as `1000-2000`; a bare word is looked for in all that is text. Hosts go by
//! their address and by what the cluster calls them: `shop/web`, `shop/web-7f9c`, `node/worker-1`;
//! programs by their path or by the last part of it. A term about something that the subject has not is
//! false: what is about processes (`binary:curl`) finds events, and flows and incidents whose process
//! is known.
//!
//! A filter is text from outside: at most 4 KiB long and 32 levels deep, and whatever it says, it is
//! a filter or an [`Error`] that tells where and how to mend it. Pure: the present comes in as an
//! argument. What is shown or asked for belongs to the faces.

mod display;
pub(crate) mod distance;
mod error;
mod key;
mod lexer;
mod parser;
mod pattern;
mod subject;
mod term;
#[cfg(test)]
mod tests;
mod value;

pub use error::Error;
pub use key::{KEYS, Key, KeyInfo};
pub use subject::{Process, Subject};
#[cfg(test)]
pub(crate) use value::{ACTIONS, EVENT_TYPES};

use self::term::Term;

/// What a subject must be to be let through.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter(Node);

/// A part of a filter.
#[derive(Debug, Clone, PartialEq)]
enum Node {
    /// All of these; with none of them, anything.
    All(Vec<Self>),
    /// One of these.
    Any(Vec<Self>),
    /// Not this.
    Not(Box<Self>),
    Term(Term),
}

impl Filter {
    /// The longest text, in bytes.
    pub const MAX_BYTES: usize = 4_096;

    /// How deep parentheses and negations may stand in each other.
    pub const MAX_DEPTH: usize = 32;

    /// The filter that `text` describes; nothing but spaces lets everything through.
    pub fn parse(text: &str) -> Result<Self, Error> {
        parser::parse(text).map(Self)
    }

    /// Whether `subject` is let through at `now_us` of packet time, in µs since the epoch.
    #[must_use]
    pub fn matches(&self, subject: &impl Subject, now_us: i64) -> bool {
        self.0.matches(subject, now_us)
    }

    /// Whether everything is let through.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(&self.0, Node::All(parts) if parts.is_empty())
    }

    /// All keys, from which help and completion are made.
    #[must_use]
    pub const fn keys() -> &'static [KeyInfo] {
        &KEYS
    }
}

impl Default for Filter {
    /// Lets everything through.
    fn default() -> Self {
        Self(Node::All(Vec::new()))
    }
}

impl Node {
    fn matches(&self, subject: &impl Subject, now_us: i64) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.matches(subject, now_us)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(subject, now_us)),
            Self::Not(part) => !part.matches(subject, now_us),
            Self::Term(term) => term.matches(subject, now_us),
        }
    }
}
