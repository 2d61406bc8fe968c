//! Verdicts to incidents: one incident for one attack, however many flows it has.
//!
//! Pure: time is packet time, and the same verdicts give the same incidents. Where they are kept
//! belongs to [`crate::store`], who is told to later edges.

mod alarm;
mod allowance;
mod candidate;
mod change;
mod fit;
mod followed;
mod host_set;
mod json;
mod kin;
mod ongoing;
mod options;
mod place;
mod record;
mod severity;
#[cfg(test)]
mod tests;
mod tracker;

pub use change::Change;
pub use json::{Alert, rfc3339};
pub use options::Options;
pub use record::{Hosts, Incident, IncidentId, Pivot, Severity, Status};
pub use tracker::Tracker;
