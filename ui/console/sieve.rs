//! The filter in force, with the words it was written in.

use weir::filter::{Error, Filter, Subject};

/// What is let through to the screen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sieve {
    text: String,
    filter: Filter,
}

impl Sieve {
    /// The filter that `text` describes.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        Filter::parse(text).map(|filter| Self { text: text.trim().to_owned(), filter })
    }

    /// The filter that stands before the mistake at byte `end` of `text`.
    pub(crate) fn before(text: &str, mut end: usize) -> Option<Self> {
        loop {
            match Self::parse(text.get(..end)?) {
                Ok(sieve) => return Some(sieve),
                // What it was part of does not stand alone.
                Err(error) if error.span.start < end => end = error.span.start,
                Err(_) => return None,
            }
        }
    }

    /// As it was written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether everything is let through.
    pub(crate) fn is_empty(&self) -> bool {
        self.filter.is_empty()
    }

    /// Whether `subject` is let through at `now_us` of packet time.
    pub(crate) fn lets(&self, subject: &impl Subject, now_us: i64) -> bool {
        self.filter.matches(subject, now_us)
    }
}
