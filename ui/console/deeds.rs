//! What the engine was asked to do, one after the other, and what came of it.

use std::collections::VecDeque;
use std::error::Error;
use std::future::{Future, pending};
use std::pin::Pin;

use weir::engine::{ActError, Command, Done, Handle};
use weir::incident::Status;
use weir::store::By;

use crate::format;

/// Deeds that may wait: more keys than that nobody presses by intention.
const MOST: usize = 32;

/// A deed under way.
type Deed = Pin<Box<dyn Future<Output = Result<Done, ActError>> + Send>>;

/// What the engine was asked to do.
pub(super) struct Deeds {
    handle: Handle,
    by: By,
    waiting: VecDeque<Command>,
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
    pub(super) fn begin(&mut self, command: Command) {
        if self.waiting.len() < MOST {
            self.waiting.push_back(command);
        }
    }

    /// What came of the next deed, in words; waits for as long as there is none. Whoever gives up
    /// waiting loses nothing.
    pub(super) async fn next(&mut self) -> String {
        if self.under_way.is_none()
            && let Some(command) = self.waiting.pop_front()
        {
            let (handle, by) = (self.handle.clone(), self.by.clone());
            self.under_way = Some(Box::pin(async move { handle.act(command, by).await }));
        }
        let Some(under_way) = &mut self.under_way else { return pending().await };
        let done = under_way.await;
        self.under_way = None;
        words(done)
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
        Err(error) => {
            let causes = std::iter::successors(error.source(), |&cause| cause.source());
            causes.fold(error.to_string(), |words, cause| format!("{words}: {cause}"))
        }
    }
}
