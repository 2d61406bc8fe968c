//! Which controller serves an Ingress.

use std::collections::{BTreeMap, BTreeSet};

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

/// The pods that serve a class, all of them or those of one namespace.
#[derive(Debug, Default)]
struct Found {
    images: BTreeSet<String>,
    replicas: u32,
    addresses: BTreeSet<Address>,
    /// When the oldest service in front of them came to be, in µs since the epoch; none without one.
    served_since_us: Option<i64>,
}

/// The services that a pod is behind.
struct Front {
    addresses: Vec<Address>,
    since_us: Option<i64>,
}

impl<'a> Controllers<'a> {
    pub(super) fn of(store: &'a Store, backing: &BTreeMap<Key, Backing>) -> Self {
        let classes: BTreeMap<_, _> =
            store.classes.values().map(|class| (class.name.as_str(), class.as_ref())).collect();
        let of_controllers: Vec<_> = store
            .pods
            .values()
            // Whoever may make a pod may give it any image; only one that works counts.
            .filter(|pod| !pod.serves.is_empty() && pod.is_ready && !pod.phase.is_over())
            .map(|pod| (pod, in_front(pod, store, backing)))
            .collect();
        let mut found = BTreeMap::<_, Found>::new();
        for class in classes.values() {
            if found.contains_key(class.controller.as_str()) {
                continue;
            }
            let mut apart = BTreeMap::<&str, Found>::new();
            for (pod, front) in &of_controllers {
                if let Some(image) = image_serving(pod, &class.controller) {
                    apart.entry(&pod.namespace).or_default().add(pod, image, front);
                }
            }
            found.insert(class.controller.as_str(), believed(apart.into_values().collect()));
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
                 no pod that is ready is seen to be either",
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
    fn add(&mut self, pod: &Pod, image: &str, front: &Front) {
        self.images.insert(image.to_owned());
        self.replicas += 1;
        self.addresses.extend(&pod.addresses);
        self.addresses.extend(&front.addresses);
        self.served_since_us = self.served_since_us.into_iter().chain(front.since_us).min();
    }

    fn and(mut self, other: Self) -> Self {
        self.images.extend(other.images);
        self.replicas += other.replicas;
        self.addresses.extend(other.addresses);
        self
    }
}

/// Of what each namespace has: all together where they agree, else the one whose service has been
/// there for longest. Whoever passes for a controller elsewhere comes later.
fn believed(mut apart: Vec<Found>) -> Found {
    let agree = apart.windows(2).all(|two| matches!(two, [a, b] if a.images == b.images));
    if !agree {
        apart.sort_by_key(|one| (one.served_since_us.is_none(), one.served_since_us));
        apart.truncate(1);
    }
    apart.into_iter().reduce(Found::and).unwrap_or_default()
}

/// The image by which `pod` serves `controller`, if it does.
fn image_serving<'a>(pod: &'a Pod, controller: &str) -> Option<&'a str> {
    let serves = pod.serves.iter().find(|one| {
        let rest = controller.strip_prefix(one.controller.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    serves.map(|one| one.image.as_str())
}

/// The services that `pod` is behind.
fn in_front(pod: &Pod, store: &Store, backing: &BTreeMap<Key, Backing>) -> Front {
    let of_it = backing.iter().filter(|((namespace, _), behind)| {
        *namespace == pod.namespace && behind.pods.binary_search(&pod.name).is_ok()
    });
    let services: Vec<_> = of_it.filter_map(|(key, _)| store.services.get(key)).collect();
    let addresses = services
        .iter()
        .flat_map(|service| service.cluster_addresses.iter().chain(&service.outer_addresses));
    Front {
        addresses: addresses.copied().collect(),
        since_us: services.iter().map(|service| service.created_us.unwrap_or(i64::MAX)).min(),
    }
}

fn unknown(why: &str) -> ServedBy {
    ServedBy::Unknown(why.to_owned())
}
