//! Firebase Realtime Database: the list of all incidents that several Weirs and other clients share.
//!
//! An incident is the record `alerts/ID`, the whole alert but for the ids of its flows. Written under
//! its own key it is the same however often it is written. News of an incident that begins replace the
//! record; what follows changes its members and leaves those of other clients alone. All members are
//! sent each time, so that a record that somebody has deleted meanwhile comes back whole.
//!
//! Firebase keeps neither empty lists nor nulls: who reads must do without.

mod account;
mod database;
mod list;
#[cfg(test)]
mod tests;
mod token;

pub use database::key_file;
pub use list::{FirebaseList, Place};

use std::time::Duration;

use reqwest::{RequestBuilder, StatusCode, Url};
use serde_json::{Value, json, to_value};
use tokio::time::Instant;

use self::database::Database;
use super::http::{Failure, host};
use super::{Error, Manner, Notice};
use crate::incident::{Alert, Incident, News, rfc3339};
use crate::settings::{Environment, Settings};

/// How it wants to be told.
pub(super) const MANNER: Manner = Manner {
    growth_every: Some(Duration::from_secs(10)),
    heeds_mutes: false,
    batch: 1,
    per_s: 50.0,
    burst: 50,
    digest_from: None,
    repeat_every: None,
};

/// Where the records are.
const ALERTS: &str = "alerts";

/// Where a test is written: beside the list, so that nobody takes it for an incident.
const TEST: &str = "weir/test";

/// What is read of an answer to a write: it is empty, or an error.
const ANSWER: usize = 64 << 10;

/// A Firebase Realtime Database.
pub(super) struct Firebase(Database);

impl Firebase {
    /// The one that the settings name.
    pub(super) fn new(
        settings: &Settings,
        environment: &Environment,
    ) -> Result<Option<Self>, Error> {
        Ok(Database::new(settings, environment)?.map(Self))
    }

    /// Host and port it is at.
    pub(super) fn host(&self) -> String {
        host(&self.0.base)
    }

    /// Writes the record of an incident, and returns its key.
    pub(super) async fn tell(
        &self,
        notice: &Notice<'_>,
        deadline: Instant,
    ) -> Result<String, Failure> {
        let key = notice.incident.id.to_string();
        let record = record(notice.incident);
        let http = &self.0.http;
        let begins = matches!(notice.news, News::Opened | News::Reopened);
        let is_whole = begins || notice.handle.is_none();
        let how = |url| if is_whole { http.put(url) } else { http.patch(url) };
        self.write(&format!("{ALERTS}/{key}"), how, &record, deadline).await?;
        Ok(key)
    }

    pub(super) async fn test(&self, deadline: Instant) -> Result<(), Failure> {
        let now = jiff::Timestamp::now().as_microsecond();
        let message = "This is a test: Weir can write to Firebase.";
        let record = json!({ "message": message, "timestamp": rfc3339(now) });
        self.write(TEST, |url| self.0.http.put(url), &record, deadline).await
    }

    async fn write(
        &self,
        path: &str,
        how: impl Fn(Url) -> RequestBuilder,
        record: &Value,
        deadline: Instant,
    ) -> Result<(), Failure> {
        let mut url = self.0.at(path);
        url.query_pairs_mut().append_pair("print", "silent");
        let reply = self.0.send(|| how(url.clone()).json(record), deadline, ANSWER).await?;
        // To a silent write Firebase answers nothing: what says something did not come from it.
        match reply.status() {
            StatusCode::NO_CONTENT => Ok(()),
            _ => Err(Failure::later(reply.said())),
        }
    }
}

/// The alert, but for the ids of its flows, of which there may be hundreds.
fn record(incident: &Incident) -> Value {
    let mut record = to_value(Alert::from(incident)).expect("an alert is texts, numbers and lists");
    if let Some(members) = record.as_object_mut() {
        members.remove("flow_ids");
    }
    record
}
