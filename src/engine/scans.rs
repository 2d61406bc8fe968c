//! The door to scans of images: whoever asks is answered by the one task that has Trivy look at them,
//! one at a time: first what somebody asked for by name, and of that and of the others what was asked for
//! first.
//!
//! Of an image that runs, that is scanned which its node says that it runs, whatever its tag means by
//! now; it is shown under the name that manifests have for it.

mod board;
#[cfg(test)]
mod fake;
mod queue;
mod running;
mod status;
mod task;
#[cfg(test)]
mod tests;
mod thread;

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot, watch};

#[cfg(test)]
pub(crate) use self::fake::FakeTrivy;
pub use self::running::{RunningImage, RunningImages, running_images};
pub use self::status::{
    Found, ImageState, ImageStatus, Running, ScanCounts, ScanProgress, ScansStatus,
};
pub(super) use self::thread::ScanThread;

use self::queue::MOST;
use crate::posture::image::ImageName;
use crate::trivy::{self, Freshness, Scan};

/// Questions that may be under way to the task, which takes them while Trivy is at work; one more is
/// turned away.
const UNDER_WAY: usize = 64;

/// Why an engine scans nothing that was not told how.
pub(super) const NOT_TOLD: &str = "this engine scans no images";

/// Why an image was not scanned.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ScanError {
    /// None can be scanned, and why.
    #[error("{0}")]
    Absent(String),
    /// Too many wait.
    #[error("too many images wait to be scanned: try again once some of them are")]
    Busy,
    /// The engine ends.
    #[error("the engine has ended")]
    Ended,
    /// Trivy did not scan it.
    #[error(transparent)]
    Trivy(Arc<trivy::Error>),
}

/// What was put into the queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Queued {
    /// Images that wait since.
    pub images: usize,
    /// Those for which there is no room.
    pub left_out: usize,
}

/// Where somebody waits for a scan.
pub(crate) type Tell = oneshot::Sender<Result<Arc<Scan>, ScanError>>;

/// What is asked of the task.
#[derive(Debug)]
pub(crate) enum ScanAsk {
    /// Scan an image.
    One { image: ImageName, freshness: Freshness, tell: Tell },
    /// Scan these; nobody waits for them.
    Several(Vec<Arc<ImageStatus>>, Freshness),
}

/// The door to scans of images. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Scans {
    door: Result<Door, String>,
}

#[derive(Debug, Clone)]
struct Door {
    ask: mpsc::Sender<ScanAsk>,
    seen: watch::Receiver<ScansStatus>,
}

impl Scans {
    /// The door, and where its questions arrive; `seen` has what there is to see of scans.
    pub(crate) fn new(seen: watch::Receiver<ScansStatus>) -> (Self, mpsc::Receiver<ScanAsk>) {
        let (ask, asked) = mpsc::channel(UNDER_WAY);
        (Self { door: Ok(Door { ask, seen }) }, asked)
    }

    /// A door that says why nothing is scanned.
    pub(super) const fn absent(why: String) -> Self {
        Self { door: Err(why) }
    }

    /// Scans an image, or finds the report on it that is kept: by its digest one of the last 24 hours,
    /// by a tag alone that of a scan of this tag within the last 15 minutes. Waits for its turn, and for
    /// Trivy. Whoever goes away before leaves the scan to go on: its result is kept.
    pub async fn scan(
        &self,
        image: ImageName,
        freshness: Freshness,
    ) -> Result<Arc<Scan>, ScanError> {
        let (tell, told) = oneshot::channel();
        self.door()?.ask(ScanAsk::One { image, freshness, tell })?;
        told.await.map_err(|_| ScanError::Ended)?
    }

    /// Puts every image that runs and has no fresh report into the queue, as many as there is room for;
    /// says how many, and how many there is none for. Whoever asks for an image by name goes before them.
    pub fn scan_all(&self, freshness: Freshness) -> Result<Queued, ScanError> {
        let door = self.door()?;
        let ScansStatus { images, waiting, .. } = door.seen.borrow().clone();
        let now_us = Timestamp::now().as_microsecond();
        let is_due = |image: &Arc<ImageStatus>| image.is_due(freshness, now_us);
        let mut due: Vec<_> = images.into_iter().filter(is_due).collect();
        let room = MOST.saturating_sub(waiting.len());
        if !due.is_empty() && room == 0 {
            return Err(ScanError::Busy);
        }
        let left_out = due.len().saturating_sub(room);
        due.truncate(room);
        let queued = Queued { images: due.len(), left_out };
        if queued.images > 0 {
            door.ask(ScanAsk::Several(due, freshness))?;
        }
        Ok(queued)
    }

    fn door(&self) -> Result<&Door, ScanError> {
        self.door.as_ref().map_err(|why| ScanError::Absent(why.clone()))
    }
}

impl Door {
    fn ask(&self, ask: ScanAsk) -> Result<(), ScanError> {
        self.ask.try_send(ask).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => ScanError::Busy,
            mpsc::error::TrySendError::Closed(_) => ScanError::Ended,
        })
    }
}
