//! Policies, as an agent is asked for them.

use std::fs;
use std::time::Duration;

use serde_json::json;
use tempfile::tempdir;
use tokio::runtime::Builder;
use weir::policy::{AgentPolicy, Counters, LoadState, PolicyMode, PolicyName};
use weir::tetragon::{Agent, Endpoint, Error, Health, Wish};

use crate::support::data::shared;
use crate::support::double::tetragon::{TetragonAgent, policies};

const KILLING: &str = "
apiVersion: cilium.io/v1alpha1
kind: TracingPolicy
metadata: { name: kill }
spec:
  kprobes:
  - call: tcp_connect
    selectors: [{ matchActions: [{ action: Sigkill }] }]
";

fn name(name: &str) -> PolicyName {
    PolicyName { namespace: None, name: name.into() }
}

fn endpoint(agent: &TetragonAgent) -> Endpoint {
    match agent.endpoint().parse() {
        Ok(Wish::At(endpoint)) => endpoint,
        other => panic!("{other:?}"),
    }
}

/// Asks `double`.
fn ask<T>(double: &TetragonAgent, act: impl AsyncFnOnce(Agent) -> T) -> T {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async { act(Agent::at(&endpoint(double)).expect("a service")).await })
}

fn known(double: &TetragonAgent) -> Vec<AgentPolicy> {
    ask(double, async |agent| agent.policies().await).expect("it answers")
}

#[test]
fn each_state_and_mode_is_told_with_what_was_counted() {
    let double = TetragonAgent::on_tcp();
    let states = [
        ("UNKNOWN", LoadState::Unknown),
        ("ENABLED", LoadState::Enabled),
        ("DISABLED", LoadState::Disabled),
        ("LOAD_ERROR", LoadState::LoadError),
        ("ERROR", LoadState::Error),
        ("LOADING", LoadState::Loading),
        ("UNLOADING", LoadState::Unloading),
        ("SKIPPED", LoadState::Skipped),
        ("PARTIALLY_ENABLED", LoadState::PartlyEnabled),
    ];
    double.with(|agent| {
        let policy = |(state, _): &(&str, _)| {
            json!({ "name": state, "namespace": "shop", "state": format!("TP_STATE_{state}") })
        };
        agent.policies = states.iter().map(policy).collect();
    });
    let told: Vec<_> = known(&double).into_iter().map(|one| (one.name, one.state)).collect();
    assert_eq!(told, states.map(|(name, state)| (name.to_owned(), state)));

    double.with(|agent| {
        agent.policies = vec![
            json!({
                "name": "counts", "mode": "TP_MODE_ENFORCE", "kernel_memory_bytes": "266048",
                "domain": "k8s", "error": "no\n\u{1b}[31msymbol",
                "stats": { "action_counters": {
                    "post": "1", "signal": "2", "monitor_signal": "3", "override": "4",
                    "monitor_override": "5", "notify_enforcer": "6", "monitor_notify_enforcer": "7",
                    "set": "8", "monitor_set": "9", "nopost": "10",
                } },
            }),
            json!({ "name": "watches", "mode": "TP_MODE_MONITOR" }),
            json!({ "name": "only", "mode": "TP_MODE_MONITOR_ONLY" }),
            // Of agents that know no states and no modes.
            json!({ "name": "old", "enabled": true }),
            json!({ "name": "broken", "enabled": true, "error": "why" }),
        ];
    });
    let told = known(&double);
    let [counts, watches, only, old, broken] = &*told else { panic!("{told:?}") };
    assert_eq!((counts.mode, counts.kernel_memory_bytes), (Some(PolicyMode::Enforce), 266_048));
    assert_eq!((&*counts.domain, &*counts.error), ("k8s", "no [31msymbol"));
    assert_eq!(counts.node, double.endpoint());
    let counters = Counters {
        post: 1,
        signal: 2,
        monitor_signal: 3,
        override_: 4,
        monitor_override: 5,
        notify_enforcer: 6,
        monitor_notify_enforcer: 7,
        set: 8,
        monitor_set: 9,
        nopost: 10,
    };
    assert_eq!(counts.counters, counters);
    assert_eq!((watches.mode, watches.is_monitor_only), (Some(PolicyMode::Monitor), false));
    assert_eq!(watches.counters, Counters::default());
    assert_eq!((only.mode, only.is_monitor_only), (Some(PolicyMode::Monitor), true));
    assert_eq!((old.state, old.mode), (LoadState::Enabled, None));
    assert_eq!(broken.state, LoadState::LoadError);
}

