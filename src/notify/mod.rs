//! The edge towards whoever is told of incidents: Slack, Firebase Realtime Database, Alertmanager, and
//! a webhook of the operator's own.
//!
//! Makes messages of incidents, sends them, and says what came back. It keeps nothing: what is to be
//! told, in which order and how often it is tried belongs to [`crate::store`] and [`crate::engine`].

mod address;
mod alertmanager;
mod error;
mod firebase;
mod http;
mod plain;
mod retry_after;
mod sink;
pub mod slack;
#[cfg(test)]
mod tests;
mod webhook;
mod words;

use std::time::Duration;

use crate::incident::{Incident, News};

pub use error::Error;
pub use firebase::{FirebaseList, Place, key_file};
pub use sink::Sink;

/// Chooses, once for the whole process, whose cryptography TLS uses; to call it again changes nothing.
pub fn prepare() {
    // An error says that it has been chosen before.
    rustls::crypto::ring::default_provider().install_default().ok();
}

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
