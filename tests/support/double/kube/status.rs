//! What the API server says when it refuses: `Status` bodies in its own words.

use serde_json::{Map, Value, json};

use super::kinds::Kind;
use crate::support::double::http::Answer;

/// A refusal.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// The status of HTTP.
    pub code: u16,
    /// `NotFound`; empty where the API server has no word for it.
    pub reason: &'static str,
    /// The sentence.
    pub message: String,
    /// What it is about: `name`, `group`, `kind`, `causes`.
    pub details: Map<String, Value>,
    /// When to come back, in seconds.
    pub retry_after_s: Option<u64>,
}

/// One of the reasons for a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// `FieldValueInvalid`.
    pub reason: &'static str,
    /// What is wrong.
    pub message: String,
    /// Where.
    pub field: String,
}

impl Status {
    fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        let (message, details) = (message.into(), Map::new());
        Self { code, reason, message, details, retry_after_s: None }
    }

    fn about(mut self, kind: &Kind, name: &str) -> Self {
        self.details.insert("name".into(), name.into());
        if !kind.group.is_empty() {
            self.details.insert("group".into(), kind.group.into());
        }
        self.details.insert("kind".into(), kind.resource.into());
        self
    }

    fn because(mut self, causes: &[Cause]) -> Self {
        let cause = |cause: &Cause| {
            let Cause { reason, message, field } = cause;
            json!({ "reason": reason, "message": message, "field": field })
        };
        self.details.insert("causes".into(), causes.iter().map(cause).collect());
        self
    }

    /// There is no such path.
    pub fn no_such_path() -> Self {
        Self::new(404, "NotFound", "the server could not find the requested resource")
    }

    /// There is no such object.
    pub fn not_found(kind: &Kind, name: &str) -> Self {
        let message = format!("{} \"{name}\" not found", kind.qualified());
        Self::new(404, "NotFound", message).about(kind, name)
    }

    /// It is there already.
    pub fn already_exists(kind: &Kind, name: &str) -> Self {
        let message = format!("{} \"{name}\" already exists", kind.qualified());
        Self::new(409, "AlreadyExists", message).about(kind, name)
    }

    /// It has changed since.
    pub fn stale(kind: &Kind, name: &str) -> Self {
        let why = "the object has been modified; please apply your changes to the latest version \
                   and try again";
        Self::conflict(kind, name, why)
    }

    /// What was presupposed is not so.
    pub fn conflict(kind: &Kind, name: &str, why: &str) -> Self {
        let message =
            format!("Operation cannot be fulfilled on {} \"{name}\": {why}", kind.qualified());
        Self::new(409, "Conflict", message).about(kind, name)
    }

    /// Somebody else owns what was applied.
    pub fn apply_conflict(message: String, causes: &[Cause]) -> Self {
        Self::new(409, "Conflict", message).because(causes)
    }

    /// It breaks rules.
    pub fn invalid(kind: &Kind, name: &str, causes: &[Cause]) -> Self {
        let each = causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message));
        let each: Vec<_> = each.collect();
        let each = if let [one] = &*each { one.clone() } else { format!("[{}]", each.join(", ")) };
        let message = format!("{} \"{name}\" is invalid: {each}", kind.qualified_kind());
        let mut status = Self::new(422, "Invalid", message).about(kind, name).because(causes);
        status.details.insert("kind".into(), kind.name.into());
        status
    }

    /// An option is wrong.
    pub fn bad_option(options: &str, field: &str, message: &str) -> Self {
        let cause =
            Cause { reason: "FieldValueInvalid", message: message.into(), field: field.into() };
        let message = format!("{options}.meta.k8s.io \"\" is invalid: {field}: {message}");
        let mut status = Self::new(422, "Invalid", message).because(&[cause]);
        status.details.insert("group".into(), "meta.k8s.io".into());
        status.details.insert("kind".into(), options.into());
        status
    }

    /// An apply without a field manager.
    pub fn no_manager() -> Self {
        let message = "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is \
                       required for apply patch";
        let cause = Cause {
            reason: "FieldValueRequired",
            message: "Required value: is required for apply patch".into(),
            field: "fieldManager".into(),
        };
        let mut status = Self::new(422, "Invalid", message).because(&[cause]);
        status.details.insert("group".into(), "meta.k8s.io".into());
        status.details.insert("kind".into(), "PatchOptions".into());
        status
    }

    /// The request makes no sense.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// The credentials are not good.
    pub fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized")
    }

    /// The credentials are good, and do not suffice.
    pub fn forbidden(kind: &Kind, name: &str, message: String) -> Self {
        Self::new(403, "Forbidden", message).about(kind, name)
    }

    /// What was asked for is no longer known.
    pub fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message)
    }

    /// A body in a format that is not taken.
    pub fn unsupported_media() -> Self {
        let message = "the body of the request was in an unknown format - accepted media types \
                       include: application/json, application/yaml, application/merge-patch+json, \
                       application/apply-patch+yaml";
        Self::new(415, "UnsupportedMediaType", message)
    }

    /// The resource does not do this.
    pub fn no_such_verb() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self::new(405, "MethodNotAllowed", message)
    }

    /// An error for which the API server has no word.
    pub fn unnamed(message: impl Into<String>) -> Self {
        Self::new(500, "", message)
    }

    /// What a server in trouble says with `code`.
    pub fn trouble(code: u16, retry_after_s: Option<u64>) -> Self {
        let (reason, message) = match code {
            429 => ("TooManyRequests", "Too many requests, please try again later."),
            503 => ("ServiceUnavailable", "the server is currently unable to handle the request"),
            504 => ("Timeout", "request did not complete within the allotted timeout"),
            _ => ("InternalError", "Internal error occurred: etcdserver: leader changed"),
        };
        Self { retry_after_s, ..Self::new(code, reason, message) }
    }

    /// The body.
    pub fn body(&self) -> Value {
        let mut body = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "code": self.code,
        });
        if !self.reason.is_empty() {
            body["reason"] = self.reason.into();
        }
        let mut details = self.details.clone();
        details
            .extend(self.retry_after_s.map(|wait_s| ("retryAfterSeconds".into(), wait_s.into())));
        if !details.is_empty() {
            body["details"] = details.into();
        }
        body
    }

    /// As it is answered.
    pub fn answer(&self) -> Answer {
        let answer = Answer::refused(self.code, self.body().to_string());
        match self.retry_after_s {
            Some(wait_s) => answer.with("retry-after", wait_s.to_string()),
            None => answer,
        }
    }
}
