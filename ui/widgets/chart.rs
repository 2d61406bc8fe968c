//! A line over time, filled down to its base: Braille dots, or ASCII where they cannot be shown.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::glyphs::Glyphs;

/// Dots of the left and right half of a Braille cell, from the bottom up (Unicode, U+2800).
const DOTS: [[u32; 4]; 2] = [[0x40, 0x04, 0x02, 0x01], [0x80, 0x20, 0x10, 0x08]];

/// ASCII for one to four quarters of a cell.
const QUARTERS: [char; 4] = ['.', ':', '|', '#'];

/// Values between 0 and 1, oldest first; none where nothing is known.
#[derive(Debug)]
pub(crate) struct Chart<'a> {
    /// Two for each column of the area.
    pub(crate) values: &'a [Option<f64>],
    /// How the line looks.
    pub(crate) style: Style,
    /// Which characters it is drawn with.
    pub(crate) glyphs: Glyphs,
}

impl Chart<'_> {
    /// Draws the values over the whole area; what is known to be 0 still shows its lowest dot.
    pub(crate) fn render(&self, area: Rect, buffer: &mut Buffer) {
        let [left, right] = [0, 1].map(|half| self.values.iter().skip(half).step_by(2));
        let right = right.map(Some).chain(std::iter::repeat(None));
        for (x, (left, right)) in (area.left()..area.right()).zip(left.zip(right)) {
            let heights = [left, right.unwrap_or(&None)].map(|value| height(*value, area.height));
            for (row, y) in (0..area.height).zip((area.top()..area.bottom()).rev()) {
                let dots = heights.map(|height| height.saturating_sub(row * 4).min(4));
                if let (Some(symbol), Some(cell)) = (self.symbol(dots), buffer.cell_mut((x, y))) {
                    cell.set_char(symbol).set_style(self.style);
                }
            }
        }
    }

    /// What a cell shows in which so many dots of both halves are set; none if there is nothing.
    fn symbol(&self, dots: [u16; 2]) -> Option<char> {
        match self.glyphs {
            Glyphs::Unicode => {
                let halves = DOTS.iter().zip(dots);
                let set = halves.flat_map(|(half, count)| half.iter().take(usize::from(count)));
                char::from_u32(set.fold(0x2800, |code, dot| code | dot))
                    .filter(|c| *c != '\u{2800}')
            }
            Glyphs::Ascii => {
                let quarters = usize::from(dots[0].max(dots[1]));
                QUARTERS.get(quarters.checked_sub(1)?).copied()
            }
        }
    }
}

/// Dots from the base to the line.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a value between 0 and 1 of few rows"
)]
fn height(value: Option<f64>, rows: u16) -> u16 {
    let dots = rows.saturating_mul(4);
    let reached = |value: f64| (value.clamp(0.0, 1.0) * f64::from(dots)).round() as u16;
    value.map_or(0, |value| reached(value).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(values: &[Option<f64>], glyphs: Glyphs) -> Vec<String> {
        let area = Rect::new(0, 0, 3, 2);
        let mut buffer = Buffer::empty(area);
        Chart { values, style: Style::new(), glyphs }.render(area, &mut buffer);
        let rows = buffer.content.chunks(3);
        rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect()).collect()
    }

    #[test]
    fn each_cell_shows_two_values() {
        let values = [Some(0.0), Some(1.0), Some(0.5), Some(0.25)];
        assert_eq!(drawn(&values, Glyphs::Unicode), ["⢸  ", "⣸⣧ "]);
    }

    #[test]
    fn ascii_shows_the_higher_of_two_values() {
        let values = [Some(0.0), Some(1.0), Some(0.5), Some(0.25), Some(0.1)];
        assert_eq!(drawn(&values, Glyphs::Ascii), ["#  ", "##."]);
    }

    #[test]
    fn the_unknown_is_left_empty_and_nothing_is_not() {
        assert_eq!(drawn(&[None, None, Some(0.0)], Glyphs::Unicode), ["   ", " ⡀ "]);
    }
}
