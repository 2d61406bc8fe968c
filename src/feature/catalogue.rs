//! The one list of features.

use std::ops::Range;

use super::context::Context;
use super::definition::{Feature, Source};
use super::summary::Summary;
use super::{ALL_FEATURES, CIC_FEATURES, cic, contextual};

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

/// Every feature in the order of the model's input; those of kind [`Cic`](super::Kind::Cic) come first.
pub static FEATURES: [Feature; ALL_FEATURES] = {
    let mut features = [cic::FEATURES[0]; ALL_FEATURES];
    let mut index = 0;
    while index < CIC_FEATURES {
        features[index] = cic::FEATURES[index];
        index += 1;
    }
    while index < ALL_FEATURES {
        features[index] = contextual::FEATURES[index - CIC_FEATURES];
        index += 1;
    }
    features
};

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::feature::Kind;

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
