//! A webhook of an operator's own that believes nobody who has not signed.

use hmac::{Hmac, Mac};
use jiff::Timestamp;
use serde_json::Value;
use sha2::Sha256;

use super::http::{Answer, Request};
use super::server::Service;

/// How old a message may be, in seconds.
const OLDEST_S: i64 = 300;

/// A webhook.
#[derive(Debug)]
pub struct Webhook {
    secret: String,
    /// The messages it has taken, in order.
    pub messages: Vec<Value>,
    /// How many messages it did not believe.
    pub forged: u64,
}

impl Webhook {
    /// One that shares this secret with the sender.
    pub fn new(secret: &str) -> Self {
        Self { secret: secret.into(), messages: Vec::new(), forged: 0 }
    }

    fn is_signed(&self, request: &Request) -> bool {
        let time = request.header("x-weir-timestamp").unwrap_or_default();
        let age_s = time.parse::<i64>().map(|time_s| Timestamp::now().as_second() - time_s);
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()).expect("any length");
        mac.update(time.as_bytes());
        mac.update(b".");
        mac.update(&request.body);
        let signature =
            request.header("x-weir-signature").and_then(|all| all.strip_prefix("sha256="));
        age_s.is_ok_and(|age_s| age_s.abs() <= OLDEST_S)
            && signature
                .and_then(bytes)
                .is_some_and(|signature| mac.verify_slice(&signature).is_ok())
    }
}

impl Service for Webhook {
    fn answer(&mut self, request: &Request) -> Answer {
        if !self.is_signed(request) {
            self.forged += 1;
            return Answer::refused(401, "not signed");
        }
        let Some(message) = request.json() else { return Answer::refused(400, "no JSON") };
        self.messages.push(message);
        Answer::taken(204, "")
    }

    /// Whoever runs a webhook of his own says by its status alone how it went.
    fn error_body(&self) -> String {
        String::new()
    }
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<_>> = hex.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).ok()).collect()
}
