//! What a test does to the API server without HTTP: each is as if somebody else had done it.

use serde_json::Value;

use super::asked::Answered;
use super::kinds::Kind;
use super::merge::Force;
use super::select::Selector;
use super::service::Kube;
use super::status::Status;
use super::target::{Hand, Persist, Target};

impl Kube {
    /// Puts an object there as it is, `status` and all, and its namespace where that is missing.
    #[track_caller]
    pub fn seed(&mut self, object: Value) {
        let target = Self::target_of(&object);
        self.store.seed(&target, object);
    }

    /// Puts all objects of a YAML text there.
    #[track_caller]
    pub fn seed_yaml(&mut self, text: &str) {
        for document in serde_yaml::Deserializer::from_str(text) {
            let object: Value = serde::Deserialize::deserialize(document).expect("YAML");
            if !object.is_null() {
                self.seed(object);
            }
        }
    }

    /// The object, or null.
    #[track_caller]
    pub fn get(&self, resource: &str, namespace: &str, name: &str) -> Value {
        let kind = Kind::named(resource);
        self.store.get(kind, namespace, name).cloned().unwrap_or_default()
    }

    /// All objects of that kind.
    #[track_caller]
    pub fn all(&self, resource: &str) -> Vec<Value> {
        self.store.list(Kind::named(resource), &Selector::default())
    }

    /// `manager` creates it.
    #[track_caller]
    pub fn create_as(&mut self, manager: &str, object: &Value) -> Result<Value, Status> {
        let target = Self::target_of(object);
        self.store.create(&target, object, &hand(manager))
    }

    /// `manager` applies it.
    #[track_caller]
    pub fn apply_as(
        &mut self,
        manager: &str,
        config: &Value,
        force: Force,
    ) -> Result<Value, Status> {
        let target = Self::target_of(config);
        self.store.apply(&target, config, &hand(manager), force)
    }

    /// `manager` merges `patch` into it, as `kubectl annotate` and `kubectl patch` do.
    #[track_caller]
    pub fn patch_as(
        &mut self,
        manager: &str,
        [resource, namespace, name]: [&str; 3],
        patch: &Value,
    ) -> Result<Value, Status> {
        let kind = Kind::named(resource);
        let (namespace, name) = (namespace.to_owned(), name.to_owned());
        let target = Target { kind, namespace, name, subresource: String::new() };
        self.store.merge(&target, patch, &hand(manager))
    }

    /// Somebody deletes it.
    #[track_caller]
    pub fn remove(&mut self, resource: &str, namespace: &str, name: &str) {
        let kind = Kind::named(resource);
        self.store.set(kind, &(namespace.to_owned(), name.to_owned()), None);
    }

    /// The requests that changed something, or tried to, in order.
    pub fn writes(&self) -> Vec<&Answered> {
        self.log.iter().filter(|answered| answered.asked.is_write()).collect()
    }

    #[track_caller]
    fn target_of(object: &Value) -> Target {
        let kind = Kind::of(object);
        let kind = kind.unwrap_or_else(|| panic!("the double serves no such kind: {object}"));
        let text =
            |member: &str| object["metadata"][member].as_str().unwrap_or_default().to_owned();
        let (namespace, name) = (text("namespace"), text("name"));
        assert!(!name.is_empty(), "no name: {object}");
        Target { kind, namespace, name, subresource: String::new() }
    }
}

fn hand(manager: &str) -> Hand {
    Hand { manager: manager.into(), persist: Persist::Yes }
}
