//! Why flows end, and the one order of all that is reported.

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

/// The place of a report among all reports of a capture; the same however the work is shared.
///
/// By the packet time at which it happened, then by the packet that made it happen (timers come
/// first), then by the flow's first packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Order {
    /// When it happened, in µs since the epoch.
    pub at_us: i64,
    /// Number of the packet that caused it; 0 if time did, [`Order::INPUT_ENDED`] if the end of input did.
    pub cause: u64,
    /// Time of the flow's first packet in µs since the epoch.
    pub first_us: i64,
    /// Number of the flow's first packet.
    pub sequence: u64,
}

impl Order {
    /// The cause of what the end of the input ended.
    pub const INPUT_ENDED: u64 = u64::MAX;
}
