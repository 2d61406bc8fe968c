//! Which characters are drawn with, and the ASCII that stands for the others.
//!
//! Everything is drawn in Unicode; on a terminal that takes ASCII alone the finished picture is
//! translated, so that no pane can forget to. Only charts draw differently there.

use ratatui::buffer::Buffer;

/// Which characters a terminal takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Glyphs {
    /// Lines, blocks and Braille.
    Unicode,
    /// ASCII alone.
    Ascii,
}

/// Replaces every character that is not ASCII by one that is.
pub(crate) fn to_ascii(picture: &mut Buffer) {
    for cell in &mut picture.content {
        if !cell.symbol().is_ascii() {
            let stand_in = cell.symbol().chars().next().map_or(' ', stand_in);
            cell.set_char(stand_in);
        }
    }
}

/// `text` with every character that is not ASCII replaced by one that is.
pub(crate) fn in_ascii(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii() { c } else { stand_in(c) }).collect()
}

/// The ASCII character that looks most like `character`.
const fn stand_in(character: char) -> char {
    match character {
        '─' | '·' => '-',
        '│' | '┤' => '|',
        '▌' => '!',
        '┌' | '┐' | '└' | '┘' | '├' | '✓' => '+',
        '→' => '>',
        '●' => '*',
        '■' | '█' => '#',
        '✖' => 'X',
        '×' => 'x',
        '▲' => '^',
        '▼' => 'v',
        '…' => '~',
        'µ' => 'u',
        '²' => '2',
        _ => '?',
    }
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    fn translated(text: &str) -> String {
        let mut picture = Buffer::empty(Rect::new(0, 0, 12, 1));
        picture.set_string(0, 0, text, Style::new());
        to_ascii(&mut picture);
        picture.content.iter().map(ratatui::buffer::Cell::symbol).collect()
    }

    #[test]
    fn lines_and_signs_have_stand_ins() {
        assert_eq!(translated("┌─● µs → B²┐"), "+-* us > B2+");
    }

    #[test]
    fn what_has_none_is_a_question_mark_as_wide_as_it() {
        assert_eq!(translated("東é|"), "? ?|        ");
    }
}
