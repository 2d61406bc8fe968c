//! Looks at the database for what others have written: people who acted or taught what is usual, in
//! this process or another, and workers that told the sinks.
//!
//! A thread of its own, so that a database that hangs holds up neither the desk nor the sinks. The
//! desk takes the newest of it when it likes.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use foldhash::fast::RandomState;
use jiff::Timestamp;
use tokio::sync::watch;
use tracing::warn;

use super::keeper::with_causes;
use super::notifier::Words;
use super::snapshot::SinkStatus;
use crate::incident::{Accepted, IncidentId, Marks, SinkName};
use crate::store::{Depth, Entry, Error, Mute, Reader};

/// How often it looks.
const EVERY: Duration = Duration::from_millis(200);

/// Entries of the outbox that are shown.
const SHOWN: usize = 200;

/// What is in the database and is shown.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Seen {
    pub(super) sinks: Vec<SinkStatus>,
    pub(super) outbox: Vec<Arc<Entry>>,
    pub(super) mutes: Vec<Mute>,
}

/// What the desk has not taken yet.
#[derive(Debug, Default)]
pub(super) struct News {
    /// Where there is something newer.
    pub(super) seen: Option<Seen>,
    /// What people and mutes did: the newest of each incident.
    pub(super) marks: HashMap<IncidentId, Marks, RandomState>,
    /// What evidence is accepted, where it is other than before.
    pub(super) accepted: Option<Accepted>,
}

/// Where news lie until the desk takes them.
#[derive(Debug, Clone, Default)]
pub(super) struct Tray(Arc<Mutex<News>>);

impl Tray {
    /// All that lies there.
    pub(super) fn take(&self) -> News {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn put(&self, seen: Seen, marks: Vec<(IncidentId, Marks)>, accepted: Option<Accepted>) {
        let mut news = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        news.seen = Some(seen);
        news.marks.extend(marks);
        news.accepted = accepted.or_else(|| news.accepted.take());
    }
}

/// Who hears that there is something new.
pub(super) struct Listeners {
    /// Where news are put.
    pub(super) tray: Tray,
    /// Told after that; must not wait.
    pub(super) tell_desk: Box<dyn Fn() + Send>,
    /// The workers of the sinks.
    pub(super) wake: watch::Sender<()>,
}

/// The thread that looks, seen from outside.
#[derive(Debug)]
pub(super) struct Watcher {
    /// Without it the thread ends.
    stop: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl Watcher {
    /// Starts to look at the database of `reader`, and at what sinks say.
    pub(super) fn start(
        reader: Reader,
        words: Arc<Words>,
        listeners: Listeners,
    ) -> io::Result<Self> {
        let (stop, asked) = sync_channel(0);
        let look = Look {
            reader,
            words,
            listeners,
            version: None,
            said: BTreeMap::new(),
            marked: 0,
            baseline: None,
            mutes_end_us: None,
            has_failed: false,
        };
        let thread = Builder::new().name("watcher".into()).spawn(move || look.run(&asked))?;
        Ok(Self { stop, thread })
    }

    /// Ends it.
    pub(super) fn finish(self) {
        drop(self.stop);
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    }
}

struct Look {
    reader: Reader,
    words: Arc<Words>,
    listeners: Listeners,
    /// As of the last look; none where that failed.
    version: Option<i64>,
    said: BTreeMap<SinkName, Option<String>>,
    /// How often people and mutes had acted then.
    marked: i64,
    /// Of which number what is accepted was; none before it was read.
    baseline: Option<i64>,
    /// When the first of the mutes that were shown ends.
    mutes_end_us: Option<i64>,
    has_failed: bool,
}

impl Look {
    fn run(mut self, asked: &Receiver<()>) {
        loop {
            let looked = self.look();
            if let Err(error) = &looked
                && !self.has_failed
            {
                warn!(error = with_causes(error), "what others write is not seen");
            }
            self.has_failed = looked.is_err();
            if asked.recv_timeout(EVERY) != Err(RecvTimeoutError::Timeout) {
                return;
            }
        }
    }

    fn look(&mut self) -> Result<(), Error> {
        let version = Some(self.reader.version()?);
        let is_written = version != self.version;
        if is_written {
            // Whatever fails below, workers read for themselves.
            self.listeners.wake.send_replace(());
        }
        let said = self.words.all();
        let mute_has_ended = self.mutes_end_us.is_some_and(|end_us| end_us <= now_us());
        if !(is_written || said != self.said || mute_has_ended) {
            return Ok(());
        }
        let (marks, marked) = self.reader.marked(self.marked)?;
        let (accepted, baseline) = self.reader.accepted(self.baseline)?.unzip();
        let mutes = self.reader.mutes(false)?;
        let mutes_end_us = mutes.iter().map(|mute| mute.expires_us).min();
        let outbox = self.reader.outbox(0, SHOWN)?.into_iter().map(Arc::new).collect();
        let sinks = self.reader.sinks()?;
        let sinks = sinks.into_iter().map(|(sink, depth)| status(sink, depth, &said)).collect();
        self.listeners.tray.put(Seen { sinks, outbox, mutes }, marks, accepted);
        (self.listeners.tell_desk)();
        (self.version, self.said, self.marked) = (version, said, marked);
        self.baseline = baseline.or(self.baseline);
        self.mutes_end_us = mutes_end_us;
        Ok(())
    }
}

/// How a sink is doing by its own last word or, where it has not said one since the engine began, by
/// that of an earlier run.
fn status(sink: SinkName, depth: Depth, said: &BTreeMap<SinkName, Option<String>>) -> SinkStatus {
    let failure = said.get(&sink).cloned().unwrap_or_else(|| {
        let (failed_us, error) = depth.last_error.as_ref()?;
        let is_last = depth.last_success_us.is_none_or(|taken_us| taken_us <= *failed_us);
        is_last.then(|| error.clone())
    });
    SinkStatus { sink, depth, failure }
}

fn now_us() -> i64 {
    Timestamp::now().as_microsecond()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(depth: &Depth, said: &[(SinkName, Option<&str>)]) -> Option<String> {
        let said = said.iter().map(|(sink, word)| (*sink, word.map(str::to_owned))).collect();
        status(SinkName::Slack, depth.clone(), &said).failure
    }

    #[test]
    fn the_last_word_of_a_sink_outdoes_that_of_an_earlier_run() {
        let depth = |taken_us, failed_us| Depth {
            last_success_us: taken_us,
            last_error: Some((failed_us, "earlier".to_owned())),
            ..Depth::default()
        };
        assert_eq!(failure(&Depth::default(), &[]), None);
        assert_eq!(failure(&depth(None, 1), &[]).as_deref(), Some("earlier"));
        assert_eq!(failure(&depth(Some(2), 1), &[]), None);
        assert_eq!(failure(&depth(Some(1), 2), &[]).as_deref(), Some("earlier"));
        // The wall clock was put back in between.
        assert_eq!(failure(&depth(Some(1), 9), &[(SinkName::Slack, None)]), None);
        let now = [(SinkName::Slack, Some("now"))];
        assert_eq!(failure(&depth(Some(9), 1), &now).as_deref(), Some("now"));
        let other = [(SinkName::Webhook, Some("now"))];
        assert_eq!(failure(&depth(Some(9), 1), &other), None);
    }
}
