//! What agents say of policies, and what is done at each of them: all at once, and within a time.

use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};
use tokio::time::{Instant, timeout, timeout_at};

use super::PolicyError;
use crate::engine::keeper::with_causes;
use crate::policy::{AgentPolicy, PolicyName};
use crate::tetragon::{self, Agent, AgentLink, AgentStatus, Endpoint};

/// How long an agent may take to say which policies it has.
pub(super) const SAYS: Duration = Duration::from_secs(5);

/// The same before something is written: whoever asked for that waits for more.
pub(super) const HAS: Duration = Duration::from_secs(2);

/// The same of one that is not heard at the moment: whoever waits is not to wait for it.
const DOWN_SAYS: Duration = Duration::from_secs(1);

/// How long an agent may take to unload a policy or to switch it, and to load one, which takes it a while.
pub(super) const UNLOADS: Duration = Duration::from_secs(2);
pub(super) const LOADS: Duration = Duration::from_secs(4);

/// How long something waits for its turn where there are more agents than are talked to at once.
const TURN: Duration = Duration::from_secs(1);

/// How long all of it may take, from the question to the last look: whoever asks over HTTP gets no answer
/// after ten seconds.
pub(super) const WHOLE: Duration = Duration::from_secs(9);

/// Agents that are talked to at once.
const AT_ONCE: usize = 256;

/// Agents that are named where something is the matter with several.
const NAMED: usize = 3;

/// What agents said.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Their policies.
    pub(super) policies: Vec<AgentPolicy>,
    /// Those that answered: how they are named in what they said.
    pub(super) answered: Vec<String>,
    /// Those that did not, and why.
    silent: Vec<(String, String)>,
    /// What of it is not known, each in a sentence.
    pub(super) notes: Vec<String>,
}

impl Heard {
    /// An error where there are agents that could be asked about `policy`, and none answered.
    pub(super) fn some_answered(&self, policy: &PolicyName) -> Result<(), PolicyError> {
        if self.silent.is_empty() || !self.answered.is_empty() {
            return Ok(());
        }
        let why = some(&self.silent);
        Err(PolicyError::Silent(format!(
            "ask agents for the policy {policy}: none answered: {why}"
        )))
    }

    /// What is said where no agent that answered has `policy`: others may have it.
    pub(super) fn none_has(&self, policy: &PolicyName) -> PolicyError {
        if self.silent.is_empty() {
            return PolicyError::NoPolicy(policy.clone());
        }
        let why = some(&self.silent);
        PolicyError::Silent(format!(
            "ask agents for the policy {policy}: none that answered has it, and not all did: {why}"
        ))
    }

    /// Whether the agent `node` answered.
    pub(super) fn has_answered(&self, node: &str) -> bool {
        self.answered.iter().any(|one| one == node)
    }

    /// Of the policy `name` alone.
    pub(super) fn of<'a>(
        &'a self,
        name: &'a PolicyName,
    ) -> impl Iterator<Item = &'a AgentPolicy> + 'a {
        self.policies.iter().filter(|policy| is_of(policy, name))
    }

    /// Whether the agent `node` answered, and has no policy `name`.
    pub(super) fn lacks(&self, node: &str, name: &PolicyName) -> bool {
        self.has_answered(node) && self.at(node, name).is_none()
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
        (agent.name(), said)
    };
    let mut answers = stream::iter(askable.clone()).map(ask).buffer_unordered(AT_ONCE);
    let mut heard = Heard::default();
    while let Some((name, said)) = answers.next().await {
        match said {
            Ok(policies) => {
                let of_it = |policy| AgentPolicy { node: name.clone(), ..policy };
                heard.policies.extend(policies.into_iter().map(of_it));
                heard.answered.push(name);
            }
            Err(why) => heard.silent.push((name, why)),
        }
    }
    heard.answered.sort_unstable();
    if !heard.silent.is_empty() {
        heard.silent.sort_unstable();
        let silent = some(&heard.silent);
        heard.notes.push(format!("which policies these agents have is not known: {silent}"));
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

/// Why something was not done at an agent, as far as is known.
#[derive(Debug)]
pub(super) enum Fault {
    /// It was not done.
    Refused(String),
    /// It may have been.
    Unsure(String),
}

impl Fault {
    /// The same, told in other words.
    pub(super) fn told(self, tell: impl FnOnce(String) -> String) -> Self {
        match self {
            Self::Refused(why) => Self::Refused(tell(why)),
            Self::Unsure(why) => Self::Unsure(tell(why)),
        }
    }
}

/// Waits for an answer of an agent, and for no longer than `patience`.
pub(super) async fn within(
    patience: Duration,
    answer: impl Future<Output = Result<(), tetragon::Error>>,
) -> Result<(), Fault> {
    match timeout(patience, answer).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) if error.may_be_done() => Err(Fault::Unsure(with_causes(&error))),
        Ok(Err(error)) => Err(Fault::Refused(with_causes(&error))),
        Err(_) => Err(Fault::Unsure(format!("no answer within {} s", patience.as_secs()))),
    }
}

