use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::task::{self, PoliciesSeen};
use super::*;
use crate::cluster::{Collection, Conflicts, Effect, Error, ObjectPath, Objects};
use crate::engine::responder::Audit;
use crate::policy::{Guarded, Standing};
use crate::tetragon::{AgentStatus, Endpoint};

/// A cluster in memory.
#[derive(Debug, Clone, Default)]
struct Memory {
    objects: Arc<Mutex<Vec<Value>>>,
    /// How often policies of whole nodes were listed.
    lists: Arc<AtomicUsize>,
    is_away: Arc<AtomicBool>,
    /// Whether writes get no answer, and are not seen yet.
    is_mute: Arc<AtomicBool>,
    /// Whether lists get none, ever.
    is_hung: Arc<AtomicBool>,
    /// What somebody else has written into every policy.
    others: Arc<Mutex<Value>>,
}

impl Memory {
    fn reached(&self, action: &str) -> Result<(), Error> {
        if self.is_away.load(Ordering::Relaxed) {
            return Err(Error::Unreachable { action: action.into(), why: "away".into() });
        }
        Ok(())
    }

    /// Whether a write was done for sure.
    fn heard(&self, action: &str) -> Result<(), Error> {
        if self.is_mute.load(Ordering::Relaxed) {
            return Err(Error::Unreachable { action: action.into(), why: "no answer".into() });
        }
        Ok(())
    }

    fn lists(&self) -> usize {
        self.lists.load(Ordering::Relaxed)
    }
}

impl Objects for Memory {
    async fn get(&self, path: &ObjectPath) -> Result<Option<Value>, Error> {
        self.reached("read")?;
        let objects = self.objects.lock().unwrap();
        Ok(objects.iter().find(|object| object["metadata"]["name"] == path.name.as_str()).cloned())
    }

    async fn list(&self, collection: Collection<'_>, _: usize) -> Result<Vec<Value>, Error> {
        if collection.resource != "tracingpolicies" {
            return Ok(Vec::new());
        }
        self.lists.fetch_add(1, Ordering::Relaxed);
        self.reached("list")?;
        if self.is_hung.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        Ok(self.objects.lock().unwrap().clone())
    }

    async fn apply(
        &self,
        _: &ObjectPath,
        body: &Value,
        _: &str,
        _: Conflicts,
        effect: Effect,
    ) -> Result<Value, Error> {
        self.reached("apply")?;
        let mut body = body.clone();
        if let Value::Object(others) = &*self.others.lock().unwrap() {
            body["spec"].as_object_mut().unwrap().extend(others.clone());
        }
        if effect == Effect::Lasting {
            self.heard("apply")?;
            let mut objects = self.objects.lock().unwrap();
            objects.retain(|object| object["metadata"]["name"] != body["metadata"]["name"]);
            objects.push(body.clone());
        }
        Ok(body)
    }

    async fn merge(&self, _: &ObjectPath, _: &Value, _: &str, _: Effect) -> Result<Value, Error> {
        unreachable!("policies are applied")
    }

    async fn create(&self, _: &ObjectPath, _: &Value, _: &str, _: Effect) -> Result<Value, Error> {
        unreachable!("policies are applied")
    }

    async fn delete(&self, path: &ObjectPath, _: &str, _: &str, _: Effect) -> Result<(), Error> {
        self.reached("delete")?;
        self.heard("delete")?;
        let mut objects = self.objects.lock().unwrap();
        objects.retain(|object| object["metadata"]["name"] != path.name.as_str());
        Ok(())
    }
}

/// What is on record, oldest first.
#[derive(Clone, Default)]
struct Records(Arc<Mutex<Vec<String>>>);

impl Audit for Records {
    fn note(&self, _: &By, what: &str, _: &str, _: &Value, _: &Value) {
        self.0.lock().unwrap().push(what.into());
    }
}

fn by() -> By {
    By { who: "ada".into(), from: "console".into() }
}

fn policy(name: &str) -> PolicyRequest {
    let manifest = json!({
        "apiVersion": "cilium.io/v1alpha1", "kind": "TracingPolicy",
        "metadata": { "name": name }, "spec": { "kprobes": [{ "call": "tcp_connect" }] },
    });
    PolicyRequest { manifest, mode: None, is_forced: false, is_dry_run: false }
}

fn name(name: &str) -> PolicyName {
    PolicyName { namespace: None, name: name.into() }
}

fn parts(cluster: Result<Memory, String>, agents: Vec<AgentStatus>) -> PolicyParts<Memory> {
    PolicyParts {
        cluster,
        agents: watch::channel(Arc::new(agents)).1,
        guarded: Guarded::default(),
        is_read_only: false,
        audit: Box::new(Records::default()),
    }
}

