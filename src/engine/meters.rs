//! Counters that the stages write and the snapshot reads while they run.

use std::sync::atomic::{AtomicU64, Ordering};

use super::snapshot::Traffic;
use crate::capture::Counters;
use crate::packet::Counts;

/// What came in so far, over all sources.
#[derive(Debug, Default)]
pub struct Meters {
    packets: AtomicU64,
    bytes: AtomicU64,
    skipped: AtomicU64,
    dropped_kernel: AtomicU64,
    dropped_interface: AtomicU64,
    dropped_queue: AtomicU64,
    read_bytes: AtomicU64,
}

impl Meters {
    /// Adds what one source has counted since it was last asked.
    pub(super) fn add(&self, now: &Tally, before: &Tally) {
        let skipped = |counts: &Counts| {
            counts.not_ip + counts.truncated + counts.malformed + counts.covered_fragments
        };
        for (meter, now, before) in [
            (&self.packets, now.decoded.packets, before.decoded.packets),
            (&self.bytes, now.bytes, before.bytes),
            (&self.skipped, skipped(&now.decoded), skipped(&before.decoded)),
            (&self.dropped_kernel, now.kernel.dropped_kernel, before.kernel.dropped_kernel),
            (
                &self.dropped_interface,
                now.kernel.dropped_interface,
                before.kernel.dropped_interface,
            ),
            (&self.dropped_queue, now.dropped_queue, before.dropped_queue),
        ] {
            meter.fetch_add(now.saturating_sub(before), Ordering::Relaxed);
        }
    }

    /// Says how many bytes of capture files have been read.
    pub(super) fn reached(&self, bytes: u64) {
        self.read_bytes.store(bytes, Ordering::Relaxed);
    }

    /// Bytes of capture files read so far.
    pub(super) fn read_bytes(&self) -> u64 {
        self.read_bytes.load(Ordering::Relaxed)
    }

    /// What came in so far; rates are left to who knows the time.
    pub(super) fn traffic(&self) -> Traffic {
        let read = |meter: &AtomicU64| meter.load(Ordering::Relaxed);
        Traffic {
            packets: read(&self.packets),
            bytes: read(&self.bytes),
            skipped: read(&self.skipped),
            dropped_kernel: read(&self.dropped_kernel),
            dropped_interface: read(&self.dropped_interface),
            dropped_queue: read(&self.dropped_queue),
            ..Traffic::default()
        }
    }
}

/// What one source has counted since it began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// What the frames were.
    pub(super) decoded: Counts,
    /// Bytes of the frames on the wire.
    pub(super) bytes: u64,
    /// What the kernel counted.
    pub(super) kernel: Counters,
    /// Packets dropped because the flow table did not keep up.
    pub(super) dropped_queue: u64,
}
