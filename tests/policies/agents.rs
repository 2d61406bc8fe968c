//! Policies where there is no cluster: given to an agent itself.

use std::time::{Duration, SystemTime};

use crate::support::double::tetragon::{TetragonAgent, policies};
use crate::support::ledger::Said;
use crate::{HARMS, KILLS, Stage, TELLS, objects};

/// A verb without a cluster.
fn alone(stage: &Stage, line: &str, file: &str) -> Said {
    stage.weir(&format!("{line} --cluster off"), file)
}

#[track_caller]
fn done(stage: &Stage, line: &str, file: &str) -> String {
    let said = alone(stage, line, file);
    assert_eq!((said.status, &*said.err), (Some(0), ""), "{line}: {said:?}");
    said.out
}

fn calls(agent: &TetragonAgent) -> Vec<String> {
    let log = agent.with(|agent| std::mem::take(&mut agent.log));
    let is_change = |call: &String| call.starts_with("Add") || call.starts_with("Delete");
    log.into_iter().filter(is_change).collect()
}

#[test]
fn an_agent_is_given_a_policy_and_it_is_taken_back() {
    let stage = Stage::new();
    let said = done(&stage, "policy apply -f FILE --yes", KILLS);
    assert_eq!(said, "shop/no-egress is applied: loaded\n");
    assert_eq!(calls(&stage.agent).len(), 1);
    let listed = &objects(&done(&stage, "policy list -o json", ""))[0];
    assert_eq!((&listed["standing"], &listed["namespace"]), (&"loaded".into(), &"shop".into()));
    assert_eq!(listed["agents"][0]["domain"], "grpc");

    let said = done(&stage, "policy apply -f FILE --yes", KILLS);
    assert!(said.contains("replaced by deleting it first"), "{said}");
    let changes = calls(&stage.agent);
    assert!(changes[0].starts_with("Delete") && changes[1].starts_with("Add"), "{changes:?}");

    let said = done(&stage, "policy delete shop/no-egress --yes", "");
    assert_eq!(said, "shop/no-egress is deleted\n");
    assert!(stage.agent.with(|agent| agent.policies.is_empty()));
    let said = alone(&stage, "policy delete shop/no-egress --yes", "");
    assert_eq!(said.status, Some(65), "{said:?}");
    assert!(said.err.contains("there is no policy shop/no-egress"), "{said:?}");
    let whats: Vec<_> = stage.records().into_iter().map(|record| record.what).collect();
    assert_eq!(whats, ["policy.apply", "policy.apply", "policy.delete", "policy.refuse"]);
}

#[test]
fn a_dry_run_only_reads_it_and_says_so() {
    let stage = Stage::new();
    let said = done(&stage, "policy apply -f FILE --dry-run", KILLS);
    assert!(said.contains("no API server to check it"), "{said}");
    assert!(said.contains("add TracingPolicyNamespaced shop/no-egress at 1 agent:"), "{said}");
    let harms = alone(&stage, "policy apply -f FILE --yes", HARMS);
    assert_eq!(harms.status, Some(65), "{harms:?}");
    let read_only = alone(&stage, "policy apply -f FILE --yes --read-only", KILLS);
    assert_eq!(read_only.status, Some(77), "{read_only:?}");
    assert_eq!(calls(&stage.agent), Vec::<String>::new());
}

#[test]
fn an_agent_that_cannot_load_it_says_why() {
    let stage = Stage::new();
    stage.agent.with(|agent| agent.no_such_hooks.insert("tcp_connec".into()));
    let misspelt = TELLS.replace("tcp_connect", "tcp_connec");
    let said = alone(&stage, "policy apply -f FILE --yes", &misspelt);
    assert_eq!(said.status, Some(65), "{said:?}");
    assert!(said.out.starts_with("connections is applied: NOT LOADED: "), "{said:?}");
    assert!(said.err.contains("no symbol tcp_connec"), "{said:?}");
}

#[test]
fn a_policy_that_is_deleted_and_not_replaced_is_said_to_be_gone() {
    let stage = Stage::new();
    done(&stage, "policy apply -f FILE --yes", KILLS);
    stage.agent.with(|agent| agent.unknown.insert("AddTracingPolicy"));
    let said = alone(&stage, "policy apply -f FILE --yes", KILLS);
    assert_eq!(said.status, Some(69), "{said:?}");
    assert!(said.err.contains("the policy that it had is deleted"), "{said:?}");
    assert!(stage.agent.with(|agent| agent.policies.is_empty()));
}

