//! What the cluster says the addresses of an incident are: learnt as it goes on, never forgotten.
//!
//! Pods are gone while their incident is still looked at, so a name that is known stays, and an
//! address that goes to another pod keeps the name that it had here. Names come from objects of other
//! people: whoever hands them in, they are bounded and hold nothing that a terminal would obey or a
//! markup would read. Who has an address is known to [`crate::cluster`]; the engine asks.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::record::{Hosts, Incident};
use super::who::{Who, WhoKind, Workload};
use crate::packet::Address;

/// How much of a short name is said where there is little room, in characters.
const LABEL: usize = 64;

/// The names of an incident's addresses, as far as they are known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Named>", into = "Vec<Named>")]
pub struct Names {
    known: BTreeMap<Address, Arc<Who>>,
    opened_about: Option<Address>,
}

impl Names {
    /// How many there are at most: the pivot, and the sources and targets that are listed.
    pub const MOST: usize = 2 * Hosts::LISTED + 1;

    /// Who has `address`.
    #[must_use]
    pub fn get(&self, address: Address) -> Option<&Who> {
        self.known.get(&address).map(Arc::as_ref)
    }

    /// How many are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether none is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Addresses and who has them, in order of the addresses.
    pub fn iter(&self) -> impl Iterator<Item = (Address, &Who)> {
        self.known.iter().map(|(address, who)| (*address, &**who))
    }

    /// The short name of whoever has `address`, at most 64 characters of it; else the address.
    #[must_use]
    pub fn label(&self, address: Address) -> String {
        self.get(address).map_or_else(|| address.to_string(), |who| shortened(&who.label()))
    }

    /// The host that the incident was about when it was first written down, where it had a name then.
    /// This never changes, so that what is routed by it stays in its place.
    #[must_use]
    pub fn opened_about(&self) -> Option<&Who> {
        self.get(self.opened_about?)
    }

    /// Takes `who` as the name of `address`, unless it has one; whether it has a new one now.
    pub fn add(&mut self, address: Address, who: &Arc<Who>) -> bool {
        if self.known.contains_key(&address) || self.known.len() >= Self::MOST {
            return false;
        }
        self.known.insert(address, who.bounded());
        true
    }

    /// Takes the names of `others` that are not known here; whether there were any.
    pub fn join(&mut self, others: &Self) -> bool {
        let others = others.known.iter();
        others.fold(false, |is_new, (address, who)| self.add(*address, who) || is_new)
    }

    /// As they are written down the first time, of an incident about `pivot`.
    #[must_use]
    pub fn opened(self, pivot: Address) -> Self {
        let opened_about = self.known.contains_key(&pivot).then_some(pivot);
        Self { opened_about, ..self }
    }
}

impl Incident {
    /// What `who` says of the addresses that have no name yet. It is asked for each at the time of the
    /// last packet and, where nobody had it any more, at that of the verdict that made it an incident.
    pub fn learnt(
        &self,
        who: impl Fn(Address, i64) -> Option<Arc<Who>>,
    ) -> Vec<(Address, Arc<Who>)> {
        let Self { pivot, sources, targets, names, last_us, detected_us, .. } = self;
        if names.known.len() >= Names::MOST {
            return Vec::new();
        }
        let all = [pivot].into_iter().chain(&sources.listed).chain(&targets.listed).copied();
        let nameless = all.filter(|address| names.get(*address).is_none());
        let asked = nameless.map(|address| {
            let found = who(address, *last_us).or_else(|| who(address, *detected_us));
            Some((address, found?))
        });
        asked.flatten().collect()
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= LABEL {
        return text.to_owned();
    }
    text.chars().take(LABEL - 1).chain(['…']).collect()
}

/// What the cluster says an address is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Named {
    /// The address.
    #[schema(example = "10.244.1.17")]
    address: String,
    /// `pod`, `service` or `node`. There may be others later.
    #[schema(example = "pod")]
    kind: String,
    /// The namespace; absent for a node.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(example = "shop")]
    namespace: String,
    /// The name.
    #[schema(example = "web-7f9c")]
    name: String,
    /// What manages the pod; absent where nothing does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    workload: Option<NamedWorkload>,
    /// The service in front of the pod, the first by name; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "web")]
    service: Option<String>,
    /// Whether the incident was about it when it opened; absent where it was not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    opened: bool,
}

/// What manages a pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NamedWorkload {
    /// `Deployment`, `StatefulSet`, `DaemonSet`, `Job`, `CronJob` or whatever owns the pod.
    #[schema(example = "Deployment")]
    kind: String,
    /// Its name.
    #[schema(example = "web")]
    name: String,
}

impl From<Names> for Vec<Named> {
    fn from(names: Names) -> Self {
        let named = |(address, who): (Address, &Who)| Named {
            address: address.to_string(),
            kind: who.kind.name().to_owned(),
            namespace: who.namespace.clone(),
            name: who.name.clone(),
            workload: who
                .workload
                .clone()
                .map(|Workload { kind, name }| NamedWorkload { kind, name }),
            service: who.service.clone(),
            opened: names.opened_about == Some(address),
        };
        names.iter().map(named).collect()
    }
}

/// What says of no address what it is, is left out.
impl From<Vec<Named>> for Names {
    fn from(named: Vec<Named>) -> Self {
        let mut names = Self::default();
        for Named { address, kind, namespace, name, workload, service, opened } in named {
            let address = address.parse::<IpAddr>().map(Address::from);
            let (Ok(address), Some(kind)) = (address, WhoKind::named(&kind)) else { continue };
            let workload = workload.map(|NamedWorkload { kind, name }| Workload { kind, name });
            let who = Who { kind, namespace, name, workload, service };
            if names.add(address, &Arc::new(who)) && opened {
                names.opened_about = Some(address);
            }
        }
        names
    }
}
