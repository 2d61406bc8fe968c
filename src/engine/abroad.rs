//! The thread that deals with the cluster: it watches it, sets and lifts limits, and decides with
//! [`crate::respond`] what is done about attacks. None of that holds up packets, incidents or sinks.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use tokio::runtime::{self, Runtime};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::desk::Note;
use super::limits::Limits;
use super::snapshot::ResponseStatus;
use crate::cluster::{self, Cluster, ClusterStatus, Found, Link, World};
use crate::settings::Environment;

/// How long what is being written at the end may take.
const GRACE: Duration = Duration::from_secs(5);

/// Which cluster, and what may be done there.
#[derive(Debug, Clone)]
pub struct Abroad {
    /// Which.
    pub options: cluster::Options,
    /// Where it is looked for.
    pub environment: Environment,
}

/// What there is to show of the cluster and of what is done there.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Seen {
    pub(super) cluster: ClusterStatus,
    pub(super) world: Arc<World>,
    pub(super) response: ResponseStatus,
}

/// The thread, seen from outside.
#[derive(Debug)]
pub(super) struct Envoy {
    stop: CancellationToken,
    /// None where there is no cluster.
    thread: Option<JoinHandle<()>>,
    seen: watch::Receiver<Seen>,
    limits: Limits,
}

impl Envoy {
    /// One without a cluster, for the reason `why`.
    pub(super) fn at_home(why: String) -> Self {
        let cluster = ClusterStatus { link: Link::Absent(why.clone()), ..ClusterStatus::default() };
        let (_, seen) = watch::channel(Seen { cluster, ..Seen::default() });
        Self { stop: CancellationToken::new(), thread: None, seen, limits: Limits::absent(why) }
    }
}
