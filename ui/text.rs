//! Text from outside made fit for a terminal, and text made fit for a place on it.
//!
//! Whatever comes from packets, files or the system goes through [`clean`] before it is drawn or
//! copied. Widths are those of terminals: a wide character takes two columns.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What stands for a character that must not reach a terminal.
const REPLACEMENT: char = '\u{fffd}';

/// What stands for text that was left out.
const ELLIPSIS: char = '…';

/// Characters of one text from outside that are looked at.
const LONGEST: usize = 512;

/// `text` without what could steer a terminal or turn the direction of writing, in one line and of
/// bounded length.
pub(crate) fn clean(text: &str) -> String {
    let mut cleaned: String = text.chars().take(LONGEST).map(harmless).collect();
    if text.chars().nth(LONGEST).is_some() {
        cleaned.push(ELLIPSIS);
    }
    cleaned
}

/// `text` in its lines, without what could steer a terminal.
pub(crate) fn harmless_lines(text: &str) -> String {
    let text: String = text.chars().map(|c| if c == '\n' { c } else { harmless(c) }).collect();
    // In a log of GitHub's runners this begins a command, wherever it stands.
    text.replace("##[", "## [")
}

/// JSON with escapes for what could steer a terminal or turn the direction of writing: the same value.
pub(crate) fn json(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        // Outside of strings there are none but spaces and line feeds.
        if harmless(character) == character {
            escaped.push(character);
        } else if character.is_ascii_whitespace() {
            escaped.push(' ');
        } else {
            // All of them fit into one unit of UTF-16.
            let escape = format!("\\u{:04x}", u32::from(character));
            escaped.push_str(&escape);
        }
    }
    // In a log of GitHub's runners this begins a command; in JSON it stands in strings alone.
    escaped.replace("##[", "##\\u005b")
}

fn harmless(character: char) -> char {
    match character {
        '\t' | '\n' | '\r' => ' ',
        // Zero-width characters, and those that turn the direction of writing.
        '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}' => REPLACEMENT,
        _ if character.is_control() => REPLACEMENT,
        _ => character,
    }
}

/// Columns that `text` takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// The beginning of `text` in at most `columns`, with an ellipsis if something was left out.
pub(crate) fn clip(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    if columns == 0 {
        return String::new();
    }
    let mut clipped = start(text.chars(), columns - 1);
    clipped.push(ELLIPSIS);
    clipped
}

/// Both ends of `text` in at most `columns`: what tells addresses and names apart stands there.
pub(crate) fn clip_middle(text: &str, columns: usize) -> String {
    if text.width() <= columns || columns < 3 {
        return clip(text, columns);
    }
    let tail_columns = columns / 2;
    let head = start(text.chars(), columns - 1 - tail_columns);
    let tail: String = start(text.chars().rev(), tail_columns).chars().rev().collect();
    format!("{head}{ELLIPSIS}{tail}")
}

/// As many of the first characters as fit into `columns`.
fn start(characters: impl Iterator<Item = char>, columns: usize) -> String {
    let mut used = 0;
    characters
        .take_while(|character| {
            used += character.width().unwrap_or(0);
            used <= columns
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_steers_a_terminal_is_replaced() {
        assert_eq!(clean("a\u{1b}[2Jb\u{7}\u{9b}c\nd"), "a\u{fffd}[2Jb\u{fffd}\u{fffd}c d");
        assert_eq!(clean("x\u{202e}y\u{200b}"), "x\u{fffd}y\u{fffd}");
    }

    #[test]
    fn a_text_of_five_thousand_bytes_is_cut() {
        assert_eq!(clean(&"h".repeat(5_000)).chars().count(), LONGEST + 1);
    }

    #[test]
    fn a_wide_character_is_never_cut_in_half() {
        assert_eq!(clip("東京都", 6), "東京都");
        assert_eq!(clip("東京都", 5), "東京…");
        assert_eq!(clip("東京都", 4), "東…");
    }

    #[test]
    fn both_ends_of_an_address_are_kept() {
        assert_eq!(clip_middle("2001:db8:85a3::8a2e:370:7334", 15), "2001:db…70:7334");
    }

    #[test]
    fn json_that_is_made_harmless_is_the_same_value() {
        let hostile = "{\"binary\": \"a\u{9b}2J\u{202e}b\u{7f}東\"}\n";
        let json = json(hostile);
        assert!(json.chars().all(|c| harmless(c) == c), "{json}");
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(value(&json), value(hostile));
    }

    proptest! {
        #[test]
        fn no_text_is_wider_than_its_place(text in "\\PC{0,40}", columns in 0..30_usize) {
            prop_assert!(width(&clip(&text, columns)) <= columns);
            prop_assert!(width(&clip_middle(&text, columns)) <= columns);
        }
    }
}
