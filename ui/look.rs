//! How things are drawn: theme, characters, and the time that ages are counted to.

use ratatui::style::Style;

use crate::format;
use crate::glyphs::Glyphs;
use crate::theme::{Role, Theme};
use crate::widgets::table::Cell;

/// What every pane needs to draw, besides what it shows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// Colours.
    pub(crate) theme: Theme,
    /// Characters.
    pub(crate) glyphs: Glyphs,
    /// Packet time of what is shown, in µs since the epoch.
    pub(crate) now_us: i64,
}

impl Look {
    /// How a thing looks.
    pub(crate) fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    /// How long ago `at_us` is: `41s`.
    pub(crate) fn ago(&self, at_us: i64) -> String {
        format::span(self.now_us.saturating_sub(at_us))
    }

    /// A text that looks as what it is.
    pub(crate) fn cell(&self, role: Role, text: impl Into<String>) -> Cell {
        Cell { text: text.into(), style: self.style(role) }
    }
}
