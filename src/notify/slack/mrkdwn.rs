//! Text of others in Slack's markup, without becoming markup.

use crate::notify::plain::line;

/// `text` as prose of at most `most` characters as they are sent. The three characters that Slack
/// takes for markup are escaped, so that no text mentions a channel or makes a link.
pub(super) fn prose(text: &str, most: usize) -> String {
    let text = line(text, most);
    let mut escaped = String::new();
    let mut length = 0;
    for c in text.chars() {
        let mut as_is = [0; 4];
        let one: &str = match c {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            // It would begin or end a span of code.
            '`' => "'",
            c => c.encode_utf8(&mut as_is),
        };
        let size = one.chars().count();
        // Room for what says that something was cut off.
        if length + size >= most {
            escaped.push('…');
            break;
        }
        escaped.push_str(one);
        length += size;
    }
    escaped
}

/// `text` as it is, in type of one width, of at most `most` characters as they are sent.
pub(super) fn code(text: &str, most: usize) -> String {
    // Between the marks there must be something.
    let text = if text.is_empty() { "?" } else { text };
    format!("`{}`", prose(text, most.saturating_sub(2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_markup() {
        assert_eq!(prose("<!channel> & `rm`", 80), "&lt;!channel&gt; &amp; 'rm'");
        assert_eq!(code("*a* _b_ `c`", 80), "`*a* _b_ 'c'`");
        assert_eq!(code("", 80), "`?`");
    }

    #[test]
    fn text_is_bounded_as_it_is_sent_and_no_escape_is_cut() {
        let sent = prose(&"<".repeat(10_000), 50);
        assert!(sent.chars().count() <= 50, "{sent}");
        assert_eq!(sent.replace("&lt;", ""), "…");
        assert!(code(&"&".repeat(10_000), 50).chars().count() <= 50);
    }
}
