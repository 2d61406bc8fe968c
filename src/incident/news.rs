//! What there is to tell of an incident, and to whom.

use super::record::{Incident, Severity, Status};
use crate::detect::Class;

/// Who is told of incidents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SinkName {
    /// Slack.
    Slack,
    /// Firebase Realtime Database.
    Firebase,
    /// Prometheus' Alertmanager.
    Alertmanager,
    /// A webhook of the operator's own.
    Webhook,
}

impl SinkName {
    /// Every sink.
    pub const ALL: [Self; 4] = [Self::Slack, Self::Firebase, Self::Alertmanager, Self::Webhook];

    /// Its name everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Firebase => "firebase",
            Self::Alertmanager => "alertmanager",
            Self::Webhook => "webhook",
        }
    }

    /// The sink of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sink| sink.name() == name)
    }
}

/// What has happened to an incident since somebody was last told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum News {
    /// It has become one.
    Opened,
    /// It was over and has come back.
    Reopened,
    /// It is of another severity or class.
    Changed,
    /// Somebody has taken it on.
    Acknowledged,
    /// It is over.
    Resolved,
    /// Its counts have grown, and nothing else.
    Grown,
}

impl News {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Opened,
        Self::Reopened,
        Self::Changed,
        Self::Acknowledged,
        Self::Resolved,
        Self::Grown,
    ];

    /// Its name everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Reopened => "reopened",
            Self::Changed => "changed",
            Self::Acknowledged => "acknowledged",
            Self::Resolved => "resolved",
            Self::Grown => "grown",
        }
    }

    /// The news of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|news| news.name() == name)
    }

    /// What is new of `incident` for somebody who knows it as it was `told`, or not at all.
    #[must_use]
    pub fn since(told: Option<Told>, incident: &Incident) -> Self {
        let is_over = incident.status == Status::Resolved;
        let Some(told) = told else {
            return if is_over { Self::Resolved } else { Self::Opened };
        };
        let now = Told::from(incident);
        // In the same life too: whoever reads a capture again sees the attack again.
        if !is_over && (now.reopened > told.reopened || told.status == Status::Resolved) {
            return Self::Reopened;
        }
        if (now.reopened, now.status) != (told.reopened, told.status) {
            match now.status {
                Status::Resolved => return Self::Resolved,
                Status::Acknowledged => return Self::Acknowledged,
                Status::Open => {}
            }
        }
        if (now.severity, now.class) == (told.severity, told.class) {
            Self::Grown
        } else {
            Self::Changed
        }
    }
}

/// How an incident was when somebody was last told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// How often it had come back.
    pub reopened: u32,
    /// Where it was in its life.
    pub status: Status,
    /// How urgent it was.
    pub severity: Severity,
    /// What it was.
    pub class: Class,
}

impl From<&Incident> for Told {
    fn from(incident: &Incident) -> Self {
        let Incident { reopened, status, severity, class, .. } = *incident;
        Self { reopened, status, severity, class }
    }
}
