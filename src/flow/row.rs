//! What the flow table reports: flows that opened, flows as they stand, flows that ended.

use super::record::Flow;
use crate::packet::Tuple;

/// Why a flow ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// Both sides sent a FIN.
    Fin,
    /// One side sent a RST.
    Rst,
    /// Silent for longer than the idle timeout.
    Idle,
    /// Open for longer than the active timeout; its next packet opens another row.
    Active,
    /// The table was full and this flow silent the longest.
    Evicted,
    /// The capture ended or its clock jumped back before silence ended the flow.
    Input,
}

/// Whether a row is the last word on its flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// The flow has ended.
    Final(End),
    /// The flow is open; a later row with the same [`super::FlowId`] replaces this one.
    Provisional,
}

/// The place of a report among all reports of a capture; the same however the work is shared.
///
/// By the packet time at which it happened, then by the packet that made it happen (timers come
/// first), then by the flow's first packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Order {
    /// When it happened, in µs since the epoch.
    pub at_us: i64,
    /// Number of the packet that caused it; 0 if time did, `u64::MAX` if the end of input did.
    pub cause: u64,
    /// Time of the flow's first packet in µs since the epoch.
    pub first_us: i64,
    /// Number of the flow's first packet.
    pub sequence: u64,
}

/// A flow with its statistics, at its end or as it stands.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// Its place among all reports.
    pub order: Order,
    /// Whether more is to come.
    pub state: State,
    /// The flow.
    pub flow: &'a Flow,
}

/// One thing that a table has to say.
#[derive(Debug, Clone, Copy)]
pub enum Report<'a> {
    /// A flow opened.
    Opened {
        /// Its place among all reports.
        order: Order,
        /// Who opened it, and to whom.
        tuple: Tuple,
    },
    /// A flow ended, or is shown as it stands.
    Row(Row<'a>),
}

impl Report<'_> {
    /// Its place among all reports.
    #[must_use]
    pub const fn order(&self) -> Order {
        match self {
            Self::Opened { order, .. } => *order,
            Self::Row(row) => row.order,
        }
    }
}
