//! `weir flows`: packets to rows of features.

mod error;
mod output;
mod sink;

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::{info, warn};
use weir::capture::{Interface, privilege};
use weir::engine::{Interrupts, Live, LiveCounts, Meters, Options, Outcome, Pipeline, Replay};
use weir::export::Labels;
use weir::packet;
use weir::settings::{Environment, Settings};

pub(crate) use self::error::Error;
use self::output::Output;
use self::sink::RowSink;
use crate::cli::FlowsArgs;
use crate::input::{self, Follower, Input, OpenFlows};

/// Runs the verb until its sources end, or until it is interrupted.
pub(crate) fn run(
    args: &FlowsArgs,
    settings: &Settings,
    environment: &Environment,
) -> Result<(), Error> {
    let labels = args.labels.as_deref().map(Labels::read).transpose().map_err(Error::Labels)?;
    let output = Output::choose(args)?;
    let interrupts = Interrupts::catch().map_err(Error::Signal)?;
    match Input::of(&args.sources, settings)? {
        Input::Files(paths) => {
            let stop = interrupts.listen().map_err(Error::Signal)?;
            let pipeline = pipeline(args, settings, output, labels)?;
            replay(&paths, settings, args, pipeline, &stop)
        }
        Input::Interfaces(names) => {
            let interfaces = input::open(&names, settings)?;
            // The file is opened while that is still allowed wherever the user may write.
            let output = output.opened(environment.invoker())?;
            let identity =
                privilege::drop_root(environment.invoker()).map_err(input::Error::Capture)?;
            let stop = interrupts.listen().map_err(Error::Signal)?;
            info!(user = %identity, interfaces = ?names, "capturing without privileges");
            let pipeline = pipeline(args, settings, output, labels)?;
            live(interfaces, pipeline, &stop)
        }
    }
}

fn pipeline(
    args: &FlowsArgs,
    settings: &Settings,
    output: Output,
    labels: Option<Labels>,
) -> Result<Pipeline<RowSink>, Error> {
    let needs_reports = args.provisional || args.context || args.sequences;
    let open = if needs_reports { OpenFlows::Reported } else { OpenFlows::Silent };
    let timeouts = input::timeouts(settings, open);
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
    // Rows on the terminal are progress enough.
    let is_watched = args.output.is_some() || !io::stdout().is_terminal();
    let mut follower = Follower::start(paths, is_watched);
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
    let decoded = replay.run(&mut pipeline, |event| follower.observe(event));
    follower.hush();
    ended(pipeline.finish(), decoded)?;
    let read = follower.finish();
    if stop.load(Ordering::Relaxed) {
        return Err(Error::Interrupted);
    }
    Ok(read?)
}

fn live(
    interfaces: Vec<Interface>,
    mut pipeline: Pipeline<RowSink>,
    stop: &Arc<AtomicBool>,
) -> Result<(), Error> {
    let capture =
        Live::start(interfaces, &Arc::default(), None, None, stop).map_err(Error::Threads)?;
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
    end.failure.map_or(Ok(()), |error| Err(input::Error::Capture(error).into()))
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
