//! Slack's incoming webhook, and what Slack takes for a message.

use serde_json::Value;

use super::http::{Answer, Request};
use super::server::Service;

/// An incoming webhook.
#[derive(Debug, Default)]
pub struct SlackWebhook {
    /// The messages it has taken, in order.
    pub messages: Vec<Value>,
}

impl Service for SlackWebhook {
    fn answer(&mut self, request: &Request) -> Answer {
        if request.method != "POST" {
            return Answer::refused(405, "");
        }
        let Some(message) = request.json().filter(Value::is_object) else {
            return Answer::refused(400, "invalid_payload");
        };
        if let Err(error) = check(&message) {
            return Answer::refused(400, error);
        }
        self.messages.push(message);
        Answer::taken(200, "ok")
    }

    fn error_body(&self) -> String {
        "rollup_error".into()
    }
}

/// What Slack says of a message that it does not take (Block Kit reference).
pub fn check(message: &Value) -> Result<(), &'static str> {
    let has_text = message["text"].as_str().is_some_and(|text| !text.is_empty());
    let blocks = match &message["blocks"] {
        Value::Null if has_text => return Ok(()),
        Value::Null => return Err("no_text"),
        blocks => blocks.as_array().ok_or("invalid_blocks")?,
    };
    let is_good = !blocks.is_empty() && blocks.len() <= 50 && blocks.iter().all(is_block);
    if is_good { Ok(()) } else { Err("invalid_blocks") }
}

fn is_block(block: &Value) -> bool {
    match block["type"].as_str() {
        Some("header") => is_text(&block["text"], &["plain_text"], 150),
        Some("section") => {
            let any = ["plain_text", "mrkdwn"];
            let has_text = block.get("text").is_some_and(|text| is_text(text, &any, 3_000));
            let fields = block["fields"].as_array();
            let are_fields = fields.is_some_and(|fields| {
                (1..=10).contains(&fields.len())
                    && fields.iter().all(|field| is_text(field, &any, 2_000))
            });
            (has_text || block.get("text").is_none())
                && (are_fields || block.get("fields").is_none())
                && (has_text || are_fields)
        }
        Some("context") => block["elements"].as_array().is_some_and(|elements| {
            (1..=10).contains(&elements.len())
                && elements.iter().all(|element| is_text(element, &["plain_text", "mrkdwn"], 3_000))
        }),
        Some("divider") => true,
        _ => false,
    }
}

fn is_text(text: &Value, kinds: &[&str], most: usize) -> bool {
    let is_kind = text["type"].as_str().is_some_and(|kind| kinds.contains(&kind));
    let length = text["text"].as_str().map_or(0, |text| text.chars().count());
    is_kind && (1..=most).contains(&length)
}
