//! Words of others, made fit to be shown: on one line, without what hides or turns, and bounded.

use std::error::Error;

/// How much is shown of what the API server or a library says, in characters.
const SHOWN: usize = 400;

/// What somebody else said.
pub(crate) fn said(text: &str) -> String {
    let seen = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    let seen: String = seen.filter(|c| !is_hidden(*c)).collect();
    let seen = seen.trim();
    if seen.chars().count() <= SHOWN {
        return seen.to_owned();
    }
    seen.chars().take(SHOWN - 1).chain(['…']).collect()
}

/// The innermost cause of `error`: those around it say the same in more words.
pub(super) fn cause(error: &(dyn Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(inner) = innermost.source() {
        innermost = inner;
    }
    said(&innermost.to_string())
}

/// Characters that are not seen, and those that change the direction of what is.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_others_stay_on_their_line() {
        assert_eq!(said(" no\nsuch \u{1b}[31mpod\u{202e} "), "no such [31mpod");
        assert_eq!(said(&"x".repeat(5_000)).chars().count(), SHOWN);
    }
}
