//! Amounts of resources, as Kubernetes writes them: `250m`, `1.5Gi`, `1e3`.

use std::collections::BTreeMap;
use std::ops::{Add, AddAssign};
use std::str::FromStr;

/// Parts of one whole that are counted: a billionth, the finest that Kubernetes keeps.
const NANOS: i128 = 1_000_000_000;

/// The longest text that is read; Kubernetes itself writes at most about 20 characters.
const LONGEST: usize = 40;

/// An amount of a resource, exact.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity {
    nanos: i128,
}

impl Quantity {
    /// In thousandths, rounded up, as processors are counted.
    #[must_use]
    pub fn thousandths(self) -> i64 {
        rounded_up(self.nanos, NANOS / 1_000)
    }

    /// In wholes, rounded up, as bytes and pods are counted.
    #[must_use]
    pub fn wholes(self) -> i64 {
        rounded_up(self.nanos, NANOS)
    }
}

/// `nanos / per`, rounded up and kept within an `i64`.
fn rounded_up(nanos: i128, per: i128) -> i64 {
    let whole = nanos.div_euclid(per) + i128::from(nanos.rem_euclid(per) > 0);
    i64::try_from(whole).unwrap_or(if whole < 0 { i64::MIN } else { i64::MAX })
}

impl Add for Quantity {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { nanos: self.nanos.saturating_add(other.nanos) }
    }
}

impl AddAssign for Quantity {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// Why a text is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no amount of a resource")]
pub struct NoQuantity;

impl FromStr for Quantity {
    type Err = NoQuantity;

    fn from_str(text: &str) -> Result<Self, NoQuantity> {
        read(text).map(|nanos| Self { nanos }).ok_or(NoQuantity)
    }
}

fn read(text: &str) -> Option<i128> {
    if text.len() > LONGEST || !text.is_ascii() {
        return None;
    }
    let end = text.find(|c: char| !matches!(c, '0'..='9' | '.' | '+' | '-')).unwrap_or(text.len());
    let (number, suffix) = text.split_at_checked(end)?;
    let (sign, digits) = match number.as_bytes().first()? {
        b'-' => (-1, number.strip_prefix('-')?),
        b'+' => (1, number.strip_prefix('+')?),
        _ => (1, number),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{fraction}");
    if all.is_empty() || !all.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let (factor, mut exponent) = scale(suffix)?;
    exponent = exponent.checked_sub(i32::try_from(fraction.len()).ok()?)?;
    let value = all.parse::<i128>().ok()?.checked_mul(factor)?.checked_mul(NANOS)?;
    let power = 10_i128.checked_pow(exponent.unsigned_abs());
    let nanos = match (exponent < 0, power) {
        (false, power) => value.checked_mul(power?)?,
        // What is finer than a billionth counts as one.
        (true, Some(power)) => value.div_euclid(power) + i128::from(value.rem_euclid(power) > 0),
        (true, None) => i128::from(value > 0),
    };
    Some(sign * nanos)
}

/// A factor and a power of ten.
fn scale(suffix: &str) -> Option<(i128, i32)> {
    let binary = |power: u32| Some((1_i128 << (10 * power), 0));
    match suffix {
        "" => Some((1, 0)),
        "n" => Some((1, -9)),
        "u" => Some((1, -6)),
        "m" => Some((1, -3)),
        "k" => Some((1, 3)),
        "M" => Some((1, 6)),
        "G" => Some((1, 9)),
        "T" => Some((1, 12)),
        "P" => Some((1, 15)),
        "E" => Some((1, 18)),
        "Ki" => binary(1),
        "Mi" => binary(2),
        "Gi" => binary(3),
        "Ti" => binary(4),
        "Pi" => binary(5),
        "Ei" => binary(6),
        _ => Some((1, suffix.strip_prefix(['e', 'E'])?.parse().ok()?)),
    }
}

/// Amounts of the resources that Weir looks at; none of one that is not mentioned, or not readable.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Processors.
    pub cpu: Option<Quantity>,
    /// Memory, in bytes.
    pub memory: Option<Quantity>,
    /// Pods.
    pub pods: Option<Quantity>,
}

impl Amounts {
    /// What a table of names and amounts says.
    pub(in crate::cluster) fn of(table: &BTreeMap<String, String>) -> Self {
        let amount = |name| table.get(name).and_then(|text| text.parse().ok());
        Self { cpu: amount("cpu"), memory: amount("memory"), pods: amount("pods") }
    }

    /// Both together.
    pub(in crate::cluster) fn plus(self, other: Self) -> Self {
        self.with(other, |one, other| one + other)
    }

    /// The larger of each.
    pub(super) fn larger(self, other: Self) -> Self {
        self.with(other, Ord::max)
    }

    /// What these say, and where they say nothing, what `other` does.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            cpu: self.cpu.or(other.cpu),
            memory: self.memory.or(other.memory),
            pods: self.pods.or(other.pods),
        }
    }

    fn with(self, other: Self, join: impl Fn(Quantity, Quantity) -> Quantity) -> Self {
        let both = |one: Option<Quantity>, other: Option<Quantity>| match (one, other) {
            (Some(one), Some(other)) => Some(join(one, other)),
            (one, other) => one.or(other),
        };
        Self {
            cpu: both(self.cpu, other.cpu),
            memory: both(self.memory, other.memory),
            pods: both(self.pods, other.pods),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_exactly() {
        let thousandths = |text: &str| text.parse::<Quantity>().map(Quantity::thousandths);
        let wholes = |text: &str| text.parse::<Quantity>().map(Quantity::wholes);
        for (text, expected) in [("250m", 250), ("1", 1_000), ("0.1", 100), ("1.5", 1_500)] {
            assert_eq!(thousandths(text), Ok(expected), "{text}");
        }
        assert_eq!(thousandths("123456789n"), Ok(124), "a part of a thousandth counts as one");
        assert_eq!(thousandths("100u"), Ok(1));
        for (text, expected) in [
            ("128974848", 128_974_848),
            ("129e6", 129_000_000),
            ("129M", 129_000_000),
            ("123Mi", 128_974_848),
            ("1.5Gi", 1_610_612_736),
            ("0.1Gi", 107_374_183),
            ("8Ei", i64::MAX),
            ("-1k", -1_000),
            ("1e-3", 1),
        ] {
            assert_eq!(wholes(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_is_none() {
        for text in ["", ".", "-", "1x", "1KiB", "1 Gi", "1..2", "١", "1e", "1e999999999999", "--1"]
        {
            assert_eq!(text.parse::<Quantity>(), Err(NoQuantity), "{text}");
        }
        assert_eq!("9".repeat(41).parse::<Quantity>(), Err(NoQuantity));
        assert_eq!("9".repeat(40).parse::<Quantity>(), Err(NoQuantity));
    }
}
