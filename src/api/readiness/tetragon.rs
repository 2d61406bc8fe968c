//! What is wrong with the agents of Tetragon, with what they tell, and with policies.
//!
//! Weir guards by what packets say. Who named an agent wants to know who is behind them too, so that it
//! is not ready without; an agent that it found by itself, and what is lost on the way, are noted.

use crate::engine::{Snapshot, TetragonStatus};
use crate::incident::rfc3339;
use crate::policy::Standing;
use crate::tetragon::{AgentLink, AgentStatus, Endpoint, Wish};

/// Agents that were named and are not heard.
pub(super) fn reasons(now: &Snapshot) -> Vec<String> {
    let TetragonStatus { needed, agents, .. } = &now.tetragon;
    let named = |endpoint: &Endpoint| {
        needed.iter().any(|wish| matches!(wish, Wish::At(at) if at == endpoint))
    };
    let mut reasons: Vec<_> =
        agents.iter().filter(|agent| named(&agent.endpoint)).filter_map(down).collect();
    // Of a cluster some agents may be away.
    if needed.iter().any(|wish| matches!(wish, Wish::Cluster(_))) {
        let found = agents.iter().filter(|agent| !named(&agent.endpoint));
        let silent: Option<Vec<_>> = found.map(down).collect();
        reasons.extend(silent.and_then(|silent| silent.into_iter().next()));
    }
    reasons
}

/// Agents that are not heard and were not named, what was lost since `before`, and policies that do
/// nothing though they were applied.
pub(super) fn notes(before: &Snapshot, now: &Snapshot) -> Vec<String> {
    let TetragonStatus { agents, policies, .. } = &now.tetragon;
    let reasons = reasons(now);
    let mut notes: Vec<_> =
        agents.iter().filter_map(down).filter(|note| !reasons.contains(note)).collect();
    let lost = now.tetragon.lost_since(&before.tetragon);
    if lost > 0 {
        notes.push(format!("{lost} events of Tetragon were lost in the last seconds"));
    }
    if now.tetragon.gaps_since(&before.tetragon) > 0 {
        let said = "an agent of Tetragon was not heard for a while in the last seconds: what happened \
                    then is not known";
        notes.push(said.to_owned());
    }
    for agent in agents.iter().filter(|agent| agent.throttled > 0) {
        let (name, cgroups) = (name(agent), agent.throttled);
        notes.push(format!("{name} leaves out events of {cgroups} cgroups, which make too many"));
    }
    for policy in policies.iter().filter(|policy| policy.standing == Standing::NotLoaded) {
        notes.push(format!("the policy {} is applied and not loaded: {}", policy.name, policy.why));
    }
    notes
}

/// That an agent is not heard.
fn down(agent: &AgentStatus) -> Option<String> {
    let AgentLink::Down { since_us, why } = &agent.link else { return None };
    let since = rfc3339(*since_us);
    Some(format!("{} has not been heard since {since}: {why}", name(agent)))
}

fn name(agent: &AgentStatus) -> String {
    let AgentStatus { endpoint, node, .. } = agent;
    if node.is_empty() {
        return format!("the agent of Tetragon at {endpoint}");
    }
    format!("the agent of Tetragon on {node} ({endpoint})")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::policy::{PolicyName, PolicyStatus};

    const HERE: &str = "unix:///run/t.sock";
    const THERE: &str = "n2:54321";

    fn agent(place: &str, is_up: bool) -> AgentStatus {
        let Wish::At(endpoint) = place.parse().unwrap() else { panic!("an endpoint") };
        let why = "connection refused".into();
        let down = AgentLink::Down { since_us: 1_600_000_000_000_000, why };
        let link = if is_up { AgentLink::Up } else { down };
        AgentStatus { link, ..AgentStatus::new(endpoint) }
    }

    fn heard(needed: &[&str], agents: Vec<AgentStatus>) -> Snapshot {
        let needed = needed.iter().map(|wish| wish.parse().unwrap()).collect();
        let tetragon = TetragonStatus { needed, agents, ..TetragonStatus::default() };
        Snapshot { tetragon, ..Snapshot::default() }
    }

    #[test]
    fn an_agent_that_was_named_and_is_down_is_a_reason_and_another_is_noted() {
        let away = "the agent of Tetragon at unix:///run/t.sock has not been heard since \
                    2020-09-13T12:26:40.000000Z: connection refused";
        let agents = || vec![agent(HERE, false), agent(THERE, true)];
        let named = heard(&[HERE, THERE], agents());
        assert_eq!((reasons(&named), notes(&named, &named)), (vec![away.to_owned()], Vec::new()));
        for needed in [&[][..], &[THERE]] {
            let other = heard(needed, agents());
            assert_eq!(
                (reasons(&other), notes(&other, &other)),
                (Vec::new(), vec![away.to_owned()])
            );
        }
        let connecting = heard(&[HERE], vec![AgentStatus::new(agent(HERE, true).endpoint)]);
        assert_eq!(reasons(&connecting), Vec::<String>::new());
    }

    #[test]
    fn of_a_cluster_one_agent_that_is_heard_is_enough() {
        let count = |agents| {
            let now = heard(&["cluster:54321"], agents);
            (reasons(&now).len(), notes(&now, &now).len())
        };
        assert_eq!(count(vec![agent(HERE, false), agent(THERE, true)]), (0, 1));
        assert_eq!(count(vec![agent(HERE, false), agent(THERE, false)]), (1, 1));
        assert_eq!(count(Vec::new()), (0, 0));
    }

    #[test]
    fn what_was_lost_lately_and_what_is_not_loaded_is_noted_and_no_reason() {
        let mut lossy = agent(HERE, true);
        (lossy.rate_limited, lossy.dropped, lossy.unreadable) = (3, 2, 1);
        (lossy.throttled, lossy.gaps, lossy.node) = (2, 1, "n1".into());
        let mut now = heard(&[HERE], vec![lossy]);
        now.tetragon.policies = vec![Arc::new(PolicyStatus {
            name: PolicyName { namespace: None, name: "weir-sockets".into() },
            standing: Standing::NotLoaded,
            why: "no such hook".into(),
            manifest: None,
            mode: None,
            hooks: Vec::new(),
            actions: Vec::new(),
            agents: Vec::new(),
        })];
        assert_eq!(reasons(&now), Vec::<String>::new());
        let lasting = [
            "the agent of Tetragon on n1 (unix:///run/t.sock) leaves out events of 2 cgroups, which make \
             too many",
            "the policy weir-sockets is applied and not loaded: no such hook",
        ];
        assert_eq!(notes(&now, &now), lasting);
        let new = notes(&heard(&[HERE], vec![agent(HERE, true)]), &now);
        assert_eq!(new[0], "6 events of Tetragon were lost in the last seconds");
        assert!(new[1].starts_with("an agent of Tetragon was not heard for a while"), "{new:?}");
        assert_eq!(new[2..], lasting);
        // What another agent of its node has counted before it is not new.
        assert_eq!(notes(&heard(&[], vec![agent(THERE, true)]), &now), lasting);
    }
}
