//! Objects in memory, for whoever sets limits without a network.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use super::super::{Audit, Responder};
use crate::cluster::{Collection, Conflicts, Effect, Error, ObjectPath, Objects};
use crate::respond::plan::double::{Owners, Refused, Server};
use crate::respond::{Controller, IngressName, Limit, LimitRequest, Refusal};
use crate::store::By;

pub(in crate::engine::responder) use crate::respond::plan::double::owners;

/// How the API server fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine::responder) enum Outage {
    /// It refuses to write.
    Refused(u16),
    /// It answers nothing.
    Away,
    /// It takes a request and never answers.
    Hangs,
    /// It takes one write, and is gone before it says so.
    Lost,
    /// It is not there.
    Gone,
    /// It takes its time for every answer.
    Slow(Duration),
}

/// How long a request is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Default)]
struct State {
    server: Server,
    /// Who serves the Ingress.
    class: String,
    /// What of it fails.
    outage: Option<(String, Outage)>,
    /// How many writes somebody else overtakes, and with which annotations.
    overtaken: (u32, Value),
    /// Writes that were taken.
    writes: Vec<String>,
}

/// Objects in memory. Cheap to clone.
#[derive(Clone, Default)]
pub(in crate::engine::responder) struct Memory(Arc<Mutex<State>>);

const WEB: &str = "ingresses/web";

impl Memory {
    /// The Ingress `shop/web` that Argo CD has applied, with these annotations.
    pub(in crate::engine::responder) fn with(annotations: &Value) -> Self {
        let memory = Self::default();
        memory.serve("k8s.io/ingress-nginx");
        memory.apply_as("argocd", annotations);
        memory
    }

    pub(in crate::engine::responder) fn apply_as(&self, manager: &str, annotations: &Value) {
        self.apply_to("web", manager, annotations);
    }

