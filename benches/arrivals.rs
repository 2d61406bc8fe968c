//! Flows of a capture with arrivals told and kept beside them; with `--without`, without.
//!
//! Nothing is written and nothing scored, so that the ratio of two runs is what arrivals cost on the
//! way of the packets at most. Prints how many requests, handshakes and connections were kept.

use std::convert::Infallible;
use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use weir::engine::{Arrivals, Meters, Options, Pipeline, Replay, ReplayEvent, Sink};
use weir::flow::{Report, Timeouts};
use weir::settings::{Settings, Speed};

fn main() -> Result<(), Box<dyn Error>> {
    let mut capture = None;
    let mut is_kept = true;
    for argument in std::env::args_os().skip(1) {
        match argument.to_str() {
            Some("--without") => is_kept = false,
            // Cargo says it when it calls a bench.
            Some("--bench") => {}
            _ => capture = Some(PathBuf::from(argument)),
        }
    }
    let capture = capture.ok_or("usage: arrivals CAPTURE [--without]")?;
    let max_flows = Settings::default().max_flows;
    let options = Options { timeouts: Timeouts::default(), max_flows, shards: 1 };
    let mut pipeline = Pipeline::new(options, Nowhere)?;
    let arrivals = Arrivals::new(options.timeouts.idle_us);
    let replay = Replay {
        paths: &[capture],
        filter: "",
        speed: Speed::Max,
        meters: &Meters::default(),
        recording: None,
        arrivals: is_kept.then_some(&arrivals),
        stop: &AtomicBool::new(false),
    };
    let mut failure = None;
    replay.run(&mut pipeline, |event| {
        if let ReplayEvent::Failed(error) = event {
            failure = Some(error);
        }
    });
    drop(pipeline.finish());
    writeln!(io::stdout(), "{}", arrivals.counts().recorded)?;
    failure.map_or(Ok(()), |error| Err(error.into()))
}

/// Takes every report and does nothing with it.
struct Nowhere;

impl Sink for Nowhere {
    type Error = Infallible;

    fn report(&mut self, _: &Report<'_>) -> Result<(), Infallible> {
        Ok(())
    }

    fn restart(&mut self) -> Result<(), Infallible> {
        Ok(())
    }

    fn flush(&mut self, _: i64) -> Result<(), Infallible> {
        Ok(())
    }
}
