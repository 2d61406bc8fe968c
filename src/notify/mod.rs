//! The edge towards whoever is told of incidents: Slack, Firebase Realtime Database, Alertmanager, and
//! a webhook of the operator's own.
//!
//! Makes messages of incidents, sends them, and says what came back. It keeps nothing: what is to be
//! told, in which order and how often it is tried belongs to [`crate::store`] and [`crate::engine`].

use std::time::Duration;

use crate::incident::{Digest, Incident, News, SinkName};
use crate::settings::{Environment, Settings};

/// One change of an incident, to be told.
#[derive(Debug, Clone, Copy)]
pub struct Notice<'a> {
    /// The same whenever it is told again, and of no other: who is told twice can tell.
    pub seq: i64,
    /// What has happened.
    pub news: News,
    /// The incident as it was then.
    pub incident: &'a Incident,
    /// Changes that it stands for.
    pub stands_for: u64,
    /// What the sink called its message on this incident, if it has one and was told before.
    pub handle: Option<&'a str>,
}

/// What a sink answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It has taken all.
    Taken {
        /// What it calls its message on the incident, if it does.
        handle: Option<String>,
    },
    /// Not now: it cannot be reached, is busy, or failed.
    Later {
        /// How long to wait, if it said so.
        after: Option<Duration>,
        /// What it said, for people; without secrets and control characters.
        why: String,
    },
    /// Never: it refuses this message, or all of them.
    Refused {
        /// What it said, for people; without secrets and control characters.
        why: String,
    },
}

/// How a sink wants to be told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Manner {
    /// Whether it is told that counts have grown, and at most how often of one incident.
    pub growth_every: Option<Duration>,
    /// Whether mutes keep incidents from it. A list of all incidents shows the muted ones as such.
    pub heeds_mutes: bool,
    /// Notices in one message.
    pub batch: usize,
    /// Messages a second over time.
    pub per_s: f64,
    /// Messages at once after a pause.
    pub burst: u32,
    /// From how many waiting notices, growth left out, they become one digest.
    pub digest_from: Option<usize>,
    /// How often open incidents are told again, so that they do not lapse.
    pub repeat_every: Option<Duration>,
}

/// Somebody who is told of incidents.
#[derive(Debug)]
pub struct Sink;

impl Sink {
    /// Those that the settings name.
    pub fn all(settings: &Settings, environment: &Environment) -> Result<Vec<Self>, Error> {
        unimplemented!("{settings:?} {environment:?}")
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> SinkName {
        SinkName::Slack
    }

    /// How it wants to be told.
    #[must_use]
    pub const fn manner(&self) -> Manner {
        Manner {
            growth_every: None,
            heeds_mutes: true,
            batch: 1,
            per_s: 1.0,
            burst: 1,
            digest_from: None,
            repeat_every: None,
        }
    }

    /// Tells it, within 15 s, of at most [`Manner::batch`] notices, in order.
    pub async fn tell(&self, notices: &[Notice<'_>]) -> Answer {
        unimplemented!("{notices:?}")
    }

    /// Tells it of many incidents at once, within 15 s.
    pub async fn digest(&self, digest: &Digest) -> Answer {
        unimplemented!("{digest:?}")
    }

    /// Tells it again of incidents that are open, within 15 s.
    pub async fn repeat(&self, open: &[Incident]) -> Answer {
        unimplemented!("{open:?}")
    }

    /// Sends a message that says that it is a test.
    pub async fn test(&self) -> Answer {
        unimplemented!()
    }
}

/// Why a sink cannot be made of the settings.
#[derive(Debug, thiserror::Error)]
pub enum Error {}
