//! Gives a policy to each agent, where there is no cluster that they would take it from.

use futures_util::future::BoxFuture;
use serde_json::json;

use super::agents::{self, SAYS, askable};
use super::apply::{Way, say_how_known};
use super::audit::Before;
use super::object::shown;
use super::settle::{Awaited, settled};
use super::{PolicyApplied, PolicyClient, PolicyError};
use crate::cluster::Objects;
use crate::engine::keeper::with_causes;
use crate::engine::limits::Written;
use crate::policy::{self, AgentPolicy, LoadState, Policy, PolicyName};
use crate::tetragon::{Agent, AgentStatus};

impl<O: Objects + Send + Sync> PolicyClient<O> {
    /// Gives `policy` to `agents` in the place of what they have of that name, or says what that would
    /// be.
    pub(super) async fn give(
        &self,
        policy: &Policy,
        way: Way,
        agents: &[AgentStatus],
        before: &mut Before,
    ) -> Result<PolicyApplied, PolicyError> {
        let name = policy.name();
        let had = agents::hear(agents, SAYS).await;
        let holders: Vec<_> = had.of(name).map(|policy| policy.node.clone()).collect();
        before.object = json!({ "agents": holders });
        let askable = askable(agents);
        let how = if holders.is_empty() { "add" } else { "delete, then add" };
        let written = Written {
            object: format!("{} at {}", shown(name), counted(askable.len())),
            how: how.to_owned(),
            body: policy.manifest().clone(),
        };
        let diff = policy::diff(None, Some(policy.manifest()));
        let mut notes = Vec::new();
        if !holders.is_empty() {
            notes.push(format!(
                "{} have a policy of this name, which they do not show: it is replaced by deleting \
                 it first",
                counted(holders.len())
            ));
        }
        notes.extend(before.forced.iter().map(|danger| format!("forced, although {danger}")));
        if way.is_dry_run {
            notes.push("there is no API server to check it: only its form was looked at".into());
            let status = self.standing(name, None, &had);
            return Ok(PolicyApplied { status, written, diff, notes, is_dry_run: true });
        }
        let yaml = policy.yaml();
        let put = |agent: AgentStatus, service: Agent| -> BoxFuture<'_, _> {
            let has_it = had.at(&agents::named(&agent), name).is_some();
            let yaml = &yaml;
            Box::pin(async move { put(service, name, yaml, has_it).await })
        };
        let told = agents::tell(askable, &put).await;
        let awaited = Awaited::Taken { before: Some(&had), mode: policy.mode() };
        let (heard, is_known) = if told.done.is_empty() {
            (agents::hear(agents, SAYS).await, true)
        } else {
            settled(agents, name, awaited).await
        };
        // An agent that could not load a policy refuses it and has it all the same.
        let is_broken =
            |one: &AgentPolicy| matches!(one.state, LoadState::LoadError | LoadState::Error);
        match told.outcome(&format!("apply the policy {name}")) {
            Err(error) if heard.of(name).any(is_broken) => notes.push(error.to_string()),
            outcome => notes.extend(outcome?),
        }
        say_how_known(agents, &heard, is_known, &mut notes);
        let status = self.standing(name, None, &heard);
        Ok(PolicyApplied { status, written, diff, notes, is_dry_run: false })
    }
}

/// Has one agent take a policy in, in the place of what it has.
async fn put(service: Agent, name: &PolicyName, yaml: &str, has_it: bool) -> Result<(), String> {
    if has_it {
        service.delete_policy(name).await.map_err(|error| with_causes(&error))?;
    }
    service.add_policy(yaml).await.map_err(|error| {
        let gone = if has_it { " (the one it had is deleted)" } else { "" };
        format!("{}{gone}", with_causes(&error))
    })
}

/// `1 agent`, `3 agents`.
pub(super) fn counted(agents: usize) -> String {
    if agents == 1 { "1 agent".into() } else { format!("{agents} agents") }
}
