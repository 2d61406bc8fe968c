//! Arrivals out of capture files, without flows and scores.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Arrivals;
use crate::capture::{self, FileReader};
use crate::engine::inference::Pace;
use crate::flow::Timeouts;
use crate::packet::Decoder;

/// Frames after which the wish to stop is looked for.
const ROUND: u64 = 4_096;

/// The arrivals of the last ten minutes of `paths`, read in order as one capture.
///
/// A file that cannot be read, or not to its end, is told to `on_failure`; the next one follows. Ends
/// early where `stop` is set.
pub fn arrivals_of(
    paths: &[PathBuf],
    stop: &AtomicBool,
    mut on_failure: impl FnMut(capture::Error),
) -> Arc<Arrivals> {
    let arrivals = Arrivals::new(Timeouts::default().idle_us);
    let mut recorder = arrivals.recorder(Pace::Replay);
    let mut decoder = Decoder::default();
    let mut frames = 0_u64;
    for path in paths {
        let mut read = || {
            let mut reader = FileReader::open(path)?;
            while let Some(frame) = reader.next_frame()? {
                frames += 1;
                if frames.is_multiple_of(ROUND) && stop.load(Ordering::Relaxed) {
                    break;
                }
                if let Ok(packet) = decoder.decode(&frame) {
                    recorder.observe(&decoder, &frame, &packet);
                }
            }
            Ok(())
        };
        if let Err(error) = read() {
            on_failure(error);
        }
        if stop.load(Ordering::Relaxed) {
            break;
        }
    }
    drop(recorder);
    arrivals
}
