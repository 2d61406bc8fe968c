//! The door to policies: whoever asks is answered by the one task that reads and writes them.

mod agents;
mod apply;
mod audit;
mod client;
mod delete;
mod give;
mod object;
mod settle;
mod standing;
mod switch;
mod task;
#[cfg(test)]
mod tests;
mod thread;

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

pub use self::client::{Policing, PolicyClient, PolicyParts};
pub(super) use self::task::PoliciesSeen;
pub(super) use self::thread::PolicyThread;

use super::limits::Written;
use crate::cluster;
use crate::policy::{PolicyMode, PolicyName, PolicyStatus};
use crate::store::By;

/// Questions that may wait; one more is turned away.
const WAITING: usize = 32;

/// How policies stand, as they were read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PolicyList {
    /// Policies, worst first.
    pub policies: Vec<Arc<PolicyStatus>>,
    /// When they were read, in µs since the epoch by the wall clock.
    pub read_us: i64,
    /// What else there is to say of them, each in a sentence: which agents were not asked, and that
    /// the cluster knows no policies at all.
    pub notes: Vec<String>,
}

/// A policy that somebody wants applied.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyRequest {
    /// The whole object.
    pub manifest: Value,
    /// The mode to put into it; none leaves it as it is.
    pub mode: Option<PolicyMode>,
    /// Whether it is applied although Weir says that it would harm.
    pub is_forced: bool,
    /// Whether nothing is to be written.
    pub is_dry_run: bool,
}

/// A policy that is to act from now on, or only to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicySwitch {
    /// Which.
    pub name: PolicyName,
    /// Which of both.
    pub mode: PolicyMode,
    /// Whether it is done although Weir says that it would harm.
    pub is_forced: bool,
    /// Whether nothing is to be written.
    pub is_dry_run: bool,
}

/// What came of a policy that was to be applied.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyApplied {
    /// How it stands since, as far as that is known so soon; after a dry run as before it.
    pub status: PolicyStatus,
    /// What was written, or would be.
    pub written: Written,
    /// The object before and after as a unified diff of YAML; empty where nothing changes.
    pub diff: String,
    /// What else there is to say of it, each in a sentence.
    pub notes: Vec<String>,
    /// Whether nothing was written.
    pub is_dry_run: bool,
}

/// What came of a policy that was to be deleted.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyDeleted {
    /// Which.
    pub name: PolicyName,
    /// What was written, or would be.
    pub written: Written,
    /// What else there is to say of it, each in a sentence.
    pub notes: Vec<String>,
    /// Whether nothing was written.
    pub is_dry_run: bool,
}

/// Why a policy was not applied or deleted, or is not known.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// There is neither a cluster nor an agent that could be asked.
    #[error("{0}")]
    Nowhere(String),
    /// It is no policy: why, and where in it.
    #[error("{0}")]
    Invalid(String),
    /// It would harm, and nobody insists.
    #[error("{0}")]
    Dangerous(String),
    /// There is no such policy.
    #[error("there is no policy {0}")]
    NoPolicy(PolicyName),
    /// Tetragon's definitions are not installed in the cluster.
    #[error(
        "the cluster knows no policies of Tetragon: its definitions (CRDs) are not installed; \
         Tetragon's Helm chart brings them"
    )]
    NotInstalled,
    /// The API server refused or was not reached; its own words.
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    /// Who was asked to write did not say whether it has, and may still do so.
    #[error(
        "change the policy {policy}: it is not known whether it was written: {why}; look at it once \
         there are answers again"
    )]
    Unsure {
        /// Which.
        policy: PolicyName,
        /// What became of the question.
        why: String,
    },
    /// An agent refused or was not reached; its own words.
    #[error("{0}")]
    Agent(String),
    /// Nobody answered who could know the policy.
    #[error("{0}")]
    Silent(String),
    /// Others ask too much.
    #[error("too many questions about policies wait for an answer: try again in a few seconds")]
    Busy,
    /// The engine ends.
    #[error("the engine has ended")]
    Ended,
}

/// What is asked of the task.
#[derive(Debug)]
pub(crate) enum PolicyAsk {
    /// How policies stand.
    List(oneshot::Sender<Result<PolicyList, PolicyError>>),
    /// Apply one.
    Apply(Box<PolicyRequest>, By, oneshot::Sender<Result<PolicyApplied, PolicyError>>),
    /// Have one act, or only tell.
    Switch(PolicySwitch, By, oneshot::Sender<Result<PolicyApplied, PolicyError>>),
    /// Delete one.
    Delete {
        name: PolicyName,
        by: By,
        is_dry_run: bool,
        tell: oneshot::Sender<Result<PolicyDeleted, PolicyError>>,
    },
}

impl PolicyAsk {
    /// Whether nobody waits for the answer any more.
    pub(super) fn is_given_up(&self) -> bool {
        match self {
            Self::List(tell) => tell.is_closed(),
            Self::Apply(_, _, tell) | Self::Switch(_, _, tell) => tell.is_closed(),
            Self::Delete { tell, .. } => tell.is_closed(),
        }
    }
}

/// The door to policies. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Policies {
    ask: Result<mpsc::Sender<PolicyAsk>, String>,
}

impl Policies {
    /// The door, and where its questions arrive.
    pub(crate) fn new() -> (Self, mpsc::Receiver<PolicyAsk>) {
        let (ask, asked) = mpsc::channel(WAITING);
        (Self { ask: Ok(ask) }, asked)
    }

    /// A door that says why there is neither a cluster nor an agent.
    #[must_use]
    pub const fn absent(why: String) -> Self {
        Self { ask: Err(why) }
    }

    /// How all policies stand, worst first; read anew where that was two seconds ago or more.
    pub async fn list(&self) -> Result<PolicyList, PolicyError> {
        self.ask(PolicyAsk::List).await
    }

    /// Applies a policy, or says what it would write.
    pub async fn apply(
        &self,
        request: PolicyRequest,
        by: By,
    ) -> Result<PolicyApplied, PolicyError> {
        self.ask(|tell| PolicyAsk::Apply(Box::new(request), by, tell)).await
    }

    /// Has a policy act from now on, or only tell: in a cluster by applying it with the other mode,
    /// else at each agent.
    pub async fn switch(&self, switch: PolicySwitch, by: By) -> Result<PolicyApplied, PolicyError> {
        self.ask(|tell| PolicyAsk::Switch(switch, by, tell)).await
    }

    /// Deletes a policy, or says what it would delete.
    pub async fn delete(
        &self,
        name: PolicyName,
        by: By,
        is_dry_run: bool,
    ) -> Result<PolicyDeleted, PolicyError> {
        self.ask(|tell| PolicyAsk::Delete { name, by, is_dry_run, tell }).await
    }

    async fn ask<T>(
        &self,
        question: impl FnOnce(oneshot::Sender<Result<T, PolicyError>>) -> PolicyAsk,
    ) -> Result<T, PolicyError> {
        let ask = self.ask.as_ref().map_err(|why| PolicyError::Nowhere(why.clone()))?;
        let (tell, told) = oneshot::channel();
        ask.try_send(question(tell)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => PolicyError::Busy,
            mpsc::error::TrySendError::Closed(_) => PolicyError::Ended,
        })?;
        told.await.map_err(|_| PolicyError::Ended)?
    }
}
