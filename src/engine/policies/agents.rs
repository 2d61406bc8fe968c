//! What agents say of policies, and what is done at each of them: all at once, and within a time.

use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};
use tokio::time::{Instant, timeout, timeout_at};

use super::PolicyError;
use crate::engine::keeper::with_causes;
use crate::policy::{AgentPolicy, PolicyName};
use crate::tetragon::{Agent, AgentLink, AgentStatus, Endpoint};

/// How long an agent may take to say which policies it has.
pub(super) const SAYS: Duration = Duration::from_secs(5);

/// The same of one that is not heard at the moment: whoever waits is not to wait for it.
const DOWN_SAYS: Duration = Duration::from_secs(1);

/// How long an agent may take to do something to one: to load it takes it a while.
const DOES: Duration = Duration::from_secs(8);

/// Agents that are talked to at once.
const AT_ONCE: usize = 64;

/// Agents that are named where something is the matter with several.
const NAMED: usize = 3;

/// What agents said.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Their policies.
    pub(super) policies: Vec<AgentPolicy>,
    /// Those that answered: how they are named in what they said.
    pub(super) answered: Vec<String>,
    /// What of it is not known, each in a sentence.
    pub(super) notes: Vec<String>,
}

impl Heard {
    /// Of the policy `name` alone.
    pub(super) fn of<'a>(
        &'a self,
        name: &'a PolicyName,
    ) -> impl Iterator<Item = &'a AgentPolicy> + 'a {
        self.policies.iter().filter(|policy| is_of(policy, name))
    }

    /// What the agent `node` has of the policy `name`.
    pub(super) fn at<'a>(&'a self, node: &str, name: &PolicyName) -> Option<&'a AgentPolicy> {
        self.policies.iter().find(|policy| is_of(policy, name) && policy.node == node)
    }
}

fn is_of(policy: &AgentPolicy, name: &PolicyName) -> bool {
    policy.name == name.name && policy.namespace == name.namespace.as_deref().unwrap_or_default()
}

/// Those of `agents` that have a service which can be asked.
pub(super) fn askable(agents: &[AgentStatus]) -> Vec<AgentStatus> {
    let has_service =
        |agent: &&AgentStatus| matches!(agent.endpoint, Endpoint::Unix(_) | Endpoint::Tcp(_));
    agents.iter().filter(has_service).cloned().collect()
}

/// What an agent is called: its node, else where it is.
pub(super) fn named(agent: &AgentStatus) -> String {
    if agent.node.is_empty() { agent.endpoint.to_string() } else { agent.node.clone() }
}

/// Asks `agents` which policies they have. Whoever has not answered within `patience` counts as not
/// asked.
pub(super) async fn hear(agents: &[AgentStatus], patience: Duration) -> Heard {
    let now = Instant::now();
    let askable = askable(agents);
    let ask = |agent: AgentStatus| async move {
        let patience = match agent.link {
            AgentLink::Down { .. } => patience.min(DOWN_SAYS),
            AgentLink::Connecting | AgentLink::Up => patience,
        };
        let said =
            timeout_at(now + patience, async { Agent::at(&agent.endpoint)?.policies().await })
                .await;
        let said = match said {
            Ok(said) => said.map_err(|error| with_causes(&error)),
            Err(_) => Err(format!("no answer within {} s", patience.as_secs().max(1))),
        };
        (named(&agent), said)
    };
    let mut answers = stream::iter(askable.clone()).map(ask).buffer_unordered(AT_ONCE);
    let (mut heard, mut silent) = (Heard::default(), Vec::new());
    while let Some((name, said)) = answers.next().await {
        match said {
            Ok(policies) => {
                let of_it = |policy| AgentPolicy { node: name.clone(), ..policy };
                heard.policies.extend(policies.into_iter().map(of_it));
                heard.answered.push(name);
            }
            Err(why) => silent.push(format!("{name} ({why})")),
        }
    }
    heard.answered.sort_unstable();
    if !silent.is_empty() {
        silent.sort_unstable();
        heard
            .notes
            .push(format!("which policies these agents have is not known: {}", some(&silent)));
    }
    let deaf = agents.len() - askable.len();
    if deaf > 0 {
        heard.notes.push(format!(
            "{deaf} of {} agents are heard through files or logs, which tell nothing of policies: \
             name their gRPC service in `tetragon` (`cluster:PORT`, `HOST:PORT`)",
            agents.len()
        ));
    }
    heard
}

/// What became of something that was to be done at each of several agents.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Those that did it.
    pub(super) done: Vec<String>,
    /// Those that did not, each with its own words.
    pub(super) refused: Vec<String>,
}

/// Something that is done at an agent; its own words where it is not.
pub(super) type Deed<'a> =
    dyn Fn(AgentStatus, Agent) -> BoxFuture<'a, Result<(), String>> + Send + Sync + 'a;

/// Does `deed` at each of `agents`.
pub(super) async fn tell(agents: Vec<AgentStatus>, deed: &Deed<'_>) -> Told {
    let one = |agent: AgentStatus| async move {
        let name = named(&agent);
        let done = match Agent::at(&agent.endpoint) {
            Ok(service) => timeout(DOES, deed(agent, service)).await,
            Err(error) => Ok(Err(with_causes(&error))),
        };
        let late = || {
            Err(format!(
                "no answer within {} s; it is not known whether it was done",
                DOES.as_secs()
            ))
        };
        (name, done.unwrap_or_else(|_| late()))
    };
    let mut told = Told::default();
    let mut answers = stream::iter(agents).map(one).buffer_unordered(AT_ONCE);
    while let Some((name, done)) = answers.next().await {
        match done {
            Ok(()) => told.done.push(name),
            Err(why) => told.refused.push(format!("{name}: {why}")),
        }
    }
    told.done.sort_unstable();
    told.refused.sort_unstable();
    told
}

impl Told {
    /// What is to be said where some refused; an error where all did.
    pub(super) fn outcome(&self, action: &str) -> Result<Option<String>, PolicyError> {
        if self.refused.is_empty() {
            return Ok(None);
        }
        let refused = some(&self.refused);
        if self.done.is_empty() {
            return Err(PolicyError::Agent(format!("{action}: no agent did it: {refused}")));
        }
        let all = self.done.len() + self.refused.len();
        Ok(Some(format!("{} of {all} agents did not do it: {refused}", self.refused.len())))
    }
}

/// The first of `all`, and how many more there are.
fn some(all: &[String]) -> String {
    let named = all.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join("; ");
    match all.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named}; and {more} more"),
    }
}