/// What became of something that was to be done at each of several agents: how these are named, and
/// why it was not done.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Those that did it.
    pub(super) done: Vec<String>,
    /// Those that did not.
    refused: Vec<(String, String)>,
    /// Those that may have done it.
    unsure: Vec<(String, String)>,
}

/// Something that is done at an agent, in steps that are bounded in time each.
pub(super) type Deed<'a> =
    dyn Fn(AgentStatus, Agent) -> BoxFuture<'a, Result<(), Fault>> + Send + Sync + 'a;

/// Does `deed` at each of `agents`; whoever's turn does not come soon is not asked.
pub(super) async fn tell(agents: Vec<AgentStatus>, deed: &Deed<'_>) -> Told {
    let until = Instant::now() + TURN;
    let one = |agent: AgentStatus| async move {
        let name = agent.name();
        let done = match Agent::at(&agent.endpoint) {
            _ if Instant::now() >= until => {
                Err(Fault::Refused("it was not asked: others took too long".into()))
            }
            Ok(service) => deed(agent, service).await,
            Err(error) => Err(Fault::Refused(with_causes(&error))),
        };
        (name, done)
    };
    let mut told = Told::default();
    let mut answers = stream::iter(agents).map(one).buffer_unordered(AT_ONCE);
    while let Some((name, done)) = answers.next().await {
        match done {
            Ok(()) => told.done.push(name),
            Err(Fault::Refused(why)) => told.refused.push((name, why)),
            Err(Fault::Unsure(why)) => told.unsure.push((name, why)),
        }
    }
    told.done.sort_unstable();
    told.refused.sort_unstable();
    told.unsure.sort_unstable();
    told
}

impl Told {
    /// Whether no agent did it, nor may have.
    pub(super) const fn is_nothing(&self) -> bool {
        self.done.is_empty() && self.unsure.is_empty()
    }

    /// Takes those for sure of which `is_done` says that they did it.
    pub(super) fn find_out(&mut self, is_done: impl Fn(&str) -> bool) {
        let found = self.unsure.extract_if(.., |(name, _)| is_done(name));
        self.done.extend(found.map(|(name, _)| name));
    }

    /// What is to be said where some did not do it; an error where none did for sure.
    pub(super) fn outcome(
        &self,
        action: &str,
        policy: &PolicyName,
    ) -> Result<Option<String>, PolicyError> {
        let all = self.done.len() + self.refused.len() + self.unsure.len();
        let mut said = Vec::new();
        if !self.refused.is_empty() {
            let (count, why) = (self.refused.len(), some(&self.refused));
            said.push(format!("{count} of {all} agents did not do it: {why}"));
        }
        if !self.unsure.is_empty() {
            let (count, why) = (self.unsure.len(), some(&self.unsure));
            said.push(format!(
                "of {count} of {all} agents it is not known whether they did it: {why}"
            ));
        }
        match (&*self.done, &*self.unsure) {
            _ if said.is_empty() => Ok(None),
            ([], []) => {
                let why = some(&self.refused);
                Err(PolicyError::Agent(format!("{action}: no agent did it: {why}")))
            }
            ([], _) => Err(PolicyError::Unsure { policy: policy.clone(), why: said.join("; ") }),
            _ => Ok(Some(said.join("; "))),
        }
    }
}

/// The first of `all`, and how many more there are.
fn some(all: &[(String, String)]) -> String {
    let named: Vec<_> =
        all.iter().take(NAMED).map(|(name, why)| format!("{name}: {why}")).collect();
    let named = named.join("; ");
    match all.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named}; and {more} more"),
    }
}
