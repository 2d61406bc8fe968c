//! Policies, and what agents make of them.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::outcome::WrittenShape;
use crate::engine::{PolicyApplied, PolicyDeleted};
use crate::policy::{AgentPolicy, Counters, PolicyMode, PolicyStatus};

/// What a policy has done on a node, in numbers of events.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PolicyCounters)]
pub struct CountersShape {
    /// It told of.
    pub post: u64,
    /// It kept silent about.
    pub nopost: u64,
    /// It sent a signal about, a kill among them.
    pub signal: u64,
    /// It would have sent one about.
    pub monitor_signal: u64,
    /// It failed a call about.
    pub r#override: u64,
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
}

impl From<&Counters> for CountersShape {
    fn from(counters: &Counters) -> Self {
        let Counters {
            post,
            signal,
            monitor_signal,
            override_,
            monitor_override,
            notify_enforcer,
            monitor_notify_enforcer,
            set,
            monitor_set,
            nopost,
        } = *counters;
        Self {
            post,
            nopost,
            signal,
            monitor_signal,
            r#override: override_,
            monitor_override,
            notify_enforcer,
            monitor_notify_enforcer,
            set,
            monitor_set,
        }
    }
}

/// A policy as one agent has it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PolicyAtAgent)]
pub struct AgentPolicyShape {
    /// The node; where that is not known, where the agent is.
    #[schema(example = "worker-1")]
    pub node: String,
    /// `enabled`, `disabled`, `load-error`, `error`, `loading`, `unloading`, `skipped` (it does not
    /// concern the node), `partly-enabled` or `unknown`.
    #[schema(example = "enabled")]
    pub state: &'static str,
    /// Why it is not loaded; empty where it is.
    pub error: String,
    /// `monitor` or `enforce`; null where the agent does not say.
    #[schema(required = true, nullable, example = "monitor")]
    pub mode: Option<&'static str>,
    /// Whether it could not act in any mode, since it has nothing that acts.
    pub monitor_only: bool,
    /// Memory that it takes in the kernel.
    pub kernel_memory_bytes: u64,
    /// What it has done.
    pub counters: CountersShape,
    /// Who gave it to the agent; empty where the agent does not say.
    pub domain: String,
}

impl From<&AgentPolicy> for AgentPolicyShape {
    fn from(policy: &AgentPolicy) -> Self {
        Self {
            node: policy.node.clone(),
            state: policy.state.name(),
            error: policy.error.clone(),
            mode: policy.mode.map(PolicyMode::name),
            monitor_only: policy.is_monitor_only,
            kernel_memory_bytes: policy.kernel_memory_bytes,
            counters: (&policy.counters).into(),
            domain: policy.domain.clone(),
        }
    }
}

/// A policy, and how it stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Policy)]
pub struct PolicyShape {
    /// Its name.
    #[schema(example = "weir-connections")]
    pub name: String,
    /// Its namespace; null where it holds on whole nodes.
    #[schema(required = true, nullable)]
    pub namespace: Option<String>,
    /// `not-loaded` (it is applied, and no agent has loaded it), `partly-loaded`, `agent-only` (the
    /// cluster knows nothing of it), `changing`, `unknown`, `disabled` or `loaded`.
    #[schema(example = "loaded")]
    pub standing: &'static str,
    /// Why it is not loaded; empty where it is.
    pub why: String,
    /// The mode that it asks for: `monitor` or `enforce`; null where it asks for none.
    #[schema(required = true, nullable, example = "monitor")]
    pub mode: Option<&'static str>,
    /// What it hooks.
    #[schema(example = json!(["kprobe tcp_connect"]))]
    pub hooks: Vec<String>,
    /// What it would do to processes if it were to act.
    #[schema(example = json!(["sigkill"]))]
    pub actions: Vec<String>,
    /// What each agent made of it.
    pub agents: Vec<AgentPolicyShape>,
    /// The object without what servers add; null where only agents have it, which do not show it.
    #[schema(required = true, nullable, value_type = Option<Object>)]
    pub manifest: Option<Value>,
}

impl From<&PolicyStatus> for PolicyShape {
    fn from(status: &PolicyStatus) -> Self {
        let PolicyStatus { name, standing, why, manifest, mode, hooks, actions, agents } = status;
        Self {
            name: name.name.clone(),
            namespace: name.namespace.clone(),
            standing: standing.name(),
            why: why.clone(),
            mode: mode.map(PolicyMode::name),
            hooks: hooks.clone(),
            actions: actions.clone(),
            agents: agents.iter().map(AgentPolicyShape::from).collect(),
            manifest: manifest.as_deref().cloned(),
        }
    }
}

/// What came of a policy that was to be applied.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PolicyApplied)]
pub struct PolicyAppliedShape {
    /// Whether nothing was written.
    pub dry_run: bool,
    /// How the policy stands since, as far as that is known so soon; in a dry run, how it does.
    pub status: PolicyShape,
    /// What was written, or would be.
    pub written: WrittenShape,
    /// The object before and after as a unified diff of YAML; empty where nothing changes.
    pub diff: String,
    /// What else there is to say of it, each in a sentence.
    pub notes: Vec<String>,
}

impl From<&PolicyApplied> for PolicyAppliedShape {
    fn from(applied: &PolicyApplied) -> Self {
        Self {
            dry_run: applied.is_dry_run,
            status: (&applied.status).into(),
            written: (&applied.written).into(),
            diff: applied.diff.clone(),
            notes: applied.notes.clone(),
        }
    }
}

/// What came of a policy that was to be deleted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PolicyDeleted)]
pub struct PolicyDeletedShape {
    /// Whether nothing was deleted.
    pub dry_run: bool,
    /// Its name.
    pub name: String,
    /// Its namespace; null where it holds on whole nodes.
    #[schema(required = true, nullable)]
    pub namespace: Option<String>,
    /// What was deleted, or would be, as it was.
    pub written: WrittenShape,
    /// What else there is to say of it, each in a sentence.
    pub notes: Vec<String>,
}

impl From<&PolicyDeleted> for PolicyDeletedShape {
    fn from(deleted: &PolicyDeleted) -> Self {
        let PolicyDeleted { name, written, notes, is_dry_run } = deleted;
        Self {
            dry_run: *is_dry_run,
            name: name.name.clone(),
            namespace: name.namespace.clone(),
            written: written.into(),
            notes: notes.clone(),
        }
    }
}
