//! Names of hosts as requests and handshakes give them: untrusted, so only what can be one.

const LONGEST: usize = 253;

/// A DNS name, an IPv4 address or an IPv6 address in brackets, as sent and without a port.
///
/// Holds letters, digits, `-` and `.`, or in brackets hexadecimal digits, `:` and `.`, and nothing
/// else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Host<'a>(&'a [u8]);

impl<'a> Host<'a> {
    /// Bytes of the longest name (RFC 1035, 2.3.4, without the root's dot).
    pub const LONGEST: usize = LONGEST;

    /// The host of `HOST` or `HOST:PORT` (RFC 9110, 7.2).
    pub(super) fn of_authority(text: &'a [u8]) -> Option<Self> {
        if text.first() == Some(&b'[') {
            let end = text.iter().take(Self::LONGEST).position(|byte| *byte == b']')?;
            let (literal, port) = text.split_at_checked(end + 1)?;
            let is_inner = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
            let inner = literal.get(1..end)?;
            let is_literal = !inner.is_empty() && inner.iter().all(is_inner);
            return (is_literal && is_port(port)).then_some(Self(literal));
        }
        let colon = text.iter().position(|byte| *byte == b':').unwrap_or(text.len());
        let (name, port) = text.split_at_checked(colon)?;
        if is_port(port) { Self::of_name(name) } else { None }
    }

    /// The host of this name; a dot at its end, which means the same, is left out.
    pub(super) fn of_name(name: &'a [u8]) -> Option<Self> {
        let name = name.strip_suffix(b".").unwrap_or(name);
        let is_label = |label: &[u8]| {
            !label.is_empty()
                && label.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
        };
        let is_name = name.len() <= Self::LONGEST && name.split(|byte| *byte == b'.').all(is_label);
        is_name.then_some(Self(name))
    }

    /// The name in lower case, as names are compared, written into `room`.
    pub fn lower(self, room: &mut [u8; LONGEST]) -> &str {
        let Some(room) = room.get_mut(..self.0.len()) else { return "" };
        room.copy_from_slice(self.0);
        room.make_ascii_lowercase();
        str::from_utf8(room).unwrap_or_default()
    }

    /// Whether both are the same name.
    pub(super) fn is(self, other: Self) -> bool {
        self.0.eq_ignore_ascii_case(other.0)
    }
}

/// What follows a host: nothing, or a colon and digits.
fn is_port(text: &[u8]) -> bool {
    match text.split_first() {
        None => true,
        Some((b':', digits)) => digits.len() <= 5 && digits.iter().all(u8::is_ascii_digit),
        Some(_) => false,
    }
}
