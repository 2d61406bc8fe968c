//! A sliding view of a stream: large reads, records used where they lie.

use std::io::{self, Read};

use super::record::Fault;

/// How much is read at a time; small enough to stay in a core's cache.
const READ: usize = 256 << 10;

/// What of a stream is in memory, and where in the stream that is.
///
/// Grows to the largest piece asked for; whoever asks has bounded that.
pub(super) struct Window {
    reader: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Offset in the stream of the first byte of `buffer`.
    before: u64,
}

/// Bytes in the window, until more is asked of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    start: usize,
    len: usize,
}

impl Window {
    pub(super) fn new(reader: Box<dyn Read + Send>) -> Self {
        Self { reader, buffer: vec![0; READ], start: 0, end: 0, before: 0 }
    }

    /// Whether the next `count` bytes are there; reads on if they are not yet.
    #[inline]
    pub(super) fn holds(&mut self, count: usize) -> Result<bool, Fault> {
        if self.end - self.start >= count { Ok(true) } else { self.refill(count) }
    }

    #[cold]
    fn refill(&mut self, count: usize) -> Result<bool, Fault> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.before += self.start as u64;
        self.end -= self.start;
        self.start = 0;
        if self.buffer.len() < count {
            self.buffer.resize(count, 0);
        }
        while self.end < count {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(0) => return Ok(false),
                Ok(more) => self.end += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(Fault::Read { at: self.before, source }),
            }
        }
        Ok(true)
    }

    /// What is there and not yet taken.
    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Offset in the stream of the first byte not yet taken.
    pub(super) fn offset(&self) -> u64 {
        self.before + self.start as u64
    }

    /// Passes over `len` bytes that are there.
    #[inline]
    pub(super) fn take(&mut self, len: usize) -> Place {
        let place = Place { start: self.start, len };
        self.start += len;
        place
    }

    /// The bytes at a place taken since the last refill.
    #[inline]
    pub(super) fn at(&self, place: Place) -> &[u8] {
        &self.buffer[place.start..place.start + place.len]
    }
}

impl Place {
    /// The `len` bytes from `skip` on; both within the place.
    #[inline]
    pub(super) fn part(self, skip: usize, len: usize) -> Self {
        Self { start: self.start + skip, len }
    }
}
