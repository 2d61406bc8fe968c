//! Slack: an incoming webhook, or a bot that keeps one message an incident.
//!
//! A webhook can only add: every turn of an incident is a message of its own. A bot keeps one message
//! up to date, with the details and the turns in its thread.

mod blocks;
mod bot;
mod digest;
mod message;
mod mrkdwn;
#[cfg(test)]
mod tests;
mod webhook;

pub use digest::digest_payload;
pub use message::payload;

pub(super) use bot::Bot;
pub(super) use webhook::Webhook;

use std::time::Duration;

use serde_json::{Value, json};

use super::Manner;

/// How either wants to be told: Slack takes a message a second, and few at once.
pub(super) const MANNER: Manner = Manner {
    growth_every: None,
    heeds_mutes: true,
    batch: 1,
    per_s: 1.0,
    burst: 3,
    digest_from: Some(20),
    repeat_every: None,
};

/// A bot changes its message in place, which disturbs nobody; most of what it tells takes two calls.
pub(super) const MANNER_OF_BOT: Manner =
    Manner { growth_every: Some(Duration::from_secs(30)), per_s: 0.5, ..MANNER };

/// A message that says that it is a test.
fn test() -> Value {
    let text = ":wave: This is a test: Weir can tell Slack of incidents.";
    json!({ "text": text, "blocks": [blocks::section(text)] })
}
