//! A text to tokens.

use std::ops::Range;

use super::error::Error;

/// A letter of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Letter {
    pub(super) sign: char,
    /// Whether it stood in quotes, where it means nothing but itself.
    pub(super) is_quoted: bool,
    at: usize,
    end: usize,
}

impl Letter {
    /// Whether it is this sign, and means it.
    pub(super) const fn is(&self, sign: char) -> bool {
        self.sign == sign && !self.is_quoted
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Open,
    Close,
    Not,
    And,
    Or,
    /// A term.
    Word(Vec<Letter>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
}

/// All tokens of `text`.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Error> {
    let mut letters = text.char_indices().peekable();
    let mut tokens = Vec::new();
    while let Some((at, letter)) = letters.next_if(|_| true) {
        let sign = match letter {
            letter if letter.is_whitespace() => continue,
            '(' => Some(Kind::Open),
            ')' => Some(Kind::Close),
            '!' => Some(Kind::Not),
            _ => None,
        };
        if let Some(kind) = sign {
            tokens.push(Token { kind, span: at..at + letter.len_utf8() });
            continue;
        }
        let (word, end) = word(text, at)?;
        while letters.next_if(|(at, _)| *at < end).is_some() {}
        tokens.push(Token { kind: of_word(word), span: at..end });
    }
    Ok(tokens)
}

/// The word that begins at `start`, and where it ends: before a space or a parenthesis outside
/// quotes.
fn word(text: &str, start: usize) -> Result<(Vec<Letter>, usize), Error> {
    let mut word: Vec<Letter> = Vec::new();
    let mut word_end = start;
    let mut quoted_since = None;
    let mut is_escaped = false;
    for (at, letter) in text.get(start..).unwrap_or_default().char_indices() {
        let at = start + at;
        let end = at + letter.len_utf8();
        let is_quoted = quoted_since.is_some();
        match letter {
            '\\' if is_quoted && !is_escaped => is_escaped = true,
            '"' if !is_escaped => quoted_since = if is_quoted { None } else { Some(at) },
            letter if !is_quoted && (letter.is_whitespace() || matches!(letter, '(' | ')')) => {
                break;
            }
            letter => {
                word.push(Letter { sign: letter, is_quoted, at, end });
                is_escaped = false;
            }
        }
        word_end = end;
    }
    match quoted_since {
        Some(at) => Err(Error::new(at..text.len(), "the quote is not closed; write another `\"`")),
        None => Ok((word, word_end)),
    }
}

/// Words with a meaning of their own, unless quoted.
fn of_word(word: Vec<Letter>) -> Kind {
    let is = |name: &str| {
        let name = name.chars();
        word.len() == name.clone().count()
            && word.iter().zip(name).all(|(letter, of_name)| {
                !letter.is_quoted && letter.sign.eq_ignore_ascii_case(&of_name)
            })
    };
    match () {
        () if is("and") => Kind::And,
        () if is("or") => Kind::Or,
        () if is("not") => Kind::Not,
        () => Kind::Word(word),
    }
}

/// Bytes from the first letter to the last.
pub(super) fn span(letters: &[Letter]) -> Option<Range<usize>> {
    Some(letters.first()?.at..letters.last()?.end)
}
