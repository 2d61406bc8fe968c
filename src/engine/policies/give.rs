//! Gives a policy to each agent, where there is no cluster that they would take it from.

use futures_util::future::BoxFuture;
use serde_json::json;
use tokio::time::Instant;

use super::agents::{self, Fault, HAS, Heard, LOADS, UNLOADS, askable};
use super::apply::{Way, say_how_known};
use super::audit::Before;
use super::object::shown;
use super::settle::{Awaited, settled};
use super::{PolicyApplied, PolicyClient, PolicyError};
use crate::cluster::Objects;
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
        let began = Instant::now();
        let had = agents::hear(agents, HAS).await;
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
            let has_it = had.at(&agent.name(), name).is_some();
            let yaml = &yaml;
            Box::pin(async move { put(service, name, yaml, has_it).await })
        };
        let mut told = agents::tell(askable, &put).await;
        let awaited = Awaited::Taken { before: Some(&had), mode: policy.mode() };
        let (heard, is_known) = if told.is_nothing() {
            (agents::hear(agents, HAS).await, true)
        } else {
            settled(agents, name, awaited, began).await
        };
        let id = |known: &Heard, node: &str| known.at(node, name).map(|policy| policy.id);
        // Of what an agent had before that is not known, this one may be the same.
        told.find_out(|node| {
            let is_new = id(&heard, node).is_some_and(|now| Some(now) != id(&had, node));
            is_new && had.has_answered(node)
        });
        // An agent that could not load a policy refuses it and has it all the same.
        let is_broken =
            |one: &AgentPolicy| matches!(one.state, LoadState::LoadError | LoadState::Error);
        match told.outcome(&format!("apply the policy {name}"), name) {
            Err(error) if heard.of(name).any(is_broken) => notes.push(error.to_string()),
            outcome => notes.extend(outcome?),
        }
        say_how_known(agents, &heard, is_known, &mut notes);
        let status = self.standing(name, None, &heard);
        Ok(PolicyApplied { status, written, diff, notes, is_dry_run: false })
    }
}

/// Has one agent take a policy in, in the place of what it has.
async fn put(service: Agent, name: &PolicyName, yaml: &str, has_it: bool) -> Result<(), Fault> {
    if !has_it {
        return agents::within(LOADS, service.add_policy(yaml)).await;
    }
    let deleted = agents::within(UNLOADS, service.delete_policy(name)).await;
    deleted.map_err(|fault| fault.told(|why| format!("delete the one it has: {why}")))?;
    let added = agents::within(LOADS, service.add_policy(yaml)).await;
    added.map_err(|fault| match fault {
        Fault::Refused(why) => Fault::Refused(format!(
            "{why}; the policy that it had is deleted, and it has none of this name now: apply one again"
        )),
        Fault::Unsure(why) => {
            Fault::Unsure(format!("{why}; the policy that it had is deleted"))
        }
    })
}

/// `1 agent`, `3 agents`.
pub(super) fn counted(agents: usize) -> String {
    if agents == 1 { "1 agent".into() } else { format!("{agents} agents") }
}
