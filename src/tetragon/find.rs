//! The agents of a cluster: looked for by their label, followed while they are there.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};

use super::follow::{Board, Ear, keep};
use super::log::{self, Place};
use super::{AgentStatus, Endpoint, stream};
use crate::cluster::{Cluster, LogFrom, Phase, Pod};

/// The label that the pod of every agent of Tetragon's chart carries.
pub const LABEL: &str = "app.kubernetes.io/name=tetragon";

/// How often it is looked which there are.
const EVERY: Duration = Duration::from_secs(30);

/// How often where none is found, and how soon again where one of them has fallen silent.
const AGAIN: Duration = Duration::from_secs(10);
const SOONEST: Duration = Duration::from_secs(5);

/// Agents that are followed; a cluster of more nodes needs a collector of its own.
pub(super) const MOST: usize = 1_000;

/// Agents that are remembered as known.
const KNOWN: usize = 10_000;

/// Follows each agent of `cluster` for ever: at `port` of its pod, or through its log.
pub(super) async fn find(board: Arc<Board>, cluster: Option<Cluster>, port: Option<u16>) {
    let mut trouble =
        Trouble { board: Arc::clone(&board), endpoint: Endpoint::Cluster(port), ear: None };
    let Some(cluster) = cluster else {
        trouble.say("there is no cluster to look for agents in: name a kubeconfig by --kubeconfig");
        return std::future::pending().await;
    };
    let mut search = Search {
        board,
        cluster,
        port,
        followed: HashMap::new(),
        known: HashSet::new(),
        has_looked: false,
        sources: JoinSet::new(),
    };
    loop {
        let outcome = match search.cluster.labelled_pods(LABEL).await {
            Ok(pods) => search.settle(pods),
            // Those that are followed are followed on.
            Err(error) => Err(error.to_string()),
        };
        let every = if outcome.is_ok() { EVERY } else { AGAIN };
        match outcome {
            Ok(()) => trouble.is_over(),
            Err(why) => trouble.say(&why),
        }
        sleep(SOONEST).await;
        timeout(every.saturating_sub(SOONEST), search.board.fell()).await.ok();
    }
}

/// Stands among the agents for as long as they cannot be found.
struct Trouble {
    board: Arc<Board>,
    endpoint: Endpoint,
    ear: Option<Arc<Ear>>,
}

impl Trouble {
    fn say(&mut self, why: &str) {
        self.ear =
            self.ear.take().or_else(|| self.board.ear(AgentStatus::new(self.endpoint.clone())));
        if let Some(ear) = &self.ear {
            ear.down(why.to_owned());
        }
    }

    fn is_over(&mut self) {
        if self.ear.take().is_some() {
            self.board.leave(&self.endpoint);
        }
    }
}

struct Search {
    board: Arc<Board>,
    cluster: Cluster,
    port: Option<u16>,
    followed: HashMap<Endpoint, AbortHandle>,
    /// Those that were ever found: all that any other has to say is new.
    known: HashSet<Endpoint>,
    has_looked: bool,
    sources: JoinSet<()>,
}

impl Search {
    /// Follows the agents in `pods` and no others; says where something is left to be wished for.
    fn settle(&mut self, pods: Vec<Pod>) -> Result<(), String> {
        let mut found: Vec<_> = pods.into_iter().filter_map(|pod| found(pod, self.port)).collect();
        let all = found.len();
        found.truncate(MOST);
        let there: HashSet<_> = found.iter().map(|agent| agent.endpoint.clone()).collect();
        let gone: Vec<_> =
            self.followed.extract_if(|endpoint, _| !there.contains(endpoint)).collect();
        for (endpoint, source) in gone {
            source.abort();
            self.board.leave(&endpoint);
        }
        // Takes in that those have ended.
        while self.sources.try_join_next().is_some() {}
        for agent in found {
            let endpoint = agent.endpoint.clone();
            if !self.followed.contains_key(&endpoint)
                && let Some(ear) = self.board.ear(agent)
            {
                let place = Place::new(self.first(&endpoint));
                let source = hear(ear, self.cluster.clone(), place);
                self.followed.insert(endpoint, self.sources.spawn(source));
            }
        }
        self.has_looked = true;
        match all {
            0 => Err(format!("no running pod carries the label {LABEL}: is Tetragon installed?")),
            1..=MOST => Ok(()),
            _ => Err(format!("there are {all} agents, of which {MOST} are followed")),
        }
    }

    /// Where the log of an agent is read from that was just found.
    fn first(&mut self, endpoint: &Endpoint) -> LogFrom {
        if self.known.len() >= KNOWN {
            self.known.clear();
        }
        let is_new = self.known.insert(endpoint.clone());
        if is_new && self.has_looked { LogFrom::Start } else { LogFrom::End }
    }
}

/// Hears an agent for ever. Where that broke off, its log is read on at the same place.
async fn hear(ear: Arc<Ear>, cluster: Cluster, place: Place) {
    let place = Mutex::new(place);
    let reader = || async {
        match ear.endpoint() {
            Endpoint::Log { .. } => log::follow(&ear, &cluster, &mut *place.lock().await).await,
            _ => stream::follow(&ear).await,
        }
    };
    keep(&ear, reader).await;
}

/// The agent in `pod`, if it runs, of which nothing else is known yet.
pub(super) fn found(pod: Pod, port: Option<u16>) -> Option<AgentStatus> {
    if pod.phase != Phase::Running {
        return None;
    }
    let Pod { namespace, name, node, addresses, .. } = pod;
    let endpoint = match port {
        None => Endpoint::Log { namespace: namespace.clone(), pod: name, node: node.clone() },
        Some(port) => {
            Endpoint::Tcp(SocketAddr::new(IpAddr::from(*addresses.first()?), port).to_string())
        }
    };
    Some(AgentStatus { node, namespace, ..AgentStatus::new(endpoint) })
}
