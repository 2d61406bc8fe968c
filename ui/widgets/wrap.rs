//! Text broken into lines at its spaces.

use unicode_width::UnicodeWidthChar;

use crate::text;

/// `text` in lines of at most `columns`; a word that is longer is cut, never left out.
pub(crate) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let gap = usize::from(!line.is_empty());
        if text::width(&line) + gap + text::width(word) <= columns {
            if gap > 0 {
                line.push(' ');
            }
            line.push_str(word);
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for character in word.chars() {
            let mut longer = line.clone();
            longer.push(character);
            if text::width(&longer) > columns && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
                longer = character.to_string();
            }
            line = longer;
        }
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// `text` cut into lines of at most `columns`, every character of it.
pub(crate) fn cut(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(2);
    let mut lines = vec![String::new()];
    let mut used = 0;
    for character in text.chars() {
        let width = character.width().unwrap_or(0);
        if used + width > columns {
            lines.push(String::new());
            used = 0;
        }
        used += width;
        if let Some(line) = lines.last_mut() {
            line.push(character);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces() {
        assert_eq!(wrapped("one two  three", 8), ["one two", "three"]);
        assert_eq!(wrapped("", 8), [""]);
    }

    #[test]
    fn a_long_word_is_cut() {
        assert_eq!(wrapped("a abcdefghij b", 4), ["a", "abcd", "efgh", "ij b"]);
        assert_eq!(wrapped("東京都", 4), ["東京", "都"]);
    }

    #[test]
    fn what_is_cut_is_all_there() {
        assert_eq!(cut("a  b東京c", 4), ["a  b", "東京", "c"]);
        assert_eq!(cut("東京", 0), ["東", "京"]);
        assert_eq!(cut("", 4), [""]);
    }
}
