//! Where the traffic to learn from comes from: captures, or interfaces for some time.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tracing::info;
use weir::capture::{Interface, privilege};
use weir::engine::{Delivery, Interrupts, Live, Pace};
use weir::settings::{Environment, Settings};
use weir::store::{self, By};

use super::super::Error;
use crate::cli::Source;
use crate::detect::{self, Engine};
use crate::input::{self, Follower, Input};
use crate::visit;

/// Where traffic comes from.
pub(super) enum Traffic {
    Files(Vec<PathBuf>),
    Interfaces(Vec<Interface>),
}

/// What is ready to be read. Interfaces are open, and root is given up for them as by weir itself.
pub(super) struct Opened {
    pub(super) traffic: Traffic,
    /// Who learns.
    pub(super) by: By,
    /// Set by whoever interrupts it.
    pub(super) stop: Arc<AtomicBool>,
}

impl Opened {
    /// Opens `sources`, for what is kept in the database at `path`.
    pub(super) fn of(
        sources: &[Source],
        settings: &Settings,
        environment: &Environment,
        path: &Path,
    ) -> Result<Self, Error> {
        let interrupts = Interrupts::catch().map_err(detect::Error::Signal)?;
        // Before root is given up, and with it who that was.
        let by = By { who: visit::visitor(environment), from: "command line".into() };
        let traffic = match Input::of(sources, settings).map_err(detect::Error::from)? {
            Input::Files(paths) => {
                store::give_folder(path, privilege::successor(environment.invoker()))?;
                Traffic::Files(paths)
            }
            Input::Interfaces(names) => {
                let interfaces = input::open(&names, settings).map_err(detect::Error::from)?;
                store::give_folder(path, privilege::successor(environment.invoker()))?;
                let identity = privilege::drop_root(environment.invoker())
                    .map_err(|error| detect::Error::from(input::Error::Capture(error)))?;
                info!(user = %identity, interfaces = ?names, "capturing without privileges");
                Traffic::Interfaces(interfaces)
            }
        };
        let stop = interrupts.listen().map_err(detect::Error::Signal)?;
        Ok(Self { traffic, by, stop })
    }
}

impl Traffic {
    /// Has all of it scored, of interfaces for so long, and handed to `take`. Whether all could be read,
    /// and whether somebody interrupted it.
    pub(super) fn read(
        self,
        span_us: i64,
        settings: &Settings,
        engine: &Engine,
        take: impl FnMut(Delivery) + Send + 'static,
        stop: &Arc<AtomicBool>,
    ) -> Result<(Result<(), input::Error>, bool), detect::Error> {
        match self {
            Self::Files(paths) => {
                let inference = engine.start(Pace::Replay, take)?;
                let follower = Follower::start(&paths, true);
                let read = detect::replay(&paths, settings, follower, inference, stop)?;
                Ok((read, stop.load(Ordering::Relaxed)))
            }
            Self::Interfaces(interfaces) => {
                let span = Duration::from_micros(span_us.unsigned_abs());
                let inference = engine.start(Pace::Live, take)?;
                let mut pipeline = detect::pipeline(settings, inference)?;
                let capture = Live::start(interfaces, &Arc::default(), None, None, stop)
                    .map_err(detect::Error::Threads)?;
                let clock = Clock::start(span, Arc::clone(stop));
                let end = capture.run(&mut pipeline);
                let has_rung = clock.stop();
                pipeline.finish().sink.finish();
                let is_early = stop.load(Ordering::Relaxed) && !has_rung;
                Ok((end.failure.map_or(Ok(()), |error| Err(error.into())), is_early))
            }
        }
    }
}

/// Sets a flag after some time.
struct Clock {
    running: Sender<()>,
    thread: JoinHandle<bool>,
}

impl Clock {
    fn start(span: Duration, stop: Arc<AtomicBool>) -> Self {
        let (running, is_over) = channel();
        let wait = move || {
            let has_rung = is_over.recv_timeout(span) == Err(RecvTimeoutError::Timeout);
            if has_rung {
                stop.store(true, Ordering::Relaxed);
            }
            has_rung
        };
        Self { running, thread: thread::spawn(wait) }
    }

    /// Whether it has set the flag.
    fn stop(self) -> bool {
        drop(self.running);
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}
