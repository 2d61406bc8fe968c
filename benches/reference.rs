//! The model beside the reference CLSTM: the same sequences, the same backend, in turn, on one thread.
//!
//! The reference is the graph that `models/training/reference.py` writes. What is drawn stands for
//! the vectors, because no operator of either graph costs more for one number than for another; the
//! model's are scaled in its time, as they are when it serves. Time
//! is the thread's own on a CPU, so that who else is busy counts little; a ratio is taken turn by turn.

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use fastrand::Rng;
use ort::environment::Environment;
use ort::session::builder::GraphOptimizationLevel;
use ort::session::{Session, SessionInputValue};
use ort::value::TensorRef;
use weir::detect::{LENGTH, Model, Scaling, Sequence, settle};
use weir::feature::ALL_FEATURES;

/// Sequences run together, as in a replay.
const BATCH: usize = 64;

/// Batches of one graph before it is the other's turn.
const BATCHES: usize = 40;

/// Turns that are measured, if nothing else is said; one before them warms up.
const TURNS: usize = 15;

/// The columns of flows that the reference reads.
const REFERENCE_FEATURES: usize = 77;

const USAGE: &str = "usage: reference REFERENCE.onnx [--model PATH] [--ort-lib PATH] [--turns N]";

fn main() -> Result<(), Box<dyn Error>> {
    let given = Given::read()?;
    let backend = if given.library.is_some() { "ONNX Runtime" } else { "tract" };
    let environment = if let Some(path) = given.library {
        ort::init_from(path)?.build()?
    } else {
        ort::set_api(ort_tract::api());
        ort::init().build()?
    };
    let (onnx, manifest) = match given.model {
        Some(path) => (fs::read(&path)?, fs::read(path.with_extension("json"))?),
        None => (
            include_bytes!("../models/clstm.onnx").to_vec(),
            include_bytes!("../models/clstm.json").to_vec(),
        ),
    };
    let scaling = Model::new(onnx.clone(), &manifest)?.manifest.scaling;
    let mut model = Graph::load(&environment, &onnx, ALL_FEATURES)?;
    model.scaled = Some(scaled(scaling));
    let mut reference = Graph::load(&environment, &fs::read(given.reference)?, REFERENCE_FEATURES)?;
    model.turn()?;
    reference.turn()?;
    let mut turns = Vec::new();
    for _ in 0..given.turns {
        turns.push((model.turn()?, reference.turn()?));
    }
    let mut out = io::stdout();
    let turn = BATCH * BATCHES;
    writeln!(out, "{backend}, {BATCH} sequences a batch, {turn} a turn, {} turns", given.turns)?;
    let rates = |rates: Vec<f64>| spread(rates, 0);
    writeln!(out, "model: {} sequences/s", rates(turns.iter().map(|turn| turn.0).collect()))?;
    writeln!(out, "reference: {} sequences/s", rates(turns.iter().map(|turn| turn.1).collect()))?;
    let ratios = turns.iter().map(|(model, reference)| model / reference).collect();
    writeln!(out, "model / reference: {}", spread(ratios, 2))?;
    Ok(())
}

/// The command line.
struct Given {
    reference: PathBuf,
    model: Option<PathBuf>,
    library: Option<PathBuf>,
    turns: usize,
}

impl Given {
    fn read() -> Result<Self, Box<dyn Error>> {
        let (mut reference, mut model, mut library, mut turns) = (None, None, None, TURNS);
        let mut arguments = std::env::args_os().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(USAGE);
            match argument.to_str() {
                Some("--model") => model = Some(value()?.into()),
                Some("--ort-lib") => library = Some(value()?.into()),
                Some("--turns") => turns = value()?.to_string_lossy().parse::<usize>()?.max(1),
                // Cargo says it when it calls a bench.
                Some("--bench") => {}
                _ => reference = Some(PathBuf::from(argument)),
            }
        }
        Ok(Self { reference: reference.ok_or(USAGE)?, model, library, turns })
    }
}

/// A graph and a batch for it.
struct Graph {
    session: Session,
    features: usize,
    steps: Vec<f32>,
    mask: Vec<f32>,
    /// What the steps are made of before each run, if that is part of the work.
    scaled: Option<(Scaling, Vec<Sequence>)>,
}

/// A batch that is scaled before each run.
fn scaled(scaling: Scaling) -> (Scaling, Vec<Sequence>) {
    let mut rng = Rng::with_seed(1);
    let mut sequence = || {
        let mut steps = [[0.0; ALL_FEATURES]; LENGTH];
        steps.as_flattened_mut().iter_mut().for_each(|value| *value = rng.f32());
        Sequence { steps, len: LENGTH }
    };
    (scaling, (0..BATCH).map(|_| sequence()).collect())
}

impl Graph {
    fn load(environment: &Environment, onnx: &[u8], features: usize) -> Result<Self, ort::Error> {
        let session = Session::builder(environment)?
            .with_optimization_level(GraphOptimizationLevel::Level3)?
            .with_intra_threads(1)?
            .commit_from_memory(onnx)?;
        let mut rng = Rng::with_seed(1);
        let steps = (0..BATCH * LENGTH * features).map(|_| rng.f32()).collect();
        let mask = vec![1.0; BATCH * LENGTH];
        Ok(Self { session, features, steps, mask, scaled: None })
    }

    /// Runs some batches; how many sequences it does in a second of CPU time.
    fn turn(&mut self) -> Result<f64, Box<dyn Error>> {
        let began_ns = cpu_ns()?;
        for _ in 0..BATCHES {
            self.run()?;
        }
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let (sequences, took_ns) = ((BATCH * BATCHES) as f64, (cpu_ns()? - began_ns) as f64);
        Ok(sequences * 1e9 / took_ns)
    }

    fn run(&mut self) -> Result<(), ort::Error> {
        if let Some((scaling, sequences)) = &self.scaled {
            self.steps.clear();
            for sequence in sequences {
                scaling.append(sequence, &mut self.steps);
            }
        }
        let steps = ([BATCH, LENGTH, self.features], self.steps.as_slice());
        let mut inputs: Vec<(&str, SessionInputValue<'_>)> =
            vec![("sequences", TensorRef::from_array_view(steps)?.into())];
        if self.session.inputs().iter().any(|input| input.name() == "mask") {
            let mask = ([BATCH, LENGTH], self.mask.as_slice());
            inputs.push(("mask", TensorRef::from_array_view(mask)?.into()));
        }
        self.session.run(inputs)?;
        settle();
        Ok(())
    }
}

/// CPU time of this thread.
fn cpu_ns() -> Result<u64, Box<dyn Error>> {
    let times = fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(times.split_whitespace().next().ok_or("no figures")?.parse()?)
}

/// Median, minimum and maximum.
fn spread(mut values: Vec<f64>, digits: usize) -> String {
    values.sort_by(f64::total_cmp);
    let (low, high) = (values[0], values[values.len() - 1]);
    let middle = values[values.len() / 2];
    format!("{middle:.digits$} ({low:.digits$} to {high:.digits$})")
}
