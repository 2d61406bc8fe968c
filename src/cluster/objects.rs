//! Reads and writes single objects, and lists them, as JSON: whoever decides what is in them is elsewhere.

use std::fmt;

use hyper::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::request::{ANSWER, Ask, PAGE, encoded};
use super::{Cluster, Error};

/// Objects on a page of a list.
const ON_PAGE: &str = "250";

/// How often a list is begun that the API server cannot go on with.
const ATTEMPTS: usize = 3;

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

/// Objects of one kind: those of a namespace, or all there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Collection<'a> {
    /// `cilium.io/v1alpha1`, `v1`.
    pub api_version: &'a str,
    /// The resource as RBAC names it.
    pub resource: &'a str,
    /// Of which namespace; none for all, and for what has none.
    pub namespace: Option<&'a str>,
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

    /// All of them as they are at one moment; an error where they are more than `most`: whoever knows a
    /// part of them is not to take it for the whole.
    fn list(
        &self,
        collection: Collection<'_>,
        most: usize,
    ) -> impl Future<Output = Result<Vec<Value>, Error>> + Send;

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

    async fn list(&self, collection: Collection<'_>, most: usize) -> Result<Vec<Value>, Error> {
        let action = format!("list {}", collection.resource);
        let ask = Ask::get(collection.url()).with("limit", ON_PAGE);
        for _ in 0..ATTEMPTS {
            match self.pages(&action, &ask, most).await {
                // It changed too much while it was read.
                Err(error) if error.status() == Some(410) => {}
                listed => return listed,
            }
        }
        let why = "it changes faster than it can be read".to_owned();
        Err(Error::Unreachable { action, why })
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
        change: &Value,
        manager: &str,
        effect: Effect,
    ) -> Result<Value, Error> {
        let ask = effect.of(Ask::new(Method::PATCH, path.url())).with("fieldManager", manager);
        let ask = ask.with_body("application/merge-patch+json", change);
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

impl Cluster {
    async fn pages(&self, action: &str, ask: &Ask, most: usize) -> Result<Vec<Value>, Error> {
        let (mut all, mut next) = (Vec::new(), ask.clone());
        loop {
            let page = self.ask::<Page>(action, &next, PAGE).await?;
            all.extend(page.items.unwrap_or_default());
            if all.len() > most {
                let why = format!("there are more than {most} of them, which are not read");
                return Err(Error::Unreachable { action: action.to_owned(), why });
            }
            if page.metadata.r#continue.is_empty() {
                return Ok(all);
            }
            next = ask.clone().with("continue", &page.metadata.r#continue);
        }
    }
}

/// A page of a list.
#[derive(Debug, Deserialize)]
struct Page {
    #[serde(default)]
    metadata: PageMetadata,
    items: Option<Vec<Value>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PageMetadata {
    r#continue: String,
}

impl Effect {
    fn of(self, ask: Ask) -> Ask {
        match self {
            Self::Lasting => ask,
            Self::DryRun => ask.with("dryRun", "All"),
        }
    }
}

impl Collection<'_> {
    fn url(&self) -> String {
        let root = if self.api_version.contains('/') { "apis" } else { "api" };
        let namespace = self.namespace.map(|name| format!("/namespaces/{}", encoded(name)));
        let namespace = namespace.unwrap_or_default();
        format!("/{root}/{}{namespace}/{}", self.api_version, encoded(self.resource))
    }
}

impl ObjectPath {
    fn collection(&self) -> String {
        let Self { api_version, resource, namespace, .. } = self;
        Collection { api_version, resource, namespace: namespace.as_deref() }.url()
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
