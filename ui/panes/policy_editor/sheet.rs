//! The lines of a text that is being written, their numbers, the cursor, and what is wrong.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use unicode_width::UnicodeWidthChar;
use weir::policy::Problem;

use crate::look::Look;
use crate::text;
use crate::theme::Role;

/// Lines, and where in them is being written.
#[derive(Debug)]
pub(super) struct Sheet<'a> {
    pub(super) lines: &'a [String],
    /// The first line that is seen.
    pub(super) top: usize,
    /// The line and the character of the cursor, counted from 0.
    pub(super) cursor: (usize, usize),
    pub(super) problems: &'a [Problem],
}

impl Sheet<'_> {
    /// Draws the lines around the cursor.
    pub(super) fn render(&self, look: &Look, area: Rect, buffer: &mut Buffer) {
        let digits = self.lines.len().to_string().len().max(2);
        // A sign, the number, a blank.
        let margin = u16::try_from(digits + 2).unwrap_or(u16::MAX).min(area.width);
        let body = Rect { x: area.x + margin, width: area.width - margin, ..area };
        let hidden = self.hidden(usize::from(body.width));
        for ((at, line), y) in
            self.lines.iter().enumerate().skip(self.top).zip(area.top()..area.bottom())
        {
            let problem = self.problems.iter().find(|problem| problem.line == at + 1);
            let (sign, role) = match problem {
                Some(_) => ("▌", Role::Mistake),
                None => (" ", Role::Dim),
            };
            let number = format!("{sign}{:>digits$} ", at + 1);
            buffer.set_stringn(area.x, y, number, usize::from(margin), look.style(role));
            let row = Rect { y, height: 1, ..body };
            self.line(at, line, problem, hidden, look, row, buffer);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one line, and all that decides how it looks")]
    fn line(
        &self,
        at: usize,
        line: &str,
        problem: Option<&Problem>,
        hidden: usize,
        look: &Look,
        row: Rect,
        buffer: &mut Buffer,
    ) {
        let is_comment = line.trim_start().starts_with('#');
        let usual = if is_comment { Role::Dim } else { Role::Text };
        let (mut column, mut x) = (0, row.x);
        // A blank behind the text is where the cursor stands at its end.
        for (index, character) in text::harmless_lines(line).chars().chain([' ']).enumerate() {
            let wide = character.width().unwrap_or(0);
            let begins = column;
            column += wide;
            if begins < hidden {
                // The half of a wide character that is seen is a blank.
                x += u16::try_from(column.saturating_sub(hidden)).unwrap_or(0);
                continue;
            }
            if usize::from(x) + wide > usize::from(row.right()) {
                break;
            }
            let is_marked = problem.is_some_and(|problem| index + 1 >= problem.column.max(1));
            let is_end = index == line.chars().count();
            let role = if is_marked && !is_end { Role::Mistake } else { usual };
            let mut style = look.style(role);
            if self.cursor == (at, index) {
                style = style.add_modifier(Modifier::REVERSED);
            }
            let mut bytes = [0; 4];
            (x, _) = buffer.set_stringn(x, row.y, character.encode_utf8(&mut bytes), wide, style);
        }
    }

    /// Columns at the beginning of all lines that are not shown, so that the cursor is.
    fn hidden(&self, room: usize) -> usize {
        let line = self.lines.get(self.cursor.0).map_or("", String::as_str);
        let before = line.chars().chain([' ']).take(self.cursor.1 + 1);
        let used: usize = before.map(|character| character.width().unwrap_or(0)).sum();
        (used + 1).saturating_sub(room)
    }
}
