//! Where events come from, and how that goes.

use std::fmt;
use std::path::PathBuf;

/// Where an agent is heard.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// Its gRPC service on a unix socket.
    Unix(PathBuf),
    /// Its gRPC service on TCP, as `host:port`.
    Tcp(String),
    /// The file that it exports events to.
    File(PathBuf),
    /// The log of the container that prints that file, through the API server.
    Log {
        /// Namespace of its pod.
        namespace: String,
        /// Name of its pod.
        pod: String,
        /// The node that it runs on.
        node: String,
    },
    /// The agents of the cluster, at this port of their pods or through their logs: stands where they
    /// cannot be found.
    Cluster(Option<u16>),
}

/// As it is written in settings and shown: `unix:///run/t.sock`, `host:54321`, `file:///var/log/t.log`,
/// `log:kube-system/tetragon-x`, `cluster`, `cluster:54321`.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp(address) => f.write_str(address),
            Self::File(path) => write!(f, "file://{}", path.display()),
            Self::Log { namespace, pod, .. } => write!(f, "log:{namespace}/{pod}"),
            Self::Cluster(None) => f.write_str("cluster"),
            Self::Cluster(Some(port)) => write!(f, "cluster:{port}"),
        }
    }
}

/// Whether an agent is heard.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum AgentLink {
    /// It has not answered yet.
    #[default]
    Connecting,
    /// Its events come, or may come.
    Up,
    /// They do not.
    Down {
        /// Since when, in µs since the epoch by the wall clock.
        since_us: i64,
        /// Why, and how to mend it.
        why: String,
    },
}

/// An agent, and what came from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentStatus {
    /// Where it is heard.
    pub endpoint: Endpoint,
    /// Its node; empty until it is known.
    pub node: String,
    /// The namespace of its pod; empty where it was not found in a cluster.
    pub namespace: String,
    /// Its version; empty where it does not say.
    pub version: String,
    /// Whether it is heard.
    pub link: AgentLink,
    /// Events that came. As all that is counted here, from the agents that were at this node before it,
    /// too.
    pub events: u64,
    /// Events that it says it left out, to spare itself.
    pub rate_limited: u64,
    /// Cgroups of which it leaves out events now.
    pub throttled: u64,
    /// What came and could not be read at all: bad JSON, bad protobuf, too long.
    pub unreadable: u64,
    /// Events dropped because Weir did not keep up.
    pub dropped: u64,
    /// Times that nothing was heard for a while, and what happened then is not known.
    pub gaps: u64,
    /// When it was last heard, in µs since the epoch by the wall clock.
    pub heard_us: Option<i64>,
}

impl AgentStatus {
    /// Nothing is known yet of what is heard at `endpoint`.
    #[must_use]
    pub const fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            node: String::new(),
            namespace: String::new(),
            version: String::new(),
            link: AgentLink::Connecting,
            events: 0,
            rate_limited: 0,
            throttled: 0,
            unreadable: 0,
            dropped: 0,
            gaps: 0,
            heard_us: None,
        }
    }

    /// Events of which it or Weir says that they were lost.
    #[must_use]
    pub const fn lost(&self) -> u64 {
        self.rate_limited + self.dropped + self.unreadable
    }

    /// What it is called: its node, else where it is heard.
    #[must_use]
    pub fn name(&self) -> String {
        if self.node.is_empty() { self.endpoint.to_string() } else { self.node.clone() }
    }
}
