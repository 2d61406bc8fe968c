//! The thread that scans images: a registry that hangs and a report that is long hold up nobody else.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use tokio::runtime;
use tokio::sync::{Mutex, watch};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::error;

use super::task::Work;
use super::{Scans, ScansStatus};
use crate::cluster::World;
use crate::engine::Error;
use crate::engine::desk::Note;
use crate::trivy::Trivy;

/// How long the task is left alone that broke off by a fault of its own.
const FAULT: Duration = Duration::from_secs(5);

/// The thread, seen from outside.
#[derive(Debug)]
pub(in crate::engine) struct ScanThread {
    stop: CancellationToken,
    thread: JoinHandle<()>,
    scans: Scans,
    seen: watch::Receiver<ScansStatus>,
}

impl ScanThread {
    /// Begins to answer for `trivy`, and to look at what runs in `worlds`; `notes` is told when there is
    /// something new to show.
    pub(in crate::engine) fn start(
        trivy: Trivy,
        worlds: watch::Receiver<Arc<World>>,
        notes: SyncSender<Note>,
    ) -> Result<Self, Error> {
        let tasks = runtime::Builder::new_current_thread().enable_all().build()?;
        let (show, seen) = watch::channel(ScansStatus::default());
        let (scans, asked) = Scans::new(seen.clone());
        let publish = move |new: ScansStatus| {
            let is_new = show.send_if_modified(|seen| {
                let is_new = *seen != new;
                *seen = new;
                is_new
            });
            if is_new {
                // A desk that is busy looks by itself.
                notes.try_send(Note::Seen).ok();
            }
        };
        let stop = CancellationToken::new();
        // What a task that broke off has not done, the next one does.
        let work = Arc::new(Mutex::new(Work::new(trivy, asked, worlds)));
        let publish = Arc::new(publish);
        let working = async move {
            loop {
                let (work, publish) = (Arc::clone(&work), Arc::clone(&publish));
                let task = tokio::spawn(async move {
                    let mut work = work.lock().await;
                    work.run(&*publish).await;
                });
                if task.await.is_ok() {
                    return;
                }
                error!("the task of scans broke off by a fault of its own and is started again");
                sleep(FAULT).await;
            }
        };
        let asked_to_stop = stop.clone();
        let thread = Builder::new().name("scans".into()).spawn(move || {
            tasks.block_on(async {
                tokio::select! {
                    () = working => {}
                    () = asked_to_stop.cancelled() => {}
                }
            });
            // The task goes with it, and with the task the Trivy that it waits for.
            tasks.shutdown_background();
        })?;
        Ok(Self { stop, thread, scans, seen })
    }

    /// The door to scans.
    pub(in crate::engine) fn scans(&self) -> Scans {
        self.scans.clone()
    }

    /// Where the newest of what there is to show is found.
    pub(in crate::engine) fn seen(&self) -> watch::Receiver<ScansStatus> {
        self.seen.clone()
    }

    /// Ends it, and the scan that goes on.
    pub(in crate::engine) fn finish(self) {
        self.stop.cancel();
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    }
}
