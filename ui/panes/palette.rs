//! The commands whose names fit what was written, above the line in which it is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget};

use super::{Focus, chrome};
use crate::keymap::{BINDINGS, Binding};
use crate::look::Look;
use crate::theme::Role;

/// Commands shown at once.
const ROWS: usize = 8;

/// Columns of the name of a command.
const NAME_COLUMNS: usize = 12;

/// The command of this name, then those whose names begin with `written`, then those that have it
/// elsewhere.
pub(crate) fn matching(written: &str) -> Vec<&'static Binding> {
    let written = written.trim().to_lowercase();
    let named = || BINDINGS.iter().filter(|binding| !binding.command.is_empty());
    let begins = |binding: &&Binding| binding.command.starts_with(&written);
    let has = |binding: &&Binding| !begins(binding) && binding.command.contains(&written);
    let mut all: Vec<_> = named().filter(begins).chain(named().filter(has)).collect();
    all.sort_by_key(|binding| binding.command != written);
    all
}

/// Draws the commands that fit `written` at the bottom of `area`; `chosen` stands out.
pub(crate) fn render(written: &str, chosen: usize, look: &Look, area: Rect, buffer: &mut Buffer) {
    let all = matching(written);
    let room = ROWS.min(usize::from(area.height.saturating_sub(2)));
    let top = (chosen + 1).saturating_sub(room);
    let shown: Vec<_> = all.iter().enumerate().skip(top).take(room).collect();
    let height = u16::try_from(shown.len() + 2).unwrap_or(u16::MAX).min(area.height);
    let popup = Rect { y: area.bottom() - height, height, ..area };
    Clear.render(popup, buffer);
    let title = format!("Commands ─ {}", all.len());
    chrome::frame(&title, Focus::Here, look, popup, buffer);
    let lines = chrome::inside(popup);
    for ((at, binding), y) in shown.into_iter().zip(lines.top()..lines.bottom()) {
        let style = look.style(if at == chosen { Role::Selected } else { Role::Text });
        let columns = usize::from(lines.width);
        let words = format!(" {:<NAME_COLUMNS$} {}", binding.command, binding.help);
        buffer.set_stringn(lines.x, y, format!("{words:<columns$}"), columns, style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(written: &str) -> Vec<&'static str> {
        matching(written).iter().map(|binding| binding.command).collect()
    }

    #[test]
    fn names_that_begin_so_come_first() {
        assert_eq!(names("so"), ["sort", "resolve"]);
        assert_eq!(names("f"), ["flows", "first", "filter", "freeze"]);
        assert_eq!(names("E")[0], "events");
        assert!(names("e").contains(&"freeze"));
        assert!(names("zzz").is_empty());
    }
}
