//! `weir detect`: packets to incidents.

mod printer;

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use weir::detect::{self, Model, Runtime, Scorer, Usual, Weights};
use weir::engine::{
    self, Delivery, Detection, Inference, Interrupts, Meters, Models, Options, Pace, Pipeline,
    Replay, Scoring,
};
use weir::incident::{self, Tracker};
use weir::settings::{self, Environment, Settings, database_path, state_folder};
use weir::store::{self, Reader};

use self::printer::Printer;
use crate::cli::{FlowFlags, Format, ModelFlags, Source};
use crate::input::{self, Follower, Input, OpenFlows};

const EXAMPLES: &str = "\
Examples:
  Print the incidents in a capture:
    weir detect attack.pcap

  Which targets were attacked, most flows first:
    weir detect captures/ --format json | jq -r '[.flows, .class, .target] | @tsv' | sort -rn

Exit status: 0 done, whether there are incidents or not; 64 wrong usage or settings; 65 bad input
data; 69 service unavailable; 74 input or output failed; 77 no permission; 130 interrupted.";

/// Find the incidents in captures
///
/// Replays captures at full speed, scores every flow in its context and prints what is wrong. The
/// same packets give the same incidents in every run.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// Capture file, folder or `-` (standard input)
    #[arg(required = true, value_name = "SOURCE")]
    sources: Vec<Source>,
    /// How incidents are printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    format: Format,
    /// Print the verdict on every flow that ended, instead of incidents
    #[arg(long)]
    verdicts: bool,
    /// Leave out what `weir baseline` has accepted, as a running weir does
    #[arg(long)]
    baseline: bool,
    #[command(flatten)]
    pub(crate) flows: FlowFlags,
    #[command(flatten)]
    pub(crate) model: ModelFlags,
}

/// Why not everything was done that was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A capture could not be read, or not to its end.
    #[error(transparent)]
    Input(#[from] input::Error),
    /// An interface was named.
    #[error("find incidents in live traffic: `weir` does that; give capture files here")]
    Live,
    /// There is no place where a model could have been chosen.
    #[error(transparent)]
    Settings(#[from] settings::Error),
    /// What is accepted could not be read.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// There is no model.
    #[error(transparent)]
    Model(#[from] engine::ModelError),
    /// The model cannot be run.
    #[error(transparent)]
    Detect(#[from] detect::Error),
    /// A signal handler could not be set.
    #[error("prepare to be interrupted")]
    Signal(#[source] io::Error),
    /// A thread could not be started.
    #[error("start a thread")]
    Threads(#[source] io::Error),
    /// What was found could not be printed.
    #[error("write to standard output")]
    Write(#[source] io::Error),
    /// The user stopped it; what was found in what was read is printed.
    #[error("interrupted; what was read is printed")]
    Interrupted,
}

/// Runs the verb until its captures end, or until it is interrupted.
pub(crate) fn run(
    args: &Args,
    settings: &Settings,
    environment: &Environment,
) -> Result<(), Error> {
    let Input::Files(paths) = Input::of(&args.sources, settings)? else { return Err(Error::Live) };
    let engine = Engine::new(settings, environment)?;
    let options = incident::Options { weights: engine.weights(), ..incident::Options::default() };
    let mut tracker = Tracker::new(&settings.sensor, options);
    if args.baseline {
        let accepted = Reader::open(&database_path(settings, environment)?)?.accepted(None)?;
        tracker.accept(accepted.unwrap_or_default().0);
    }
    let detection = Detection::new(tracker, engine.scorer()?, Usual::default());
    let printer = Printer::new(args.format, args.verdicts, detection);

    let stop = Interrupts::catch().and_then(Interrupts::listen).map_err(Error::Signal)?;
    // Written to by one thread alone, until that has ended.
    let printer = Arc::new(Mutex::new(printer));
    let told = Arc::clone(&printer);
    let failed = Arc::clone(&stop);
    let take = move |delivery: Delivery| {
        let mut printer = told.lock().unwrap_or_else(PoisonError::into_inner);
        printer.take(delivery);
        if printer.has_failed() {
            failed.store(true, Ordering::Relaxed);
        }
    };
    let inference = engine.start(Pace::Replay, take)?;
    // Between lines on the same terminal there is no place for a progress line.
    let is_watched = !(args.verdicts && io::stdout().is_terminal());
    let follower = Follower::start(&paths, is_watched);
    let read = replay(&paths, settings, follower, inference, &stop)?;
    printer.lock().unwrap_or_else(PoisonError::into_inner).finish()?;
    if stop.load(Ordering::Relaxed) {
        return Err(Error::Interrupted);
    }
    Ok(read?)
}

/// What scores flows as the settings say.
pub(crate) struct Engine {
    model: Model,
    runtime: Runtime,
    threads: usize,
}

impl Engine {
    /// Loads the model that is chosen, and what is to run it.
    pub(crate) fn new(settings: &Settings, environment: &Environment) -> Result<Self, Error> {
        let database = database_path(settings, environment)?;
        let model = Models::new(state_folder(&database)).load(settings.model.as_deref())?.model;
        let model = model.within(settings.alert_budget);
        let runtime = Runtime::start(settings.ort_library(environment))?;
        Ok(Self { model, runtime, threads: settings.inference_threads })
    }

    /// How much evidence makes an incident.
    pub(crate) const fn weights(&self) -> Weights {
        self.model.manifest.weights
    }

    /// A session of the model.
    fn scorer(&self) -> Result<Scorer, detect::Error> {
        Scorer::new(&self.model, &self.runtime)
    }

    /// Starts the threads that score, which hand what they say to `take`.
    pub(crate) fn start(
        &self,
        pace: Pace,
        take: impl FnMut(Delivery) + Send + 'static,
    ) -> Result<Inference, Error> {
        let scorers = (0..self.threads).map(|_| self.scorer()).collect::<Result<_, _>>()?;
        Inference::start(scorers, pace, take).map_err(Error::Threads)
    }
}

/// From packets to sequences, which `inference` scores.
pub(crate) fn pipeline(
    settings: &Settings,
    inference: Inference,
) -> Result<Pipeline<Scoring>, Error> {
    let options = Options {
        timeouts: input::timeouts(settings, OpenFlows::Reported),
        max_flows: settings.max_flows,
        shards: settings.shards,
    };
    Pipeline::new(options, Scoring::new(inference)).map_err(Error::Threads)
}

/// Replays all files and waits until everything is scored; whether all could be read.
pub(crate) fn replay(
    paths: &[PathBuf],
    settings: &Settings,
    mut follower: Follower,
    inference: Inference,
    stop: &AtomicBool,
) -> Result<Result<(), input::Error>, Error> {
    let mut pipeline = pipeline(settings, inference)?;
    let meters = Meters::default();
    let replay = Replay {
        paths,
        filter: &settings.filter,
        speed: settings.speed,
        meters: &meters,
        recording: None,
        arrivals: None,
        stop,
    };
    replay.run(&mut pipeline, |event| follower.observe(event));
    pipeline.finish().sink.finish();
    follower.hush();
    Ok(follower.finish())
}