fn client(memory: &Memory) -> PolicyClient<Memory> {
    PolicyClient::new(parts(Ok(memory.clone()), Vec::new()))
}

/// A task at `memory`, the door to it, and what it shows.
fn started(memory: &Memory) -> (Policies, watch::Receiver<PoliciesSeen>) {
    let (policies, mut asked) = Policies::new();
    let (show, seen) = watch::channel(PoliciesSeen::default());
    let client = client(memory);
    tokio::spawn(async move {
        let publish = move |new| drop(show.send_replace(new));
        task::run(&client, &mut asked, &publish, &CancellationToken::new()).await;
    });
    (policies, seen)
}

#[tokio::test(start_paused = true)]
async fn however_many_ask_policies_are_read_every_two_seconds_at_most() {
    let memory = Memory::default();
    let (policies, _seen) = started(&memory);
    for _ in 0..20 {
        assert!(policies.list().await.unwrap().policies.is_empty());
    }
    assert_eq!(memory.lists(), 1);
    sleep(Duration::from_secs(2)).await;
    policies.list().await.unwrap();
    assert_eq!(memory.lists(), 2);
    sleep(Duration::from_mins(1)).await;
    assert!((7..=9).contains(&memory.lists()), "{}", memory.lists());
}

#[tokio::test(start_paused = true)]
async fn a_change_is_seen_by_whoever_asks_next() {
    let memory = Memory::default();
    let (policies, seen) = started(&memory);
    assert!(policies.list().await.unwrap().policies.is_empty());
    let applied = policies.apply(policy("connections"), by()).await.unwrap();
    assert_eq!(applied.status.standing, Standing::Unknown);
    assert!(applied.notes.iter().any(|note| note.contains("no agent is known")), "{applied:?}");
    let list = policies.list().await.unwrap();
    assert_eq!(list.policies.len(), 1);
    assert_eq!(seen.borrow().list.policies, list.policies);
    let would = policies.delete(applied.status.name.clone(), by(), false).await.unwrap();
    assert!(!would.is_dry_run);
    assert!(policies.list().await.unwrap().policies.is_empty());
}

#[tokio::test(start_paused = true)]
async fn while_the_cluster_is_away_what_it_said_last_stands_with_why() {
    let memory = Memory::default();
    let (policies, seen) = started(&memory);
    policies.apply(policy("connections"), by()).await.unwrap();
    memory.is_away.store(true, Ordering::Relaxed);
    sleep(Duration::from_secs(11)).await;
    let error = policies.list().await.unwrap_err();
    assert!(matches!(error, PolicyError::Cluster(_)), "{error:?}");
    let shown = seen.borrow().clone();
    assert_eq!(shown.list.policies.len(), 1);
    assert!(shown.failure.is_some_and(|why| why.contains("away")));
    memory.is_away.store(false, Ordering::Relaxed);
    sleep(Duration::from_secs(11)).await;
    assert_eq!(seen.borrow().failure, None);
}

