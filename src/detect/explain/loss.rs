//! How faithful an explanation is: what the score loses without the features that it names, and what
//! without others.

use fastrand::Rng;

use super::{Explanation, GROUPS, Group, counted, mixed};
use crate::detect::error::Error;
use crate::detect::scorer::Scorer;
use crate::detect::sequence::Sequence;

/// How often as many other groups are drawn.
const DRAWS: u32 = 16;

/// What the score of a flow loses where groups of features are as usual.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Loss {
    /// Those that its explanation names.
    pub named: f64,
    /// As many others, drawn by chance, on average.
    pub others: f64,
}

impl Scorer {
    /// What the score of the flow that `sequence` ends with loses; `chance` draws the other groups.
    pub fn loss(
        &mut self,
        sequence: &Sequence,
        explanation: &Explanation,
        chance: &mut Rng,
    ) -> Result<Loss, Error> {
        let named = &explanation.groups;
        let others: Vec<_> = (0..GROUPS.len()).filter(|group| !named.contains(group)).collect();
        let mut trials = vec![*sequence, without(sequence, named, explanation)];
        trials.extend((0..DRAWS).map(|_| {
            let drawn = chance.choose_multiple(others.iter().copied(), named.len());
            without(sequence, &drawn, explanation)
        }));
        let outputs = self.score(&trials)?;
        let scores = counted(&outputs);
        let [as_is, without_named, without_others @ ..] = &scores[..] else {
            return Ok(Loss { named: 0.0, others: 0.0 });
        };
        let others = without_others.iter().sum::<f64>() / f64::from(DRAWS);
        Ok(Loss { named: as_is - without_named, others: as_is - others })
    }
}

/// `sequence` with the features of these groups as usual.
fn without(sequence: &Sequence, groups: &[usize], explanation: &Explanation) -> Sequence {
    let groups: Vec<_> = groups.iter().map(|group| Group::new(GROUPS[*group])).collect();
    mixed(sequence, &explanation.usual.vector, |at| groups.iter().any(|group| group.0[at]))
}
