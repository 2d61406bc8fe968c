//! What a feature is: its name, its unit, what it means and where its value comes from.

use super::context::Context;
use super::summary::Summary;

/// Where the value of a feature comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// One flow alone: a column of `CICFlowMeter`.
    Cic,
    /// What the flow's source and target did shortly before.
    Context,
}

/// Whether all values of a feature are whole numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// Whole numbers.
    Integer,
    /// Real numbers.
    Real,
}

/// What a feature is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// A code or a bare number.
    None,
    /// Packets.
    Packets,
    /// Bytes.
    Bytes,
    /// Squared bytes.
    SquareBytes,
    /// Microseconds.
    Microseconds,
    /// Bytes a second.
    BytesPerSecond,
    /// Packets a second.
    PacketsPerSecond,
    /// A ratio, or a share between 0 and 1.
    Ratio,
    /// The natural logarithm of one plus a count.
    LogCount,
    /// The natural logarithm of one plus a number of seconds.
    LogSeconds,
    /// The natural logarithm of one plus a number of bytes.
    LogBytes,
    /// The natural logarithm of a ratio.
    LogRatio,
}

impl Unit {
    /// As people write it.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Packets => "packets",
            Self::Bytes => "B",
            Self::SquareBytes => "B²",
            Self::Microseconds => "µs",
            Self::BytesPerSecond => "B/s",
            Self::PacketsPerSecond => "packets/s",
            Self::Ratio => "ratio",
            Self::LogCount => "ln(1+n)",
            Self::LogSeconds => "ln(1+s)",
            Self::LogBytes => "ln(1+B)",
            Self::LogRatio => "ln(ratio)",
        }
    }
}

/// How to get the value of a feature.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source {
    Cic(fn(&Summary<'_>) -> f64),
    Context(fn(&Context) -> f64),
}

impl Source {
    #[inline]
    pub(super) fn value(self, summary: &Summary<'_>, context: &Context) -> f64 {
        match self {
            Self::Cic(value) => value(summary),
            Self::Context(value) => (value(context) * STEPS).round() / STEPS,
        }
    }
}

/// Values of the context are multiples of one in so many, so that the last bits of a logarithm,
/// which are the platform's own, do not tell.
const STEPS: f64 = 1_024.0;

/// One feature.
#[derive(Debug, Clone, Copy)]
pub struct Feature {
    /// Its column, by the name that `CICFlowMeter` gives it where it has one.
    pub name: &'static str,
    /// What it is counted in.
    pub unit: Unit,
    /// Whether its values are whole numbers.
    pub form: Form,
    /// What it means, in a sentence.
    pub description: &'static str,
    pub(super) source: Source,
}

impl Feature {
    /// A whole number that comes from the flow alone.
    pub(super) const fn integer(
        name: &'static str,
        unit: Unit,
        description: &'static str,
        value: fn(&Summary<'_>) -> f64,
    ) -> Self {
        Self { name, unit, form: Form::Integer, description, source: Source::Cic(value) }
    }

    /// A real number that comes from the flow alone.
    pub(super) const fn real(
        name: &'static str,
        unit: Unit,
        description: &'static str,
        value: fn(&Summary<'_>) -> f64,
    ) -> Self {
        Self { name, unit, form: Form::Real, description, source: Source::Cic(value) }
    }

    /// A real number that comes from the context.
    pub(super) const fn context(
        name: &'static str,
        unit: Unit,
        description: &'static str,
        value: fn(&Context) -> f64,
    ) -> Self {
        Self { name, unit, form: Form::Real, description, source: Source::Context(value) }
    }

    /// Where its value comes from.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self.source {
            Source::Cic(_) => Kind::Cic,
            Source::Context(_) => Kind::Context,
        }
    }
}
