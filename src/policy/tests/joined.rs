//! How a policy stands, by what the cluster holds and what agents say.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::policy::LoadState::{
    Disabled, Enabled, LoadError, Loading, PartlyEnabled, Skipped, Unknown,
};
use crate::policy::{AgentPolicy, LoadState, PolicyMode, Standing, joined};

fn object(name: &str) -> Arc<Value> {
    Arc::new(json!({
        "apiVersion": "cilium.io/v1alpha1",
        "kind": "TracingPolicy",
        "metadata": { "name": name, "uid": "1" },
        "spec": {
            "kprobes": [{ "call": "tcp_connect" }],
            "options": [{ "name": "policy-mode", "value": "monitor" }],
        },
    }))
}

fn agent(node: &str, name: &str, state: LoadState, error: &str) -> AgentPolicy {
    AgentPolicy {
        node: node.into(),
        name: name.into(),
        state,
        error: error.into(),
        ..AgentPolicy::default()
    }
}

#[test]
fn a_policy_stands_as_its_agents_say() {
    // Whether it is applied, states by node, agents that have answered; how it stands, and why.
    type Row = (bool, &'static [LoadState], usize, Standing, &'static str);
    let rows: [Row; 20] = [
        (true, &[], 0, Standing::Unknown, "no agent of Tetragon answers"),
        (true, &[], 2, Standing::NotLoaded, "2 of 2 agents do not have it"),
        (true, &[LoadError, LoadError], 2, Standing::NotLoaded, "n0 (2 nodes): no such call"),
        (
            true,
            &[LoadError],
            2,
            Standing::NotLoaded,
            "n0: no such call; 1 of 2 agents do not have it",
        ),
        (
            true,
            &[Skipped, Skipped],
            2,
            Standing::NotLoaded,
            "it concerns none of the nodes whose agents answer",
        ),
        (true, &[Enabled, LoadError], 2, Standing::PartlyLoaded, "n1: no such call"),
        (true, &[Enabled], 2, Standing::PartlyLoaded, "1 of 2 agents do not have it"),
        (
            true,
            &[Enabled, PartlyEnabled],
            2,
            Standing::PartlyLoaded,
            "n1: a part of it is not loaded",
        ),
        (true, &[PartlyEnabled], 1, Standing::PartlyLoaded, "n0: a part of it is not loaded"),
        (true, &[Disabled, LoadError], 2, Standing::PartlyLoaded, "n1: no such call"),
        (false, &[Enabled], 2, Standing::AgentOnly, ""),
        (false, &[LoadError], 2, Standing::NotLoaded, "n0: no such call"),
        (false, &[Enabled, LoadError], 2, Standing::PartlyLoaded, "n1: no such call"),
        (true, &[Enabled, Loading], 2, Standing::Changing, ""),
        (true, &[Unknown, Unknown], 2, Standing::Unknown, ""),
        (true, &[Enabled, Unknown], 2, Standing::Loaded, ""),
        (true, &[Enabled, Disabled], 2, Standing::Disabled, ""),
        (true, &[Disabled], 1, Standing::Disabled, ""),
        (true, &[Enabled, Skipped], 2, Standing::Loaded, ""),
        (true, &[Enabled, Enabled], 2, Standing::Loaded, ""),
    ];
    for (is_applied, states, asked, standing, why) in rows {
        let objects = if is_applied { vec![object("a")] } else { Vec::new() };
        let agents: Vec<_> = states
            .iter()
            .enumerate()
            .map(|(node, state)| {
                let error = if *state == LoadError { "no such\n  call" } else { "" };
                agent(&format!("n{node}"), "a", *state, error)
            })
            .collect();
        let policies = joined(objects, &agents, asked);
        assert_eq!(policies.len(), 1);
        let policy = &policies[0];
        assert_eq!(
            (policy.standing, policy.why.as_str()),
            (standing, why),
            "{is_applied} {states:?} {asked}"
        );
        assert_eq!(policy.manifest.is_some(), is_applied);
        assert_eq!(policy.agents.len(), states.len());
    }
}

#[test]
fn the_worst_come_first_and_namespaces_are_told_apart() {
    let mut of_shop = (*object("a")).clone();
    of_shop["metadata"]["namespace"] = json!("shop");
    let mut loaded_in_shop = agent("n0", "a", Enabled, "");
    loaded_in_shop.namespace = "shop".into();
    let agents = [
        agent("n0", "fine", Enabled, ""),
        loaded_in_shop,
        agent("n0", "a", LoadError, "bad"),
        agent("n0", "by-hand", Enabled, ""),
    ];
    let objects = vec![object("fine"), Arc::new(of_shop), object("a")];
    let policies = joined(objects, &agents, 1);
    let seen: Vec<_> =
        policies.iter().map(|policy| (policy.name.to_string(), policy.standing)).collect();
    assert_eq!(
        seen,
        [
            ("a".into(), Standing::NotLoaded),
            ("by-hand".into(), Standing::AgentOnly),
            ("fine".into(), Standing::Loaded),
            ("shop/a".into(), Standing::Loaded),
        ]
    );
    let first = &policies[0];
    assert_eq!(first.hooks, ["kprobe tcp_connect"]);
    assert_eq!(first.mode, Some(PolicyMode::Monitor));
    let manifest = first.manifest.as_deref().unwrap();
    assert!(manifest["metadata"].get("uid").is_none());
}

#[test]
fn words_of_an_agent_are_one_line_and_not_endless() {
    let error = format!("\u{1b}[2J{}", "x".repeat(10_000));
    let policies = joined(Vec::new(), &[agent("n0", "a", LoadError, &error)], 1);
    assert!(policies[0].why.len() < 600);
    assert!(!policies[0].why.contains(char::is_control));
}
