//! Verdicts to incidents: one incident for one attack, however many flows it has.
//!
//! Pure: time is packet time, and the same verdicts give the same incidents. Where they are kept
//! belongs to [`crate::store`], who is told to later edges.

mod alert;
mod case;
mod pending;
mod record;
mod severity;
mod tracker;

pub use alert::{Alert, Why, rfc3339};
pub use record::{Hosts, Incident, IncidentId, Pivot, Severity, Status};
pub use tracker::{Change, Options, Tracker};
