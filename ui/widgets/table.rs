//! A table that takes the columns that fit, the important ones first, and never more room than
//! what stands in them needs.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::text;

/// Columns between two columns, and between the mark of a row and its first column.
const GAP: u16 = 1;

/// From this rank on a column is shown only where the ones before it lose nothing.
const OPTIONAL: u8 = 5;

/// At which end of its column a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    /// As texts do.
    Left,
    /// As numbers do.
    Right,
}

/// What is left out of a text that is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clip {
    /// Its end.
    End,
    /// Its middle.
    Middle,
}

/// What a column is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    /// What is written above it.
    pub(crate) title: &'static str,
    /// Columns of the terminal without which it is left out, unless it needs fewer.
    pub(crate) min: u16,
    /// At which end its texts stand.
    pub(crate) align: Align,
    /// What is left out of them.
    pub(crate) clip: Clip,
    /// The lower, the longer it stays when there is little room.
    pub(crate) rank: u8,
    /// Columns of the terminal that it may claim before others; beyond them it takes what they leave.
    pub(crate) fair: u16,
}

impl Column {
    /// A column of texts.
    pub(crate) const fn text(title: &'static str, min: u16, clip: Clip, rank: u8) -> Self {
        Self { title, min, align: Align::Left, clip, rank, fair: u16::MAX }
    }

    /// A column of numbers.
    pub(crate) const fn number(title: &'static str, min: u16, rank: u8) -> Self {
        Self { title, min, align: Align::Right, clip: Clip::End, rank, fair: u16::MAX }
    }

    /// The column, which claims no more than `fair` columns of the terminal for texts of any length.
    pub(crate) const fn fair(self, fair: u16) -> Self {
        Self { fair, ..self }
    }

    /// What is shown of `text` where the column has this width.
    pub(crate) fn clipped(&self, text: &str, width: u16) -> String {
        match self.clip {
            Clip::End => text::clip(text, usize::from(width)),
            Clip::Middle => text::clip_middle(text, usize::from(width)),
        }
    }
}

/// A text in its style.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    /// In one line.
    pub(crate) text: String,
    /// How it looks.
    pub(crate) style: Style,
}

/// One row.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    /// One character before the first column.
    pub(crate) mark: Cell,
    /// One for each column.
    pub(crate) cells: Vec<Cell>,
    /// What stands on a line of its own below.
    pub(crate) note: Option<Cell>,
}

/// Rows under the names of their columns.
#[derive(Debug)]
pub(crate) struct Table<'a> {
    /// What the columns are.
    pub(crate) columns: &'a [Column],
    /// What is written above the columns.
    pub(crate) heads: &'a [Cell],
    /// Those that are to be seen, from the top.
    pub(crate) rows: &'a [Row],
    /// Lines that each row takes, at least 1.
    pub(crate) lines: u16,
    /// The row that stands out, and how.
    pub(crate) selected: Option<(usize, Style)>,
}

impl Table<'_> {
    /// Draws heads and rows, as many as fit.
    pub(crate) fn render(&self, area: Rect, buffer: &mut Buffer) {
        let widths = self.widths(area.width.saturating_sub(1));
        let [head, body] = split_head(area);
        self.put(self.heads, &widths, head, buffer);
        for (at, (row, y)) in self.rows.iter().zip(tops(body, self.lines)).enumerate() {
            let line = Rect { y, height: 1, ..body };
            buffer.set_stringn(line.x, y, &row.mark.text, 1, row.mark.style);
            self.put(&row.cells, &widths, line, buffer);
            if let (Some(note), true) = (&row.note, self.lines > 1) {
                let columns = usize::from(line.width.saturating_sub(2));
                let note_text = text::clip(&note.text, columns);
                buffer.set_stringn(line.x + 2, y + 1, note_text, columns, note.style);
            }
            if let Some((_, style)) = self.selected.filter(|(selected, _)| *selected == at) {
                buffer.set_style(line, style);
            }
        }
    }

    /// The width of each column that is shown where so many columns of the terminal are there for all.
    pub(crate) fn widths(&self, available: u16) -> Vec<Option<u16>> {
        widths(self.columns, &self.needs(), available)
    }

    /// Columns of the terminal that each column needs for all that stands in it.
    fn needs(&self) -> Vec<u16> {
        let rows = || self.rows.iter().map(|row| row.cells.as_slice()).chain([self.heads]);
        let need = |at: usize| {
            rows().filter_map(move |cells| cells.get(at)).map(|cell| text::width(&cell.text))
        };
        (0..self.columns.len())
            .map(|at| need(at).max().unwrap_or(0).try_into().unwrap_or(u16::MAX))
            .collect()
    }

    fn put(&self, cells: &[Cell], widths: &[Option<u16>], line: Rect, buffer: &mut Buffer) {
        let mut x = line.x + 1;
        for ((column, cell), width) in self.columns.iter().zip(cells).zip(widths) {
            let Some(width) = *width else { continue };
            x += GAP;
            let columns = usize::from(width);
            let shown = column.clipped(&cell.text, width);
            let blank = match column.align {
                Align::Left => 0,
                Align::Right => columns - text::width(&shown).min(columns),
            };
            let start = x + u16::try_from(blank).unwrap_or(0);
            buffer.set_stringn(start, line.y, shown, columns, cell.style);
            x += width;
        }
    }
}

/// The line of the heads and what is left for the rows.
pub(crate) fn split_head(area: Rect) -> [Rect; 2] {
    let head_height = area.height.min(1);
    let body = Rect { y: area.y + head_height, height: area.height - head_height, ..area };
    [Rect { height: head_height, ..area }, body]
}

