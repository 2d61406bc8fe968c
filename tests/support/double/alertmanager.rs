//! Alertmanager's `POST /api/v2/alerts`.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::http::{Answer, Request};
use super::server::Service;

/// How long an alert lasts that names no end.
const RESOLVE_TIMEOUT: SignedDuration = SignedDuration::from_mins(5);

/// What tells an alert from others.
pub type Labels = BTreeMap<String, String>;

/// An Alertmanager.
#[derive(Debug, Default)]
pub struct Alertmanager {
    /// When each alert ends.
    pub ends: BTreeMap<Labels, Timestamp>,
    /// The alerts it was told of, in order.
    pub told: Vec<(Labels, Timestamp)>,
}

impl Alertmanager {
    /// The alerts that fire.
    pub fn firing(&self) -> Vec<&Labels> {
        let now = Timestamp::now();
        self.ends.iter().filter(|(_, ends)| **ends > now).map(|(labels, _)| labels).collect()
    }
}

impl Service for Alertmanager {
    fn answer(&mut self, request: &Request) -> Answer {
        if (&*request.method, request.url.path()) != ("POST", "/api/v2/alerts") {
            return Answer::refused(404, "");
        }
        let body = request.json();
        let alerts: Option<Vec<_>> =
            body.as_ref().and_then(Value::as_array).and_then(|all| all.iter().map(alert).collect());
        let Some(alerts) = alerts else {
            return Answer::refused(400, r#"{"code":400,"message":"bad alert"}"#);
        };
        self.ends.extend(alerts.iter().cloned());
        self.told.extend(alerts);
        Answer::taken(200, "")
    }

    fn error_body(&self) -> String {
        r#"{"code":500,"message":"context canceled"}"#.into()
    }
}

/// The labels of an alert and when it ends; none where Alertmanager refuses it.
fn alert(alert: &Value) -> Option<(Labels, Timestamp)> {
    let texts = |member: &str| -> Option<Labels> {
        let texts = alert[member].as_object()?.iter();
        texts.map(|(name, text)| Some((name.clone(), text.as_str()?.to_owned()))).collect()
    };
    let time = |member: &str| match &alert[member] {
        Value::Null => Some(None),
        time => time.as_str()?.parse::<Timestamp>().ok().map(Some),
    };
    let labels = texts("labels")?;
    texts("annotations")?;
    let (starts, ends) = (time("startsAt")?, time("endsAt")?);
    let now = Timestamp::now();
    let ends = ends.unwrap_or(now + RESOLVE_TIMEOUT);
    let is_name = |name: &String| {
        name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name.chars().all(|one| one.is_ascii_alphanumeric() || one == '_')
    };
    let is_good = labels.contains_key("alertname")
        && labels.iter().all(|(name, value)| is_name(name) && !value.is_empty())
        && starts.unwrap_or(now.min(ends)) <= ends;
    is_good.then_some((labels, ends))
}
