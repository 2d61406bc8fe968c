//! What the engine was asked to do, one after the other but for scans, and what came of it.

mod limit;
pub(super) mod policy;
mod scan;

use std::collections::VecDeque;
use std::future::{Future, pending};
use std::pin::Pin;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use weir::engine::{ActError, Command, Done, Handle};
use weir::incident::Status;
use weir::store::By;

use super::{Asker, LimitWish, Message, PolicyWish, ScanWish};
use crate::format;
use crate::words::with_causes;

/// Deeds that may wait: more keys than that nobody presses by intention.
const MOST: usize = 32;

/// Scans that are waited for: as many as the engine lets wait.
const MOST_SCANS: usize = 256;

/// What the engine is to do.
#[derive(Debug)]
pub(super) enum Wish {
    /// About incidents, mutes and the outbox.
    Act(Command),
    /// About limits.
    Limit(LimitWish),
    /// About policies.
    Policy(PolicyWish, Asker),
}

/// A deed under way, which ends with what there is to say of it.
type Deed = Pin<Box<dyn Future<Output = Message> + Send>>;

/// What the engine was asked to do.
pub(super) struct Deeds {
    handle: Handle,
    by: By,
    waiting: VecDeque<Wish>,
    under_way: Option<Deed>,
    /// Each takes minutes and holds up nothing else; the engine has them wait for their turn.
    scans: FuturesUnordered<Deed>,
}

impl std::fmt::Debug for Deeds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deeds").field("waiting", &self.waiting).finish_non_exhaustive()
    }
}

impl Deeds {
    /// Deeds of the operator `by`.
    pub(super) fn new(handle: Handle, by: By) -> Self {
        let (waiting, scans) = (VecDeque::new(), FuturesUnordered::new());
        Self { handle, by, waiting, under_way: None, scans }
    }

    /// Has the engine do something after all that it was asked before.
    pub(super) fn begin(&mut self, wish: Wish) {
        if self.waiting.len() < MOST {
            self.waiting.push_back(wish);
        }
    }

    /// Has the engine scan something at its turn; says so where too many are waited for.
    pub(super) fn scan(&mut self, wish: ScanWish) -> Option<Message> {
        if self.scans.len() >= MOST_SCANS {
            let words = format!("{MOST_SCANS} scans are waited for already: try again later");
            return Some(Message::Told(words));
        }
        let scans = self.handle.scans().clone();
        self.scans.push(Box::pin(async move { scan::done(&scans, wish).await }));
        None
    }

    /// What came of the next deed, or of a scan; waits for as long as there is none. Whoever gives up
    /// waiting loses nothing.
    pub(super) async fn next(&mut self) -> Message {
        if self.under_way.is_none()
            && let Some(wish) = self.waiting.pop_front()
        {
            let (handle, by) = (self.handle.clone(), self.by.clone());
            self.under_way = Some(match wish {
                Wish::Act(command) => {
                    Box::pin(async move { Message::Told(words(handle.act(command, by).await)) })
                }
                Wish::Limit(wish) => {
                    Box::pin(async move { limit::done(handle.limits(), wish, by).await })
                }
                Wish::Policy(wish, asker) => {
                    Box::pin(async move { policy::done(handle.policies(), wish, asker, by).await })
                }
            });
        }
        let Self { under_way, scans, .. } = self;
        tokio::select! {
            told = ended(under_way) => told,
            Some(told) = scans.next() => told,
        }
    }
}

/// What came of a deed, of which there is none any more then; waits where there is none.
async fn ended(deed: &mut Option<Deed>) -> Message {
    let Some(under_way) = deed else { return pending().await };
    let told = under_way.await;
    *deed = None;
    told
}

/// What came of a deed.
fn words(done: Result<Done, ActError>) -> String {
    match done {
        Ok(Done::Incident(incident)) => {
            let what = match incident.status {
                Status::Open => "open",
                Status::Acknowledged => "taken on",
                Status::Resolved => "resolved",
            };
            format!("{} {} is {what}", incident.class, incident.id)
        }
        Ok(Done::Mute(mute)) => format!("the mute ends at {}", format::minute(mute.expires_us)),
        Ok(Done::Retried(entries)) => {
            let entries = format::counted(entries, "parked change");
            format!("{entries} will be told again")
        }
        Err(error) => with_causes(&error),
    }
}