#[tokio::test]
async fn a_policy_is_switched_by_applying_it_in_the_other_mode() {
    let memory = Memory::default();
    let client = client(&memory);
    client.apply(policy("connections"), &by()).await.unwrap();
    let switch = PolicySwitch {
        name: name("connections"),
        mode: PolicyMode::Monitor,
        is_forced: false,
        is_dry_run: false,
    };
    let switched = client.switch(&switch, &by()).await.unwrap();
    assert_eq!(switched.status.mode, Some(PolicyMode::Monitor));
    assert!(switched.diff.contains("policy-mode"), "{}", switched.diff);
    let error =
        client.switch(&PolicySwitch { name: name("none"), ..switch }, &by()).await.unwrap_err();
    assert!(matches!(error, PolicyError::NoPolicy(_)), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_write_of_which_nobody_says_what_came_of_it_is_not_told_as_refused() {
    let memory = Memory::default();
    let records = Records::default();
    let audit = Box::new(records.clone());
    let client = PolicyClient::new(PolicyParts { audit, ..parts(Ok(memory.clone()), Vec::new()) });
    client.apply(policy("connections"), &by()).await.unwrap();
    memory.is_mute.store(true, Ordering::Relaxed);
    let unsure = client.apply(policy("other"), &by()).await.unwrap_err();
    assert!(unsure.to_string().contains("not known whether it was written: apply"), "{unsure}");
    assert!(matches!(unsure, PolicyError::Unsure { .. }), "{unsure:?}");
    let unsure = client.delete(&name("connections"), &by(), Effect::Lasting).await.unwrap_err();
    assert!(matches!(unsure, PolicyError::Unsure { .. }), "{unsure:?}");
    assert_eq!(*records.0.lock().unwrap(), ["policy.apply", "policy.unsure", "policy.unsure"]);
}

#[tokio::test]
async fn a_policy_in_which_others_have_written_what_cannot_be_read_is_applied_only_by_force() {
    let memory = Memory::default();
    let client = client(&memory);
    *memory.others.lock().unwrap() = json!({ "of-a-later-version": [] });
    let refused = client.apply(policy("connections"), &by()).await.unwrap_err();
    assert!(matches!(refused, PolicyError::Dangerous(_)), "{refused:?}");
    assert!(refused.to_string().contains("of-a-later-version"), "{refused}");
    assert!(memory.objects.lock().unwrap().is_empty());
    let forced = PolicyRequest { is_forced: true, ..policy("connections") };
    let applied = client.apply(forced, &by()).await.unwrap();
    assert!(applied.notes[0].starts_with("forced, although"), "{applied:?}");
}

#[tokio::test]
async fn the_namespace_of_an_agent_that_was_found_is_guarded_however_it_is_heard() {
    let memory = Memory::default();
    let agent = AgentStatus::new(Endpoint::Tcp("127.0.0.1:1".into()));
    let agent = AgentStatus { namespace: "tetragon".into(), ..agent };
    let client = PolicyClient::new(parts(Ok(memory), vec![agent]));
    let mut request = policy("kill");
    request.manifest["kind"] = "TracingPolicyNamespaced".into();
    request.manifest["metadata"]["namespace"] = "tetragon".into();
    request.manifest["spec"]["kprobes"][0]["selectors"] =
        json!([{ "matchActions": [{ "action": "Sigkill" }] }]);
    let refused = client.apply(request, &by()).await.unwrap_err();
    assert!(matches!(refused, PolicyError::Dangerous(_)), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn what_nobody_waits_for_any_more_is_not_done() {
    let memory = Memory::default();
    let (policies, _seen) = started(&memory);
    tokio::select! {
        biased;
        _ = policies.apply(policy("connections"), by()) => panic!("nobody was to wait for it"),
        () = std::future::ready(()) => {}
    }
    assert!(policies.list().await.unwrap().policies.is_empty());
}

#[tokio::test(start_paused = true)]
async fn where_nobody_can_be_asked_any_more_what_was_read_before_is_not_told() {
    let (show, agents) = watch::channel(Arc::new(Vec::new()));
    show.send_replace(Arc::new(vec![AgentStatus::new(Endpoint::Tcp("127.0.0.1:1".into()))]));
    let client =
        PolicyClient::new(PolicyParts { agents, ..parts(Err("no cluster".into()), Vec::new()) });
    let (policies, mut asked) = Policies::new();
    tokio::spawn(async move {
        task::run(&client, &mut asked, &|_| (), &CancellationToken::new()).await;
    });
    assert!(policies.list().await.unwrap().policies.is_empty());
    show.send_replace(Arc::default());
    sleep(Duration::from_millis(1_500)).await;
    let error = policies.list().await.unwrap_err();
    assert!(matches!(error, PolicyError::Nowhere(_)), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn who_ends_does_not_wait_for_a_list_that_does_not_come() {
    let memory = Memory::default();
    memory.is_hung.store(true, Ordering::Relaxed);
    let (client, stop) = (client(&memory), CancellationToken::new());
    let (_policies, mut asked) = Policies::new();
    let asked_to_stop = stop.clone();
    let task = tokio::spawn(async move {
        task::run(&client, &mut asked, &|_| (), &asked_to_stop).await;
    });
    sleep(Duration::from_secs(5)).await;
    assert_eq!(memory.lists(), 1);
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(1), task).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn where_no_agent_answers_it_is_not_said_that_there_is_no_such_policy() {
    let agents = vec![AgentStatus::new(Endpoint::Tcp("127.0.0.1:1".into()))];
    for cluster in [Ok(Memory::default()), Err("no cluster".to_owned())] {
        let client = PolicyClient::new(parts(cluster, agents.clone()));
        let error = client.delete(&name("x"), &by(), Effect::Lasting).await.unwrap_err();
        assert!(matches!(error, PolicyError::Silent(_)), "{error:?}");
        let mode = PolicyMode::Monitor;
        let switch = PolicySwitch { name: name("x"), mode, is_forced: false, is_dry_run: false };
        let error = client.switch(&switch, &by()).await.unwrap_err();
        assert!(matches!(error, PolicyError::Silent(_)), "{error:?}");
    }
}
