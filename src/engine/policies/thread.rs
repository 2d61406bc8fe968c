//! The thread that deals with policies: an API server or an agent that hangs holds up nobody else.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use tokio::runtime;
use tokio::sync::{Mutex, watch};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::error;

use super::agents::WHOLE;
use super::task::{self, PoliciesSeen};
use super::{Policies, PolicyClient, PolicyParts};
use crate::cluster::Cluster;
use crate::engine::Error;
use crate::engine::desk::Note;

/// How long what is being written at the end may take: all the time that it has.
const GRACE: Duration = WHOLE;

/// How long the task is left alone that broke off by a fault of its own.
const FAULT: Duration = Duration::from_secs(5);

/// The thread, seen from outside.
#[derive(Debug)]
pub(in crate::engine) struct PolicyThread {
    stop: CancellationToken,
    thread: JoinHandle<()>,
    policies: Policies,
    seen: watch::Receiver<PoliciesSeen>,
}

impl PolicyThread {
    /// Begins to look at policies; `notes` is told when there is something new to show.
    pub(in crate::engine) fn start(
        parts: PolicyParts<Cluster>,
        notes: SyncSender<Note>,
    ) -> Result<Self, Error> {
        let tasks = runtime::Builder::new_current_thread().enable_all().build()?;
        let (policies, asked) = Policies::new();
        let (show, seen) = watch::channel(PoliciesSeen::default());
        let publish = move |new: PoliciesSeen| {
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
        let client = Arc::new(PolicyClient::new(parts));
        // Whatever a task that broke off has not answered, the next one hears of.
        let (asked, publish) = (Arc::new(Mutex::new(asked)), Arc::new(publish));
        let asked_to_stop = stop.clone();
        let work = async move {
            let working = async {
                while !asked_to_stop.is_cancelled() {
                    let (client, asked) = (Arc::clone(&client), Arc::clone(&asked));
                    let (publish, stop) = (Arc::clone(&publish), asked_to_stop.clone());
                    let task = tokio::spawn(async move {
                        let mut asked = asked.lock().await;
                        task::run(&client, &mut asked, &*publish, &stop).await;
                    });
                    if task.await.is_ok() {
                        return;
                    }
                    error!(
                        "the task of policies broke off by a fault of its own and is started again"
                    );
                    sleep(FAULT).await;
                }
            };
            tokio::pin!(working);
            tokio::select! {
                () = &mut working => return,
                () = asked_to_stop.cancelled() => {}
            }
            if timeout(GRACE, working).await.is_err() {
                error!("a policy was being written for too long: how it stands is not known");
            }
        };
        let thread = Builder::new().name("policies".into()).spawn(move || {
            tasks.block_on(work);
            tasks.shutdown_background();
        })?;
        Ok(Self { stop, thread, policies, seen })
    }

    /// The door to policies.
    pub(in crate::engine) fn policies(&self) -> Policies {
        self.policies.clone()
    }

    /// Where the newest of what there is to show is found.
    pub(in crate::engine) fn seen(&self) -> watch::Receiver<PoliciesSeen> {
        self.seen.clone()
    }

    /// Ends it; what is being written has time to end.
    pub(in crate::engine) fn finish(self) {
        self.stop.cancel();
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    }
}
