//! Text from outside as it is kept: of one line, and not endless.

/// The longest of who did something, and from where, in characters.
pub(super) const NAME: usize = 256;

/// The longest that somebody may say, in characters.
pub(super) const SAYING: usize = 1_024;

/// The first `longest` characters, with a sign in place of those that control a terminal.
pub(super) fn plain(text: &str, longest: usize) -> String {
    let shown = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    text.chars().take(longest).map(shown).collect()
}
