//! The thread that deals with the cluster: it watches it, sets and lifts limits, and carries out
//! what [`crate::respond`] decides about attacks. None of that holds up packets, incidents or sinks.

mod answer;
mod known;
mod lately;
mod report;
mod sites;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use fastrand::Rng;
use jiff::Timestamp;
use tokio::runtime::{self, Runtime};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

pub use self::lately::preview;
pub use self::sites::sites;

use self::answer::Answering;
use self::report::Ledge;
use super::Error;
use super::arrivals::Arrivals;
use super::desk::Note;
use super::keeper::with_causes;
use super::limits::{Asked, Limits};
use super::responder::task::{self, Parts as TaskParts};
use super::responder::{Audit, Responder, serving, survey};
use super::snapshot::{ResponseStatus, Snapshot};
use crate::cluster::{self, Cluster, ClusterStatus, Found, Link, Place, World, watch};
use crate::respond::{Election, IngressName, ResponseOptions};
use crate::store::Actions;

/// How long what is being written at the end may take.
const GRACE: Duration = Duration::from_secs(5);

/// How long a task that broke off by a fault of its own is left alone.
const FAULT: Duration = Duration::from_secs(5);

/// The Lease by which those who watch one cluster agree on who undoes limits.
const LEASE: &str = "weir";

/// Which cluster, and what may be done there.
#[derive(Debug, Clone)]
pub struct Abroad {
    /// Where the cluster is, or why what was named cannot be used: read before root was given up.
    pub place: Result<Place, cluster::Error>,
    /// How far the response goes by itself.
    pub response: ResponseOptions,
    /// Namespaces whose pods watch the cluster.
    pub monitors: Vec<String>,
    /// Where the API of this Weir listens: whatever carries that is never limited.
    pub listen: Option<SocketAddr>,
    /// Namespace of the Lease; none means that of the pod, or of the context.
    pub lease_namespace: Option<String>,
    /// Whether limits whose time is over are undone; not where nothing may be changed, nor where a
    /// capture is replayed.
    pub undoes: bool,
    /// Whether a cluster was asked for, so that none that can be talked to is an error.
    pub is_needed: bool,
    /// Where nothing is looked for: why.
    pub absent: Option<String>,
}

/// What there is to show of the cluster and of what is done there.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Seen {
    pub(super) cluster: ClusterStatus,
    pub(super) response: ResponseStatus,
}

/// What the thread works with besides.
pub(super) struct Means {
    pub(super) snapshots: watch::Receiver<Arc<Snapshot>>,
    pub(super) arrivals: Arc<Arrivals>,
    /// Two doors to the record of what is done, where there is a database.
    pub(super) actions: Option<[Actions; 2]>,
    /// Where it is said that there is something new.
    pub(super) notes: SyncSender<Note>,
}

/// The thread, seen from outside.
#[derive(Debug)]
pub(super) struct Envoy {
    stop: CancellationToken,
    /// None where there is no cluster.
    thread: Option<JoinHandle<()>>,
    cluster: Option<Cluster>,
    limits: Limits,
    seen: watch::Receiver<Seen>,
    worlds: watch::Receiver<Arc<World>>,
}

