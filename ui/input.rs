//! Where packets come from: what the command line names, found and opened.

use std::collections::HashSet;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use tracing::warn;
use weir::capture::{self, Interface};
use weir::engine::ReplayEvent;
use weir::flow::Timeouts;
use weir::settings::Settings;

use crate::cli::Source;
use crate::progress::Progress;
use crate::text;

/// How often an open flow is reported, in µs of packet time.
const REPORT_US: i64 = 5_000_000;

/// Why packets could not be had, or not all of them.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A source could not be read.
    #[error(transparent)]
    Capture(#[from] capture::Error),
    /// Some of several files could not be read whole; each was named when it happened.
    #[error("{failed} of {files} captures could not be read whole; the others were")]
    SomeCaptures {
        /// How many.
        failed: usize,
        /// Of how many.
        files: usize,
        /// The first of them, which decides the exit status.
        first: capture::Error,
    },
    /// Files and interfaces were given together.
    #[error(
        "read files and interfaces together: they are of different times; give one or the other"
    )]
    MixedSources,
}

/// What to read, either files or interfaces.
#[derive(Debug)]
pub(crate) enum Input {
    /// Capture files in order.
    Files(Vec<PathBuf>),
    /// Names of interfaces, each once.
    Interfaces(Vec<String>),
}

impl Input {
    /// What `sources` stand for: folders are listed, and an interface without a name is found.
    pub(crate) fn of(sources: &[Source], settings: &Settings) -> Result<Self, Error> {
        if !settings.filter.is_empty() {
            capture::check_filter(&settings.filter)?;
        }
        let mut paths = Vec::new();
        let mut names = Vec::new();
        for source in sources {
            match source {
                Source::StandardInput => paths.push(PathBuf::from("-")),
                Source::Path(path) => paths.push(path.clone()),
                Source::Interface(Some(name)) => names.push(name.clone()),
                Source::Interface(None) if settings.interface.is_empty() => {
                    names.push(capture::default_interface()?);
                }
                Source::Interface(None) => names.extend(settings.interface.iter().cloned()),
            }
        }
        // An interface given twice would count every packet twice.
        let mut seen = HashSet::new();
        names.retain(|name| seen.insert(name.clone()));
        match (paths.is_empty(), names.is_empty()) {
            (false, true) => Ok(Self::Files(capture::expand(&paths)?)),
            (true, _) => Ok(Self::Interfaces(names)),
            (false, false) => Err(Error::MixedSources),
        }
    }
}

/// Opens the interfaces of these names as `settings` ask.
pub(crate) fn open(names: &[String], settings: &Settings) -> Result<Vec<Interface>, Error> {
    let options = capture::Options {
        filter: (!settings.filter.is_empty()).then(|| settings.filter.clone()),
        snap_len: settings.snap_length,
        ring_bytes: settings.ring_mib as usize * (1 << 20),
        promiscuous: true,
    };
    Ok(names.iter().map(|name| Interface::open(name, &options)).collect::<Result<_, _>>()?)
}

/// Whether the flow table tells of flows that are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OpenFlows {
    /// When they open, and as they stand from time to time: contexts and sequences are made of it.
    Reported,
    /// Only rows of flows that have ended are wanted.
    Silent,
}

/// When flows end, as `settings` ask.
pub(crate) fn timeouts(settings: &Settings, open: OpenFlows) -> Timeouts {
    let microseconds = |span: Duration| i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
    Timeouts {
        active_us: microseconds(settings.active_timeout),
        idle_us: microseconds(settings.idle_timeout),
        activity_gap_us: microseconds(settings.activity_gap),
        report_us: (open == OpenFlows::Reported).then_some(REPORT_US),
        ..Timeouts::default()
    }
}

/// Follows the replay of files: shows how far it is, and keeps what went wrong.
#[derive(Debug)]
pub(crate) struct Follower {
    files: usize,
    progress: Option<Progress>,
    failures: Vec<capture::Error>,
}

impl Follower {
    /// Begins to follow the replay of `paths`, with a progress line where one `is_wanted`.
    pub(crate) fn start(paths: &[PathBuf], is_wanted: bool) -> Self {
        let sizes: Option<Vec<_>> =
            paths.iter().map(|path| path.metadata().ok().map(|data| data.len())).collect();
        let total = sizes.map(|sizes| sizes.iter().sum());
        let progress = is_wanted.then(|| Progress::start(total));
        Self { files: paths.len(), progress, failures: Vec::new() }
    }

    /// Takes what happens during the replay.
    pub(crate) fn observe(&mut self, event: ReplayEvent) {
        match event {
            ReplayEvent::Read { bytes, frames } => {
                if let Some(progress) = &self.progress {
                    progress.reached(bytes, frames);
                }
            }
            ReplayEvent::Failed(error) => self.failures.push(error),
            ReplayEvent::UnknownLinks { path, links } => {
                let (frames, number) = (links.frames, links.first);
                warn!(
                    ?path,
                    frames,
                    ?number,
                    "frames of link types that are not read were passed over"
                );
            }
        }
    }

    /// Wipes the progress line.
    pub(crate) fn hush(&mut self) {
        self.progress = None;
    }

    /// Whether all files were read; where only some of several were not, each is named on standard
    /// error.
    pub(crate) fn finish(self) -> Result<(), Error> {
        let Self { files, failures, .. } = self;
        if files > 1 {
            for error in &failures {
                complain(error);
            }
        }
        let failed = failures.len();
        match failures.into_iter().next() {
            None => Ok(()),
            Some(first) if files > 1 => Err(Error::SomeCaptures { failed, files, first }),
            Some(error) => Err(error.into()),
        }
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
    writeln!(io::stderr(), "weir: {}", text::harmless_lines(&text)).ok();
}
