//! The frame around a view, and sentences in the middle of an empty one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Block, Widget};

use super::Focus;
use crate::look::Look;
use crate::text;
use crate::theme::Role;
use crate::widgets::wrap::wrapped;

/// What is inside the frame that fills `area`.
pub(crate) fn inside(area: Rect) -> Rect {
    Block::bordered().inner(area)
}

/// Draws a frame that says `title`.
pub(crate) fn frame(title: &str, focus: Focus, look: &Look, area: Rect, buffer: &mut Buffer) {
    let (border, style) = match focus {
        Focus::Here => (Role::Focus, Role::Focus),
        Focus::Elsewhere => (Role::Border, Role::Title),
    };
    let room = usize::from(area.width.saturating_sub(4));
    let title = Line::styled(format!(" {} ", text::clip(title, room)), look.style(style));
    Block::bordered().border_style(look.style(border)).title(title).render(area, buffer);
}

/// Draws `lines` from the top, those from the `top`-th on.
pub(crate) fn text(lines: &[Line<'_>], top: usize, area: Rect, buffer: &mut Buffer) {
    for (line, y) in lines.iter().skip(top).zip(area.top()..area.bottom()) {
        buffer.set_line(area.x, y, line, area.width);
    }
}

/// Draws a sentence and returns what is left below it.
pub(crate) fn sentence(
    words: &str,
    role: Role,
    look: &Look,
    area: Rect,
    buffer: &mut Buffer,
) -> Rect {
    let (lines, below) = split(words, area);
    let columns = usize::from(area.width.saturating_sub(2));
    for (line, y) in lines.iter().zip(area.top()..below.top()) {
        buffer.set_stringn(area.x + 1, y, line, columns, look.style(role));
    }
    below
}

/// What is left of `area` below a sentence.
pub(crate) fn below_sentence(words: &str, area: Rect) -> Rect {
    split(words, area).1
}

/// Where sentences stand one below the other, and what is left below them: at least `kept` lines.
pub(crate) fn split_sentences(words: &[(Role, String)], kept: u16, area: Rect) -> [Rect; 2] {
    let most = area.height.saturating_sub(kept);
    let above = Rect { height: most, ..area };
    let left = words.iter().fold(above, |left, (_, words)| below_sentence(words, left));
    let used = most - left.height;
    [above, Rect { y: area.y + used, height: area.height - used, ..area }]
}

/// Draws sentences one below the other, as far as they fit.
pub(crate) fn sentences(words: &[(Role, String)], look: &Look, area: Rect, buffer: &mut Buffer) {
    words.iter().fold(area, |left, (role, words)| sentence(words, *role, look, left, buffer));
}

/// The lines of a sentence, which keeps away from both sides, and what is left below them.
fn split(words: &str, area: Rect) -> (Vec<String>, Rect) {
    let lines = wrapped(words, usize::from(area.width.saturating_sub(2)));
    let used = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(area.height);
    (lines, Rect { y: area.y + used, height: area.height - used, ..area })
}
