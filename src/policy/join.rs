//! Objects of the cluster, joined with what each agent made of them.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde_json::Value;

use super::check::quoted;
use super::{AgentPolicy, LoadState, PolicyName, PolicyStatus, Standing, bare, read};

/// Characters of an agent's words that are repeated.
const LONGEST_WHY: usize = 500;

/// How policies stand, worst first: `objects` of the cluster, and what `agents` say, of which
/// `asked_agents` have answered.
#[must_use]
pub fn joined(
    objects: Vec<Arc<Value>>,
    agents: &[AgentPolicy],
    asked_agents: usize,
) -> Vec<PolicyStatus> {
    let mut policies: BTreeMap<PolicyName, (Option<Arc<Value>>, Vec<AgentPolicy>)> =
        BTreeMap::new();
    for object in objects {
        if let Some(name) = name(&object) {
            policies.entry(name).or_default().0 = Some(object);
        }
    }
    for agent in agents {
        let namespace = Some(agent.namespace.clone()).filter(|namespace| !namespace.is_empty());
        let name = PolicyName { namespace, name: agent.name.clone() };
        policies.entry(name).or_default().1.push(agent.clone());
    }
    let policies = policies.into_iter();
    let mut policies: Vec<_> = policies
        .map(|(name, (object, agents))| status(name, object, agents, asked_agents))
        .collect();
    // By name within a standing, as they came.
    policies.sort_by_key(|policy| policy.standing);
    policies
}

/// What an object of the cluster is called.
fn name(object: &Value) -> Option<PolicyName> {
    let metadata = object.get("metadata")?;
    let namespace = Some(read::text(metadata, "namespace")).filter(|text| !text.is_empty());
    let name = read::text(metadata, "name");
    (!name.is_empty())
        .then(|| PolicyName { namespace: namespace.map(Into::into), name: name.into() })
}

fn status(
    name: PolicyName,
    object: Option<Arc<Value>>,
    mut agents: Vec<AgentPolicy>,
    asked_agents: usize,
) -> PolicyStatus {
    agents.sort_by(|a, b| a.node.cmp(&b.node));
    let (standing, why) = standing(object.is_some(), &agents, asked_agents);
    let object = object.map(|object| Arc::new(bare(Arc::unwrap_or_clone(object))));
    let read = object.as_deref().unwrap_or(&Value::Null);
    PolicyStatus {
        name,
        standing,
        why,
        mode: read::mode(read),
        hooks: read::hooks(read),
        actions: read::actions(read),
        manifest: object,
        agents,
    }
}

/// How a policy stands, and why it is not loaded where it is not.
fn standing(is_applied: bool, agents: &[AgentPolicy], asked: usize) -> (Standing, String) {
    let count = |states: &[LoadState]| {
        agents.iter().filter(|agent| states.contains(&agent.state) && !is_broken(agent)).count()
    };
    let broken: Vec<_> = agents.iter().filter(|agent| is_broken(agent)).collect();
    let has_partly = count(&[LoadState::PartlyEnabled]) > 0;
    let enabled = count(&[LoadState::Enabled]);
    let disabled = count(&[LoadState::Disabled]);
    let skipped = count(&[LoadState::Skipped]);
    let changing = count(&[LoadState::Loading, LoadState::Unloading]);
    let unknown = count(&[LoadState::Unknown]);
    let nodes: HashSet<_> = agents.iter().map(|agent| agent.node.as_str()).collect();
    // Only what the cluster holds is expected of every agent.
    let missing = if is_applied { asked.saturating_sub(nodes.len()) } else { 0 };
    let holding = enabled + disabled + changing + unknown + usize::from(has_partly);

    if agents.is_empty() && asked == 0 {
        return (Standing::Unknown, "no agent of Tetragon answers".into());
    }
    let lacking = (!broken.is_empty() || missing > 0) && holding > 0;
    if lacking || has_partly {
        return (Standing::PartlyLoaded, why_not(&broken, agents, missing, asked));
    }
    if holding == 0 && skipped > 0 && broken.is_empty() && missing == 0 {
        return (Standing::NotLoaded, "it concerns none of the nodes whose agents answer".into());
    }
    if holding == 0 {
        return (Standing::NotLoaded, why_not(&broken, agents, missing, asked));
    }
    let standing = if changing > 0 {
        Standing::Changing
    } else if !is_applied {
        Standing::AgentOnly
    } else if unknown > 0 && enabled == 0 {
        Standing::Unknown
    } else if disabled > 0 {
        Standing::Disabled
    } else {
        Standing::Loaded
    };
    (standing, String::new())
}

/// Whether an agent could not do what it was to.
fn is_broken(agent: &AgentPolicy) -> bool {
    let is_error = matches!(agent.state, LoadState::LoadError | LoadState::Error);
    is_error || (agent.state == LoadState::Unknown && !agent.error.is_empty())
}

/// The first words of an agent, and what else is wrong, in one line.
fn why_not(
    broken: &[&AgentPolicy],
    agents: &[AgentPolicy],
    missing: usize,
    asked: usize,
) -> String {
    let partly = agents.iter().filter(|agent| agent.state == LoadState::PartlyEnabled);
    let mut words = Vec::new();
    if let Some(first) = broken.iter().copied().chain(partly).next() {
        let error: String = first.error.split_whitespace().collect::<Vec<_>>().join(" ");
        let error: String = match (error.as_str(), first.state) {
            ("", LoadState::PartlyEnabled) => "a part of it is not loaded".into(),
            ("", _) => "the agent does not say why".into(),
            (error, _) => error.chars().filter(|c| !c.is_control()).take(LONGEST_WHY).collect(),
        };
        let more =
            if broken.len() > 1 { format!(" ({} nodes)", broken.len()) } else { String::new() };
        let node = if first.node.is_empty() { "an agent" } else { &first.node };
        words.push(format!("{}{more}: {error}", quoted(node)));
    }
    if missing > 0 {
        words.push(format!("{missing} of {asked} agents do not have it"));
    }
    words.join("; ")
}
