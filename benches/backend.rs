//! The backend alone on the sequences of a capture: what `weir detect` is held against.
//!
//! Makes the same sequences as `weir detect` and runs the graph on them in batches of the same size,
//! on one thread, with no check, no verdict and no queue. With `--without` it makes them and leaves
//! the graph out, so that the difference of two runs is the backend's own cost. Prints how many
//! sequences there were.

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use ort::inputs;
use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::TensorRef;
use weir::detect::{LENGTH, Sequences};
use weir::engine::{Meters, Options, Pipeline, Replay, ReplayEvent, Sink};
use weir::feature::{ALL_FEATURES, Contexts, Summary, vector};
use weir::flow::{Report, Timeouts};
use weir::settings::{Settings, Speed};

/// Sequences run together, as in a replay.
const BATCH: usize = 64;

/// How often an open flow is reported, in µs of packet time.
const REPORT_US: i64 = 5_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut capture = None;
    let mut library = None;
    let mut is_run = true;
    let mut arguments = std::env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            Some("--without") => is_run = false,
            Some("--ort-lib") => library = arguments.next(),
            // Cargo says it when it calls a bench.
            Some("--bench") => {}
            _ => capture = Some(PathBuf::from(argument)),
        }
    }
    let capture = capture.ok_or("usage: backend CAPTURE [--ort-lib PATH] [--without]")?;
    let environment = if let Some(path) = library {
        ort::init_from(PathBuf::from(path))?
    } else {
        ort::set_api(ort_tract::api());
        ort::init()
    };
    let session = Session::builder(&environment.build()?)?
        .with_optimization_level(GraphOptimizationLevel::Level3)?
        .with_intra_threads(1)?
        .commit_from_memory(include_bytes!("../models/clstm.onnx"))?;
    let sequences = replay(capture, Bare::new(is_run.then_some(session)))?;
    writeln!(io::stdout(), "{sequences}")?;
    Ok(())
}

/// Says how many sequences the capture has.
fn replay(capture: PathBuf, bare: Bare) -> Result<u64, Box<dyn Error>> {
    let timeouts = Timeouts { report_us: Some(REPORT_US), ..Timeouts::default() };
    let max_flows = Settings::default().max_flows;
    let mut pipeline = Pipeline::new(Options { timeouts, max_flows, shards: 1 }, bare)?;
    let (meters, stop) = (Meters::default(), AtomicBool::new(false));
    let replay = Replay {
        paths: &[capture],
        filter: "",
        speed: Speed::Max,
        meters: &meters,
        recording: None,
        arrivals: None,
        stop: &stop,
    };
    let mut failure = None;
    replay.run(&mut pipeline, |event| {
        if let ReplayEvent::Failed(error) = event {
            failure = Some(error);
        }
    });
    let mut outcome = pipeline.finish();
    outcome.sink.run()?;
    match (failure, outcome.failure) {
        (Some(error), _) => Err(error.into()),
        (None, Some(error)) => Err(error.into()),
        (None, None) => Ok(outcome.sink.sequences),
    }
}

/// Runs the graph on every batch, and looks at nothing that it answers.
struct Bare {
    session: Option<Session>,
    contexts: Contexts,
    histories: Sequences,
    steps: Vec<f32>,
    mask: Vec<f32>,
    sequences: u64,
}

impl Bare {
    fn new(session: Option<Session>) -> Self {
        Self {
            session,
            contexts: Contexts::default(),
            histories: Sequences::default(),
            steps: Vec::with_capacity(BATCH * LENGTH * ALL_FEATURES),
            mask: Vec::with_capacity(BATCH * LENGTH),
            sequences: 0,
        }
    }

    fn run(&mut self) -> Result<(), ort::Error> {
        let batch = self.mask.len() / LENGTH;
        if let Some(session) = self.session.as_mut().filter(|_| batch > 0) {
            let steps = ([batch, LENGTH, ALL_FEATURES], self.steps.as_slice());
            let mask = ([batch, LENGTH], self.mask.as_slice());
            session.run(inputs![
                "sequences" => TensorRef::from_array_view(steps)?,
                "mask" => TensorRef::from_array_view(mask)?,
            ])?;
        }
        self.sequences += batch as u64;
        self.steps.clear();
        self.mask.clear();
        Ok(())
    }
}

impl Sink for Bare {
    type Error = ort::Error;

    fn report(&mut self, report: &Report<'_>) -> Result<(), Self::Error> {
        let Some((row, context)) = self.contexts.observe(report) else { return Ok(()) };
        let vector = vector(&Summary::new(row.flow), &context);
        let sequence = self.histories.observe(&row, &vector);
        self.steps.extend_from_slice(sequence.steps.as_flattened());
        let padding = LENGTH - sequence.len;
        self.mask.extend((0..LENGTH).map(|step| if step < padding { 0.0 } else { 1.0 }));
        if self.mask.len() == BATCH * LENGTH { self.run() } else { Ok(()) }
    }

    fn restart(&mut self) -> Result<(), Self::Error> {
        self.contexts.clear();
        self.histories.clear();
        Ok(())
    }

    fn flush(&mut self, _now_us: i64) -> Result<(), Self::Error> {
        Ok(())
    }
}
