//! Tells one sink: one message at a time, in order, at its rate, for as long as it takes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::ends::{Addressee, Backlog};
use super::find::{self, FIRST, Found, Place};
use super::pace::{BackOff, Bucket};
use super::words::Words;
use crate::engine::keeper::with_causes;
use crate::incident::{Digest, Incident};
use crate::notify::{Answer, Manner, Notice};
use crate::store::Entry;

/// How long a database that failed is left alone.
const DATABASE_RETRY: Duration = Duration::from_secs(1);

/// How long a worker rests at most, should nobody wake it.
const LONGEST_REST: Duration = Duration::from_secs(30);

/// What a worker works with; it outlives the worker, should that panic.
pub(super) struct Post<A, B> {
    pub(super) addressee: Arc<A>,
    pub(super) backlog: Arc<Mutex<B>>,
    /// Changes where something may have been put in, or people have acted.
    pub(super) wake: watch::Receiver<()>,
    /// That no new message is to be begun.
    pub(super) stop: CancellationToken,
    pub(super) words: Arc<Words>,
}

impl<A, B> Clone for Post<A, B> {
    fn clone(&self) -> Self {
        Self {
            addressee: Arc::clone(&self.addressee),
            backlog: Arc::clone(&self.backlog),
            wake: self.wake.clone(),
            stop: self.stop.clone(),
            words: Arc::clone(&self.words),
        }
    }
}

/// The task of one sink.
pub(super) struct Worker<A, B> {
    post: Post<A, B>,
    manner: Manner,
    bucket: Bucket,
    back_off: BackOff,
    /// So many messages hold one entry each, because one that held several was refused.
    singly: usize,
    /// Entries that were parked when that was last looked at.
    parked: u64,
    /// When open incidents are told again.
    repeat_at: Option<Instant>,
    /// Where that goes on, once begun.
    place: Option<Place>,
}

impl<A: Addressee, B: Backlog> Worker<A, B> {
    pub(super) fn new(post: Post<A, B>, random: Rng) -> Self {
        let manner = post.addressee.manner();
        Self {
            post,
            manner,
            bucket: Bucket::new(manner.per_s, manner.burst),
            back_off: BackOff::new(random),
            singly: 0,
            parked: 0,
            repeat_at: manner.repeat_every.map(|_| Instant::now()),
            place: None,
        }
    }

    /// Until no new message is to be begun.
    pub(super) async fn run(mut self) {
        while !self.post.stop.is_cancelled() {
            if let Err(error) = self.step().await {
                self.database_failed(&error);
                self.rest(Instant::now() + DATABASE_RETRY).await;
            }
        }
    }

    /// Sends the next message, or waits for it.
    async fn step(&mut self) -> Result<(), B::Error> {
        if let Some(until) = self.back_off.until() {
            return self.hold_back(until).await;
        }
        if self.bucket.next() > Instant::now() {
            self.rest(self.bucket.next()).await;
            return Ok(());
        }
        if let Some((place, open, next)) = self.repeated().await? {
            self.repeat(place, &open, next).await;
            return Ok(());
        }
        let (manner, is_single) = (self.manner, self.singly > 0);
        match self.backlog(move |backlog| find::find(backlog, &manner, is_single)).await? {
            Found::Entries(entries) => self.tell(entries).await,
            Found::Digest { digest, through, first } => self.digest(&digest, through, first).await,
            Found::Nothing(due_in) => {
                let due = due_in.map_or(LONGEST_REST, |due_in| due_in.min(LONGEST_REST));
                let due = Instant::now() + due;
                self.rest(self.repeat_at.map_or(due, |repeat_at| repeat_at.min(due))).await;
            }
        }
        Ok(())
    }

    /// Waits until `until`, or until something may have been put in.
    async fn rest(&mut self, until: Instant) {
        tokio::select! {
            () = self.post.stop.cancelled() => {}
            () = sleep_until(until) => {}
            Ok(()) = self.post.wake.changed() => {}
        }
    }

    /// Waits until `until`; what somebody wants tried again is tried at once.
    async fn hold_back(&mut self, until: Instant) -> Result<(), B::Error> {
        self.rest(until).await;
        let parked = self.backlog(|backlog| backlog.depth()).await?.parked;
        if parked < self.parked {
            self.back_off.reset();
        }
        self.parked = parked;
        Ok(())
    }

    /// The open incidents that are to be told again in one message, where it is time for that: where
    /// they begin, and where the next are.
    async fn repeated(
        &mut self,
    ) -> Result<Option<(Place, Vec<Incident>, Option<Place>)>, B::Error> {
        let Some(every) = self.manner.repeat_every else { return Ok(None) };
        if self.place.is_none() && self.repeat_at.is_some_and(|due| due <= Instant::now()) {
            self.repeat_at = Some(Instant::now() + every);
            self.place = Some(FIRST);
        }
        let Some(place) = self.place else { return Ok(None) };
        let manner = self.manner;
        let (open, next) = self.backlog(move |backlog| find::page(backlog, &manner, place)).await?;
        if open.is_empty() {
            self.place = None;
            return Ok(None);
        }
        Ok(Some((place, open, next)))
    }

