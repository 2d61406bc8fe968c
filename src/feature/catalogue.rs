//! The one list of features.

use std::ops::Range;

use super::cic::{self, Summary};
use super::context::{self, Context};
use super::{ALL_FEATURES, CIC_FEATURES};

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
        }
    }
}

/// How to get the value of a feature.
#[derive(Debug, Clone, Copy)]
enum Source {
    Cic(fn(&Summary<'_>) -> f64),
    Context(fn(&Context) -> f64),
}

impl Source {
    #[inline]
    fn value(self, summary: &Summary<'_>, context: &Context) -> f64 {
        match self {
            Self::Cic(value) => value(summary),
            Self::Context(value) => value(context),
        }
    }
}

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
    source: Source,
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

/// Where the values come from, close together in memory: every row goes through all of them.
static SOURCES: [Source; ALL_FEATURES] = {
    let mut sources = [FEATURES[0].source; ALL_FEATURES];
    let mut index = 0;
    while index < sources.len() {
        sources[index] = FEATURES[index].source;
        index += 1;
    }
    sources
};

/// The values of the features `range` of [`FEATURES`], in order; always finite.
#[inline]
pub fn values(
    range: Range<usize>,
    summary: &Summary<'_>,
    context: &Context,
) -> impl Iterator<Item = f64> {
    let sources = SOURCES.get(range).unwrap_or_default();
    sources.iter().map(|source| source.value(summary, context))
}

/// Every feature in the order of the model's input; those of kind [`Kind::Cic`] come first.
pub static FEATURES: [Feature; ALL_FEATURES] = {
    let mut features = [cic::FEATURES[0]; ALL_FEATURES];
    let mut index = 0;
    while index < CIC_FEATURES {
        features[index] = cic::FEATURES[index];
        index += 1;
    }
    while index < ALL_FEATURES {
        features[index] = context::FEATURES[index - CIC_FEATURES];
        index += 1;
    }
    features
};

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_feature_has_a_name_of_its_own_and_a_sentence() {
        let names: HashSet<_> = FEATURES.iter().map(|feature| feature.name).collect();
        assert_eq!(names.len(), FEATURES.len());
        assert!(FEATURES.iter().all(|feature| feature.description.ends_with('.')));
    }

    #[test]
    fn features_of_the_flow_come_before_those_of_the_context() {
        let kinds: Vec<_> = FEATURES.iter().map(Feature::kind).collect();
        assert!(kinds[..CIC_FEATURES].iter().all(|kind| *kind == Kind::Cic));
        assert!(kinds[CIC_FEATURES..].iter().all(|kind| *kind == Kind::Context));
    }
}
