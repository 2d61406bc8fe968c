//! Reads and writes single objects, as JSON: whoever decides what is in them is elsewhere.

use std::fmt;

use hyper::Method;
use serde_json::{Value, json};

use super::request::{ANSWER, Ask, encoded};
use super::{Cluster, Error};

/// What is read or written: the path of the collection on the API server, and the name in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectPath {
    /// `networking.k8s.io/v1`, `v1`.
    pub api_version: String,
    /// `ingresses`: the resource as RBAC names it.
    pub resource: String,
    /// Its namespace; none for what has none.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

/// Whether what is written stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// It does.
    Lasting,
    /// It is checked by the API server as if it did (`dryRun=All`).
    DryRun,
}

/// Whether fields of others are taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Conflicts {
    /// The API server refuses.
    Refused,
    /// They are.
    Forced,
}

/// Single objects on the API server. Every write names its field manager; one with
/// `metadata.resourceVersion` in its body is refused (409) where the object has changed since.
pub trait Objects {
    /// The object as it is now; none where there is none.
    fn get(&self, path: &ObjectPath) -> impl Future<Output = Result<Option<Value>, Error>> + Send;

    /// Server-side apply of `body` under `manager`; returns the object as it is since.
    fn apply(
        &self,
        path: &ObjectPath,
        body: &Value,
        manager: &str,
        conflicts: Conflicts,
        effect: Effect,
    ) -> impl Future<Output = Result<Value, Error>> + Send;

    /// JSON merge patch (RFC 7386) under `manager`: `null` removes; returns the object as it is since.
    fn merge(
        &self,
        path: &ObjectPath,
        patch: &Value,
        manager: &str,
        effect: Effect,
    ) -> impl Future<Output = Result<Value, Error>> + Send;

    /// Creates `body`, refused (409) where it is there.
    fn create(
        &self,
        path: &ObjectPath,
        body: &Value,
        manager: &str,
        effect: Effect,
    ) -> impl Future<Output = Result<Value, Error>> + Send;

    /// Removes it if it is still of `uid` and `resource_version`; fine where it is gone.
    fn delete(
        &self,
        path: &ObjectPath,
        uid: &str,
        resource_version: &str,
        effect: Effect,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}

impl Objects for Cluster {
    async fn get(&self, path: &ObjectPath) -> Result<Option<Value>, Error> {
        let found = self.ask(&format!("read {path}"), &Ask::get(path.url()), ANSWER).await;
        match found {
            Err(error) if error.status() == Some(404) => Ok(None),
            found => found.map(Some),
        }
    }

    async fn apply(
        &self,
        path: &ObjectPath,
        body: &Value,
        manager: &str,
        conflicts: Conflicts,
        effect: Effect,
    ) -> Result<Value, Error> {
        let force = if conflicts == Conflicts::Forced { "true" } else { "false" };
        let ask = effect.of(Ask::new(Method::PATCH, path.url()));
        let ask = ask.with("fieldManager", manager).with("force", force);
        // JSON is YAML.
        let ask = ask.with_body("application/apply-patch+yaml", body);
        self.ask(&format!("apply {path} as `{manager}`"), &ask, ANSWER).await
    }

    async fn merge(
        &self,
        path: &ObjectPath,
        patch: &Value,
        manager: &str,
        effect: Effect,
    ) -> Result<Value, Error> {
        let ask = effect.of(Ask::new(Method::PATCH, path.url())).with("fieldManager", manager);
        let ask = ask.with_body("application/merge-patch+json", patch);
        self.ask(&format!("change {path} as `{manager}`"), &ask, ANSWER).await
    }

    async fn create(
        &self,
        path: &ObjectPath,
        body: &Value,
        manager: &str,
        effect: Effect,
    ) -> Result<Value, Error> {
        let ask = effect.of(Ask::new(Method::POST, path.collection()));
        let ask = ask.with("fieldManager", manager).with_body("application/json", body);
        self.ask(&format!("create {path}"), &ask, ANSWER).await
    }

    async fn delete(
        &self,
        path: &ObjectPath,
        uid: &str,
        resource_version: &str,
        effect: Effect,
    ) -> Result<(), Error> {
        let only_this = json!({
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": { "uid": uid, "resourceVersion": resource_version },
        });
        let ask = effect.of(Ask::new(Method::DELETE, path.url()));
        let ask = ask.with_body("application/json", &only_this);
        let gone = self.ask::<Value>(&format!("remove {path}"), &ask, ANSWER).await;
        match gone {
            Err(error) if error.status() != Some(404) => Err(error),
            _ => Ok(()),
        }
    }
}

impl Effect {
    fn of(self, ask: Ask) -> Ask {
        match self {
            Self::Lasting => ask,
            Self::DryRun => ask.with("dryRun", "All"),
        }
    }
}

impl ObjectPath {
    fn collection(&self) -> String {
        let root = if self.api_version.contains('/') { "apis" } else { "api" };
        let namespace = self.namespace.as_ref();
        let namespace = namespace.map(|name| format!("/namespaces/{}", encoded(name)));
        let namespace = namespace.unwrap_or_default();
        format!("/{root}/{}{namespace}/{}", self.api_version, encoded(&self.resource))
    }

    fn url(&self) -> String {
        format!("{}/{}", self.collection(), encoded(&self.name))
    }
}

/// As people name it: `ingresses shop/web`.
impl fmt::Display for ObjectPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { resource, namespace, name, .. } = self;
        match namespace {
            Some(namespace) => write!(f, "{resource} {namespace}/{name}"),
            None => write!(f, "{resource} {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_found_where_kubernetes_has_it() {
        let path = |api_version: &str, namespace: Option<&str>| ObjectPath {
            api_version: api_version.into(),
            resource: "things".into(),
            namespace: namespace.map(str::to_owned),
            name: "a/b".into(),
        };
        let core = path("v1", Some("shop"));
        assert_eq!(core.url(), "/api/v1/namespaces/shop/things/a%2Fb");
        assert_eq!(core.collection(), "/api/v1/namespaces/shop/things");
        assert_eq!(path("x.io/v1", None).url(), "/apis/x.io/v1/things/a%2Fb");
        assert_eq!(core.to_string(), "things shop/a/b");
    }
}
