//! Steps through rows or lines.

/// A step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Motion {
    /// One back.
    Up,
    /// One on.
    Down,
    /// As many back as fit on the screen.
    PageUp,
    /// As many on as fit on the screen.
    PageDown,
    /// To the first.
    First,
    /// To the last.
    Last,
    /// A turn of the mouse wheel back.
    WheelUp,
    /// A turn of the mouse wheel on.
    WheelDown,
}

/// How far a turn of the wheel goes.
const WHEEL: usize = 3;

impl Motion {
    /// Where the step leads from row `at` where `height` fit; it may lead behind the last.
    pub(crate) const fn from(self, at: usize, height: usize) -> usize {
        match self {
            Self::Up => at.saturating_sub(1),
            Self::Down => at.saturating_add(1),
            Self::PageUp => at.saturating_sub(height),
            Self::PageDown => at.saturating_add(height),
            Self::First => 0,
            Self::Last => usize::MAX,
            Self::WheelUp => at.saturating_sub(WHEEL),
            Self::WheelDown => at.saturating_add(WHEEL),
        }
    }
}
