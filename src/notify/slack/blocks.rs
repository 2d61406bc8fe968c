//! The pieces of Slack's Block Kit, each within what Slack takes.
//!
//! Text in Slack's markup must have been made by [`super::mrkdwn`]; the limits here are the last word.

use serde_json::{Value, json};

use crate::notify::plain::line;

/// Most characters of a header.
pub(super) const HEADER: usize = 150;

/// Most characters of a section.
pub(super) const SECTION: usize = 3_000;

/// Most characters of a field in a section, and of a context.
const FIELD: usize = 2_000;

/// A title; it knows no markup but names of emoji.
pub(super) fn header(text: &str) -> Value {
    let text = line(text, HEADER);
    json!({ "type": "header", "text": { "type": "plain_text", "text": text, "emoji": true } })
}

/// A paragraph.
pub(super) fn section(text: &str) -> Value {
    json!({ "type": "section", "text": markup(text, SECTION) })
}

/// Names and values in two columns, at most ten of them.
pub(super) fn fields<const N: usize>(fields: [(&str, String); N]) -> Value {
    const { assert!(N <= 10) };
    let fields = fields.map(|(name, value)| markup(&format!("*{name}*\n{value}"), FIELD));
    json!({ "type": "section", "fields": fields.as_slice() })
}

/// What is good to know, in small type.
pub(super) fn context(text: &str) -> Value {
    json!({ "type": "context", "elements": [markup(text, FIELD)] })
}

/// Text in Slack's markup. It is taken verbatim: Slack is to look for no links and no names in it.
fn markup(text: &str, most: usize) -> Value {
    let text: String = text.chars().take(most).collect();
    json!({ "type": "mrkdwn", "text": text, "verbatim": true })
}
