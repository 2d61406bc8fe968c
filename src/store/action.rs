//! What people do about incidents: each in one transaction with its audit record and what is to be
//! told of it.

use std::path::Path;

use super::Error;
use super::database::Database;
use crate::incident::{Incident, IncidentId, MuteId, SinkName};

/// Who does something, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// A user of the API, or of the system.
    pub who: String,
    /// Such as `198.51.100.7`, `console` or `command line`.
    pub from: String,
}

/// A mute as somebody wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMute {
    /// Which incidents, in the filter language; not all.
    pub filter: String,
    /// Why.
    pub reason: String,
    /// Until when, by the wall clock, in µs since the epoch.
    pub expires_us: i64,
}

/// A filter on incidents that no sink is to be told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mute {
    /// Under which it is kept.
    pub id: MuteId,
    /// Which incidents, in the filter language.
    pub filter: String,
    /// Why.
    pub reason: String,
    /// Who wanted it.
    pub author: String,
    /// Since when, by the wall clock, in µs since the epoch.
    pub created_us: i64,
    /// Until when, likewise; earlier where somebody has ended it.
    pub expires_us: i64,
    /// Incidents that it has hidden.
    pub hidden: u64,
}

/// Which parked entries are to be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// All.
    All,
    /// Those of one sink.
    Of(SinkName),
    /// Those of the incident and sink of one entry.
    Entry(i64),
}

/// A connection on which people act. It works beside a running engine.
#[derive(Debug)]
pub struct Actions(Database);

impl Actions {
    /// Opens a database that an engine has made.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Database::open(path).map(Self)
    }

    /// Takes an incident on; it stays so until it is over. To do it again changes nothing.
    pub fn acknowledge(&mut self, id: IncidentId, by: &By) -> Result<Incident, Error> {
        unimplemented!("{id} {by:?}")
    }

    /// Says that an incident is over. To do it again changes nothing.
    pub fn resolve(&mut self, id: IncidentId, by: &By) -> Result<Incident, Error> {
        unimplemented!("{id} {by:?}")
    }

    /// Keeps incidents from the sinks from now on.
    pub fn mute(&mut self, mute: &NewMute, by: &By) -> Result<Mute, Error> {
        unimplemented!("{mute:?} {by:?}")
    }

    /// Ends a mute now.
    pub fn unmute(&mut self, id: MuteId, by: &By) -> Result<Mute, Error> {
        unimplemented!("{id} {by:?}")
    }

    /// Has parked entries tried again, in order; how many.
    pub fn retry(&mut self, which: Which, by: &By) -> Result<u64, Error> {
        unimplemented!("{which:?} {by:?}")
    }
}