/// How many rows of so many lines fit below the heads in `area`.
pub(crate) fn rows_in(area: Rect, lines: u16) -> usize {
    let [_, body] = split_head(area);
    usize::from(body.height / lines.max(1))
}

/// The first line of each row that fits into `body`.
fn tops(body: Rect, lines: u16) -> impl Iterator<Item = u16> {
    let lines = lines.max(1);
    (0..body.height / lines).map(move |row| body.y + row * lines)
}

/// The width of each column that is shown: those of the lowest rank get room first.
fn widths(columns: &[Column], needs: &[u16], available: u16) -> Vec<Option<u16>> {
    let mut order: Vec<usize> = (0..columns.len()).collect();
    order.sort_by_key(|at| columns.get(*at).map(|column| column.rank));
    let mut widths = vec![None; columns.len()];
    let mut left = available;
    // What those shown so far need beyond what they have.
    let mut lacking = 0;
    for at in &order {
        let (Some(column), Some(need)) = (columns.get(*at), needs.get(*at)) else { continue };
        let need = need.min(&column.fair);
        let least = column.min.min(*need);
        let spared = if column.rank < OPTIONAL { 0 } else { lacking };
        let Some(rest) = left.checked_sub(least + GAP).filter(|rest| *rest >= spared) else {
            break;
        };
        left = rest;
        lacking += need - least;
        if let Some(width) = widths.get_mut(*at) {
            *width = Some(least);
        }
    }
    // At first each to what is fair, then to what nobody else needs.
    for most in [|column: &Column| column.fair, |_: &Column| u16::MAX] {
        for at in &order {
            let (Some(column), Some(need)) = (columns.get(*at), needs.get(*at)) else { continue };
            let Some(Some(width)) = widths.get_mut(*at) else { continue };
            let more = left.min(most(column).min(*need).saturating_sub(*width));
            *width += more;
            left -= more;
        }
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [
        Column::number("SCORE", 5, 0),
        Column::text("CLASS", 6, Clip::End, 2),
        Column::text("TARGET", 9, Clip::Middle, 1),
    ];

    #[test]
    fn a_column_takes_no_more_than_it_needs() {
        assert_eq!(widths(&COLUMNS, &[5, 8, 12], 100), [Some(5), Some(8), Some(12)]);
        assert_eq!(widths(&COLUMNS, &[3, 2, 2], 100), [Some(3), Some(2), Some(2)]);
    }

    #[test]
    fn what_is_left_goes_to_the_important_columns() {
        assert_eq!(widths(&COLUMNS, &[5, 16, 30], 33), [Some(5), Some(6), Some(19)]);
    }

    #[test]
    fn the_least_important_column_goes_first() {
        assert_eq!(widths(&COLUMNS, &[5, 16, 30], 20), [Some(5), None, Some(13)]);
        assert_eq!(widths(&COLUMNS, &[5, 16, 30], 4), [None, None, None]);
    }

    #[test]
    fn an_optional_column_takes_nothing_from_the_others() {
        let columns = [COLUMNS[0], COLUMNS[2], Column::number("PKTS", 4, OPTIONAL)];
        assert_eq!(widths(&columns, &[5, 20, 4], 31), [Some(5), Some(20), None]);
        assert_eq!(widths(&columns, &[5, 20, 4], 32), [Some(5), Some(20), Some(4)]);
    }

    #[test]
    fn a_column_of_long_texts_leaves_others_their_room_and_takes_the_rest() {
        let columns = [COLUMNS[0], COLUMNS[2].fair(12), Column::text("POLICY", 4, Clip::End, 7)];
        assert_eq!(widths(&columns, &[5, 500, 6], 30), [Some(5), Some(16), Some(6)]);
        assert_eq!(widths(&columns, &[5, 500, 6], 20), [Some(5), Some(13), None]);
        assert_eq!(widths(&columns, &[5, 8, 6], 90), [Some(5), Some(8), Some(6)]);
    }

    #[test]
    fn a_note_stands_below_its_row() {
        let cell = |text: &str| Cell { text: text.into(), style: Style::new() };
        let rows = [Row {
            mark: cell("*"),
            cells: ["0.9", "scan", "10.0.0.1"].map(cell).into(),
            note: Some(cell("because of its ports")),
        }];
        let heads = COLUMNS.map(|column| cell(column.title));
        let area = Rect::new(0, 0, 22, 3);
        let mut buffer = Buffer::empty(area);
        let columns = &COLUMNS;
        Table { columns, heads: &heads, rows: &rows, lines: 2, selected: None }
            .render(area, &mut buffer);
        let lines = ["  SCORE CLASS TARGET  ", "*   0.9 scan  10.0.0.1", "  because of its ports"];
        assert_eq!(buffer, Buffer::with_lines(lines));
    }

    #[test]
    fn no_place_is_too_small_to_draw_on() {
        for (width, height) in [(0, 0), (1, 1), (2, 5), (5, 1)] {
            let area = Rect::new(0, 0, width, height);
            let mut buffer = Buffer::empty(area);
            let row = Row { cells: vec![Cell::default(); 3], ..Row::default() };
            let heads = vec![Cell { text: "東京".into(), style: Style::new() }; 3];
            Table { columns: &COLUMNS, heads: &heads, rows: &[row], lines: 2, selected: None }
                .render(area, &mut buffer);
        }
    }
}
