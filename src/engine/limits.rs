//! The door to limits at Ingresses: whoever asks is answered by the one task that sets them.

use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use crate::cluster;
use crate::incident::IncidentId;
use crate::respond::{IngressName, Limit, LimitRequest, LimitStatus, Preview, Refusal};
use crate::store::By;

/// Questions that may wait; one more is turned away.
const WAITING: usize = 32;

/// Questions of the response that may wait; it asks one after the other.
const WAITING_FIRST: usize = 4;

/// Why a limit was not set or lifted, or is not known.
#[derive(Debug, thiserror::Error)]
pub enum LimitError {
    /// There is no cluster.
    #[error("{0}")]
    NoCluster(String),
    /// Weir or a guard refused; nothing was written.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// There is no such Ingress.
    #[error("there is no Ingress {0}")]
    NoIngress(IngressName),
    /// Weir holds no limit there.
    #[error("Weir holds no limit at the Ingress {0}")]
    NoLimit(IngressName),
    /// The API server refused or was not reached.
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    /// The API server was asked to write and did not say whether it has.
    #[error(
        "change the limit at the Ingress {ingress}: it is not known whether it was written; look \
         at it once the API server answers again"
    )]
    Unsure {
        /// Where.
        ingress: IngressName,
        /// What became of the question.
        source: Box<cluster::Error>,
    },
    /// Others ask too much.
    #[error("too many questions about limits wait for an answer: try again in a few seconds")]
    Busy,
    /// The engine ends.
    #[error("the engine has ended")]
    Ended,
}

/// An object as it is written, for whoever is to agree to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// `Ingress shop/web`.
    pub object: String,
    /// `apply` under which manager, `merge`, `delete`.
    pub how: String,
    /// The body.
    pub body: Value,
}

/// What came of a limit that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// How the Ingress stands since; where nothing was written, how it would.
    pub status: LimitStatus,
    /// What was written, or would be, in order.
    pub written: Vec<Written>,
    /// What it would have meant to those who came lately; none where that is not known.
    pub preview: Option<Preview>,
    /// What else there is to say of it, each in a sentence.
    pub notes: Vec<String>,
    /// Whether nothing was written.
    pub is_dry_run: bool,
}

/// What came of a limit that was lifted.
#[derive(Debug, Clone, PartialEq)]
pub struct Reverted {
    /// How the Ingress stands since.
    pub status: LimitStatus,
    /// What was written, in order.
    pub written: Vec<Written>,
    /// What somebody had changed since and is left so, each in a sentence.
    pub left: Vec<String>,
    /// Whether nothing was written.
    pub is_dry_run: bool,
}

/// What is asked of the task that sets limits.
#[derive(Debug)]
pub(crate) enum LimitAsk {
    /// Set one.
    Apply(Box<LimitRequest>, By, oneshot::Sender<Result<Applied, LimitError>>),
    /// Lift one; a dry run only says what it would write.
    Revert {
        ingress: IngressName,
        by: By,
        is_dry_run: bool,
        tell: oneshot::Sender<Result<Reverted, LimitError>>,
    },
    /// Lift the one that Weir has set by itself about this incident, and no other.
    Lift(IngressName, IncidentId, By, oneshot::Sender<Result<Reverted, LimitError>>),
    /// How Ingresses stand, one or all.
    List(Option<IngressName>, oneshot::Sender<Result<Vec<LimitStatus>, LimitError>>),
    /// What a limit would have meant.
    Preview(IngressName, Box<Limit>, oneshot::Sender<Result<Preview, LimitError>>),
}

/// Where questions arrive.
#[derive(Debug)]
pub(crate) struct Asked {
    first: mpsc::Receiver<LimitAsk>,
    rest: mpsc::Receiver<LimitAsk>,
}

impl Asked {
    /// The next question, of those that come first if there is one; none once nobody can ask any
    /// more.
    pub(crate) async fn recv(&mut self) -> Option<LimitAsk> {
        tokio::select! {
            biased;
            Some(ask) = self.first.recv() => Some(ask),
            Some(ask) = self.rest.recv() => Some(ask),
            else => None,
        }
    }
}

/// The door to limits. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Limits {
    ask: Result<mpsc::Sender<LimitAsk>, String>,
}

impl Limits {
    /// The door, and where its questions arrive.
    #[cfg(test)]
    pub(crate) fn new() -> (Self, Asked) {
        let ([door, _], asked) = Self::two();
        (door, asked)
    }

    /// The door, another whose questions come first and which nobody else can crowd, and where both
    /// kinds arrive.
    pub(crate) fn two() -> ([Self; 2], Asked) {
        let (ask, rest) = mpsc::channel(WAITING);
        let (ask_first, first) = mpsc::channel(WAITING_FIRST);
        ([Self { ask: Ok(ask) }, Self { ask: Ok(ask_first) }], Asked { first, rest })
    }

    /// A door that says why there is no cluster.
    #[must_use]
    pub const fn absent(why: String) -> Self {
        Self { ask: Err(why) }
    }

    /// Sets a limit, or says what it would write.
    pub async fn apply(&self, request: LimitRequest, by: By) -> Result<Applied, LimitError> {
        self.ask(|tell| LimitAsk::Apply(Box::new(request), by, tell)).await
    }

    /// Lifts the limit that Weir holds at `ingress`.
    pub async fn revert(
        &self,
        ingress: IngressName,
        by: By,
        is_dry_run: bool,
    ) -> Result<Reverted, LimitError> {
        self.ask(|tell| LimitAsk::Revert { ingress, by, is_dry_run, tell }).await
    }

    /// Lifts the limit that Weir has set by itself at `ingress` about `incident`; refused where
    /// another has taken its place.
    pub async fn lift(
        &self,
        ingress: IngressName,
        incident: IncidentId,
        by: By,
    ) -> Result<Reverted, LimitError> {
        self.ask(|tell| LimitAsk::Lift(ingress, incident, by, tell)).await
    }

    /// How `ingress` stands, or all of them in order of their names.
    pub async fn list(&self, ingress: Option<IngressName>) -> Result<Vec<LimitStatus>, LimitError> {
        self.ask(|tell| LimitAsk::List(ingress, tell)).await
    }

    /// What `limit` at `ingress` would have meant to those who came lately.
    pub async fn preview(&self, ingress: IngressName, limit: Limit) -> Result<Preview, LimitError> {
        self.ask(|tell| LimitAsk::Preview(ingress, Box::new(limit), tell)).await
    }

    async fn ask<T>(
        &self,
        question: impl FnOnce(oneshot::Sender<Result<T, LimitError>>) -> LimitAsk,
    ) -> Result<T, LimitError> {
        let ask = self.ask.as_ref().map_err(|why| LimitError::NoCluster(why.clone()))?;
        let (tell, told) = oneshot::channel();
        ask.try_send(question(tell)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => LimitError::Busy,
            mpsc::error::TrySendError::Closed(_) => LimitError::Ended,
        })?;
        told.await.map_err(|_| LimitError::Ended)?
    }
}
