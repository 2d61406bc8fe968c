//! When alarms are an incident and when it is over, and how much is remembered.

use crate::detect::Weights;

/// When alarms are an incident and when it is over, and how much is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Different flows that must alarm before they are an incident, 1 to 64.
    pub opening_flows: usize,
    /// How much evidence they must have together; a manifest has what follows from a budget.
    pub weights: Weights,
    /// Within how much packet time, in µs.
    pub window_us: i64,
    /// Packet time without an alarm after which an incident is over, in µs.
    pub quiet_us: i64,
    /// Packet time after its end within which an attack that comes back is the same incident, in µs.
    pub reopen_us: i64,
    /// Packet time between two tellings of the changes of one incident, in µs.
    pub telling_us: i64,
    /// Packet time without a verdict after which the end of a flow is taken to have been lost, in
    /// µs; to be longer than a flow can be silent.
    pub forget_us: i64,
    /// Classes and pivots with alarms that are not yet an incident; those heard of least recently
    /// are forgotten.
    pub candidates: usize,
    /// Flows with alarms that are not yet an incident, over all candidates; beyond, the candidate heard
    /// of least recently is forgotten.
    pub suspects: usize,
    /// Incidents open at once; the one quiet the longest is resolved early.
    pub open: usize,
    /// Incidents remembered after their end; those over the longest are forgotten, earlier than
    /// after [`Options::reopen_us`] where there are more or hosts of open ones need the room.
    pub closed: usize,
    /// Flows that alarmed and go on; of more than these only the last word is counted.
    pub flows: usize,
    /// Hosts remembered, over all incidents; beyond, their number is at least what is told.
    pub hosts: usize,
    /// Flows kept to be told by [`Tracker::spans`](super::Tracker::spans); those beyond are not told.
    pub spans: usize,
    /// Explanations within a second of packet time: each costs as much as scoring a hundred flows,
    /// and an attacker can open many incidents at once.
    pub explanations: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            opening_flows: 3,
            weights: Weights::NONE,
            window_us: 60_000_000,
            quiet_us: 60_000_000,
            reopen_us: 1_800_000_000,
            telling_us: 1_000_000,
            forget_us: 600_000_000,
            candidates: 4_096,
            suspects: 65_536,
            open: 1_024,
            closed: 1_024,
            flows: 65_536,
            hosts: 262_144,
            spans: 16_384,
            explanations: 10,
        }
    }
}
