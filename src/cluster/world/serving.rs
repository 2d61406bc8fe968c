//! Which controller serves an Ingress.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Backing, ServedBy};
use crate::cluster::record::{Class, ClassName, Pod};
use crate::cluster::store::{Key, Store};
use crate::packet::Address;

/// The controller whose name another one takes too: Traefik stands in for it where it is told to.
const SHARED: &str = "k8s.io/ingress-nginx";

/// Controllers of the cluster, by their classes.
pub(super) struct Controllers<'a> {
    classes: BTreeMap<&'a str, &'a Class>,
    defaults: Vec<&'a Class>,
    found: BTreeMap<&'a str, Found>,
    /// Whether it would be known if a controller had pods.
    sees_pods: bool,
}

/// The pods that serve a class.
#[derive(Debug, Default)]
struct Found {
    images: BTreeSet<String>,
    replicas: u32,
    addresses: BTreeSet<Address>,
}

impl<'a> Controllers<'a> {
    pub(super) fn of(store: &'a Store, backing: &BTreeMap<Key, Backing>) -> Self {
        let classes: BTreeMap<_, _> =
            store.classes.values().map(|class| (class.name.as_str(), class.as_ref())).collect();
        let of_controllers: Vec<_> = store
            .pods
            .values()
            .filter(|pod| !pod.serves.is_empty() && !pod.phase.is_over())
            .map(|pod| (pod, in_front(pod, store, backing)))
            .collect();
        let mut found = BTreeMap::<_, Found>::new();
        for class in classes.values() {
            if found.contains_key(class.controller.as_str()) {
                continue;
            }
            let mut all = Found::default();
            for (pod, in_front) in &of_controllers {
                all.add(pod, in_front, &class.controller);
            }
            found.insert(class.controller.as_str(), all);
        }
        let defaults = classes.values().filter(|class| class.is_default).copied().collect();
        Self { defaults, classes, found, sees_pods: store.has_listed_pods() }
    }

    /// The class that `name` comes to, and what serves it.
    pub(super) fn serving(&self, name: &ClassName) -> (Option<String>, ServedBy) {
        match name {
            ClassName::Field(name) | ClassName::Annotation(name) => {
                let served_by = self.classes.get(name.as_str()).map_or_else(
                    || ServedBy::Unknown(format!("there is no IngressClass `{name}`")),
                    |class| self.by(class),
                );
                (Some(name.clone()), served_by)
            }
            ClassName::Default => match self.defaults.as_slice() {
                [] => (None, unknown("it names no class, and there is no default IngressClass")),
                [class] => (Some(class.name.clone()), self.by(class)),
                _ => {
                    (None, unknown("it names no class, and several IngressClasses are the default"))
                }
            },
        }
    }

    fn by(&self, class: &Class) -> ServedBy {
        let nothing = Found::default();
        let found = self.found.get(class.controller.as_str()).unwrap_or(&nothing);
        if class.controller == SHARED && self.sees_pods && found.images.is_empty() {
            return ServedBy::Unknown(format!(
                "the controller `{SHARED}` of IngressClass `{}` may be ingress-nginx or Traefik, and \
                 no pod is seen to be either",
                class.name
            ));
        }
        ServedBy::Controller {
            controller: class.controller.clone(),
            images: found.images.iter().cloned().collect(),
            replicas: found.replicas,
            addresses: found.addresses.iter().copied().collect(),
        }
    }
}

impl Found {
    /// Adds `pod` if it serves `controller`.
    fn add(&mut self, pod: &Arc<Pod>, in_front: &[Address], controller: &str) {
        let mut serving = pod.serves.iter().filter(|one| {
            let rest = controller.strip_prefix(one.controller.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        if let Some(one) = serving.next() {
            self.images.insert(one.image.clone());
            self.replicas += u32::from(pod.is_ready);
            self.addresses.extend(&pod.addresses);
            self.addresses.extend(in_front);
        }
    }
}

/// Addresses of the services that `pod` is behind.
fn in_front(pod: &Pod, store: &Store, backing: &BTreeMap<Key, Backing>) -> Vec<Address> {
    let of_it = backing.iter().filter(|((namespace, _), behind)| {
        *namespace == pod.namespace && behind.pods.binary_search(&pod.name).is_ok()
    });
    let services = of_it.filter_map(|(key, _)| store.services.get(key));
    services
        .flat_map(|service| service.cluster_addresses.iter().chain(&service.outer_addresses))
        .copied()
        .collect()
}

fn unknown(why: &str) -> ServedBy {
    ServedBy::Unknown(why.to_owned())
}
