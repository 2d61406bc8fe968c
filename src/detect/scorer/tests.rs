//! The model in the binary, run by the backend in the binary.

use super::*;
use crate::detect::Score;

/// Sequences of all lengths with values of many sizes; the same every time.
fn varied(count: usize) -> Vec<Sequence> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        f32::from(u16::try_from(state >> 48).unwrap()) / f32::from(u16::MAX)
    };
    let varied = (0..count).map(|number| {
        let len = 1 + number % LENGTH;
        let mut steps = [[0.0; ALL_FEATURES]; LENGTH];
        for value in steps[LENGTH - len..].as_flattened_mut() {
            // Most features are 0 in most flows, and some reach millions.
            *value = if random() < 0.5 { 0.0 } else { (random() * 16.0).exp_m1() };
        }
        Sequence { steps, len }
    });
    varied.collect()
}

fn scorer() -> Scorer {
    Scorer::new(&Model::built_in().unwrap(), &Runtime::start(None).unwrap()).unwrap()
}

fn scores(output: &Output) -> Vec<Score> {
    output.probabilities.iter().copied().map(Score::new).collect()
}

#[test]
fn a_sequence_scores_the_same_alone_and_in_a_batch() {
    let mut scorer = scorer();
    let sequences = varied(320);
    for batch in sequences.chunks(64) {
        let together = scorer.score(batch).unwrap();
        for (sequence, output) in batch.iter().zip(&together) {
            let alone = scorer.score([sequence]).unwrap();
            assert_eq!(scores(&alone[0]), scores(output));
        }
    }
}

#[test]
fn probabilities_sum_to_one() {
    for output in scorer().score(&varied(32)).unwrap() {
        let sum: f32 = output.probabilities.iter().sum();
        assert!((sum - 1.0).abs() < 1e-4, "{output:?}");
    }
}

#[test]
fn padding_does_not_reach_the_score() {
    let mut scorer = scorer();
    let mut sequence = varied(3)[2];
    let before = scorer.score([&sequence]).unwrap();
    sequence.steps[0] = [1e6; ALL_FEATURES];
    assert_eq!(scorer.score([&sequence]).unwrap(), before);
}

#[test]
fn no_sequences_have_no_outputs() {
    assert_eq!(scorer().score([]).unwrap(), []);
}

#[test]
fn what_is_no_graph_is_refused() {
    let model = Model { onnx: b"no graph".as_slice().into(), ..Model::built_in().unwrap() };
    let refused = Scorer::new(&model, &Runtime::start(None).unwrap());
    assert!(matches!(refused, Err(Error::Graph { .. })), "{refused:?}");
}
