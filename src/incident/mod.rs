//! Verdicts to incidents: one incident for one attack, however many flows it has.
//!
//! Flows of one class that alarm about one host, the pivot, become an incident when three of them do
//! so within a minute, or when one does in two verdicts in a row and its class needs no more, and when
//! what they say adds up to the evidence that the alert budget asks for, and to clearly more than what
//! was [`Accepted`] where they are. From there every flow that alarms about the pivot is part of it, and
//! so are both legs of an ingress and flows between the same hosts that are taken for a kindred class;
//! the class is that of most flows, the identity stays. It is over after a minute in which no alarm
//! brought anything new.
//!
//! Pure: time is packet time, and the same verdicts give the same incidents. Everything is bounded
//! by [`Options`]. Where incidents are kept belongs to [`crate::store`], who is told to later edges.

mod accepted;
mod alarm;
mod allowance;
mod candidate;
mod candidates;
mod change;
mod closed;
mod digest;
mod fit;
mod followed;
mod host_set;
mod json;
mod kin;
mod life;
mod marks;
mod minute;
mod names;
mod news;
mod ongoing;
mod options;
mod peaks;
mod place;
mod ports;
mod process;
mod reading;
mod record;
mod related;
mod sentence;
mod severity;
mod span;
mod spans;
#[cfg(test)]
mod tests;
mod time;
mod tracker;
mod whereabouts;
mod who;

pub use accepted::Accepted;
pub use change::Change;
pub use digest::Digest;
pub use json::Alert;
pub use marks::Marks;
pub use names::{Named, NamedWorkload, Names};
pub use news::{News, SinkName, Told};
pub use options::Options;
pub use peaks::{Peak, Peaks};
pub use process::{Deed, Process, ProcessSeen};
pub use reading::AlertError;
pub use record::{Feedback, Hosts, Incident, IncidentId, Mark, MuteId, Pivot, Severity, Status};
pub use span::FlowSpan;
pub use time::{parse_rfc3339, rfc3339};
pub use tracker::Tracker;
pub use whereabouts::Place;
pub use who::{Who, WhoKind, Workload};
