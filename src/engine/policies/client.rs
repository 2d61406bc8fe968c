//! Reads policies: those of the cluster, joined with what each agent makes of them.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::watch;

use super::agents::{self, Heard, SAYS, askable};
use super::object::{API_VERSION, RESOURCES, path};
use super::standing::joined;
use super::{PolicyError, PolicyList};
use crate::cluster::{Cluster, Collection, Objects};
use crate::engine::responder::Audit;
use crate::policy::{Guarded, PolicyName, PolicyStatus, Standing, bare};
use crate::tetragon::AgentStatus;

/// Policies of a kind that are read of a cluster at most.
const MOST: usize = 2_000;

/// The namespace that Weir's own manifests make: it is guarded from wherever somebody works.
const OWN_NAMESPACE: &str = "weir";

/// What may be done to policies.
#[derive(Debug, Clone, Default)]
pub struct Policing {
    /// Whether nothing is to be changed.
    pub is_read_only: bool,
    /// Namespaces that no policy may harm, beside those of Weir and of Kubernetes itself.
    pub guarded: Vec<String>,
}

impl Policing {
    /// What policies of `cluster`, or of `agents` where there is none for that reason, are read and
    /// written with.
    #[must_use]
    pub fn parts(
        self,
        cluster: Result<Cluster, String>,
        agents: watch::Receiver<Arc<Vec<AgentStatus>>>,
        audit: Box<dyn Audit>,
    ) -> PolicyParts<Cluster> {
        let Self { is_read_only, mut guarded } = self;
        let own_pod = cluster.as_ref().ok().and_then(Cluster::own_pod);
        guarded.extend(own_pod.map(|(namespace, _)| namespace.to_owned()));
        guarded.push(OWN_NAMESPACE.to_owned());
        PolicyParts { cluster, agents, guarded: Guarded::new(guarded), is_read_only, audit }
    }
}

/// What policies are read and written with.
pub struct PolicyParts<O> {
    /// The cluster, or why there is none.
    pub cluster: Result<O, String>,
    /// Agents, as they are known at each moment.
    pub agents: watch::Receiver<Arc<Vec<AgentStatus>>>,
    /// What no policy may harm.
    pub guarded: Guarded,
    /// Whether nothing is to be changed.
    pub is_read_only: bool,
    /// Where it is put on record who changed what.
    pub audit: Box<dyn Audit>,
}

/// Reads and writes policies: in a cluster through its API server, where there is none at each agent.
/// It keeps nothing of its own. The task of the engine that answers the door uses it, and so does whoever works
/// on policies without an engine.
pub struct PolicyClient<O> {
    pub(super) parts: PolicyParts<O>,
}

impl<O> std::fmt::Debug for PolicyClient<O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PolicyClient").finish_non_exhaustive()
    }
}

impl<O: Objects + Send + Sync> PolicyClient<O> {
    /// One that works with `parts`.
    #[must_use]
    pub const fn new(parts: PolicyParts<O>) -> Self {
        Self { parts }
    }

    /// How all policies stand, read at `now_us` of the wall clock.
    pub async fn list(&self, now_us: i64) -> Result<PolicyList, PolicyError> {
        let agents = self.agents();
        if self.parts.cluster.is_err() {
            self.somewhere(&agents)?;
        }
        let (found, heard) = tokio::join!(self.found(), agents::hear(&agents, SAYS));
        let (found, Heard { policies, answered, mut notes, .. }) = (found?, heard);
        if found == Found::NotInstalled {
            notes.insert(0, PolicyError::NotInstalled.to_string());
        }
        let (objects, has_cluster) = match found {
            Found::Objects(objects) => (objects, true),
            Found::NotInstalled => (Vec::new(), true),
            Found::NoCluster => (Vec::new(), false),
        };
        let statuses = joined(objects, &policies, answered.len(), has_cluster);
        Ok(PolicyList {
            policies: statuses.into_iter().map(Arc::new).collect(),
            read_us: now_us,
            notes,
        })
    }

    /// The object of the policy `name` as it is in the cluster, if there is one, without what servers
    /// add to it.
    pub async fn object(&self, name: &PolicyName) -> Result<Option<Value>, PolicyError> {
        match &self.parts.cluster {
            Ok(objects) => Ok(objects.get(&path(name)).await?.map(bare)),
            Err(_) => Ok(None),
        }
    }

    /// What no policy may harm, the pods of `agents` among it.
    pub(super) fn guarded(&self, agents: &[AgentStatus]) -> Guarded {
        let of_pods = agents.iter().map(|agent| agent.namespace.clone());
        let of_pods = of_pods.filter(|namespace| !namespace.is_empty());
        Guarded::new(self.parts.guarded.namespaces().iter().cloned().chain(of_pods))
    }

    /// Agents as they are known now.
    pub(super) fn agents(&self) -> Arc<Vec<AgentStatus>> {
        Arc::clone(&self.parts.agents.borrow())
    }

    /// An error where there is nobody who could be asked.
    pub(super) fn somewhere(&self, agents: &[AgentStatus]) -> Result<(), PolicyError> {
        let Err(why) = &self.parts.cluster else { return Ok(()) };
        if !askable(agents).is_empty() {
            return Ok(());
        }
        let agents = if agents.is_empty() {
            "no agent of Tetragon is known; name one in `tetragon` (`--tetragon HOST:PORT`)"
        } else {
            "agents are heard through files or logs, which take no policies; name their gRPC \
             service in `tetragon` (`--tetragon HOST:PORT`)"
        };
        Err(PolicyError::Nowhere(format!("{why}; and {agents}")))
    }

    /// All objects of both kinds.
    async fn found(&self) -> Result<Found, PolicyError> {
        let Ok(objects) = &self.parts.cluster else { return Ok(Found::NoCluster) };
        let [of_nodes, of_namespaces] = RESOURCES.map(|resource| {
            let collection = Collection { api_version: API_VERSION, resource, namespace: None };
            objects.list(collection, MOST)
        });
        let (of_nodes, of_namespaces) = tokio::join!(of_nodes, of_namespaces);
        let mut all = match of_nodes {
            Err(error) if error.status() == Some(404) => return Ok(Found::NotInstalled),
            of_nodes => of_nodes?,
        };
        match of_namespaces {
            // Of old versions of Tetragon this kind may be missing.
            Err(error) if error.status() == Some(404) => {}
            of_namespaces => all.extend(of_namespaces?),
        }
        Ok(Found::Objects(all.into_iter().map(Arc::new).collect()))
    }

    /// How the one policy `name` stands, by its object and what agents said.
    pub(super) fn standing(
        &self,
        name: &PolicyName,
        object: Option<&Value>,
        heard: &Heard,
    ) -> PolicyStatus {
        let has_cluster = self.parts.cluster.is_ok();
        let objects = object.map(|object| Arc::new(object.clone())).into_iter().collect();
        let of_it: Vec<_> = heard.of(name).cloned().collect();
        let statuses = joined(objects, &of_it, heard.answered.len(), has_cluster);
        statuses.into_iter().find(|status| status.name == *name).unwrap_or_else(|| PolicyStatus {
            name: name.clone(),
            standing: Standing::Unknown,
            why: "nobody has it".into(),
            manifest: None,
            mode: None,
            hooks: Vec::new(),
            actions: Vec::new(),
            agents: Vec::new(),
        })
    }
}

#[derive(Debug, PartialEq)]
enum Found {
    Objects(Vec<Arc<Value>>),
    NotInstalled,
    NoCluster,
}
