//! Makes lines of pieces, and holds no more than one of them, of a bounded length.

/// What is kept of the memory for a half line once that is whole.
const KEPT: usize = 64 << 10;

/// A line, without its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tetragon) enum Line<'a> {
    /// All of it, without the blanks and zeros around it: a file that was cut off while its writer
    /// went on holds zeros where the writer left a hole. Never empty.
    Whole(&'a [u8]),
    /// It is too long. It is told of as soon as that is seen, and what follows of it is left out.
    TooLong,
    /// It has no end: what it is in was cut off, or nobody writes to it any more.
    Half,
}

/// What is known of a line that is not at its end.
#[derive(Debug)]
pub(in crate::tetragon) struct Lines {
    half: Vec<u8>,
    is_left_out: bool,
    longest: usize,
}

impl Lines {
    /// Lines of at most `longest` bytes.
    pub(in crate::tetragon) const fn new(longest: usize) -> Self {
        Self { half: Vec::new(), is_left_out: false, longest }
    }

    /// Takes in the next piece.
    pub(in crate::tetragon) fn feed(&mut self, bytes: &[u8], take: &mut dyn FnMut(Line<'_>)) {
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (line, after) = rest.split_at(end);
            rest = after.get(1..).unwrap_or_default();
            self.end(line, take);
        }
        if self.is_left_out {
            return;
        }
        if self.half.len() + rest.len() > self.longest {
            self.half.clear();
            self.is_left_out = true;
            take(Line::TooLong);
        } else {
            self.half.extend_from_slice(rest);
        }
        self.half.shrink_to(KEPT);
    }

    /// What follows up to the next end of a line is left out, without a word.
    pub(super) fn leave_out(&mut self) {
        self.half.clear();
        self.is_left_out = true;
    }

    /// Nothing more follows. The next piece begins a line.
    pub(super) fn broke_off(&mut self, take: &mut dyn FnMut(Line<'_>)) {
        self.is_left_out = false;
        if !trimmed(&self.half).is_empty() {
            take(Line::Half);
        }
        self.half.clear();
    }

    /// A line ends with `end`.
    fn end(&mut self, end: &[u8], take: &mut dyn FnMut(Line<'_>)) {
        if std::mem::take(&mut self.is_left_out) {
            return;
        }
        if self.half.len() + end.len() > self.longest {
            take(Line::TooLong);
        } else if self.half.is_empty() {
            say(end, take);
        } else {
            self.half.extend_from_slice(end);
            say(&self.half, take);
        }
        self.half.clear();
    }
}

fn say(line: &[u8], take: &mut dyn FnMut(Line<'_>)) {
    let line = trimmed(line);
    if !line.is_empty() {
        take(Line::Whole(line));
    }
}

/// `line` without the blanks and zeros around it.
pub(in crate::tetragon) fn trimmed(mut line: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| *byte == 0 || byte.is_ascii_whitespace();
    while let [first, rest @ ..] = line
        && is_blank(first)
    {
        line = rest;
    }
    while let [rest @ .., last] = line
        && is_blank(last)
    {
        line = rest;
    }
    line
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LONGEST: usize = 8;

    fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<String> {
        let mut lines = Lines::new(LONGEST);
        let mut said = Vec::new();
        let mut take = |line: Line<'_>| {
            said.push(match line {
                Line::Whole(line) => String::from_utf8_lossy(line).into_owned(),
                other => format!("{other:?}"),
            });
        };
        for piece in pieces {
            lines.feed(piece, &mut take);
            assert!(lines.half.len() <= LONGEST);
        }
        lines.broke_off(&mut take);
        said
    }

    #[test]
    fn lines_are_made_whole_and_blanks_and_zeros_around_them_fall_off() {
        assert_eq!(read([&b"a\r\n\n \0\nb"[..], b"c\n\0\0d\0\ne"]), ["a", "bc", "d", "Half"]);
        assert_eq!(read([&b"12345678\n"[..], b"\0\0"]), ["12345678"]);
    }

    #[test]
    fn a_line_that_is_too_long_is_told_of_once_and_the_next_is_whole() {
        assert_eq!(read([&b"123456789\nok\n"[..]]), ["TooLong", "ok"]);
        let pieces = [&b"12345"[..], b"6789", b"0123456789", b"0\nok\n"];
        assert_eq!(read(pieces), ["TooLong", "ok"]);
    }

    proptest! {
        #[test]
        fn it_does_not_matter_where_pieces_end(
            text in prop::collection::vec(prop::sample::select(b"ab\xff\0 \n".to_vec()), 0..60),
            cuts in prop::collection::vec(0..60_usize, 0..6),
        ) {
            let mut cuts: Vec<_> = cuts.into_iter().map(|at| at.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let pieces = cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]);
            prop_assert_eq!(read(pieces), read([&text[..]]));
        }
    }
}
