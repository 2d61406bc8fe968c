//! Prometheus' Alertmanager: an alert an incident, repeated while it is open.
//!
//! Its labels are what people route by: the incident, its class and its severity. Other labels are
//! another alert to it, so where the severity changes the alerts of the other severities are resolved
//! with the news. One of another class is not told again, and lapses. The host that an incident is
//! about is no label: it may become another as more is seen. Its namespace and workload are, as far as
//! they were known when the incident was first written down: what is learnt later, as where the cluster
//! was away, is said in the annotations and changes no label.
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
use super::words::{self, duration, listed, standing, traffic};
use super::{Manner, Notice};
use crate::incident::{Incident, News, Severity, Status, rfc3339};

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
        let reply = self.http.send(request, deadline).await?.successful()?;
        // It says nothing to what it takes: what says something is no Alertmanager, or has failed.
        if reply.body().trim_ascii().is_empty() {
            Ok(())
        } else {
            Err(Failure::later(reply.said()))
        }
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
        "labels": labels(incident, severity),
        "annotations": {
            "host": incident.pivot.to_string(),
            "summary": incident.sentence(),
            "description": description(incident),
        },
        "startsAt": rfc3339(starts_us),
    });
    if let Some(who) = incident.names.get(incident.pivot) {
        alert["annotations"]["name"] = json!(who.to_string());
    }
    if is_over {
        alert["endsAt"] = json!(rfc3339(now_us.max(starts_us)));
    }
    alert
}

/// What the alert is known by, the same as long as class and severity are.
fn labels(incident: &Incident, severity: Severity) -> Value {
    let mut labels = json!({
        "alertname": NAME,
        "incident": incident.id.to_string(),
        "class": incident.class.name(),
        "severity": severity.name(),
    });
    if let Some(who) = incident.names.opened_about() {
        // An empty label is none to it.
        if !who.namespace.is_empty() {
            labels["namespace"] = json!(who.namespace);
        }
        if let Some(workload) = &who.workload {
            labels["workload"] = json!(workload.name);
        }
    }
    labels
}

