//! Vectors on the scale on which the network reads them.

use super::sequence::{LENGTH, Sequence};
use crate::feature::{ALL_FEATURES, CIC_FEATURES, Vector};

/// How vectors are put on one scale: sign(x) · ln(1 + |x|) of the columns of a flow, which are counts,
/// bytes and microseconds; then how far each is from its mean in training, in its deviations there.
///
/// It is no part of the graph because ONNX does it operator by operator, and takes as long for it as
/// for the network.
#[derive(Debug, Clone, PartialEq)]
pub struct Scaling {
    pub(super) mean: Vector,
    /// One over the standard deviation.
    pub(super) scale: Vector,
    /// Further than so many deviations away, all values are the same.
    pub(super) clip: f32,
}

impl Scaling {
    /// Appends the steps of a sequence, `LENGTH` times `ALL_FEATURES` values; padding is zero.
    pub fn append(&self, sequence: &Sequence, steps: &mut Vec<f32>) {
        let from = steps.len();
        steps.extend_from_slice(sequence.steps.as_flattened());
        let (vectors, _) = steps.get_mut(from..).unwrap_or_default().as_chunks_mut();
        let padding = LENGTH.saturating_sub(sequence.len);
        for (number, vector) in vectors.iter_mut().enumerate() {
            if number < padding {
                *vector = [0.0; ALL_FEATURES];
            } else {
                self.scale(vector);
            }
        }
    }

    fn scale(&self, vector: &mut Vector) {
        for value in vector.iter_mut().take(CIC_FEATURES) {
            *value = (value.abs() + 1.0).ln().copysign(*value);
        }
        for ((value, mean), scale) in vector.iter_mut().zip(&self.mean).zip(&self.scale) {
            *value = ((*value - mean) * scale).clamp(-self.clip, self.clip);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_a_flow_are_logarithms_and_none_is_further_away_than_the_clip() {
        let mut steps = [[0.0; ALL_FEATURES]; LENGTH];
        steps[LENGTH - 1][..3].copy_from_slice(&[-9.0, 1e9, 0.0]);
        steps[LENGTH - 1][CIC_FEATURES] = 3.0;
        let scaling = Scaling { mean: [1.0; ALL_FEATURES], scale: [0.5; ALL_FEATURES], clip: 5.0 };
        let mut found = vec![7.0];
        scaling.append(&Sequence { steps, len: 1 }, &mut found);
        assert_eq!(found.len(), 1 + LENGTH * ALL_FEATURES);
        let (before, newest) = found.split_at(1 + (LENGTH - 1) * ALL_FEATURES);
        assert!(before[1..].iter().all(|value| *value == 0.0), "padding");
        let expected = [(-10_f32.ln() - 1.0) * 0.5, 5.0, -0.5];
        assert!(
            newest.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-6)
        );
        assert!((newest[CIC_FEATURES] - 1.0).abs() < 1e-6);
    }
}
