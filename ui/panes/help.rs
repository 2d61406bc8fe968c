//! The help, made from the table of keys.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::scroll::Scroll;
use super::{Focus, Scene, View, chrome};
use crate::console::Motion;
use crate::keymap::{self, Binding, Mode};
use crate::look::Look;
use crate::theme::Role;

/// Columns of the keys of a binding.
const KEY_COLUMNS: usize = 22;

/// The page.
#[derive(Debug, Default)]
pub(crate) struct Help {
    scroll: Scroll,
}

impl View for Help {
    fn title(&self, _scene: &Scene) -> String {
        format!("Help ─ weir {}", env!("CARGO_PKG_VERSION"))
    }

    fn render(&self, scene: &Scene, _focus: Focus, area: Rect, buffer: &mut Buffer) {
        let lines = lines(&scene.look);
        let top = self.scroll.top(lines.len(), usize::from(area.height));
        chrome::text(&lines, top, area, buffer);
    }

    fn step(&mut self, scene: &Scene, motion: Motion, area: Rect) {
        self.scroll.step(motion, lines(&scene.look).len(), usize::from(area.height));
    }
}

fn lines(look: &Look) -> Vec<Line<'static>> {
    let heading = |words: &'static str| Line::styled(words, look.style(Role::Title));
    let writing = |binding: &&Binding| !binding.modes.contains(&Mode::Panes);
    let mut lines = vec![heading(" Keys")];
    lines.extend(keymap::of_mode(Mode::Panes).map(|binding| line(binding, look)));
    lines.extend([Line::default(), heading(" While a filter or a command is written")]);
    lines.extend(keymap::of_mode(Mode::Palette).filter(writing).map(|binding| line(binding, look)));
    lines
}

fn line(binding: &Binding, look: &Look) -> Line<'static> {
    let keys: Vec<_> = binding.keys.iter().map(|key| key.label(look.glyphs)).collect();
    Line::from_iter([
        Span::styled(format!(" {:<KEY_COLUMNS$}", keys.join(" ")), look.style(Role::Key)),
        Span::styled(binding.help, look.style(Role::Text)),
    ])
}
