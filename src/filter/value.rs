//! Values of terms, by the key they are written with.

use std::net::IpAddr;

use super::distance::hint;
use super::error::shown;
use super::key::Key;
use super::lexer::Letter;
use super::pattern::Pattern;
use crate::detect::Class;
use crate::incident::{Severity, Status};
use crate::packet::{Address, protocol};

/// What a term compares with.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// Addresses that agree with this one in the first `prefix` of 128 bits.
    Network(Network),
    /// Texts.
    Pattern(Pattern),
    /// Numbers from the first to the second, both included; what has a rank counts as its rank.
    Range(f64, f64),
}

/// A network, IPv4 as in [`Address`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Network {
    pub(super) address: Address,
    pub(super) prefix: u8,
}

impl Network {
    pub(super) const fn contains(&self, address: Address) -> bool {
        (self.address.bits() ^ address.bits()).leading_zeros() >= self.prefix as u32
    }

    /// Whether all its addresses are IPv4.
    pub(super) fn is_v4(&self) -> bool {
        self.address.as_v4().is_some() && self.prefix >= 96
    }

    fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let (offset, most) = if address.is_ipv4() { (96, 32) } else { (0, 128) };
        let bits = match bits {
            Some(bits) if bits.bytes().all(|digit| digit.is_ascii_digit()) => bits.parse().ok()?,
            Some(_) => return None,
            None => most,
        };
        (bits <= most).then(|| Self { address: address.into(), prefix: offset + bits })
    }
}

/// Kinds of events of Tetragon's, as everything that shows them names them.
pub(crate) const EVENT_TYPES: [&str; 11] = [
    "exec",
    "exit",
    "kprobe",
    "tracepoint",
    "uprobe",
    "lsm",
    "usdt",
    "loader",
    "throttle",
    "rate-limit",
    "other",
];

/// What Tetragon does about an event, from the most frequent on.
pub(crate) const ACTIONS: [&str; 15] = [
    "post",
    "sigkill",
    "override",
    "signal",
    "notifyenforcer",
    "nopost",
    "set",
    "followfd",
    "unfollowfd",
    "copyfd",
    "geturl",
    "dnslookup",
    "tracksock",
    "untracksock",
    "cleanupenforcernotification",
];

/// Whether something is not so, and is so.
pub(super) const ANSWERS: [&str; 2] = ["no", "yes"];

/// Units of durations in µs, the largest first.
pub(super) const UNITS: [(&str, f64); 6] =
    [("d", 86_400e6), ("h", 3_600e6), ("m", 60e6), ("s", 1e6), ("ms", 1e3), ("us", 1.0)];

/// Letters of a name or a pattern of names: a namespace of 63, a slash and a name of 253 would be all
/// that a cluster has, and nobody types that.
const LONGEST_NAME: usize = 256;

/// What is added to numbers that count.
const FACTORS: [(&str, f64); 3] = [("k", 1e3), ("m", 1e6), ("g", 1e9)];

impl Value {
    /// The value of `key` that is written with `letters`; else what is wrong with it.
    pub(super) fn parse(key: Key, letters: &[Letter]) -> Result<Self, String> {
        let text: String = letters.iter().map(|letter| letter.sign).collect();
        let lower = text.to_ascii_lowercase();
        let pattern = Pattern::new(letters);
        let found = match key {
            Key::Source | Key::Target | Key::Host => match Network::parse(&text) {
                Some(network) => Some(Self::Network(network)),
                None if letters.len() > LONGEST_NAME => return Err(too_long(letters.len())),
                None => (pattern.is_open() || is_name(&text)).then_some(Self::Pattern(pattern)),
            },
            Key::Namespace | Key::Pod if letters.len() > LONGEST_NAME => {
                return Err(too_long(letters.len()));
            }
            Key::Namespace => letters.iter().all(is_of_namespace).then_some(Self::Pattern(pattern)),
            Key::Pod => is_pod(letters).then_some(Self::Pattern(pattern)),
            Key::Node | Key::Binary | Key::Parent | Key::User | Key::Policy => {
                if letters.len() > LONGEST_NAME {
                    return Err(too_long(letters.len()));
                }
                Some(Self::Pattern(pattern))
            }
            Key::Pid => range(letters, |text| whole(text, f64::from(u32::MAX))),
            Key::Type if lower.contains('_') => Some(Self::Pattern(pattern)),
            Key::Type => return one_of(pattern, &lower, "type", &EVENT_TYPES),
            Key::Action => return one_of(pattern, &lower, "action", &ACTIONS),
            Key::Port => range(letters, |text| whole(text, 65_535.0)),
            Key::Protocol => protocol_range(&lower),
            Key::Score => range(letters, |text| real(text).filter(|score| *score <= 1.0)),
            Key::Flows | Key::Packets => range(letters, count),
            Key::Bytes => {
                range(letters, |text| count(text.strip_suffix(['b', 'B']).unwrap_or(text)))
            }
            Key::Age => range(letters, duration),
            Key::Class => return one_of(pattern, &lower, "class", &Class::ALL.map(Class::name)),
            Key::Status => {
                return one_of(pattern, &lower, "status", &Status::ALL.map(Status::name));
            }
            Key::Muted => return one_of(pattern, &lower, "answer", &ANSWERS),
            Key::Severity => return severity(&lower),
            Key::Id => {
                let is_hex = |letter: &Letter| letter.sign.is_ascii_hexdigit() || letter.is('*');
                let fits = letters.iter().all(is_hex) && (pattern.is_open() || letters.len() == 16);
                fits.then_some(Self::Pattern(pattern))
            }
        };
        let info = key.info();
        found.ok_or_else(|| {
            let text = shown(&text);
            format!("`{text}` is no {}; write for example `{}`", info.values, info.example)
        })
    }
}

