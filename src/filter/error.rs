//! Why a text is no filter.

use std::ops::Range;

/// Why a text is no filter, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// The bytes of the text that are wrong, never none of them unless the text is empty.
    pub span: Range<usize>,
    /// What is wrong with them, and how to mend it.
    pub message: String,
}

impl Error {
    pub(super) fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span, message: message.into() }
    }
}

/// What was written, short and without what a terminal would obey.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 40;
    let cut = if text.chars().count() > MOST { "…" } else { "" };
    format!("{}{cut}", text.chars().take(MOST).collect::<String>().escape_debug())
}