impl Envoy {
    /// Looks for the cluster, and deals with it from then on.
    pub(super) fn start(abroad: Abroad, means: Means) -> Result<Self, Error> {
        if let Some(why) = abroad.absent {
            return Ok(Self::at_home(why));
        }
        let tasks = runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(2)
            .thread_name("response")
            .build()?;
        let found = abroad.place.clone().and_then(|place| tasks.block_on(Cluster::connect(place)));
        match found {
            Ok(Found::Nothing(why)) => Ok(Self::at_home(why)),
            Ok(Found::Cluster(cluster)) => Self::sent(cluster, abroad, means, tasks),
            Err(error) if !abroad.is_needed => {
                warn!(error = with_causes(&error), "no cluster is watched");
                Ok(Self::at_home(format!("no cluster: {}", with_causes(&error))))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// One without a cluster, for the reason `why`.
    pub(super) fn at_home(why: String) -> Self {
        let cluster = ClusterStatus { link: Link::Absent(why.clone()), ..ClusterStatus::default() };
        let seen = Seen { cluster, ..Seen::default() };
        Self {
            stop: CancellationToken::new(),
            thread: None,
            cluster: None,
            limits: Limits::absent(why),
            seen: watch::channel(seen).1,
            worlds: watch::channel(Arc::default()).1,
        }
    }

    fn sent(cluster: Cluster, abroad: Abroad, means: Means, tasks: Runtime) -> Result<Self, Error> {
        let stop = CancellationToken::new();
        let ([limits, first], asked) = Limits::two();
        let (ledge, seen, worlds) = Ledge::new(&cluster, abroad.response.mode, means.notes);
        let whole = Some(cluster.clone());
        let identity = identity(&cluster);
        let lease_namespace =
            abroad.lease_namespace.unwrap_or_else(|| cluster.namespace().to_owned());
        let mission = Arc::new(Mission {
            cluster,
            ledge,
            arrivals: means.arrivals,
            snapshots: means.snapshots,
            bench: Semaphore::new(1),
            undoes: abroad.undoes,
            identity,
            lease_namespace,
            stop: stop.clone(),
        });
        let [done, decided] = match means.actions {
            Some([done, decided]) => [Some(Mutex::new(done)), Some(Mutex::new(decided))],
            None => [None, None],
        };
        let answering = Answering {
            options: abroad.response,
            monitors: abroad.monitors,
            listen: abroad.listen,
            limits: first,
            record: Box::new(decided),
        };
        let thread = Builder::new().name("cluster".into()).spawn(move || {
            let work = mission.carry_out(asked, Arc::new(done), Arc::new(answering));
            tasks.block_on(work);
            // An API server that hangs does not hold up the end.
            tasks.shutdown_background();
        })?;
        Ok(Self { stop, thread: Some(thread), cluster: whole, limits, seen, worlds })
    }

    /// The cluster, if there is one; it answers for as long as the thread runs.
    pub(super) fn cluster(&self) -> Option<Cluster> {
        self.cluster.clone()
    }

    /// The cluster, or why there is none.
    pub(super) fn reach(&self) -> Result<Cluster, String> {
        self.cluster.clone().ok_or_else(|| match &self.seen.borrow().cluster.link {
            Link::Absent(why) => why.clone(),
            _ => "there is no cluster".into(),
        })
    }

    /// The door to limits.
    pub(super) fn limits(&self) -> Limits {
        self.limits.clone()
    }

    /// Where the newest of what there is to show is found.
    pub(super) fn seen(&self) -> watch::Receiver<Seen> {
        self.seen.clone()
    }

    /// Where the newest world is found.
    pub(super) fn worlds(&self) -> watch::Receiver<Arc<World>> {
        self.worlds.clone()
    }

    /// Ends it; what is being written has time to end.
    pub(super) fn finish(self) {
        self.stop.cancel();
        if let Some(thread) = self.thread {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
    }
}

/// What all tasks of the thread share.
struct Mission {
    cluster: Cluster,
    ledge: Ledge,
    arrivals: Arc<Arrivals>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    /// Whoever goes through arrivals does so alone.
    bench: Semaphore,
    undoes: bool,
    /// The same however often a task is started again: a Lease that is held stays so.
    identity: String,
    lease_namespace: String,
    stop: CancellationToken,
}

impl Mission {
    /// Watches, sets limits and answers attacks until asked to stop.
    async fn carry_out(
        self: Arc<Self>,
        asked: Asked,
        audit: Arc<dyn Audit>,
        answering: Arc<Answering>,
    ) {
        let watching = self.supervised("watch", |mission| async move {
            let Self { cluster, ledge, stop, .. } = &*mission;
            let tell = |status, world| ledge.found(status, world);
            watch(cluster.clone(), tell, stop.clone()).await;
        });
        // Whatever a task that broke off has not answered, the next one hears of.
        let asked = Arc::new(tokio::sync::Mutex::new(asked));
        let setting = self.supervised("limits", |mission| {
            let (asked, audit) = (Arc::clone(&asked), Box::new(Arc::clone(&audit)));
            async move {
                let mut asked = asked.lock().await;
                task::run(mission.task(audit), &mut asked, mission.stop.clone()).await;
            }
        });
        let answering = self.supervised("response", |mission| {
            let answering = Arc::clone(&answering);
            async move { answering.run(&mission).await }
        });
        let all = async { tokio::join!(watching, setting, answering) };
        tokio::pin!(all);
        tokio::select! {
            _ = &mut all => return,
            () = self.stop.cancelled() => {}
        }
        if timeout(GRACE, all).await.is_err() {
            error!("a limit was being written for too long: the next start goes on with it");
        }
    }

    /// Runs a task again and again until asked to stop: one that panics is followed by another.
    async fn supervised<F>(self: &Arc<Self>, name: &str, run: impl Fn(Arc<Self>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        while !self.stop.is_cancelled() {
            if tokio::spawn(run(Arc::clone(self))).await.is_ok() {
                return;
            }
            error!(name, "a task broke off by a fault of its own and is started again");
            tokio::select! {
                () = self.stop.cancelled() => {}
                () = sleep(FAULT) => {}
            }
        }
    }

    /// What the one task that sets limits works with.
    fn task(
        self: &Arc<Self>,
        audit: Box<dyn Audit>,
    ) -> TaskParts<
        Cluster,
        impl Fn(&IngressName, &serde_json::Value) -> Serving + Send + Sync + use<>,
    > {
        let [served, surveyed, previewed, timed, told] = [(); 5].map(|()| Arc::clone(self));
        let serve =
            move |name: &IngressName, _: &serde_json::Value| serving(&served.ledge.world(), name);
        let election = || {
            let namespace = self.lease_namespace.clone();
            Election::new(namespace, LEASE.into(), self.identity.clone())
        };
        TaskParts {
            responder: Responder::new(self.cluster.clone(), serve, audit),
            election: self.undoes.then(election),
            survey: Box::new(move || survey(&surveyed.ledge.world())),
            preview: Box::new(move |ingress, limit| {
                Box::pin(Arc::clone(&previewed).preview(ingress, limit))
            }),
            wall_us: Box::new(now_us),
            packet_us: Box::new(move || timed.snapshots.borrow().now_us),
            publish: Box::new(move |report| told.ledge.report(report)),
        }
    }
}

/// What serves an Ingress, or why that is not known.
type Serving = Result<crate::respond::Controller, crate::respond::Refusal>;

/// What this Weir is called in the Lease: its pod, else something that no other is called.
fn identity(cluster: &Cluster) -> String {
    match cluster.own_pod() {
        Some((_, pod)) => pod.to_owned(),
        None => format!("weir-{:016x}", Rng::new().u64(..)),
    }
}

/// The wall clock.
fn now_us() -> i64 {
    Timestamp::now().as_microsecond()
}