    /// Has `manager` apply the Ingress `shop/NAME`.
    pub(in crate::engine::responder) fn apply_to(
        &self,
        name: &str,
        manager: &str,
        annotations: &Value,
    ) {
        let body = json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": { "name": name, "namespace": "shop", "annotations": annotations },
            "spec": { "rules": [{ "host": "shop.example" }] },
        });
        self.0.lock().unwrap().server.apply(&format!("ingresses/{name}"), &body, manager).unwrap();
    }

    /// Puts an object there as it is.
    pub(in crate::engine::responder) fn put(&self, resource: &str, name: &str, object: &Value) {
        let key = format!("{resource}/{name}");
        self.0.lock().unwrap().server.apply(&key, object, "weir").unwrap();
    }

    pub(in crate::engine::responder) fn serve(&self, class: &str) {
        class.clone_into(&mut self.0.lock().unwrap().class);
    }

    /// Has what is done to `of` fail: a resource, or one object such as `ingresses/web`.
    pub(in crate::engine::responder) fn fail(&self, of: &str, outage: Outage) {
        self.0.lock().unwrap().outage = Some((of.to_owned(), outage));
    }

    pub(in crate::engine::responder) fn heal(&self) {
        self.0.lock().unwrap().outage = None;
    }

    pub(in crate::engine::responder) fn overtake(&self, times: u32, annotations: &Value) {
        self.0.lock().unwrap().overtaken = (times, annotations.clone());
    }

    pub(in crate::engine::responder) fn ingress(&self) -> Value {
        self.0.lock().unwrap().server.get(WEB).unwrap().clone()
    }

    /// All of them.
    pub(in crate::engine::responder) fn ingresses(&self) -> Vec<Value> {
        let state = self.0.lock().unwrap();
        let ingresses =
            state.server.objects.iter().filter(|(key, _)| key.starts_with("ingresses/"));
        ingresses.map(|(_, object)| object.clone()).collect()
    }

    pub(in crate::engine::responder) fn annotation(&self, field: &str) -> Option<String> {
        self.annotation_of("web", field)
    }

    pub(in crate::engine::responder) fn annotation_of(
        &self,
        name: &str,
        field: &str,
    ) -> Option<String> {
        let ingresses = self.ingresses();
        let found = ingresses.iter().find(|ingress| ingress["metadata"]["name"] == name)?;
        Some(found["metadata"]["annotations"][field].as_str()?.to_owned())
    }

    pub(in crate::engine::responder) fn owners(&self) -> Owners {
        owners(&self.ingress())
    }

    pub(in crate::engine::responder) fn keys(&self) -> Vec<String> {
        self.0.lock().unwrap().server.objects.keys().cloned().collect()
    }

    /// Writes to anything but the Lease, in order.
    pub(in crate::engine::responder) fn writes(&self) -> Vec<String> {
        self.0.lock().unwrap().writes.clone()
    }

    pub(in crate::engine::responder) fn serving(&self) -> Result<Controller, Refusal> {
        Controller::of_class(&self.0.lock().unwrap().class)
    }

    /// Answers late, or not at all.
    async fn wait(&self, path: &ObjectPath) -> Result<(), Error> {
        let outage = self.0.lock().unwrap().outage.clone();
        match outage {
            Some((of, Outage::Hangs)) if is_of(&of, path) => {
                sleep(PATIENCE).await;
                Err(unreachable(path))
            }
            Some((of, Outage::Slow(time))) if is_of(&of, path) => {
                sleep(time).await;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn write(
        &self,
        path: &ObjectPath,
        effect: Effect,
        write: impl FnOnce(&mut Server, &str) -> Result<Value, Refused>,
    ) -> Result<Value, Error> {
        self.wait(path).await?;
        let mut state = self.0.lock().unwrap();
        let key = key(path);
        check(&state, path, "write")?;
        if state.overtaken.0 > 0 && key == WEB {
            state.overtaken.0 -= 1;
            let mut annotations = state.overtaken.1.clone();
            annotations["turn"] = state.overtaken.0.to_string().into();
            let body = json!({ "metadata": { "annotations": annotations } });
            state.server.merge(WEB, &body, "kubectl").unwrap();
        }
        let mut server = state.server.clone();
        let written =
            write(&mut server, &key).map_err(|(status, reason)| refused(path, status, &reason));
        if effect == Effect::Lasting && written.is_ok() {
            state.server = server;
            if path.resource != "leases" {
                state.writes.push(key);
            }
            if matches!(&state.outage, Some((of, Outage::Lost)) if is_of(of, path)) {
                state.outage = Some((String::new(), Outage::Gone));
                return Err(unreachable(path));
            }
        }
        written
    }
}

fn key(path: &ObjectPath) -> String {
    format!("{}/{}", path.resource, path.name)
}

fn refused(path: &ObjectPath, status: u16, reason: &str) -> Error {
    Error::Refused {
        action: format!("write {}", key(path)),
        status,
        reason: reason.to_owned(),
        message: reason.to_owned(),
    }
}

fn unreachable(path: &ObjectPath) -> Error {
    Error::Unreachable { action: format!("ask for {}", key(path)), why: "no answer".to_owned() }
}

fn is_of(of: &str, path: &ObjectPath) -> bool {
    of == path.resource || of == key(path)
}

fn check(state: &State, path: &ObjectPath, verb: &str) -> Result<(), Error> {
    match &state.outage {
        Some((_, Outage::Gone)) => Err(unreachable(path)),
        Some((_, Outage::Away)) => Err(refused(path, 503, "away")),
        Some((of, Outage::Refused(status))) if is_of(of, path) && verb == "write" => {
            Err(refused(path, *status, "an admission webhook says no"))
        }
        _ => Ok(()),
    }
}

impl Objects for Memory {
    async fn get(&self, path: &ObjectPath) -> Result<Option<Value>, Error> {
        self.wait(path).await?;
        let state = self.0.lock().unwrap();
        check(&state, path, "read")?;
        Ok(state.server.get(&key(path)).cloned())
    }

    async fn list(&self, _: Collection<'_>, _: usize) -> Result<Vec<Value>, Error> {
        unreachable!("nothing that sets limits lists them by this")
    }

    async fn apply(
        &self,
        path: &ObjectPath,
        body: &Value,
        manager: &str,
        _: Conflicts,
        effect: Effect,
    ) -> Result<Value, Error> {
        self.write(path, effect, |server, key| server.apply(key, body, manager)).await
    }

    async fn merge(
        &self,
        path: &ObjectPath,
        body: &Value,
        manager: &str,
        effect: Effect,
    ) -> Result<Value, Error> {
        self.write(path, effect, |server, key| server.merge(key, body, manager)).await
    }

    async fn create(
        &self,
        path: &ObjectPath,
        body: &Value,
        manager: &str,
        effect: Effect,
    ) -> Result<Value, Error> {
        self.write(path, effect, |server, key| match server.get(key) {
            Some(_) => Err((409, "AlreadyExists".into())),
            None => server.apply(key, body, manager),
        })
        .await
    }

    async fn delete(
        &self,
        path: &ObjectPath,
        _: &str,
        _: &str,
        effect: Effect,
    ) -> Result<(), Error> {
        let deleted = self.write(path, effect, |server, key| {
            server.delete(key);
            Ok(Value::Null)
        });
        deleted.await.map(drop)
    }
}

/// What was put on record.
#[derive(Clone, Default)]
pub(in crate::engine::responder) struct Kept(Arc<Mutex<Vec<(String, String)>>>);

impl Kept {
    pub(in crate::engine::responder) fn whats(&self) -> Vec<String> {
        self.0.lock().unwrap().iter().map(|(what, _)| what.clone()).collect()
    }

    pub(in crate::engine::responder) fn last(&self) -> String {
        self.0.lock().unwrap().last().unwrap().1.clone()
    }
}

impl Audit for Kept {
    fn note(&self, _: &By, what: &str, _: &str, _: &Value, after: &Value) {
        self.0.lock().unwrap().push((what.to_owned(), after.to_string()));
    }
}

/// What serves the Ingress, as `memory` has it.
pub(in crate::engine::responder) type Serving =
    Box<dyn Fn(&IngressName, &Value) -> Result<Controller, Refusal> + Send + Sync>;

/// A responder at `memory`, and what it puts on record.
pub(in crate::engine::responder) fn responder(
    memory: &Memory,
) -> (Responder<Memory, Serving>, Kept) {
    let (kept, serving) = (Kept::default(), memory.clone());
    let serving: Serving = Box::new(move |_, _| serving.serving());
    (Responder::new(memory.clone(), serving, Box::new(kept.clone())), kept)
}

/// So many requests a second at `shop/web` for a quarter of an hour.
pub(in crate::engine::responder) fn request(rps: u32) -> LimitRequest {
    LimitRequest {
        ingress: super::name(),
        limit: Limit { rps: Some(rps), ..Limit::default() },
        ttl: Duration::from_mins(15),
        reason: "flood".into(),
        incident: None,
        by: "alice via api".into(),
        is_dry_run: false,
    }
}
