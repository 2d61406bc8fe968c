//! A flow of an incident: enough to find its packets again.

use crate::flow::FlowId;
use crate::packet::Tuple;

/// A flow of an incident: enough to find its packets again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlowSpan {
    /// Its identity.
    pub id: FlowId,
    /// Its ends, in the direction in which it was opened.
    pub tuple: Tuple,
    /// First packet, in µs since the epoch.
    pub first_us: i64,
    /// Last packet so far, in µs since the epoch.
    pub last_us: i64,
}
