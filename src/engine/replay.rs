//! Packets from capture files, as fast as they can be read or at the pace of the recording.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::{Duration, SystemTime};

use super::arrivals::{ArrivalRecorder, Arrivals};
use super::inference;
use super::meters::{Meters, Tally};
use super::pipeline::Pipeline;
use super::recording::{Recorder, Recording};
use super::sink::{Sink, Stopped};
use crate::capture::pace::Pacer;
use crate::capture::{self, FileReader};
use crate::packet::{Counts, Decoder};
use crate::settings::Speed;

/// Frames after which progress is told and the wish to stop is looked for.
const ROUND: u64 = 4_096;

/// Longest wait before the wish to stop is looked for.
const PATIENCE: Duration = Duration::from_millis(100);

/// What happens during a replay.
#[derive(Debug)]
pub enum ReplayEvent {
    /// So much has been read of all files.
    Read {
        /// Bytes of the files themselves, compressed or not.
        bytes: u64,
        /// Frames.
        frames: u64,
    },
    /// A file could not be read, or not to its end; the next one follows.
    Failed(capture::Error),
    /// Frames of a pcapng file were passed over because their link type is not read.
    UnknownLinks {
        /// The file.
        path: PathBuf,
        /// What was passed over.
        links: capture::UnknownLinks,
    },
}

/// Capture files to be read one after the other as one capture.
#[derive(Debug)]
pub struct Replay<'a> {
    /// The files in order.
    pub paths: &'a [PathBuf],
    /// BPF expression that frames must satisfy; empty for all.
    pub filter: &'a str,
    /// How fast.
    pub speed: Speed,
    /// Where what comes in is counted as it comes.
    pub meters: &'a Meters,
    /// What keeps frames as evidence, if they are kept.
    pub recording: Option<&'a Recording>,
    /// Where arrivals are kept, if they are.
    pub arrivals: Option<&'a Arc<Arrivals>>,
    /// Set to end the replay early.
    pub stop: &'a AtomicBool,
}

impl Replay<'_> {
    /// Feeds all files to `pipeline`, as long as that takes packets, and says what was decoded.
    pub fn run<S: Sink>(
        &self,
        pipeline: &mut Pipeline<S>,
        mut on_event: impl FnMut(ReplayEvent),
    ) -> Counts {
        let mut progress = Progress {
            decoder: Decoder::default(),
            recorder: self.recording.map(|recording| recording.recorder(inference::Pace::Replay)),
            arrivals: self.arrivals.map(|arrivals| arrivals.recorder(inference::Pace::Replay)),
            pace: Pace::new(self.speed),
            bytes_before: 0,
            frames: 0,
            wire_bytes: 0,
            told: Tally::default(),
        };
        for path in self.paths {
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
            let fed = match self.open(path) {
                Ok(reader) => self.file(path, reader, pipeline, &mut progress, &mut on_event),
                Err(error) => {
                    on_event(ReplayEvent::Failed(error));
                    Ok(())
                }
            };
            // Why, the pipeline says when it is finished.
            if fed == Err(Stopped) {
                break;
            }
        }
        progress.tell(self.meters);
        progress.decoder.counts()
    }

    fn open(&self, path: &Path) -> Result<FileReader, capture::Error> {
        let reader = FileReader::open(path)?;
        if self.filter.is_empty() { Ok(reader) } else { reader.with_filter(self.filter) }
    }

    fn file<S: Sink>(
        &self,
        path: &Path,
        mut reader: FileReader,
        pipeline: &mut Pipeline<S>,
        progress: &mut Progress,
        on_event: &mut impl FnMut(ReplayEvent),
    ) -> Result<(), Stopped> {
        loop {
            if progress.frames.is_multiple_of(ROUND) || progress.pace.is_some() {
                let bytes = progress.bytes_before + reader.position();
                on_event(ReplayEvent::Read { bytes, frames: progress.frames });
                self.meters.reached(bytes);
                progress.tell(self.meters);
                if self.stop.load(Ordering::Relaxed) {
                    break;
                }
            }
            let frame = match reader.next_frame() {
                Ok(Some(frame)) => frame,
                Ok(None) => break,
                Err(error) => {
                    on_event(ReplayEvent::Failed(error));
                    break;
                }
            };
            progress.frames += 1;
            progress.wire_bytes += u64::from(frame.wire_len);
            if let Some(pace) = &mut progress.pace {
                // There may be nothing for a while.
                progress.arrivals.as_mut().map(ArrivalRecorder::hand_over);
                pace.wait(frame.time_us, self.stop, pipeline, progress.recorder.as_mut())?;
                if self.stop.load(Ordering::Relaxed) {
                    // The time of this frame has not come.
                    break;
                }
            }
            // A frame without a packet is counted by the decoder.
            if let Ok(packet) = progress.decoder.decode(&frame) {
                if let Some(recorder) = &mut progress.recorder {
                    recorder.record(&frame, progress.decoder.headers_len());
                }
                if let Some(arrivals) = &mut progress.arrivals {
                    arrivals.observe(&progress.decoder, &frame, &packet);
                }
                pipeline.packet(&packet)?;
            }
        }
        progress.bytes_before += reader.position();
        let links = reader.unknown_link_frames();
        if links.frames > 0 {
            on_event(ReplayEvent::UnknownLinks { path: path.into(), links });
        }
        Ok(())
    }
}

/// How far a replay has come.
struct Progress {
    decoder: Decoder,
    recorder: Option<Recorder>,
    arrivals: Option<ArrivalRecorder>,
    pace: Option<Pace>,
    /// Bytes of the files before this one.
    bytes_before: u64,
    frames: u64,
    /// Bytes of all frames on the wire.
    wire_bytes: u64,
    told: Tally,
}

impl Progress {
    /// Counts on `meters` what came in since the last time.
    fn tell(&mut self, meters: &Meters) {
        let decoded = self.decoder.counts();
        let tally = Tally { decoded, bytes: self.wire_bytes, ..Tally::default() };
        meters.add(&tally, &self.told);
        self.told = tally;
    }
}

/// Holds packets back until their time has come.
struct Pace {
    pacer: Pacer,
    since: SystemTime,
    /// When the pipeline last handed on what it held.
    flushed: Duration,
    /// Nothing is ever sent: to wait on it is to wait, but not longer than asked.
    never: (mpsc::Sender<()>, mpsc::Receiver<()>),
}

impl Pace {
    fn new(speed: Speed) -> Option<Self> {
        (speed != Speed::Max).then(|| Self {
            pacer: Pacer::new(speed),
            since: SystemTime::now(),
            flushed: Duration::ZERO,
            never: mpsc::channel(),
        })
    }

    fn wait<S: Sink>(
        &mut self,
        time_us: i64,
        stop: &AtomicBool,
        pipeline: &mut Pipeline<S>,
        recorder: Option<&mut Recorder>,
    ) -> Result<(), Stopped> {
        let elapsed = self.since.elapsed().unwrap_or_default();
        let mut left = self.pacer.wait(time_us, elapsed);
        if left >= PATIENCE || elapsed.saturating_sub(self.flushed) >= PATIENCE {
            // Whoever watches sees the rows of what was read so far, and finds its packets.
            pipeline.flush()?;
            recorder.map(Recorder::hand_over);
            self.flushed = elapsed;
        }
        while !left.is_zero() && !stop.load(Ordering::Relaxed) {
            let part = left.min(PATIENCE);
            self.never.1.recv_timeout(part).ok();
            left -= part;
        }
        Ok(())
    }
}