#[test]
fn a_policy_is_added_switched_and_deleted_and_refusals_come_in_the_agents_words() {
    let folder = tempdir().unwrap();
    let double = TetragonAgent::at_socket(&folder.path().join("t.sock"));
    ask(&double, async |agent| {
        agent.add_policy(KILLING).await.unwrap();
        let [policy] = &*agent.policies().await.unwrap() else { panic!("one policy") };
        assert_eq!((policy.state, policy.mode), (LoadState::Enabled, Some(PolicyMode::Enforce)));

        agent.configure_policy(&name("kill"), PolicyMode::Monitor).await.unwrap();
        let [policy] = &*agent.policies().await.unwrap() else { panic!("one policy") };
        assert_eq!((policy.state, policy.mode), (LoadState::Enabled, Some(PolicyMode::Monitor)));

        let twice = agent.add_policy(KILLING).await.unwrap_err();
        assert!(twice.to_string().contains("it exists already"), "{twice}");
        let unread = agent.add_policy("kind: [").await.unwrap_err();
        assert!(matches!(unread, Error::Refused { .. }) && !unread.may_be_done());
        assert!(unread.to_string().contains("failed to parse tracing policy"), "{unread}");

        agent.delete_policy(&name("kill")).await.unwrap();
        assert_eq!(agent.policies().await.unwrap(), []);
        let gone = agent.delete_policy(&name("kill")).await.unwrap_err();
        assert!(gone.to_string().contains("tracing policy kill does not exist"), "{gone}");
    });
}

#[test]
fn a_policy_that_cannot_be_loaded_stays_with_its_reason() {
    let double = TetragonAgent::on_tcp();
    double.with(|agent| agent.no_such_hooks.insert("tcp_connect".into()));
    let refused = ask(&double, async |agent| agent.add_policy(KILLING).await).unwrap_err();
    assert!(refused.to_string().contains("no symbol tcp_connect"), "{refused}");
    let [policy] = &*known(&double) else { panic!("one policy") };
    assert_eq!(policy.state, LoadState::LoadError);
    assert!(policy.error.contains("no symbol tcp_connect"), "{}", policy.error);
}

#[test]
fn an_agent_is_asked_for_its_version_and_its_health_and_an_older_one_says_what_it_lacks() {
    let double = TetragonAgent::on_tcp();
    ask(&double, async |agent| {
        assert_eq!(agent.version().await.unwrap(), "v1.6.0");
        let health = Health { is_running: true, details: "running".into() };
        assert_eq!(agent.health().await.unwrap(), health);
        double.with(|agent| agent.unknown.insert("ConfigureTracingPolicy"));
        let error = agent.configure_policy(&name("x"), PolicyMode::Enforce).await.unwrap_err();
        assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
        assert!(error.to_string().contains("an older version"), "{error}");
    });
}

#[test]
fn an_agent_that_is_slow_or_away_is_waited_for_no_longer_than_that_takes() {
    let double = TetragonAgent::on_tcp();
    double.with(|agent| agent.slowness = Duration::from_mins(1));
    ask(&double, async |agent| {
        let began = std::time::SystemTime::now();
        let error = agent.version().await.unwrap_err();
        assert!(error.may_be_done() && error.to_string().contains("no answer within 5 s"));
        assert!(began.elapsed().unwrap() < Duration::from_secs(15));
        double.with(|agent| agent.slowness = Duration::ZERO);
        double.refuse();
        let error = agent.policies().await.unwrap_err();
        assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
        // It was not even reached.
        let error = agent.add_policy(KILLING).await.unwrap_err();
        assert!(!error.may_be_done(), "{error:?}");
        double.heal();
        // The same client finds it again.
        agent.policies().await.unwrap();
    });
}

#[test]
fn only_a_service_can_be_asked() {
    let error = Agent::at(&Endpoint::File("/var/log/t.log".into())).unwrap_err();
    assert!(error.to_string().contains("only its gRPC service"), "{error}");
}

#[test]
fn the_policies_of_a_live_agent_are_read() {
    let Some(path) = shared("tetragon-live/policies.json") else { return };
    let double = TetragonAgent::on_tcp();
    double.with(|agent| agent.policies = policies::read(&fs::read_to_string(path).unwrap()));
    let told = known(&double);
    let failed = told.iter().find(|policy| policy.name == "integ-kprobe").unwrap();
    assert_eq!(failed.state, LoadState::LoadError);
    assert!(failed.error.contains("failed to load"), "{}", failed.error);
    let uprobe = told.iter().find(|policy| policy.name == "integ-uprobe").unwrap();
    assert_eq!((uprobe.state, uprobe.counters.post), (LoadState::Enabled, 242));
    assert!(uprobe.is_monitor_only);
}
