//! One line of text being written, with its cursor and with parts of it that stand out.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use unicode_width::UnicodeWidthChar;

/// A line of text and where in it is being written.
#[derive(Debug)]
pub(crate) struct InputLine<'a> {
    /// What stands before it.
    pub(crate) prompt: &'a str,
    /// The text.
    pub(crate) text: &'a str,
    /// Characters before the cursor.
    pub(crate) cursor: usize,
    /// Bytes of the text that stand out, and how.
    pub(crate) marked: &'a [(Range<usize>, Style)],
    /// How the rest looks.
    pub(crate) style: Style,
}

impl InputLine<'_> {
    /// Draws the part of the line around the cursor that fits.
    pub(crate) fn render(&self, area: Rect, buffer: &mut Buffer) {
        let line = Rect { height: area.height.min(1), ..area };
        let (mut x, y) =
            buffer.set_stringn(line.x, line.y, self.prompt, usize::from(line.width), self.style);
        let mut skip = self.hidden(usize::from(line.right().saturating_sub(x)));
        // A blank behind the text is where the cursor stands at its end.
        let characters = self.text.char_indices().chain([(self.text.len(), ' ')]);
        for (at, (byte, character)) in characters.enumerate() {
            let columns = character.width().unwrap_or(0);
            if skip > 0 {
                skip = skip.saturating_sub(columns);
                continue;
            }
            if usize::from(x) + columns > usize::from(line.right()) {
                break;
            }
            let mut style = self.style_at(byte);
            if at == self.cursor {
                style = style.add_modifier(Modifier::REVERSED);
            }
            (x, _) = buffer.set_stringn(x, y, character.to_string(), columns, style);
        }
    }

    /// Columns at the beginning that are not shown, so that the cursor is.
    fn hidden(&self, room: usize) -> usize {
        let before = self.text.chars().take(self.cursor + 1);
        let used: usize = before.map(|character| character.width().unwrap_or(0)).sum();
        (used + 1).saturating_sub(room)
    }

    fn style_at(&self, byte: usize) -> Style {
        let marked = self.marked.iter().find(|(range, _)| range.contains(&byte));
        marked.map_or(self.style, |(_, style)| *style)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(text: &str, cursor: usize, marked: &[(Range<usize>, Style)]) -> Buffer {
        let area = Rect::new(0, 0, 8, 1);
        let mut buffer = Buffer::empty(area);
        InputLine { prompt: "/", text, cursor, marked, style: Style::new() }
            .render(area, &mut buffer);
        buffer
    }

    fn row(buffer: &Buffer) -> String {
        buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect()
    }

    #[test]
    fn the_cursor_is_seen_wherever_it_stands() {
        for cursor in 0..=12 {
            let buffer = drawn("abcdefghijkl", cursor, &[]);
            let reversed =
                buffer.content.iter().filter(|cell| cell.modifier.contains(Modifier::REVERSED));
            assert_eq!(reversed.count(), 1, "cursor {cursor}");
        }
        assert_eq!(row(&drawn("abc", 3, &[])), "/abc    ");
    }

    #[test]
    fn what_is_marked_looks_so() {
        let style = Style::new().add_modifier(Modifier::UNDERLINED);
        let buffer = drawn("ab:c", 0, &[(1..3, style)]);
        let marked: Vec<_> = buffer
            .content
            .iter()
            .map(|cell| cell.modifier.contains(Modifier::UNDERLINED))
            .collect();
        assert_eq!(marked, [false, false, true, true, false, false, false, false]);
    }
}
