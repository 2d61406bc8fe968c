//! Slack's Web API, as far as a bot needs it that writes to one channel.

use serde_json::{Value, json};

use super::http::{Answer, Request};
use super::server::Service;
use super::slack::check;

/// The id of the one channel there is.
pub const CHANNEL: &str = "C012ALERTS";

/// A message in the channel.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its name.
    pub ts: String,
    /// How it looked, first to last.
    pub looks: Vec<Value>,
    /// What was written under it, in order.
    pub thread: Vec<Value>,
}

/// A workspace with one channel and one bot in it.
#[derive(Debug)]
pub struct SlackBot {
    token: String,
    /// Its messages, in order.
    pub messages: Vec<Message>,
    last: u64,
}

impl SlackBot {
    /// One whose bot has this token.
    pub fn new(token: &str) -> Self {
        Self { token: token.into(), messages: Vec::new(), last: 0 }
    }

    fn call(&mut self, request: &Request) -> Result<Value, &'static str> {
        let bearer = request.header("authorization").ok_or("not_authed")?;
        if bearer.strip_prefix("Bearer ") != Some(&self.token) {
            return Err("invalid_auth");
        }
        let message = request.json().filter(Value::is_object).ok_or("invalid_json")?;
        let channel = message["channel"].as_str().unwrap_or_default();
        if channel != CHANNEL && channel != "#alerts" {
            return Err("channel_not_found");
        }
        check(&message)?;
        let ts = match request.url.path() {
            "/api/chat.postMessage" => self.post(message)?,
            "/api/chat.update" => self.update(message)?,
            _ => return Err("unknown_method"),
        };
        Ok(json!({ "ok": true, "channel": CHANNEL, "ts": ts }))
    }

    fn post(&mut self, message: Value) -> Result<String, &'static str> {
        self.last += 1;
        let ts = format!("1600000000.{:06}", self.last);
        if let Some(under) = message["thread_ts"].as_str() {
            let under = self.messages.iter_mut().find(|one| one.ts == under);
            under.ok_or("thread_not_found")?.thread.push(message);
        } else {
            let (looks, thread) = (vec![message], Vec::new());
            self.messages.push(Message { ts: ts.clone(), looks, thread });
        }
        Ok(ts)
    }

    /// Unlike a post, an update takes no name for the channel.
    fn update(&mut self, message: Value) -> Result<String, &'static str> {
        if message["channel"] != CHANNEL {
            return Err("channel_not_found");
        }
        let ts = message["ts"].as_str().unwrap_or_default().to_owned();
        let known = self.messages.iter_mut().find(|one| one.ts == ts);
        known.ok_or("message_not_found")?.looks.push(message);
        Ok(ts)
    }
}

impl Service for SlackBot {
    fn answer(&mut self, request: &Request) -> Answer {
        match self.call(request) {
            Ok(said) => Answer::taken(200, said.to_string()),
            Err(error) => Answer::refused(200, json!({ "ok": false, "error": error }).to_string()),
        }
        .with("content-type", "application/json; charset=utf-8")
    }

    fn error_body(&self) -> String {
        json!({ "ok": false, "error": "internal_error" }).to_string()
    }
}
