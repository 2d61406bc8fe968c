//! Where packets of an engine come from, and how they are brought to it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tracing::{error, info, warn};

use super::arrivals::Arrivals;
use super::inference::Pace;
use super::keeper::with_causes;
use super::live::{Live, LiveCounts};
use super::meters::Meters;
use super::pipeline::Pipeline;
use super::recording::Recording;
use super::replay::{Replay, ReplayEvent};
use super::scoring::Scoring;
use super::snapshot::{Source, SourceKind, SourceState};
use crate::capture::{Interface, evidence};
use crate::settings::Speed;

/// Where packets come from.
pub enum Feed {
    /// Capture files, read in order as one capture.
    Files {
        /// The files.
        paths: Vec<PathBuf>,
        /// BPF expression that frames must satisfy; empty for all.
        filter: String,
        /// How fast.
        speed: Speed,
    },
    /// Open interfaces; privileges have been given up.
    Interfaces(Vec<Interface>),
}

impl Feed {
    /// How its sequences are scored.
    pub(super) const fn pace(&self) -> Pace {
        match self {
            Self::Files { .. } => Pace::Replay,
            Self::Interfaces(_) => Pace::Live,
        }
    }

    /// What is shown of it at the beginning.
    pub(super) fn source(&self) -> Source {
        let (kind, names): (_, Vec<String>) = match self {
            Self::Files { paths, .. } => {
                let name = |path: &PathBuf| {
                    path.file_name().unwrap_or(path.as_os_str()).display().to_string()
                };
                (SourceKind::File, paths.iter().map(name).collect())
            }
            Self::Interfaces(interfaces) => (
                SourceKind::Interface,
                interfaces.iter().map(|one| one.name().to_owned()).collect(),
            ),
        };
        Source { kind, name: names.join(","), ..Source::default() }
    }

    /// Bytes of all files, where they are known.
    pub(super) fn total_bytes(&self) -> Option<u64> {
        let Self::Files { paths, .. } = self else { return None };
        paths.iter().map(|path| path.metadata().ok().map(|data| data.len())).sum()
    }

    /// Brings all packets to `pipeline`, their frames to `recording` and what they open with to
    /// `arrivals`, waits until they are scored and written, and says how it ended.
    pub(super) fn run(
        self,
        mut pipeline: Pipeline<Scoring>,
        meters: &Arc<Meters>,
        recording: Option<Recording>,
        arrivals: &Arc<Arrivals>,
        stop: &Arc<AtomicBool>,
    ) -> SourceState {
        let kept_by = recording.as_ref();
        let failure = match self {
            Self::Files { paths, filter, speed } => {
                let (paths, filter) = (&paths, &filter);
                let arrivals = Some(arrivals);
                let replay =
                    Replay { paths, filter, speed, meters, recording: kept_by, arrivals, stop };
                replayed(&replay, &mut pipeline)
            }
            Self::Interfaces(interfaces) => {
                let live = Live::start(interfaces, meters, kept_by, Some(arrivals), stop);
                captured(live, &mut pipeline)
            }
        };
        if let Some(evidence::Status { lost_frames: lost_frames @ 1.., .. }) =
            recording.map(Recording::finish)
        {
            warn!(lost_frames, "packets were not kept as evidence");
        }
        pipeline.finish().sink.finish();
        failure.map_or(SourceState::Ended, SourceState::Failed)
    }
}

/// Replays files; why the first of those failed that did.
fn replayed(replay: &Replay<'_>, pipeline: &mut Pipeline<Scoring>) -> Option<String> {
    let mut failure = None;
    replay.run(pipeline, |event| match event {
        ReplayEvent::Read { .. } => {}
        ReplayEvent::Failed(error) => {
            let text = with_causes(&error);
            warn!(error = text, "a capture could not be read whole");
            failure.get_or_insert(text);
        }
        ReplayEvent::UnknownLinks { path, links } => {
            warn!(
                ?path,
                frames = links.frames,
                "frames of link types that are not read were passed over"
            );
        }
    });
    failure
}

/// Captures until stopped; why it failed, if it did.
fn captured(live: io::Result<Live>, pipeline: &mut Pipeline<Scoring>) -> Option<String> {
    let live = match live {
        Ok(live) => live,
        Err(error) => return Some(format!("start a capture thread: {error}")),
    };
    let end = live.run(pipeline);
    for LiveCounts { interface, kernel, dropped_queue, .. } in &end.counts {
        let dropped_kernel = kernel.dropped_kernel;
        info!(
            interface,
            received = kernel.received,
            dropped_kernel,
            dropped_queue,
            "capture ended"
        );
    }
    let failure = end.failure.map(|error| with_causes(&error));
    if let Some(error) = &failure {
        error!(error, "capture has failed: nothing is seen any more");
    }
    failure
}
