//! What the engine was asked to do, one after the other, and what came of it.

mod limit;
pub(super) mod policy;

use std::collections::VecDeque;
use std::error::Error;
use std::future::{Future, pending};
use std::pin::Pin;

use weir::engine::{ActError, Command, Done, Handle};
use weir::incident::Status;
use weir::store::By;

use super::{Asker, LimitWish, Message, PolicyWish};
use crate::format;

/// Deeds that may wait: more keys than that nobody presses by intention.
const MOST: usize = 32;

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
}

impl std::fmt::Debug for Deeds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deeds").field("waiting", &self.waiting).finish_non_exhaustive()
    }
}

impl Deeds {
    /// Deeds of the operator `by`.
    pub(super) fn new(handle: Handle, by: By) -> Self {
        Self { handle, by, waiting: VecDeque::new(), under_way: None }
    }

    /// Has the engine do something after all that it was asked before.
    pub(super) fn begin(&mut self, wish: Wish) {
        if self.waiting.len() < MOST {
            self.waiting.push_back(wish);
        }
    }

    /// What came of the next deed; waits for as long as there is none. Whoever gives up waiting loses
    /// nothing.
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
        let Some(under_way) = &mut self.under_way else { return pending().await };
        let told = under_way.await;
        self.under_way = None;
        told
    }
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

/// The whole story of an error, in one line.
fn with_causes(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes.fold(error.to_string(), |words, cause| format!("{words}: {cause}"))
}
