//! Asks the API server and waits for a bounded time.

use std::fmt::Write as _;
use std::time::Duration;

use hyper::header::{ACCEPT, CONTENT_TYPE};
use hyper::{Method, Request};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::words::said;
use super::{Cluster, Error};

/// How long an answer may take.
pub(super) const ANSWER: Duration = Duration::from_secs(10);

/// How long a page of a list may take.
pub(super) const PAGE: Duration = Duration::from_secs(30);

/// What is asked for.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    method: Method,
    url: String,
    accept: &'static str,
    content: &'static str,
    body: Vec<u8>,
}

impl Ask {
    /// To read what is at `path`.
    pub(super) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    /// To do `method` to what is at `path`.
    pub(super) fn new(method: Method, path: impl Into<String>) -> Self {
        let json = "application/json";
        Self { method, url: path.into(), accept: json, content: json, body: Vec::new() }
    }

    /// With a parameter more.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        let mark = if self.url.contains('?') { '&' } else { '?' };
        self.url.push(mark);
        self.url.push_str(name);
        self.url.push('=');
        self.url.push_str(&encoded(value));
        self
    }

    /// In that form.
    pub(super) fn as_form(self, accept: &'static str) -> Self {
        Self { accept, ..self }
    }

    /// With that body.
    pub(super) fn with_body(self, content: &'static str, body: &serde_json::Value) -> Self {
        Self { content, body: body.to_string().into_bytes(), ..self }
    }

    pub(super) fn request(&self, action: &str) -> Result<Request<Vec<u8>>, Error> {
        let request = Request::builder()
            .method(&self.method)
            .uri(&self.url)
            .header(ACCEPT, self.accept)
            .header(CONTENT_TYPE, self.content)
            .body(self.body.clone());
        request.map_err(|error| Error::Unreachable {
            action: action.to_owned(),
            why: format!("it cannot be asked for: {}", said(&error.to_string())),
        })
    }
}

impl Cluster {
    /// Asks, and reads the answer.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        action: &str,
        ask: &Ask,
        within: Duration,
    ) -> Result<T, Error> {
        let request = ask.request(action)?;
        let unreachable = |why| Error::Unreachable { action: action.to_owned(), why };
        let answer = timeout(within, self.client().request_text(request)).await;
        let text = answer
            .map_err(|_| {
                unreachable(format!("the API server did not answer within {} s", within.as_secs()))
            })?
            .map_err(|error| Error::of(action.to_owned(), &error))?;
        serde_json::from_str(&text).map_err(|error| {
            unreachable(format!(
                "the API server's answer cannot be read: {}",
                said(&error.to_string())
            ))
        })
    }
}

/// `text` as a part of a path or the value of a parameter.
pub(super) fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            // Writing to a text cannot fail.
            _ => {
                write!(encoded, "%{byte:02X}").ok();
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_value_gets_out_of_its_parameter() {
        let ask = Ask::get("/api/v1/pods").with("limit", "5").with("continue", "a+b/c=&x=ü");
        assert_eq!(ask.url, "/api/v1/pods?limit=5&continue=a%2Bb%2Fc%3D%26x%3D%C3%BC");
    }
}
