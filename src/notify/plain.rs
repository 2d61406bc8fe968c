//! Text of others on one line: no control characters, nothing that turns or hides what stands beside
//! it, and no more than fits.

/// What stands where something was cut off.
const CUT: char = '…';

/// `text` on one line of at most `most` characters.
pub(super) fn line(text: &str, most: usize) -> String {
    let mut line = String::new();
    let mut length = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        let word = word.chars().filter(|c| !is_hidden(*c));
        for (at, c) in word.enumerate() {
            let gap = usize::from(at == 0 && length > 0);
            if length + gap + 1 > most {
                line.pop();
                line.push(CUT);
                return line;
            }
            if gap > 0 {
                line.push(' ');
            }
            line.push(c);
            length += gap + 1;
        }
    }
    line
}

/// Characters that are not seen, and those that change the direction of what is.
const fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_others_stays_on_its_line() {
        assert_eq!(line(" one\r\n\x1b[31mtwo\u{202e}\u{0} three ", 80), "one [31mtwo three");
        assert_eq!(line("", 5), "");
    }

    #[test]
    fn what_does_not_fit_is_cut_and_the_cut_is_seen() {
        assert_eq!(line("αβγδε", 5), "αβγδε");
        assert_eq!(line("αβγδεζ", 5), "αβγδ…");
        assert_eq!(line("ab cd ef", 5), "ab c…");
        assert_eq!(line(&"x".repeat(10_000), 200).chars().count(), 200);
    }
}
