//! A bounded ring of captured frames on disk, and the packets of single flows out of it.
//!
//! The ring is a folder of pcapng files, called segments, which any tool reads. Frames come to it in
//! batches, the oldest segment goes when there is no room or when it is too old, and files that the
//! ring has not written are left alone. Whoever extracts needs no leave of who writes: both may be
//! at work at once, in two processes. Only frames in which a packet was found are kept, and of each
//! at least its headers, so that they are decoded again as they were the first time.
//!
//! Starts no thread: the engine does, and decides what happens when the disk does not keep up.

mod batch;
mod block;
mod extent;
mod extract;
mod ring;
mod segment;
#[cfg(test)]
mod tests;
mod wanted;

use std::path::PathBuf;
use std::time::Duration;

pub use self::batch::Batch;
pub use self::extract::extract;
pub use self::ring::Ring;
use crate::packet::Frame;

/// What is kept of frames, and how much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Where.
    pub folder: PathBuf,
    /// Bytes of all files together.
    pub most_bytes: u64,
    /// Bytes of a frame; headers are kept whole even so.
    pub snap_length: u32,
    /// Whether what transport headers are followed by is kept.
    pub keeps_payload: bool,
    /// For how long, in packet time.
    pub retention: Duration,
}

impl Options {
    /// How many bytes of `frame`, of which the first `headers_len` are headers, are kept.
    #[must_use]
    #[inline]
    pub fn kept(&self, frame: &Frame<'_>, headers_len: usize) -> usize {
        let snap_length = if self.keeps_payload { self.snap_length as usize } else { 0 };
        snap_length.max(headers_len).min(frame.bytes.len())
    }
}

/// How the ring is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// Bytes of all files.
    pub bytes: u64,
    /// Frames in them.
    pub frames: u64,
    /// Time of the oldest frame, in µs since the epoch.
    pub oldest_us: Option<i64>,
    /// Frames that were not kept because the disk did not keep up or failed.
    pub lost_frames: u64,
    /// Why the last write failed, if it did.
    pub failure: Option<String>,
}

/// What was found of some flows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Found {
    /// Packets written.
    pub packets: u64,
    /// Flows of which something was found.
    pub flows: u64,
    /// Flows of which nothing is in the ring any more.
    pub flows_gone: u64,
    /// Of `flows`, those whose first packet is not in the ring any more.
    pub flows_cut: u64,
    /// Time of the oldest frame in the ring, in µs since the epoch.
    pub oldest_us: Option<i64>,
}

/// Why there is no evidence.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error("{doing} `{}`", path.display())]
    File {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// What was found could not be handed over.
    #[error("write the packets that were found")]
    Output(#[source] std::io::Error),
}
