//! How far a text or a list is scrolled.

use crate::console::Motion;

/// The first line that is seen, of a text that need not be as long as it was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Scroll {
    top: usize,
}

impl Scroll {
    /// The first line seen of `lines` where `height` fit.
    pub(crate) fn top(self, lines: usize, height: usize) -> usize {
        self.top.min(lines.saturating_sub(height))
    }

    /// Moves what is seen.
    pub(crate) fn step(&mut self, motion: Motion, lines: usize, height: usize) {
        let top = self.top(lines, height);
        let moved = motion.from(top, height);
        self.top = moved.min(lines.saturating_sub(height));
    }

    /// The first line seen so that line `at` is among those seen.
    pub(crate) fn around(self, at: usize, lines: usize, height: usize) -> usize {
        let top = self.top(lines, height);
        top.max((at + 1).saturating_sub(height)).min(at)
    }

    /// Scrolls so that line `at` is seen.
    pub(crate) fn follow(&mut self, at: usize, lines: usize, height: usize) {
        self.top = self.around(at, lines, height);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_scrolled_than_there_is() {
        let mut scroll = Scroll::default();
        scroll.step(Motion::Last, 10, 4);
        assert_eq!(scroll.top(10, 4), 6);
        assert_eq!(scroll.top(5, 4), 1);
        assert_eq!(scroll.top(2, 4), 0);
    }

    #[test]
    fn a_line_is_followed_no_further_than_needed() {
        let mut scroll = Scroll::default();
        scroll.follow(3, 10, 4);
        assert_eq!(scroll.top(10, 4), 0);
        scroll.follow(5, 10, 4);
        assert_eq!(scroll.top(10, 4), 2);
        scroll.follow(1, 10, 4);
        assert_eq!(scroll.top(10, 4), 1);
        assert_eq!(scroll.around(0, 0, 0), 0);
    }
}
