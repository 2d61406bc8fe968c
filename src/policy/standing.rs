//! A policy as it stands: what the cluster holds, and what each agent made of it.

use std::sync::Arc;

use serde_json::Value;

use super::{PolicyMode, PolicyName};

/// Whether an agent has loaded a policy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum LoadState {
    /// It does not say, or in a word that this version does not know.
    #[default]
    Unknown,
    /// It is loaded and at work.
    Enabled,
    /// It is loaded and switched off.
    Disabled,
    /// It could not be loaded.
    LoadError,
    /// It broke off.
    Error,
    /// It is being loaded.
    Loading,
    /// It is being taken out.
    Unloading,
    /// It does not concern the node.
    Skipped,
    /// A part of it is at work.
    PartlyEnabled,
}

impl LoadState {
    /// Its name everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::LoadError => "load-error",
            Self::Error => "error",
            Self::Loading => "loading",
            Self::Unloading => "unloading",
            Self::Skipped => "skipped",
            Self::PartlyEnabled => "partly-enabled",
        }
    }
}

/// What a policy has done on a node, in numbers of events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Counters {
    /// It told of.
    pub post: u64,
    /// It sent a signal about, a kill among them.
    pub signal: u64,
    /// It would have sent one about.
    pub monitor_signal: u64,
    /// It failed a call about.
    pub override_: u64,
    /// It would have.
    pub monitor_override: u64,
    /// It told an enforcer about.
    pub notify_enforcer: u64,
    /// It would have.
    pub monitor_notify_enforcer: u64,
    /// It set a value about.
    pub set: u64,
    /// It would have.
    pub monitor_set: u64,
    /// It kept silent about.
    pub nopost: u64,
}

/// A policy as one agent has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgentPolicy {
    /// The node; where that is not known, where the agent is heard.
    pub node: String,
    /// Name of the policy.
    pub name: String,
    /// Its namespace; empty for none.
    pub namespace: String,
    /// The number that the agent gave it when it took it in, so that the same policy taken in anew
    /// has another; 0 where it does not say.
    pub id: u64,
    /// Whether it is loaded.
    pub state: LoadState,
    /// Why not.
    pub error: String,
    /// Whether it acts; none where the agent does not say.
    pub mode: Option<PolicyMode>,
    /// Whether it could not act if it were to: it has nothing that acts.
    pub is_monitor_only: bool,
    /// Memory that it takes in the kernel, in bytes.
    pub kernel_memory_bytes: u64,
    /// What it has done.
    pub counters: Counters,
    /// Who gave it to the agent: `k8s`, `grpc`, a file; empty where it does not say.
    pub domain: String,
}

/// How a policy stands, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// It is applied, and no agent that was asked has loaded it.
    NotLoaded,
    /// Some agents have not loaded it, or not all of it.
    PartlyLoaded,
    /// Agents have it, and the cluster knows nothing of it.
    AgentOnly,
    /// Agents are about to load it, or to take it out.
    Changing,
    /// It is applied, and no agent can be asked.
    Unknown,
    /// It is switched off.
    Disabled,
    /// It is at work everywhere.
    Loaded,
}

impl Standing {
    /// Every one, worst first.
    pub const ALL: [Self; 7] = [
        Self::NotLoaded,
        Self::PartlyLoaded,
        Self::AgentOnly,
        Self::Changing,
        Self::Unknown,
        Self::Disabled,
        Self::Loaded,
    ];

    /// Its name everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotLoaded => "not-loaded",
            Self::PartlyLoaded => "partly-loaded",
            Self::AgentOnly => "agent-only",
            Self::Changing => "changing",
            Self::Unknown => "unknown",
            Self::Disabled => "disabled",
            Self::Loaded => "loaded",
        }
    }
}

/// A policy as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyStatus {
    /// Which.
    pub name: PolicyName,
    /// How it stands.
    pub standing: Standing,
    /// Why it is not loaded, in one line; empty where it is.
    pub why: String,
    /// The object in the cluster, without what servers add; none where only agents know of it.
    pub manifest: Option<Arc<Value>>,
    /// The mode that the object asks for; none where it asks for none.
    pub mode: Option<PolicyMode>,
    /// What it hooks: `kprobe tcp_connect`, `tracepoint sock/inet_sock_set_state`.
    pub hooks: Vec<String>,
    /// What it would do to processes if it were to act: `sigkill`, `override`; empty where nothing.
    pub actions: Vec<String>,
    /// What each agent made of it.
    pub agents: Vec<AgentPolicy>,
}
