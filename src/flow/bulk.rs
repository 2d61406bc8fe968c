//! Bulk transfer: runs of at least four data packets one way, gaps of at most a second, no data
//! from the other side between (`CICFlowMeter`'s definition).

/// Data packets after which a run counts as a bulk.
const MIN_PACKETS: u32 = 4;

/// A longer gap between data packets ends a run.
const MAX_GAP_US: i64 = 1_000_000;

/// The bulks of one side of a flow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bulk {
    /// How many bulks there were.
    pub bulks: u32,
    /// Data packets in them.
    pub packets: u32,
    /// Payload bytes in them.
    pub bytes: u64,
    /// How long they lasted together, in µs.
    pub duration_us: u64,
    run_packets: u32,
    run_bytes: u64,
    run_start_us: i64,
    run_last_us: i64,
}

impl Bulk {
    /// Takes a data packet of this side.
    #[inline]
    pub(super) fn add(&mut self, time_us: i64, payload_len: u32) {
        if self.run_packets == 0 || time_us - self.run_last_us > MAX_GAP_US {
            self.run_packets = 0;
            self.run_bytes = 0;
            self.run_start_us = time_us;
            self.run_last_us = time_us;
        }
        self.run_packets += 1;
        self.run_bytes += u64::from(payload_len);
        if self.run_packets == MIN_PACKETS {
            self.bulks += 1;
            self.packets += MIN_PACKETS;
            self.bytes += self.run_bytes;
            self.duration_us += (time_us - self.run_start_us).unsigned_abs();
        } else if self.run_packets > MIN_PACKETS {
            self.packets += 1;
            self.bytes += u64::from(payload_len);
            self.duration_us += (time_us - self.run_last_us).unsigned_abs();
        }
        self.run_last_us = time_us;
    }

    /// The other side sent data: the run is over.
    #[inline]
    pub(super) fn interrupt(&mut self) {
        self.run_packets = 0;
    }
}
