//! Text with `*` for any text, compared without regard to the case of ASCII letters.

use super::lexer::Letter;

/// What a text must look like as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Piece>);

/// A part of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    /// This letter, in lower case.
    Letter(char),
    /// Any text; never twice in a row.
    Any,
}

impl Pattern {
    /// The pattern that is written with these letters.
    pub(super) fn new(letters: &[Letter]) -> Self {
        let piece = |letter: &Letter| match letter.sign {
            _ if letter.is('*') => Piece::Any,
            other => Piece::Letter(other.to_ascii_lowercase()),
        };
        let mut pieces: Vec<Piece> = letters.iter().map(piece).collect();
        pieces.dedup_by(|a, b| (*a, *b) == (Piece::Any, Piece::Any));
        Self(pieces)
    }

    pub(super) fn pieces(&self) -> &[Piece] {
        &self.0
    }

    /// Whether it stands for more than one text.
    pub(super) fn is_open(&self) -> bool {
        self.0.contains(&Piece::Any)
    }

    /// Whether all of `text` is like it.
    pub(super) fn is_like(&self, text: &str) -> bool {
        if self.is_open() {
            return like(&self.0, text);
        }
        // Of most texts the first letter is another one.
        begins(&self.0, text) && text.chars().count() == self.0.len()
    }

    /// Whether any part of `text` is like it; all of it where the pattern says where text may be.
    pub(super) fn is_in(&self, text: &str) -> bool {
        if self.is_open() {
            return self.is_like(text);
        }
        text.char_indices().any(|(at, _)| text.get(at..).is_some_and(|rest| begins(&self.0, rest)))
    }
}

/// Whether `text` begins with the letters of `pieces`.
fn begins(pieces: &[Piece], text: &str) -> bool {
    let mut letters = text.chars().map(|letter| letter.to_ascii_lowercase());
    pieces.iter().all(|piece| letters.next().map(Piece::Letter) == Some(*piece))
}

/// Goes back to the last `*` where it does not go on: at most the product of the lengths, and of these
/// that of the pattern counts as far as it is no longer than the text.
fn like(pieces: &[Piece], text: &str) -> bool {
    let text: Vec<char> = text.chars().map(|letter| letter.to_ascii_lowercase()).collect();
    if pieces.iter().filter(|piece| **piece != Piece::Any).count() > text.len() {
        return false;
    }
    let (mut of_pieces, mut of_text) = (0, 0);
    let mut last_any: Option<(usize, usize)> = None;
    while of_text < text.len() {
        match pieces.get(of_pieces) {
            Some(Piece::Letter(letter)) if *letter == text[of_text] => {
                of_pieces += 1;
                of_text += 1;
            }
            Some(Piece::Any) => {
                last_any = Some((of_pieces, of_text));
                of_pieces += 1;
            }
            _ => match &mut last_any {
                Some((any, taken)) => {
                    *taken += 1;
                    (of_pieces, of_text) = (*any + 1, *taken);
                }
                None => return false,
            },
        }
    }
    pieces.get(of_pieces..).is_some_and(|rest| rest.iter().all(|piece| *piece == Piece::Any))
}
