//! Waits for what agents make of a policy that was changed, for a while.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::agents::{self, Heard, WHOLE};
use crate::policy::{LoadState, PolicyMode, PolicyName};
use crate::tetragon::AgentStatus;

/// How long they are waited for: whoever asked waits meanwhile.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long they are left alone between two looks.
const PAUSE: Duration = Duration::from_millis(200);

/// What is waited for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Awaited<'a> {
    /// Every agent has made up its mind about the policy: anew, where `before` is what they had and
    /// they have to take it in again, and in `mode`, where that was asked for.
    Taken { before: Option<&'a Heard>, mode: Option<PolicyMode> },
    /// No agent has it any more.
    Gone,
}

/// What agents have of the policy `name` once what is awaited is so, and whether it is; asked for since
/// `began`.
pub(super) async fn settled(
    agents: &[AgentStatus],
    name: &PolicyName,
    awaited: Awaited<'_>,
    began: Instant,
) -> (Heard, bool) {
    let until = (Instant::now() + PATIENCE).min(began + WHOLE);
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let heard = agents::hear(agents, left.max(PAUSE)).await;
        let is_so = awaited.is_so(&heard, name);
        if is_so || Instant::now() + PAUSE >= until {
            return (heard, is_so);
        }
        sleep(PAUSE).await;
    }
}

impl Awaited<'_> {
    fn is_so(self, heard: &Heard, name: &PolicyName) -> bool {
        match self {
            Self::Gone => heard.of(name).next().is_none(),
            Self::Taken { before, mode } => heard.answered.iter().all(|node| {
                let Some(now) = heard.at(node, name) else { return false };
                let had = before.and_then(|before| before.at(node, name));
                let is_same = had.is_some_and(|had| had.id != 0 && had.id == now.id);
                // A mode is changed without taking the policy in again.
                let is_switched =
                    mode.is_some() && now.mode == mode && had.map(|had| had.mode) != Some(mode);
                is_decided(now.state) && (!is_same || is_switched)
            }),
        }
    }
}

const fn is_decided(state: LoadState) -> bool {
    !matches!(state, LoadState::Unknown | LoadState::Loading | LoadState::Unloading)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::AgentPolicy;

    fn name() -> PolicyName {
        PolicyName { namespace: None, name: "connections".into() }
    }

    fn heard(states: &[(u64, LoadState, Option<PolicyMode>)]) -> Heard {
        let mut heard = Heard::default();
        for (at, (id, state, mode)) in states.iter().enumerate() {
            let node = format!("worker-{at}");
            heard.policies.push(AgentPolicy {
                node: node.clone(),
                name: "connections".into(),
                id: *id,
                state: *state,
                mode: *mode,
                ..AgentPolicy::default()
            });
            heard.answered.push(node);
        }
        heard
    }

    #[test]
    fn a_policy_is_taken_in_once_every_agent_has_it_anew() {
        use LoadState::{Enabled, LoadError, Loading};
        let monitor = Some(PolicyMode::Monitor);
        let enforce = Some(PolicyMode::Enforce);
        let before = heard(&[(7, Enabled, monitor), (9, Enabled, monitor)]);
        let is_so =
            |now: &Heard, mode| Awaited::Taken { before: Some(&before), mode }.is_so(now, &name());
        assert!(!is_so(&before, None), "nobody has taken it in again");
        assert!(!is_so(&heard(&[(8, Enabled, None), (9, Enabled, None)]), None));
        assert!(!is_so(&heard(&[(8, Enabled, None), (10, Loading, None)]), None));
        assert!(is_so(&heard(&[(8, Enabled, None), (10, LoadError, None)]), None));
        assert!(is_so(&heard(&[(7, Enabled, enforce), (9, Enabled, enforce)]), enforce));
        assert!(!is_so(&heard(&[(7, Enabled, enforce), (9, Enabled, monitor)]), enforce));
        assert!(!is_so(&before, monitor), "it was in that mode before");
        let mut lacks = heard(&[(8, Enabled, None)]);
        lacks.answered.push("worker-1".into());
        assert!(!is_so(&lacks, None), "an agent that answers lacks it");
        let new = Awaited::Taken { before: None, mode: None };
        assert!(new.is_so(&heard(&[(1, Enabled, None)]), &name()));
        assert!(Awaited::Gone.is_so(&Heard::default(), &name()));
        assert!(!Awaited::Gone.is_so(&heard(&[(1, Loading, None)]), &name()));
    }
}
