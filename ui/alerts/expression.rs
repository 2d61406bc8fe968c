//! Filters as they are typed behind a verb, and where one of them is wrong.

use std::fmt;

use weir::filter::{self, Filter};

use crate::text;

/// The longest filter that is shown with its mistake, in columns: a longer one would break the line.
const WIDEST: usize = 160;

/// A text that is no filter.
#[derive(Debug)]
pub(crate) struct Misplaced {
    text: String,
    error: filter::Error,
}

/// What is wrong; below it the filter, with a line under the place.
impl fmt::Display for Misplaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text, error } = self;
        write!(f, "read the filter: {error}")?;
        let (before, rest) = split(text, error.span.start);
        let (wrong, _) = split(rest, error.span.len());
        if text::width(text) > WIDEST || text.contains(char::is_control) {
            return write!(f, " (at byte {})", error.span.start);
        }
        let (blank, marked) = (text::width(before), text::width(wrong).max(1));
        write!(f, "\n  {text}\n  {:blank$}{:^<marked$}", "", "")
    }
}

impl std::error::Error for Misplaced {}

/// `text` before and after its byte `at`; all of it where no character ends there.
fn split(text: &str, at: usize) -> (&str, &str) {
    text.split_at_checked(at).unwrap_or((text, ""))
}

/// The filter that these words make.
pub(super) fn filter(words: &[String]) -> Result<(String, Filter), Misplaced> {
    let text = words.join(" ");
    match Filter::parse(&text) {
        Ok(filter) => Ok((text, filter)),
        Err(error) => Err(Misplaced { text, error }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(words: &[&str]) -> String {
        let words: Vec<_> = words.iter().map(ToString::to_string).collect();
        filter(&words).unwrap_err().to_string()
    }

    #[test]
    fn the_place_of_a_mistake_is_marked_below_it() {
        let said = said(&["src:10.0.0.1", "clas:scan"]);
        let lines: Vec<_> = said.lines().skip(1).collect();
        assert_eq!(lines, ["  src:10.0.0.1 clas:scan", "               ^^^^"]);
    }

    #[test]
    fn a_mark_stands_below_wide_characters_too() {
        let said = said(&["東京", "x>1"]);
        assert!(said.ends_with("\n  東京 x>1\n       ^"), "{said}");
    }

    #[test]
    fn of_what_no_terminal_should_show_only_the_byte_is_said() {
        for words in [["\u{1b}[2J", "clas:scan"], [&"x".repeat(200), "clas:scan"]] {
            let said = said(&words);
            assert!(said.lines().count() == 1 && said.contains("(at byte "), "{said}");
        }
    }
}
