//! Runs the model on sequences.

use ort::inputs;
use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::TensorRef;

use super::class::CLASSES;
use super::error::{Error, REASON_CHARS, shown};
use super::manifest::Manifest;
use super::model::Model;
use super::registers::settle;
use super::runtime::Runtime;
use super::sequence::{LENGTH, Sequence};
use crate::feature::ALL_FEATURES;

/// Names of the inputs and outputs of every graph.
const SEQUENCES: &str = "sequences";
const MASK: &str = "mask";
const PROBABILITIES: &str = "probabilities";

/// What the model answers to one sequence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Output {
    /// How probable each class is.
    pub probabilities: [f32; CLASSES],
}

/// One session of a model; each thread that scores has its own.
#[derive(Debug)]
pub struct Scorer {
    session: Session,
    pub(super) manifest: Manifest,
    /// The batch that is being made, kept for its memory.
    steps: Vec<f32>,
    mask: Vec<f32>,
}

impl Scorer {
    /// Loads `model` and lets it answer once, so that what cannot run is refused at the start.
    pub fn new(model: &Model, runtime: &Runtime) -> Result<Self, Error> {
        let refused = |reason| Error::Graph { backend: runtime.backend().clone(), reason };
        let session = session(model, runtime)
            .map_err(|error| refused(shown(error.message(), REASON_CHARS)))?;
        for name in [SEQUENCES, MASK] {
            if session.inputs().iter().all(|input| input.name() != name) {
                return Err(Error::Missing(name));
            }
        }
        let manifest = model.manifest.clone();
        let mut scorer = Self { session, manifest, steps: Vec::new(), mask: Vec::new() };
        let steps = [[0.0; ALL_FEATURES]; LENGTH];
        let empty = Sequence { steps, len: 1 };
        // Two, so that a graph made for one at a time does not pass.
        match scorer.score([&empty, &empty]) {
            Ok(_) => Ok(scorer),
            Err(Error::Run(reason)) => Err(refused(reason)),
            Err(error) => Err(error),
        }
    }

    /// What the model says of itself.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The answer to each of `sequences`, in their order.
    pub fn score<'a>(
        &mut self,
        sequences: impl IntoIterator<Item = &'a Sequence>,
    ) -> Result<Vec<Output>, Error> {
        self.steps.clear();
        self.mask.clear();
        for sequence in sequences {
            self.manifest.scaling.append(sequence, &mut self.steps);
            let padding = LENGTH.saturating_sub(sequence.len);
            self.mask.extend((0..LENGTH).map(|step| if step < padding { 0.0 } else { 1.0 }));
        }
        let batch = self.mask.len() / LENGTH;
        if batch == 0 {
            return Ok(Vec::new());
        }
        let steps = ([batch, LENGTH, ALL_FEATURES], self.steps.as_slice());
        let mask = ([batch, LENGTH], self.mask.as_slice());
        let answer = self.session.run(inputs![
            SEQUENCES => TensorRef::from_array_view(steps)?,
            MASK => TensorRef::from_array_view(mask)?,
        ])?;
        settle();
        let output = |name, expected: &[usize]| {
            let value = answer.get(name).ok_or(Error::Missing(name))?;
            let (shape, values) = value.try_extract_tensor::<f32>()?;
            checked(name, shape, expected)?;
            if values.iter().all(|value| value.is_finite()) {
                Ok(values)
            } else {
                Err(Error::NotFinite(name))
            }
        };
        let probabilities = output(PROBABILITIES, &[batch, CLASSES])?;
        let (probabilities, _) = probabilities.as_chunks();
        Ok(probabilities.iter().map(|&probabilities| Output { probabilities }).collect())
    }
}

/// Without a level, tract runs the graph as it is written, many times slower.
fn session(model: &Model, runtime: &Runtime) -> ort::Result<Session> {
    Session::builder(&runtime.environment)?
        .with_optimization_level(GraphOptimizationLevel::Level3)?
        .with_intra_threads(1)?
        .commit_from_memory(&model.onnx)
}

fn checked(output: &'static str, found: &[i64], expected: &[usize]) -> Result<(), Error> {
    let expected: Vec<_> = expected.iter().map(|&size| i64::try_from(size).unwrap_or(-1)).collect();
    if *found == *expected {
        return Ok(());
    }
    Err(Error::Shape { output, found: found.to_vec(), expected })
}

#[cfg(test)]
mod tests;
