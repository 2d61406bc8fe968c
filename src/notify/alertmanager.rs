//! Prometheus' Alertmanager: an alert an incident, repeated while it is open.
//!
//! Its labels are what people route by: the incident, the host it is about, class and severity. Other
//! labels are another alert to it, so where the severity changes the alerts of the other severities
//! are resolved with the news. One of another class is not told again, and lapses.
//!
//! An open alert names no end: Alertmanager gives it one by its own clock (`resolve_timeout`, 5 min
//! unless changed), so that a wrong clock here cannot end it.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::Url;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::address::under;
use super::http::{Failure, Http, host};
use super::plain::line;
use super::words::{duration, headline, listed, standing, traffic};
use super::{Manner, Notice};
use crate::incident::{Incident, News, Severity, Status, rfc3339};
use crate::packet::Address;

/// How it wants to be told.
pub(super) const MANNER: Manner = Manner {
    growth_every: None,
    heeds_mutes: true,
    batch: 64,
    per_s: 2.0,
    burst: 2,
    digest_from: None,
    repeat_every: Some(Duration::from_mins(1)),
};

/// The name of all alerts of incidents.
const NAME: &str = "WeirIncident";

/// Hosts named of each side.
const HOSTS: usize = 5;

/// Characters of a reason, and of where an incident stands.
const PART: usize = 300;

/// How long a test stays.
const TEST: Duration = Duration::from_mins(1);

/// Prometheus' Alertmanager.
pub(super) struct Alertmanager {
    http: Http,
    alerts: Url,
}

impl Alertmanager {
    pub(super) fn new(http: Http, base: &Url) -> Self {
        Self { http, alerts: under(base, "api/v2/alerts") }
    }

    /// Host and port it is at.
    pub(super) fn host(&self) -> String {
        host(&self.alerts)
    }

    pub(super) async fn tell(
        &self,
        notices: &[Notice<'_>],
        deadline: Instant,
    ) -> Result<(), Failure> {
        self.post(&alerts(notices, Timestamp::now()), deadline).await
    }

    pub(super) async fn repeat(&self, open: &[Incident], deadline: Instant) -> Result<(), Failure> {
        let now = Timestamp::now();
        let alerts: Vec<_> =
            open.iter().map(|incident| alert(incident, incident.severity, now)).collect();
        self.post(&alerts, deadline).await
    }

    pub(super) async fn test(&self, deadline: Instant) -> Result<(), Failure> {
        let now = Timestamp::now();
        let test = json!({
            "labels": { "alertname": "WeirTest", "severity": Severity::Low.name() },
            "annotations": { "summary": "a test: Weir can tell Alertmanager of incidents" },
            "startsAt": rfc3339(now.as_microsecond()),
            "endsAt": rfc3339((now + TEST).as_microsecond()),
        });
        self.post(&[test], deadline).await
    }

    async fn post(&self, alerts: &[Value], deadline: Instant) -> Result<(), Failure> {
        let request = self.http.post(self.alerts.clone()).json(alerts);
        self.http.send(request, deadline).await?.successful()?;
        Ok(())
    }
}

/// What is told at `now`. Of several notices of one incident the last says all.
fn alerts(notices: &[Notice<'_>], now: Timestamp) -> Vec<Value> {
    let mut alerts = Vec::new();
    for (at, notice) in notices.iter().enumerate() {
        let incident = notice.incident;
        let mut later = notices[at + 1..].iter();
        if later.any(|later| later.incident.id == incident.id) {
            continue;
        }
        // As it is opened there are no others; but that it was may be told in the same breath.
        let is_first = notice.news == News::Opened;
        let told = Severity::ALL
            .into_iter()
            .filter(|severity| *severity == incident.severity || !is_first);
        alerts.extend(told.map(|severity| alert(incident, severity, now)));
    }
    alerts
}

/// The alert of `incident` with a `severity`: over where it is not, or no longer, of that one.
fn alert(incident: &Incident, severity: Severity, now: Timestamp) -> Value {
    let now_us = now.as_microsecond();
    // It refuses what starts after it ends, and years before the first.
    let starts_us = incident.first_us.clamp(0, now_us.max(0));
    let is_over = incident.status == Status::Resolved || severity != incident.severity;
    let mut alert = json!({
        "labels": {
            "alertname": NAME,
            "incident": incident.id.to_string(),
            "host": incident.pivot.to_string(),
            "class": incident.class.name(),
            "severity": severity.name(),
        },
        "annotations": {
            "summary": headline(incident),
            "description": description(incident),
        },
        "startsAt": rfc3339(starts_us),
    });
    if is_over {
        alert["endsAt"] = json!(rfc3339(now_us.max(starts_us)));
    }
    alert
}

fn description(incident: &Incident) -> String {
    let hosts = |hosts| listed(hosts, HOSTS, Address::to_string);
    let why = incident.why.first().map(|reason| format!(" Why: {}.", line(&reason.text, PART)));
    format!(
        "{}. Sources: {}. Targets: {}. For {}: {}.{}",
        line(&standing(incident), PART),
        hosts(&incident.sources),
        hosts(&incident.targets),
        duration(incident),
        traffic(incident),
        why.unwrap_or_default(),
    )
}
