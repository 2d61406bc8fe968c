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

/// A cluster in memory.
#[derive(Debug, Clone, Default)]
struct Memory {
    objects: Arc<Mutex<Vec<Value>>>,
    /// How often policies of whole nodes were listed.
    lists: Arc<AtomicUsize>,
    is_away: Arc<AtomicBool>,
}

impl Memory {
    fn reached(&self, action: &str) -> Result<(), Error> {
        if self.is_away.load(Ordering::Relaxed) {
            return Err(Error::Unreachable { action: action.into(), why: "away".into() });
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
        if effect == Effect::Lasting {
            let mut objects = self.objects.lock().unwrap();
            objects.retain(|object| object["metadata"]["name"] != body["metadata"]["name"]);
            objects.push(body.clone());
        }
        Ok(body.clone())
    }

    async fn merge(&self, _: &ObjectPath, _: &Value, _: &str, _: Effect) -> Result<Value, Error> {
        unreachable!("policies are applied")
    }

    async fn create(&self, _: &ObjectPath, _: &Value, _: &str, _: Effect) -> Result<Value, Error> {
        unreachable!("policies are applied")
    }

    async fn delete(&self, path: &ObjectPath, _: &str, _: &str, _: Effect) -> Result<(), Error> {
        self.reached("delete")?;
        let mut objects = self.objects.lock().unwrap();
        objects.retain(|object| object["metadata"]["name"] != path.name.as_str());
        Ok(())
    }
}

/// Keeps nothing.
struct Silent;

impl Audit for Silent {
    fn note(&self, _: &By, _: &str, _: &str, _: &Value, _: &Value) {}
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

fn client(memory: &Memory) -> PolicyClient<Memory> {
    PolicyClient::new(PolicyParts {
        cluster: Ok(memory.clone()),
        agents: watch::channel(Arc::default()).1,
        guarded: Guarded::default(),
        is_read_only: false,
        audit: Box::new(Silent),
    })
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
    sleep(Duration::from_secs(60)).await;
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
    assert_eq!(seen.borrow().policies, list.policies);
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
    assert_eq!(shown.policies.len(), 1);
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
    let name = PolicyName { namespace: None, name: "connections".into() };
    let switch =
        PolicySwitch { name, mode: PolicyMode::Monitor, is_forced: false, is_dry_run: false };
    let switched = client.switch(&switch, &by()).await.unwrap();
    assert_eq!(switched.status.mode, Some(PolicyMode::Monitor));
    assert!(switched.diff.contains("policy-mode"), "{}", switched.diff);
    let missing = PolicyName { namespace: None, name: "none".into() };
    let error = client.switch(&PolicySwitch { name: missing, ..switch }, &by()).await.unwrap_err();
    assert!(matches!(error, PolicyError::NoPolicy(_)), "{error:?}");
}