#[test]
fn an_agent_that_does_not_answer_is_waited_for_no_longer_than_whoever_asks_waits() {
    let stage = Stage::new();
    done(&stage, "policy apply -f FILE --yes", KILLS);
    stage.agent.freeze();
    let began = SystemTime::now();
    let said = alone(&stage, "policy apply -f FILE --yes", TELLS);
    let took = began.elapsed().unwrap();
    assert_eq!((said.status, &*said.out), (Some(69), ""), "{said:?}");
    assert!(said.err.contains("it is not known whether"), "{said:?}");
    // With all that starts and ends around it on a busy machine.
    assert!(took < Duration::from_secs(20), "{took:?}");
    let said = alone(&stage, "policy delete shop/no-egress --yes", "");
    assert_eq!(said.status, Some(69), "{said:?}");
    assert!(said.err.contains("none answered"), "{said:?}");
    let whats: Vec<_> = stage.records().into_iter().map(|record| record.what).collect();
    assert_eq!(whats, ["policy.apply", "policy.unsure", "policy.refuse"]);
}

#[test]
fn a_policy_that_only_some_agents_load_is_told_as_such() {
    let stage = Stage::new();
    let other = TetragonAgent::on_tcp();
    other.with(|agent| agent.no_such_hooks.insert("tcp_connect".into()));
    let (one, other) = (stage.agent.endpoint(), other.endpoint());
    let line = format!("policy apply -f FILE --yes --tetragon {one} --tetragon {other}");
    let said = alone(&stage, &line, TELLS);
    assert_eq!(said.status, Some(65), "{said:?}");
    assert!(said.out.starts_with("connections is applied: PARTLY LOADED: "), "{said:?}");
    assert!(said.err.contains("not loaded everywhere: ") && said.err.contains(&other), "{said:?}");
}

#[test]
fn a_policy_is_not_said_to_be_nowhere_while_an_agent_that_may_have_it_is_silent() {
    let stage = Stage::new();
    let other = TetragonAgent::on_tcp();
    done(&stage, "policy apply -f FILE --yes", TELLS);
    let (one, other) = (stage.agent.endpoint(), other.endpoint());
    let line = format!("policy delete connections --yes --tetragon {one} --tetragon {other}");
    stage.agent.refuse();
    let said = alone(&stage, &line, "");
    assert_eq!(said.status, Some(69), "{said:?}");
    assert!(said.err.contains("none that answered has it, and not all did"), "{said:?}");
    stage.agent.heal();
    let said = alone(&stage, &line, "");
    assert_eq!(said.status, Some(0), "{said:?}");
    assert_eq!(alone(&stage, &line, "").status, Some(65), "now it is nowhere");
}

#[test]
fn where_nobody_can_be_asked_that_is_said() {
    let stage = Stage::new();
    stage.agent.refuse();
    let said = alone(&stage, "policy apply -f FILE --yes", TELLS);
    assert_eq!((said.status, &*said.out), (Some(69), ""), "{said:?}");
    assert!(said.err.contains("no agent did it"), "{said:?}");
    for (tetragon, words) in [
        ("none", "no agent of Tetragon is known"),
        ("file:///nowhere/t.log", "which take no policies"),
    ] {
        let line = format!("policy list --tetragon {tetragon}");
        let said = alone(&stage, &line, "");
        assert_eq!((said.status, &*said.out), (Some(69), ""), "{said:?}");
        assert!(said.err.contains("`cluster` is `off`") && said.err.contains(words), "{said:?}");
    }
}

#[test]
fn what_only_agents_have_is_deleted_there_beside_a_cluster_too() {
    let stage = Stage::new();
    stage.agent.with(|agent| policies::add(agent, TELLS).unwrap());
    let listed = &objects(&stage.done("policy list -o json", ""))[0];
    assert_eq!(listed["standing"], "agent-only");
    let said = stage.done("policy delete connections --yes", "");
    assert!(said.contains("the cluster knows nothing of it"), "{said}");
    assert!(stage.agent.with(|agent| agent.policies.is_empty()));
    assert_eq!(stage.writes(), 0);
}
