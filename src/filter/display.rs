//! A filter as text that is the same filter again.

use std::fmt::{self, Write};
use std::net::{IpAddr, Ipv6Addr};

use super::key::Key;
use super::pattern::{Pattern, Piece};
use super::term::{Comparison, Term};
use super::value::{Network, UNITS, Value};
use super::{Filter, Node};
use crate::incident::Severity;
use crate::packet::protocol;

/// Signs that mean something outside quotes.
const SIGNS: &str = "()!:=<>,\"\\*";

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let group = |f: &mut fmt::Formatter<'_>, part: &Self, is_group: bool| {
            if is_group { write!(f, "({part})") } else { write!(f, "{part}") }
        };
        let list = |f: &mut fmt::Formatter<'_>, parts: &[Self], between: &str| {
            for (at, part) in parts.iter().enumerate() {
                f.write_str(if at == 0 { "" } else { between })?;
                let is_group =
                    matches!((self, part), (_, Self::Any(_)) | (Self::All(_), Self::All(_)));
                group(f, part, is_group)?;
            }
            Ok(())
        };
        match self {
            Self::All(parts) => list(f, parts, " "),
            Self::Any(parts) => list(f, parts, " or "),
            Self::Not(part) => {
                f.write_char('!')?;
                group(f, part, matches!(**part, Self::All(_) | Self::Any(_)))
            }
            Self::Term(term) => term.fmt(f),
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(pattern) => pattern.fmt(f),
            Self::Field { key, comparison, values } => {
                write!(f, "{}{}", key.info().name, comparison.sign())?;
                for (at, value) in values.iter().enumerate() {
                    f.write_str(if at == 0 { "" } else { "," })?;
                    written(f, *key, *comparison, value)?;
                }
                Ok(())
            }
        }
    }
}

fn written(
    f: &mut fmt::Formatter<'_>,
    key: Key,
    comparison: Comparison,
    value: &Value,
) -> fmt::Result {
    match value {
        Value::Network(network) => write!(f, "{network}"),
        Value::Pattern(pattern) => write!(f, "{pattern}"),
        Value::Range(low, high) => {
            number(f, key, *low)?;
            if comparison == Comparison::Is && low < high {
                f.write_char('-')?;
                number(f, key, *high)?;
            }
            Ok(())
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "ranks and protocols are small whole numbers"
)]
fn number(f: &mut fmt::Formatter<'_>, key: Key, number: f64) -> fmt::Result {
    match key {
        Key::Severity => {
            let severity = Severity::ALL.get(number as usize).copied();
            f.write_str(severity.map_or("", Severity::name))
        }
        Key::Protocol => match protocol::name(number as u8) {
            Some(name) => f.write_str(name),
            None => write!(f, "{number}"),
        },
        Key::Age => {
            let unit = UNITS.iter().find(|(_, size)| number % size == 0.0);
            let (name, size) = unit.unwrap_or(&("us", 1.0));
            write!(f, "{}{name}", number / size)
        }
        _ => write!(f, "{number}"),
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.prefix {
            128 => self.address.fmt(f),
            prefix if self.is_v4() => write!(f, "{}/{}", self.address, prefix - 96),
            // Also where it holds all of IPv4, which `Address` would write as one of its own.
            prefix => write!(f, "{}/{prefix}", Ipv6Addr::from_bits(self.address.bits())),
        }
    }
}

/// Quotes what would mean something else.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, text) in self.pieces().split(|piece| *piece == Piece::Any).enumerate() {
            f.write_str(if at == 0 { "" } else { "*" })?;
            let text = text.iter().filter_map(|piece| match piece {
                Piece::Letter(letter) => Some(*letter),
                Piece::Any => None,
            });
            quoted(f, &text.collect::<String>())?;
        }
        Ok(())
    }
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let is_sign = |letter: char| letter.is_whitespace() || SIGNS.contains(letter);
    let means_more = text.contains(is_sign) || matches!(text, "and" | "or" | "not");
    // A bare address is known as one.
    if !means_more || text.parse::<IpAddr>().is_ok() {
        return f.write_str(text);
    }
    f.write_char('"')?;
    for letter in text.chars() {
        if matches!(letter, '"' | '\\') {
            f.write_char('\\')?;
        }
        f.write_char(letter)?;
    }
    f.write_char('"')
}
