//! Reads and writes single objects, as JSON: whoever decides what is in them is elsewhere.

use serde_json::Value;

use super::Error;

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
