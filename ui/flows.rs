//! `weir flows`: packets to rows of features.

mod error;
mod output;
mod sink;

use std::collections::HashSet;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::{info, warn};
use weir::capture::{self, Interface, privilege};
use weir::engine::{
    Interrupts, Live, LiveCounts, Meters, Options, Outcome, Pipeline, Replay, ReplayEvent,
};
use weir::export::Labels;
use weir::flow::Timeouts;
use weir::packet;
use weir::settings::{Environment, Settings};

pub(crate) use self::error::Error;
use self::output::Output;
use self::sink::RowSink;
use crate::cli::{FlowsArgs, Source};
use crate::progress::Progress;

/// How often an open flow is reported, in µs of packet time.
const REPORT_US: i64 = 5_000_000;

/// Runs the verb until its sources end, or until it is interrupted.
pub(crate) fn run(
    args: &FlowsArgs,
    settings: &Settings,
    environment: &Environment,
) -> Result<(), Error> {
    let labels = args.labels.as_deref().map(Labels::read).transpose().map_err(Error::Labels)?;
    let output = Output::choose(args)?;
    if !settings.filter.is_empty() {
        capture::check_filter(&settings.filter).map_err(Error::Capture)?;
    }
    let interrupts = Interrupts::catch().map_err(Error::Signal)?;
    match sources(args, settings)? {
        Sources::Files(paths) => {
            let stop = interrupts.listen().map_err(Error::Signal)?;
            let pipeline = pipeline(args, settings, output, labels)?;
            replay(&paths, settings, args, pipeline, &stop)
        }
        Sources::Interfaces(names) => {
            let interfaces = open(&names, settings)?;
            // The file is opened while that is still allowed wherever the user may write.
            let output = output.opened(environment.invoker())?;
            let identity = privilege::drop_root(environment.invoker()).map_err(Error::Capture)?;
            let stop = interrupts.listen().map_err(Error::Signal)?;
            info!(user = %identity, interfaces = ?names, "capturing without privileges");
            let pipeline = pipeline(args, settings, output, labels)?;
            live(interfaces, pipeline, stop)
        }
    }
}

/// What to read, either files or interfaces.
enum Sources {
    Files(Vec<PathBuf>),
    Interfaces(Vec<String>),
}

fn sources(args: &FlowsArgs, settings: &Settings) -> Result<Sources, Error> {
    let mut paths = Vec::new();
    let mut names = Vec::new();
    for source in &args.sources {
        match source {
            Source::StandardInput => paths.push(PathBuf::from("-")),
            Source::Path(path) => paths.push(path.clone()),
            Source::Interface(Some(name)) => names.push(name.clone()),
            Source::Interface(None) if settings.interface.is_empty() => {
                names.push(capture::default_interface().map_err(Error::Capture)?);
            }
            Source::Interface(None) => names.extend(settings.interface.iter().cloned()),
        }
    }
    // An interface given twice would count every packet twice.
    let mut seen = HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    match (paths.is_empty(), names.is_empty()) {
        (false, true) => capture::expand(&paths).map(Sources::Files).map_err(Error::Capture),
        (true, _) => Ok(Sources::Interfaces(names)),
        (false, false) => Err(Error::MixedSources),
    }
}

fn open(names: &[String], settings: &Settings) -> Result<Vec<Interface>, Error> {
    let options = capture::Options {
        filter: (!settings.filter.is_empty()).then(|| settings.filter.clone()),
        snap_len: settings.snap_length,
        ring_bytes: settings.ring_mib as usize * (1 << 20),
        promiscuous: true,
    };
    let opened = names.iter().map(|name| Interface::open(name, &options));
    opened.collect::<Result<_, _>>().map_err(Error::Capture)
}