/// A namespace and what is in it, or `node` and its name: two names with a slash between them, that are
/// no network.
fn is_name(text: &str) -> bool {
    let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.');
    text.split_once('/').is_some_and(|(place, name)| {
        let parts = [place, name];
        parts.iter().all(|part| !part.is_empty() && part.chars().all(is_of_name))
            && !place.contains('.')
    })
}

/// Whether a namespace, or a pattern of one, can have this letter.
fn is_of_namespace(letter: &Letter) -> bool {
    letter.sign.is_ascii_alphanumeric() || letter.sign == '-' || letter.is('*')
}

/// Whether a pod, with its namespace before a slash or without it, or a pattern of one, can be
/// written so.
fn is_pod(letters: &[Letter]) -> bool {
    let slashes = letters.iter().filter(|letter| letter.sign == '/').count();
    let is_of_name = |letter: &Letter| is_of_namespace(letter) || matches!(letter.sign, '.' | '/');
    slashes <= 1 && letters.iter().all(is_of_name)
}

fn too_long(letters: usize) -> String {
    format!("a name has at most {LONGEST_NAME} letters, and this has {letters}; write it with `*`")
}

/// A name of a closed list, or a pattern that at least one of them is like.
fn one_of(
    pattern: Pattern,
    lower: &str,
    what: &str,
    names: &[&'static str],
) -> Result<Value, String> {
    if names.iter().any(|name| pattern.is_like(name)) {
        return Ok(Value::Pattern(pattern));
    }
    let hint = hint(lower, names.iter().copied());
    let lower = shown(lower);
    match hint {
        hint if hint.is_empty() => {
            Err(format!("there is no {what} `{lower}`; there are {}", names.join(", ")))
        }
        hint => Err(format!("there is no {what} `{lower}`{hint}")),
    }
}

fn severity(lower: &str) -> Result<Value, String> {
    let rank = Severity::ALL.iter().position(|severity| severity.name() == lower);
    let rank = rank.and_then(|rank| u8::try_from(rank).ok()).map(f64::from);
    rank.map(|rank| Value::Range(rank, rank)).ok_or_else(|| {
        let names = Severity::ALL.map(Severity::name);
        let hint = hint(lower, names);
        let lower = shown(lower);
        format!("there is no severity `{lower}`; there are {}{hint}", names.join(", "))
    })
}

fn protocol_range(lower: &str) -> Option<Value> {
    let number = protocol::named(lower).map(f64::from).or_else(|| whole(lower, 255.0))?;
    Some(Value::Range(number, number))
}

/// A number, or two with `-` between them, the smaller first.
fn range(letters: &[Letter], parse: impl Fn(&str) -> Option<f64>) -> Option<Value> {
    let mut parts = letters.split(|letter| letter.is('-'));
    let text = |part: &[Letter]| part.iter().map(|letter| letter.sign).collect::<String>();
    let low = parse(&text(parts.next()?))?;
    let high = parts.next().map_or(Some(low), |part| parse(&text(part)))?;
    (parts.next().is_none() && low <= high).then_some(Value::Range(low, high))
}

fn whole(text: &str, most: f64) -> Option<f64> {
    let is_whole = text.bytes().all(|digit| digit.is_ascii_digit());
    real(text).filter(|number| is_whole && *number <= most)
}

/// Digits, with a point between them if need be: no sign, no exponent, no infinity.
fn real(text: &str) -> Option<f64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    text.parse().ok().filter(|number: &f64| is_plain && number.is_finite())
}

fn count(text: &str) -> Option<f64> {
    let lower = text.to_ascii_lowercase();
    let scaled =
        FACTORS.iter().find_map(|(name, factor)| Some((lower.strip_suffix(name)?, factor)));
    let number =
        scaled.map_or_else(|| real(&lower), |(number, factor)| Some(real(number)? * factor))?;
    // A product of decimals can miss the whole number by its last bit.
    let is_whole = (number - number.round()).abs() < 1e-3;
    (is_whole && number <= MOST).then_some(number.round())
}

/// Numbers up to this one are exact: 2^53.
const MOST: f64 = 9_007_199_254_740_992.0;

fn duration(text: &str) -> Option<f64> {
    let lower = text.to_ascii_lowercase();
    let begins = lower.find(|letter: char| letter.is_ascii_alphabetic())?;
    let (number, unit) = lower.split_at_checked(begins)?;
    let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
    Some((real(number)? * factor).round()).filter(|us| *us <= MOST)
}