    async fn repeat(&mut self, place: Place, open: &[Incident], next: Option<Place>) {
        self.bucket.take();
        // One page that is refused does not keep the others back.
        self.place = next;
        match self.post.addressee.repeat(open).await {
            Answer::Taken { .. } => self.taken(),
            Answer::Later { after, why } => {
                self.place = Some(place);
                self.later(&Arc::default(), after, why).await;
            }
            Answer::Refused { why } => self.say(Some(why)),
        }
    }

    async fn tell(&mut self, entries: Vec<Entry>) {
        self.bucket.take();
        let notices: Vec<_> = entries.iter().map(notice).collect();
        let answer = self.post.addressee.tell(&notices).await;
        let entries = Arc::new(entries);
        match answer {
            Answer::Taken { handle } => {
                self.record(&entries, move |backlog, entries| {
                    backlog.delivered(entries, handle.as_deref())
                })
                .await;
                self.singly = self.singly.saturating_sub(1);
                self.taken();
            }
            Answer::Later { after, why } => self.later(&entries, after, why).await,
            Answer::Refused { .. } if entries.len() > 1 => self.singly = entries.len(),
            Answer::Refused { why } => self.refused(&entries, why).await,
        }
    }

    async fn digest(&mut self, digest: &Digest, through: i64, first: Vec<Entry>) {
        self.bucket.take();
        let first = Arc::new(first);
        match self.post.addressee.digest(digest).await {
            Answer::Taken { .. } => {
                self.record(&first, move |backlog, _| backlog.digested(through)).await;
                let (sink, changes) = (self.post.addressee.name().name(), digest.changes);
                info!(sink, changes, incidents = digest.incidents, "told of a storm in one");
                self.taken();
            }
            Answer::Later { after, why } => self.later(&first, after, why).await,
            // What it does not take in one it may take one by one.
            Answer::Refused { .. } => self.singly = self.manner.digest_from.unwrap_or(1),
        }
    }

    fn taken(&mut self) {
        self.back_off.reset();
        self.say(None);
    }

    async fn later(&mut self, entries: &Arc<Vec<Entry>>, after: Option<Duration>, why: String) {
        self.back_off.fail(after);
        self.say(Some(why.clone()));
        let failed = self.record(entries, move |backlog, entries| {
            if !entries.is_empty() {
                backlog.failed(entries, &why)?;
            }
            backlog.depth()
        });
        self.parked = failed.await.parked;
    }

    async fn refused(&mut self, entries: &Arc<Vec<Entry>>, why: String) {
        self.back_off.reset();
        self.singly = self.singly.saturating_sub(1);
        self.say(Some(why.clone()));
        self.record(entries, move |backlog, entries| {
            entries.iter().try_for_each(|entry| backlog.park(entry, &why))
        })
        .await;
    }

    /// Writes down what came of a message, until that works: a disk that is full for a while is no
    /// reason to send it again.
    async fn record<T: Send + 'static>(
        &self,
        entries: &Arc<Vec<Entry>>,
        write: impl Fn(&mut B, &[Entry]) -> Result<T, B::Error> + Send + Sync + 'static,
    ) -> T {
        let write = Arc::new(write);
        loop {
            let (entries, write) = (Arc::clone(entries), Arc::clone(&write));
            match self.backlog(move |backlog| write(backlog, &entries)).await {
                Ok(written) => return written,
                Err(error) => self.database_failed(&error),
            }
            sleep(DATABASE_RETRY).await;
        }
    }

    /// Does `work` where it may wait for the disk.
    async fn backlog<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut B) -> T + Send + 'static,
    ) -> T {
        let backlog = Arc::clone(&self.post.backlog);
        // What a panic has left undone is undone by the database.
        let work = move || work(&mut backlog.lock().unwrap_or_else(PoisonError::into_inner));
        match spawn_blocking(work).await {
            Ok(done) => done,
            Err(ended) => std::panic::resume_unwind(ended.into_panic()),
        }
    }

    fn database_failed(&self, error: &B::Error) {
        let why = with_causes(error);
        warn!(sink = self.post.addressee.name().name(), why, "what is to be told waits");
        self.say(Some(why));
    }

    fn say(&self, word: Option<String>) {
        self.post.words.say(self.post.addressee.name(), word);
    }
}

fn notice(entry: &Entry) -> Notice<'_> {
    Notice {
        seq: entry.seq,
        news: entry.news,
        incident: &entry.incident,
        stands_for: entry.stands_for,
        handle: entry.handle.as_deref(),
    }
}
