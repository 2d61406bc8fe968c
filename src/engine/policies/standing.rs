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
        for status in &mut statuses {
            (status.standing, status.why) = alone(status, asked);
        }
        statuses.sort_by(|a, b| (a.standing, &a.name).cmp(&(b.standing, &b.name)));
    }
    statuses
}

/// How a policy stands, and why not better, by what `asked` agents made of it.
fn alone(status: &PolicyStatus, asked: usize) -> (Standing, String) {
    use LoadState::{
        Disabled, Enabled, Error, LoadError, Loading, PartlyEnabled, Skipped, Unknown, Unloading,
    };
    let agents = &status.agents;
    let count = |states: &[LoadState]| agents.iter().filter(|one| states.contains(&one.state)).count();
    let failed = count(&[LoadError, Error]);
    let why = agents.iter().find(|one| !one.error.is_empty());
    let why = why.map_or_else(
        || "the agent does not say why".to_owned(),
        |one| format!("{}: {}", one.node, one.error),
    );
    if failed > 0 && count(&[Enabled, PartlyEnabled, Disabled, Skipped]) == 0 {
        (Standing::NotLoaded, why)
    } else if failed > 0 {
        (Standing::PartlyLoaded, why)
    } else if agents.len() < asked {
        let why = format!("{} of {asked} agents have it", agents.len());
        (Standing::PartlyLoaded, why)
    } else if count(&[PartlyEnabled]) > 0 {
        (Standing::PartlyLoaded, "a part of it is at work".into())
    } else if count(&[Loading, Unloading]) > 0 {
        (Standing::Changing, String::new())
    } else if count(&[Unknown]) > 0 {
        (Standing::Unknown, "the agent does not say whether it is loaded".into())
    } else if count(&[Disabled]) > 0 {
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
        assert_eq!((standing, &*why), (Standing::NotLoaded, "worker-0: no such hook"));
        assert_eq!(said(&[Enabled, LoadError], 2).0, Standing::PartlyLoaded);
        let lacking = (Standing::PartlyLoaded, "1 of 3 agents have it".to_owned());
        assert_eq!(said(&[Enabled], 3), lacking);
        assert_eq!(said(&[Loading, Enabled], 2).0, Standing::Changing);
        assert_eq!(said(&[Disabled], 1).0, Standing::Disabled);
        assert_eq!(said(&[Unknown], 1).0, Standing::Unknown);
    }
}
