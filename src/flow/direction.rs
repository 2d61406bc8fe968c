//! Statistics of one side of a flow.

use super::bulk::Bulk;
use super::statistics::{Durations, Lengths};
use crate::packet::{Packet, TcpFlags};

/// Which way a packet went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the one who opened the flow.
    Forward,
    /// To the one who opened the flow.
    Backward,
}

/// What one side of a flow has sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Side {
    /// Packets.
    pub packets: u32,
    /// Packets with payload.
    pub data_packets: u32,
    /// Payload lengths.
    pub lengths: Lengths,
    /// Gaps between its packets.
    pub gaps: Durations,
    /// Bulk transfer.
    pub bulk: Bulk,
    /// Transport header bytes.
    pub header_bytes: u64,
    /// Time of its last packet in µs since the epoch; meaningless before the first.
    pub last_us: i64,
    /// Packets with each TCP flag, in the order of the bits: FIN, SYN, RST, PSH, ACK, URG, ECE, CWR.
    pub flags: [u32; 8],
    /// TCP window of its first packet as sent; 0 before the first and without TCP.
    pub initial_window: u16,
    /// Shortest transport header in bytes; 0 before the first.
    pub header_min: u8,
}

impl Side {
    /// Takes a packet at `time_us`, which is not before the side's last.
    #[inline]
    pub(super) fn add(&mut self, time_us: i64, packet: &Packet) {
        if self.packets == 0 {
            self.initial_window = packet.window;
        } else {
            self.gaps.add((time_us - self.last_us).unsigned_abs());
        }
        self.last_us = time_us;
        self.packets += 1;
        self.lengths.add(packet.payload_len);
        self.header_bytes += u64::from(packet.header_len);
        // A later fragment has no transport header and says nothing about the shortest.
        if packet.header_len != 0 && (self.header_min == 0 || packet.header_len < self.header_min) {
            self.header_min = packet.header_len;
        }
        for (bit, count) in self.flags.iter_mut().enumerate() {
            *count += u32::from(packet.flags.bits() >> bit & 1);
        }
        if packet.payload_len > 0 {
            self.data_packets += 1;
            self.bulk.add(time_us, packet.payload_len);
        }
    }

    /// Packets that had this one flag set.
    #[must_use]
    pub fn flagged(&self, flag: TcpFlags) -> u32 {
        self.flags.get(flag.bits().trailing_zeros() as usize).copied().unwrap_or(0)
    }
}
