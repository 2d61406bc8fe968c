//! Tells the sinks what waits for them in the outbox, on a thread of its own.
//!
//! Each sink has a task that no other holds up. A task that panics is started again; nothing is lost
//! by it, nor by the end of the process, because an entry stays in the outbox until the sink has
//! taken it. What is told and to whom is decided by [`crate::store`], how by [`crate::notify`].

mod ends;
mod find;
mod pace;
#[cfg(test)]
mod tests;
mod words;
mod worker;

use std::any::Any;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use fastrand::Rng;
use tokio::runtime;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::error;

use self::ends::{Addressee, Backlog, Kept};
use self::pace::BackOff;
use self::worker::{Post, Worker};
use crate::notify::Sink;
use crate::store::{self, Outbox, Reader};

pub(super) use self::words::Words;

/// How long a message that is under way at the end may take, with writing down what came of it.
const GRACE: Duration = Duration::from_secs(5);

/// Threads that wait for the disk.
const DISK_THREADS: usize = 4;

/// A task that has run for so long has got over why the last one broke off.
const RECOVERED: Duration = Duration::from_mins(10);

/// Why nobody can be told.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The outbox cannot be opened.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The thread cannot be started.
    #[error(transparent)]
    Thread(#[from] io::Error),
}

/// The thread that tells, seen from outside.
#[derive(Debug)]
pub(super) struct Notifier {
    stop: CancellationToken,
    thread: JoinHandle<()>,
}

impl Notifier {
    /// Starts to tell `sinks` what waits for them in `database`; `wake` changes where there may be
    /// more, and what they say is heard in `words`.
    pub(super) fn start(
        sinks: Vec<Sink>,
        database: &Path,
        wake: &watch::Receiver<()>,
        words: &Arc<Words>,
    ) -> Result<Self, Error> {
        let stop = CancellationToken::new();
        let post = |sink: Sink| {
            let (outbox, reader) = (Outbox::open(database)?, Reader::open(database)?);
            let kept = Kept { sink: sink.name(), outbox, reader };
            Ok::<_, store::Error>(Post {
                addressee: Arc::new(sink),
                backlog: Arc::new(Mutex::new(kept)),
                wake: wake.clone(),
                stop: stop.clone(),
                words: Arc::clone(words),
            })
        };
        let posts = sinks.into_iter().map(post).collect::<Result<Vec<_>, _>>()?;
        let tasks = runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(DISK_THREADS)
            .thread_name("outbox")
            .build()?;
        let asked = stop.clone();
        let thread = Builder::new().name("notify".into()).spawn(move || {
            tasks.block_on(tell_all(posts, &asked));
            // A disk that hangs does not hold up the end.
            tasks.shutdown_background();
        })?;
        Ok(Self { stop, thread })
    }

    /// Lets no new message begin.
    pub(super) fn stop(&self) {
        self.stop.cancel();
    }

    /// Waits for those under way, for a short while.
    pub(super) fn finish(self) {
        self.stop();
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    }
}

/// Runs a task for each of `posts` until asked to stop.
async fn tell_all<A: Addressee, B: Backlog>(posts: Vec<Post<A, B>>, stop: &CancellationToken) {
    let mut tasks: JoinSet<()> = posts.into_iter().map(supervise).collect();
    stop.cancelled().await;
    let ended = async { while tasks.join_next().await.is_some() {} };
    if timeout(GRACE, ended).await.is_err() {
        error!("a message was under way for too long: it is told again at the next start");
    }
}

/// Keeps a worker at `post`: one that panics is followed by another after a while.
async fn supervise<A: Addressee, B: Backlog>(post: Post<A, B>) {
    let sink = post.addressee.name();
    let (mut back_off, mut faults) = (BackOff::new(Rng::new()), 0_u64);
    while !post.stop.is_cancelled() {
        let began = Instant::now();
        let worker = Worker::new(post.clone(), Rng::new());
        let Err(ended) = tokio::spawn(worker.run()).await else { return };
        if began.elapsed() > RECOVERED {
            back_off.reset();
        }
        faults += 1;
        back_off.fail(None);
        let fault = ended.try_into_panic().map_or_else(|_| String::new(), |panic| said(&*panic));
        error!(sink = sink.name(), fault, faults, "a task broke off and is started again");
        let word = format!("its task broke off by a fault of its own; {faults} times so far");
        post.words.say(sink, Some(word));
        if let Some(until) = back_off.until() {
            tokio::select! {
                () = post.stop.cancelled() => {}
                () = sleep_until(until) => {}
            }
        }
    }
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("it did not say why").to_owned()
}
