//! The line in which a filter or the name of a command is written.

use crossterm::event::{KeyCode, KeyEvent};
use tui_textarea::{CursorMove, TextArea};

use super::Motion;
use crate::keymap::{Action, Mode};
use crate::panes::palette;
use crate::text;

/// Characters that can be written.
const LONGEST: usize = 256;

/// What is being written.
#[derive(Debug)]
pub(super) enum Purpose {
    /// The name of a command; which of those that fit is chosen.
    Palette {
        /// Its place among those that fit.
        chosen: usize,
    },
}

/// A line that is being written.
#[derive(Debug)]
pub(super) struct Prompt {
    purpose: Purpose,
    editor: TextArea<'static>,
}

impl Prompt {
    /// An empty line for the name of a command.
    pub(super) fn palette() -> Self {
        Self { purpose: Purpose::Palette { chosen: 0 }, editor: TextArea::default() }
    }

    /// What keys do in it.
    pub(super) const fn mode(&self) -> Mode {
        match self.purpose {
            Purpose::Palette { .. } => Mode::Palette,
        }
    }

    /// What it is for.
    pub(super) const fn purpose(&self) -> &Purpose {
        &self.purpose
    }

    /// What was written.
    pub(super) fn text(&self) -> &str {
        self.editor.lines().first().map_or("", String::as_str)
    }

    /// Characters before the cursor.
    pub(super) fn cursor(&self) -> usize {
        self.editor.cursor().1
    }

    /// Takes a key that is bound to nothing.
    pub(super) fn write(&mut self, key: KeyEvent) {
        let is_full = self.text().chars().count() >= LONGEST;
        if !(is_full && matches!(key.code, KeyCode::Char(_))) {
            self.editor.input(key);
            self.choose_first();
        }
    }

    /// Takes pasted text: one line of it, without what could harm a terminal.
    pub(super) fn paste(&mut self, pasted: &str) {
        let room = LONGEST.saturating_sub(self.text().chars().count());
        let taken: String = text::clean(pasted).chars().take(room).collect();
        self.editor.insert_str(taken);
        self.choose_first();
    }

    /// Chooses another command.
    pub(super) fn step(&mut self, motion: Motion) {
        let count = palette::matching(self.text()).len();
        let Purpose::Palette { chosen } = &mut self.purpose;
        *chosen = motion.from(*chosen, 1).min(count.saturating_sub(1));
    }

    /// Writes the whole name of the chosen command.
    pub(super) fn complete(&mut self) {
        let Purpose::Palette { chosen } = self.purpose;
        if let Some(binding) = palette::matching(self.text()).get(chosen) {
            self.editor = TextArea::from([binding.command]);
            self.editor.move_cursor(CursorMove::End);
            self.choose_first();
        }
    }

    /// What the chosen command does.
    pub(super) fn chosen(&self) -> Option<Action> {
        let Purpose::Palette { chosen } = self.purpose;
        palette::matching(self.text()).get(chosen).map(|binding| binding.action)
    }

    fn choose_first(&mut self) {
        let Purpose::Palette { chosen } = &mut self.purpose;
        *chosen = 0;
    }
}