fn pipeline(
    args: &FlowsArgs,
    settings: &Settings,
    output: Output,
    labels: Option<Labels>,
) -> Result<Pipeline<RowSink>, Error> {
    let microseconds =
        |duration: std::time::Duration| i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
    // Contexts and sequences are made of the reports of open flows too.
    let needs_reports = args.provisional || args.context || args.sequences;
    let timeouts = Timeouts {
        active_us: microseconds(settings.active_timeout),
        idle_us: microseconds(settings.idle_timeout),
        activity_gap_us: microseconds(settings.activity_gap),
        report_us: needs_reports.then_some(REPORT_US),
        ..Timeouts::default()
    };
    let name = output.name();
    let sink = RowSink::new(args, name, output.writer()?, labels);
    let options = Options { timeouts, max_flows: settings.max_flows, shards: settings.shards };
    Pipeline::new(options, sink).map_err(Error::Threads)
}

fn replay(
    paths: &[PathBuf],
    settings: &Settings,
    args: &FlowsArgs,
    mut pipeline: Pipeline<RowSink>,
    stop: &AtomicBool,
) -> Result<(), Error> {
    let sizes: Option<Vec<_>> =
        paths.iter().map(|path| path.metadata().ok().map(|data| data.len())).collect();
    // Rows on the terminal are progress enough.
    let is_watched = args.output.is_some() || !io::stdout().is_terminal();
    let progress = is_watched.then(|| Progress::start(sizes.map(|sizes| sizes.iter().sum())));
    let meters = Meters::default();
    let replay =
        Replay { paths, filter: &settings.filter, speed: settings.speed, meters: &meters, stop };
    let mut failures = Vec::new();
    let decoded = replay.run(&mut pipeline, |event| match event {
        ReplayEvent::Read { bytes, frames } => {
            if let Some(progress) = &progress {
                progress.reached(bytes, frames);
            }
        }
        ReplayEvent::Failed(error) => failures.push(error),
        ReplayEvent::UnknownLinks { path, links } => {
            let (frames, number) = (links.frames, links.first);
            warn!(
                ?path,
                frames,
                ?number,
                "frames of link types that are not read were passed over"
            );
        }
    });
    drop(progress);
    ended(pipeline.finish(), decoded)?;
    let failed = Error::of_files(failures, paths.len());
    if stop.load(Ordering::Relaxed) {
        return Err(Error::Interrupted);
    }
    failed.map_or(Ok(()), Err)
}

fn live(
    interfaces: Vec<Interface>,
    mut pipeline: Pipeline<RowSink>,
    stop: Arc<AtomicBool>,
) -> Result<(), Error> {
    let capture = Live::start(interfaces, &Arc::default(), stop).map_err(Error::Threads)?;
    let end = capture.run(&mut pipeline);
    let mut decoded = packet::Counts::default();
    for counts in &end.counts {
        decoded += counts.decoded;
        let LiveCounts { interface, kernel, dropped_queue, .. } = counts;
        info!(
            interface,
            received = kernel.received,
            dropped_kernel = kernel.dropped_kernel,
            dropped_interface = kernel.dropped_interface,
            dropped_queue,
            "capture ended"
        );
    }
    ended(pipeline.finish(), decoded)?;
    end.failure.map_or(Ok(()), |error| Err(Error::Capture(error)))
}

/// Completes the output and says what was seen.
fn ended(outcome: Outcome<RowSink>, decoded: packet::Counts) -> Result<(), Error> {
    let Outcome { sink, failure, flows, late_packets, clock_steps } = outcome;
    info!(
        packets = decoded.packets,
        not_ip = decoded.not_ip,
        truncated = decoded.truncated,
        malformed = decoded.malformed,
        tunnelled = decoded.tunnelled,
        orphaned_fragments = decoded.orphaned_fragments,
        covered_fragments = decoded.covered_fragments,
        late_packets,
        clock_steps,
        flows = flows.opened,
        evicted = flows.evicted,
        "all packets read"
    );
    if flows.evicted > 0 {
        warn!(evicted = flows.evicted, "flows were ended early to keep within max-flows");
    }
    match failure {
        Some(error) => Err(sink.failed(error)),
        None => sink.finish(),
    }
}

/// Says on standard error what went wrong, without ending the process.
fn complain(error: &dyn std::error::Error) {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    // Standard error may be closed; the exit status still tells.
    writeln!(io::stderr(), "weir: {text}").ok();
}
