//! How many frames, and from when to when.

/// How many frames, and from when to when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) frames: u64,
    /// Time of the oldest, in µs since the epoch; the end of time where there is none.
    pub(super) oldest_us: i64,
    /// Time of the newest, in µs since the epoch; the beginning of time where there is none.
    pub(super) newest_us: i64,
}

impl Default for Extent {
    fn default() -> Self {
        Self { frames: 0, oldest_us: i64::MAX, newest_us: i64::MIN }
    }
}

impl Extent {
    /// Adds a frame.
    #[inline]
    pub(super) fn take(&mut self, time_us: i64) {
        self.frames += 1;
        self.oldest_us = self.oldest_us.min(time_us);
        self.newest_us = self.newest_us.max(time_us);
    }

    /// The frames of both.
    pub(super) fn with(self, other: Self) -> Self {
        Self {
            frames: self.frames + other.frames,
            oldest_us: self.oldest_us.min(other.oldest_us),
            newest_us: self.newest_us.max(other.newest_us),
        }
    }

    /// Time of the oldest frame, if there is one.
    pub(super) fn oldest(self) -> Option<i64> {
        (self.frames > 0).then_some(self.oldest_us)
    }
}
