//! What an agent is asked beside its events: how it is, and which policies it has.

use super::super::wire::{
    AddTracingPolicyRequest, AddTracingPolicyResponse, ConfigureTracingPolicyRequest,
    ConfigureTracingPolicyResponse, DeleteTracingPolicyRequest, DeleteTracingPolicyResponse,
    GetHealthStatusRequest, GetHealthStatusResponse, GetVersionRequest, GetVersionResponse,
    HealthStatusResult, HealthStatusType, ListTracingPoliciesRequest, ListTracingPoliciesResponse,
    TracingPolicyActionCounters, TracingPolicyMode, TracingPolicyState, TracingPolicyStatus,
};
use super::{ADD, CONFIGURE, Client, DELETE, Error, HEALTH, POLICIES, VERSION};
use crate::cluster::said;
use crate::policy::{AgentPolicy, Counters, LoadState, PolicyMode, PolicyName};
use crate::tetragon::Endpoint;

/// How an agent is, by its own word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    /// Whether it says that it works.
    pub is_running: bool,
    /// What it says more.
    pub details: String,
}

/// An agent that can be asked over gRPC. Cheap to clone.
///
/// Every answer is bounded in time: 5 s, and 30 s where a policy is loaded or taken out. Text of the agent
/// comes on one line, bounded and without control characters where it explains, else as it was sent.
#[derive(Debug, Clone)]
pub struct Agent(Client);

impl Agent {
    /// The agent at `endpoint`, which must be its gRPC service. Nothing is asked yet. Must be called in
    /// a tokio runtime.
    pub fn at(endpoint: &Endpoint) -> Result<Self, Error> {
        Client::new(endpoint).map(Self)
    }

    /// Its version.
    pub async fn version(&self) -> Result<String, Error> {
        let answer: GetVersionResponse = self.0.ask(VERSION, &GetVersionRequest {}).await?;
        Ok(said(&answer.version))
    }

    /// How it is.
    pub async fn health(&self) -> Result<Health, Error> {
        let event_set = vec![HealthStatusType::Status.into()];
        let answer: GetHealthStatusResponse =
            self.0.ask(HEALTH, &GetHealthStatusRequest { event_set }).await?;
        let health = answer.health_status.into_iter().next().map(|health| Health {
            is_running: health.status() == HealthStatusResult::HealthStatusRunning,
            details: said(&health.details),
        });
        Ok(health.unwrap_or_default())
    }

    /// The policies that it has. Its node is not known here: where it is heard stands for that.
    pub async fn policies(&self) -> Result<Vec<AgentPolicy>, Error> {
        let question = ListTracingPoliciesRequest::default();
        let answer: ListTracingPoliciesResponse = self.0.ask(POLICIES, &question).await?;
        let node = self.0.endpoint().to_string();
        Ok(answer.policies.into_iter().map(|policy| policy_of(policy, &node)).collect())
    }

    /// Gives it the policy in `yaml`, which it loads before it answers.
    pub async fn add_policy(&self, yaml: &str) -> Result<(), Error> {
        let question =
            AddTracingPolicyRequest { yaml: yaml.to_owned(), ..AddTracingPolicyRequest::default() };
        self.0.ask(ADD, &question).await.map(|_: AddTracingPolicyResponse| ())
    }

    /// Takes a policy from it.
    pub async fn delete_policy(&self, name: &PolicyName) -> Result<(), Error> {
        let question = DeleteTracingPolicyRequest {
            name: name.name.clone(),
            namespace: name.namespace.clone().unwrap_or_default(),
            ..DeleteTracingPolicyRequest::default()
        };
        self.0.ask(DELETE, &question).await.map(|_: DeleteTracingPolicyResponse| ())
    }

    /// Sets the mode of a policy that it has.
    pub async fn configure_policy(&self, name: &PolicyName, mode: PolicyMode) -> Result<(), Error> {
        let mode = match mode {
            PolicyMode::Monitor => TracingPolicyMode::TpModeMonitor,
            PolicyMode::Enforce => TracingPolicyMode::TpModeEnforce,
        };
        let question = ConfigureTracingPolicyRequest {
            name: name.name.clone(),
            namespace: name.namespace.clone().unwrap_or_default(),
            mode: Some(mode.into()),
            ..ConfigureTracingPolicyRequest::default()
        };
        self.0.ask(CONFIGURE, &question).await.map(|_: ConfigureTracingPolicyResponse| ())
    }
}

fn policy_of(policy: TracingPolicyStatus, node: &str) -> AgentPolicy {
    let (mode, is_monitor_only) = match policy.mode() {
        TracingPolicyMode::TpModeUnknown => (None, false),
        TracingPolicyMode::TpModeEnforce => (Some(PolicyMode::Enforce), false),
        TracingPolicyMode::TpModeMonitor => (Some(PolicyMode::Monitor), false),
        TracingPolicyMode::TpModeMonitorOnly => (Some(PolicyMode::Monitor), true),
    };
    AgentPolicy {
        node: node.to_owned(),
        id: policy.id,
        state: state_of(&policy),
        error: said(&policy.error),
        mode,
        is_monitor_only,
        kernel_memory_bytes: policy.kernel_memory_bytes,
        counters: policy
            .stats
            .and_then(|stats| stats.action_counters)
            .map(counters_of)
            .unwrap_or_default(),
        domain: policy.domain,
        name: policy.name,
        namespace: policy.namespace,
    }
}

/// Agents before Tetragon 1.1 say no state, only whether it is on and what went wrong.
fn state_of(policy: &TracingPolicyStatus) -> LoadState {
    match policy.state() {
        TracingPolicyState::TpStateUnknown if policy.state != 0 => LoadState::Unknown,
        TracingPolicyState::TpStateUnknown if !policy.error.is_empty() => LoadState::LoadError,
        TracingPolicyState::TpStateUnknown if policy.enabled => LoadState::Enabled,
        TracingPolicyState::TpStateUnknown => LoadState::Unknown,
        TracingPolicyState::TpStateEnabled => LoadState::Enabled,
        TracingPolicyState::TpStateDisabled => LoadState::Disabled,
        TracingPolicyState::TpStateLoadError => LoadState::LoadError,
        TracingPolicyState::TpStateError => LoadState::Error,
        TracingPolicyState::TpStateLoading => LoadState::Loading,
        TracingPolicyState::TpStateUnloading => LoadState::Unloading,
        TracingPolicyState::TpStateSkipped => LoadState::Skipped,
        TracingPolicyState::TpStatePartiallyEnabled => LoadState::PartlyEnabled,
    }
}

fn counters_of(counters: TracingPolicyActionCounters) -> Counters {
    Counters {
        post: counters.post,
        signal: counters.signal,
        monitor_signal: counters.monitor_signal,
        override_: counters.r#override,
        monitor_override: counters.monitor_override,
        notify_enforcer: counters.notify_enforcer,
        monitor_notify_enforcer: counters.monitor_notify_enforcer,
        set: counters.set,
        monitor_set: counters.monitor_set,
        nopost: counters.nopost,
    }
}