fn description(incident: &Incident) -> String {
    let hosts = |hosts| listed(hosts, HOSTS, |address| words::host(incident, *address, None));
    let why = incident.why.first().map(|reason| format!(" Why: {}.", line(&reason.text, PART)));
    let processes = words::processes(incident, line).collect::<Vec<_>>().join("; ");
    let processes =
        if processes.is_empty() { processes } else { format!(" Processes: {processes}.") };
    format!(
        "{}. Sources: {}. Targets: {}. For {}: {}.{}{processes}",
        line(&standing(incident), PART),
        hosts(&incident.sources),
        hosts(&incident.targets),
        duration(incident),
        traffic(incident),
        why.unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Class;
    use crate::notify::tests::server::{Server, answer, soon};
    use crate::notify::tests::{incident, invaded, named, notice};

    fn now() -> Timestamp {
        Timestamp::from_second(1_700_000_000).unwrap()
    }

    /// Severity of each alert, and whether it is over.
    fn told(alerts: &[Value]) -> Vec<(String, bool)> {
        let severity = |alert: &Value| alert["labels"]["severity"].as_str().unwrap().to_owned();
        alerts.iter().map(|alert| (severity(alert), alert.get("endsAt").is_some())).collect()
    }

    #[test]
    fn the_processes_behind_it_are_described_and_are_no_labels() {
        let flood = invaded(incident(Class::DosFlood));
        let alert = alert(&flood, flood.severity, now());
        let description = alert["annotations"]["description"].as_str().unwrap();
        assert!(description.contains(" Processes: started there: /bin/sh in shop/web-7f9c"));
        assert_eq!(alert["labels"], labels(&incident(Class::DosFlood), flood.severity));
    }

    #[test]
    fn an_incident_that_opens_fires_without_an_end() {
        let flood = incident(Class::DosFlood);
        let alerts = alerts(&[notice(News::Opened, &flood)], now());
        assert_eq!(told(&alerts), [("high".into(), false)]);
        assert_eq!(alerts[0]["startsAt"], "2020-09-13T12:26:40.000000Z");
        assert_eq!(alerts[0]["labels"]["incident"], flood.id.to_string());
    }

    #[test]
    fn an_incident_of_another_severity_ends_the_alerts_of_the_others() {
        let mut flood = incident(Class::DosFlood);
        flood.severity = Severity::Critical;
        let alerts = alerts(&[notice(News::Changed, &flood)], now());
        let ended = |name: &str| (name.to_owned(), true);
        assert_eq!(
            told(&alerts),
            [ended("low"), ended("medium"), ended("high"), ("critical".into(), false)]
        );
    }

    #[test]
    fn an_incident_that_is_over_ends_and_of_several_news_the_last_counts() {
        let flood = incident(Class::DosFlood);
        let over = Incident { status: Status::Resolved, ..flood.clone() };
        let notices = [notice(News::Opened, &flood), notice(News::Resolved, &over)];
        let alerts = alerts(&notices, now());
        assert_eq!(alerts.len(), Severity::ALL.len());
        assert!(alerts.iter().all(|alert| alert["endsAt"] == "2023-11-14T22:13:20.000000Z"));
    }

    #[test]
    fn labels_name_whom_it_was_about_when_it_opened_and_stay_when_more_is_learnt() {
        let nameless = incident(Class::DosFlood);
        let opened = named(nameless.clone());
        let pivot = opened.pivot;
        let opened = Incident { names: opened.names.opened(pivot), ..nameless.clone() };
        let [labels] = [&opened].map(|one| alert(one, one.severity, now())["labels"].clone());
        assert_eq!((&labels["namespace"], &labels["workload"]), (&json!("shop"), &json!("web")));

        let mut later = nameless.clone();
        later.names.join(&opened.names);
        let [before, after] = [&nameless, &later].map(|one| alert(one, one.severity, now()));
        assert_eq!(before["labels"], after["labels"]);
        assert_eq!(before["annotations"].get("name"), None);
        assert_eq!(after["annotations"]["name"], "shop/web-7f9c");
        assert_eq!(after["annotations"]["host"], "192.0.2.10");
        let summary = after["annotations"]["summary"].as_str().unwrap();
        assert_eq!(summary, "high dos-flood of shop/web:80 by 203.0.113.66 (412 flows)");
    }

    #[test]
    fn times_that_no_calendar_has_make_no_alert_that_is_refused() {
        for first_us in [i64::MIN, -1, i64::MAX] {
            let flood = Incident { first_us, status: Status::Resolved, ..incident(Class::Scan) };
            let alert = alert(&flood, flood.severity, now());
            let time = |name: &str| alert[name].as_str().unwrap().parse::<Timestamp>().unwrap();
            assert!(time("startsAt") >= Timestamp::UNIX_EPOCH);
            assert!(time("startsAt") <= time("endsAt"));
        }
    }

    #[tokio::test]
    async fn open_incidents_are_told_again_all_in_one() {
        let server = Server::start([answer("200 OK", "", "")]).await;
        let alertmanager = Alertmanager::new(Http::new().unwrap(), &server.url);
        let open = [incident(Class::Scan), incident(Class::Beacon)];
        alertmanager.repeat(&open, soon()).await.unwrap();
        let [request] = &*server.requests() else { panic!("one request") };
        assert_eq!(request.line(), "POST /api/v2/alerts");
        let told = told(request.json().as_array().unwrap());
        assert_eq!(told, [("high".into(), false), ("high".into(), false)]);
    }

    #[tokio::test]
    async fn an_error_with_a_status_of_success_is_no_success() {
        let said = answer("200 OK", "", r#"{"code":500,"message":"context canceled"}"#);
        let server = Server::start([said]).await;
        let alertmanager = Alertmanager::new(Http::new().unwrap(), &server.url);
        let told = alertmanager.repeat(&[incident(Class::Scan)], soon()).await;
        assert!(matches!(told, Err(Failure::Later { .. })), "{told:?}");
    }
}
