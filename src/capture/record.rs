//! What both file formats share: the record they yield, their faults, their byte orders.

use std::io;

use super::MAX_FRAME;
use super::window::{Place, Window};
use crate::packet::LinkType;

/// A packet record in the window.
pub(super) struct Record {
    pub(super) time_us: i64,
    pub(super) link: LinkType,
    pub(super) wire_len: u32,
    pub(super) place: Place,
}

/// What is wrong, before it is known in which file.
pub(super) enum Fault {
    /// The stream could not be read on.
    Read { at: u64, source: io::Error },
    /// The piece that begins at this offset is not readable.
    Damaged { at: u64, what: String },
    /// The packets have a link type that is not read.
    LinkType(u32),
}

impl Fault {
    /// What begins at the window's offset is not readable, for the reason given.
    #[cold]
    pub(super) fn damaged(window: &Window, what: impl Into<String>) -> Self {
        Self::Damaged { at: window.offset(), what: what.into() }
    }

    /// What begins at the window's offset ends before the length it should have, in bytes.
    #[cold]
    pub(super) fn cut(window: &Window, what: &str, len: usize) -> Self {
        let there = window.bytes().len();
        Self::damaged(window, format!("the file ends after {there} of {len} bytes of a {what}"))
    }

    /// The record at `at` claims more bytes than any frame has.
    #[cold]
    pub(super) fn oversize(at: u64, claimed: u32) -> Self {
        let what = format!("a packet claims {claimed} bytes, more than the {MAX_FRAME} allowed");
        Self::Damaged { at, what }
    }
}

/// In which order a file holds the bytes of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ByteOrder {
    Little,
    Big,
}

impl ByteOrder {
    #[inline]
    pub(super) fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }

    #[inline]
    pub(super) fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }

    #[inline]
    pub(super) fn i64(self, bytes: [u8; 8]) -> i64 {
        match self {
            Self::Little => i64::from_le_bytes(bytes),
            Self::Big => i64::from_be_bytes(bytes),
        }
    }
}
