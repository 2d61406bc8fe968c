//! How policies stand where there is no cluster that could hold them.

use std::sync::Arc;

use serde_json::Value;

use crate::policy::{self, LoadState, PolicyStatus, Standing};

/// How all policies stand, worst first, by the `objects` of the cluster and what `asked` agents said.
/// Without a cluster nobody expects an object, and what agents have is all there is.
pub(super) fn joined(
    objects: Vec<Arc<Value>>,
    agents: &[policy::AgentPolicy],
    asked: usize,
    has_cluster: bool,
) -> Vec<PolicyStatus> {
    let mut statuses = policy::joined(objects, agents, asked);
    if !has_cluster {
        let of_agents = statuses.iter_mut().filter(|one| one.standing == Standing::AgentOnly);
        for status in of_agents {
            (status.standing, status.why) = alone(status, asked);
        }
        statuses.sort_by_key(|status| status.standing);
    }
    statuses
}

/// How a policy that only agents have stands where that is all there can be, and why not better.
fn alone(status: &PolicyStatus, asked: usize) -> (Standing, String) {
    let agents = &status.agents;
    let has = |state| agents.iter().any(|agent| agent.state == state);
    if agents.len() < asked {
        (Standing::PartlyLoaded, format!("{} of {asked} agents have it", agents.len()))
    } else if has(LoadState::Unknown) {
        (Standing::Unknown, "the agent does not say whether it is loaded".into())
    } else if has(LoadState::Disabled) {
        (Standing::Disabled, String::new())
    } else {
        (Standing::Loaded, String::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::AgentPolicy;

    #[test]
    fn without_a_cluster_agents_say_how_a_policy_stands() {
        use LoadState::{Disabled, Enabled, LoadError, Loading, Skipped, Unknown};
        let said = |states: &[LoadState], asked| {
            let agent = |(at, state): (usize, &LoadState)| AgentPolicy {
                node: format!("worker-{at}"),
                name: "connections".into(),
                state: *state,
                error: if *state == LoadError { "no such hook".into() } else { String::new() },
                ..AgentPolicy::default()
            };
            let agents: Vec<_> = states.iter().enumerate().map(agent).collect();
            let statuses = joined(Vec::new(), &agents, asked, false);
            assert_eq!(statuses.len(), 1);
            (statuses[0].standing, statuses[0].why.clone())
        };
        assert_eq!(said(&[Enabled, Enabled], 2), (Standing::Loaded, String::new()));
        assert_eq!(said(&[Enabled, Skipped], 2).0, Standing::Loaded);
        let (standing, why) = said(&[LoadError], 1);
        assert_eq!(standing, Standing::NotLoaded);
        assert!(why.contains("no such hook"), "{why}");
        assert_eq!(said(&[Enabled, LoadError], 2).0, Standing::PartlyLoaded);
        let lacking = (Standing::PartlyLoaded, "1 of 3 agents have it".to_owned());
        assert_eq!(said(&[Enabled], 3), lacking);
        assert_eq!(said(&[Loading, Enabled], 2).0, Standing::Changing);
        assert_eq!(said(&[Disabled], 1).0, Standing::Disabled);
        assert_eq!(said(&[Unknown], 1).0, Standing::Unknown);
    }
}
