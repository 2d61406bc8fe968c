//! Ingresses as the response sees them, and which of them an arrival is for.

use std::collections::{BTreeSet, HashMap, HashSet};

use foldhash::fast::RandomState;

use super::{Answer, Arrival, Controller, IngressName, Limit, Preview, Refusal, Reset};
use crate::packet::Address;

#[cfg(test)]
mod tests;

/// Addresses that a note names.
const NAMED: usize = 8;

/// What was seen lately, each in order of time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Traffic {
    /// Requests and TLS handshakes.
    pub arrivals: Vec<Arrival>,
    /// Answers to requests in the clear.
    pub answers: Vec<Answer>,
    /// Connections that were reset.
    pub resets: Vec<Reset>,
}

/// A host and a path that an Ingress serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteRoute {
    /// In lower case; `*.example.org` for all one label below it, empty for any.
    pub host: String,
    /// The path, of which the first segment counts; empty or `/` for any.
    pub path: String,
}

/// An Ingress, as far as the response is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Which.
    pub ingress: IngressName,
    /// What serves it, or why no limit can be set there.
    pub controller: Result<Controller, String>,
    /// Pods of the controller that are ready; 0 where they are not known.
    pub replicas: u32,
    /// Addresses of these pods and of the services in front of them.
    pub controller_addresses: Vec<Address>,
    /// Where it leads.
    pub routes: Vec<SiteRoute>,
    /// Addresses of the pods behind it, and of their services.
    pub backends: Vec<Address>,
    /// What carries the label `weir.dev/protect: "false"`: `Ingress`, `namespace`, or neither.
    pub unprotected_by: Option<&'static str>,
}

/// Which Ingress an arrival is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The one at this place in the list.
    Site(usize),
    /// One of several: what was seen does not tell them apart.
    Several,
    /// None that is known.
    Nowhere,
}

/// Ingresses by the hosts they serve.
#[derive(Debug)]
pub(super) struct Sites<'s> {
    all: &'s [Site],
    by_host: HashMap<&'s str, Vec<(usize, &'s str)>, RandomState>,
    by_backend: HashMap<Address, Vec<usize>, RandomState>,
    controllers: HashSet<Address, RandomState>,
}

impl<'s> Sites<'s> {
    pub(super) fn new(sites: &'s [Site]) -> Self {
        let mut by_host: HashMap<_, Vec<_>, _> = HashMap::default();
        let mut by_backend: HashMap<_, Vec<_>, _> = HashMap::default();
        for (at, site) in sites.iter().enumerate() {
            for route in &site.routes {
                by_host.entry(&*route.host).or_default().push((at, first_segment(&route.path)));
            }
            for backend in &site.backends {
                by_backend.entry(*backend).or_default().push(at);
            }
        }
        let controllers = sites.iter().flat_map(|site| &site.controller_addresses).copied();
        Self { all: sites, by_host, by_backend, controllers: controllers.collect() }
    }

    pub(super) fn site(&self, at: usize) -> Option<&'s Site> {
        self.all.get(at)
    }

    /// Whether an address is a pod or a service behind some Ingress: what comes to it is an inner
    /// leg, or comes from inside.
    pub(super) fn is_backend(&self, address: Address) -> bool {
        self.by_backend.contains_key(&address)
    }

    /// Whether an address is a controller's: what comes from it is an inner leg.
    pub(super) fn is_controller(&self, address: Address) -> bool {
        self.controllers.contains(&address)
    }

    /// Ingresses in front of an address.
    pub(super) fn in_front_of(&self, address: Address) -> &[usize] {
        self.by_backend.get(&address).map(Vec::as_slice).unwrap_or_default()
    }

    /// The Ingress that an arrival at a controller is for, as a controller would choose: by the exact
    /// host, else by wildcard, else the one for any; of these by the longest path.
    pub(super) fn place(&self, arrival: &Arrival) -> Place {
        let Some(host) = arrival.host.as_deref() else { return Place::Nowhere };
        let exact = self.by_host.get(host);
        let below = || self.by_host.get(&*format!("*.{}", host.split_once('.')?.1));
        let routes = exact.or_else(below).or_else(|| self.by_host.get(""));
        routes.map_or(Place::Nowhere, |routes| self.by_path(routes, arrival))
    }

    /// The Ingress by which an arrival came to a pod: the one of its host, else the only one in front
    /// of the pod.
    pub(super) fn inner_place(&self, arrival: &Arrival) -> Option<usize> {
        let in_front = self.in_front_of(arrival.server);
        match (self.place(arrival), in_front) {
            (Place::Site(at), in_front) if in_front.contains(&at) => Some(at),
            (_, [only]) => Some(*only),
            _ => None,
        }
    }

    fn by_path(&self, routes: &[(usize, &str)], arrival: &Arrival) -> Place {
        let fits = |path: &str| path.is_empty() || arrival.path.as_deref() == Some(path);
        let may_fit = |path: &str| arrival.path.is_none() || fits(path);
        let mut fitting: Vec<_> = routes.iter().filter(|(_, path)| may_fit(path)).collect();
        if arrival.path.is_some() {
            let longest = fitting.iter().map(|(_, path)| path.len()).max();
            fitting.retain(|(_, path)| Some(path.len()) == longest);
        }
        let at_server = |at: usize| self.all[at].controller_addresses.contains(&arrival.server);
        if fitting.iter().any(|(at, _)| at_server(*at)) {
            fitting.retain(|(at, _)| at_server(*at));
        }
        match fitting.as_slice() {
            [] => Place::Nowhere,
            [(first, _), rest @ ..] if rest.iter().all(|(at, _)| at == first) => {
                Place::Site(*first)
            }
            _ => Place::Several,
        }
    }
}

/// What `limit` at `ingress`, one of `sites`, would have meant to those who came: what came to the
/// controller from outside or, where that is not seen, what the controller passed on to the pods.
pub fn preview_at(
    sites: &[Site],
    ingress: &IngressName,
    limit: &Limit,
    traffic: &Traffic,
) -> Result<Preview, Refusal> {
    let Some(at) = sites.iter().position(|site| site.ingress == *ingress) else {
        return Err(Refusal::Guarded(format!("the Ingress {ingress} is not known")));
    };
    let (site, places) = (&sites[at], Sites::new(sites));
    let controller = site.controller.clone().map_err(Refusal::Guarded)?;
    let is_inner = |arrival: &Arrival| {
        places.is_backend(arrival.server) || places.is_controller(arrival.client)
    };
    let is_here =
        |arrival: &&Arrival| !is_inner(arrival) && places.place(arrival) == Place::Site(at);
    let mut arrivals: Vec<_> = traffic.arrivals.iter().filter(is_here).collect();
    let passed_on = take_out_passed_on(&mut arrivals);
    let is_inside = arrivals.is_empty();
    if is_inside {
        let is_passed_on = |arrival: &&Arrival| places.inner_place(arrival) == Some(at);
        arrivals = traffic.arrivals.iter().filter(is_passed_on).collect();
    }
    let replicas = (controller, site.replicas);
    let mut preview = Preview::of(replicas, limit, arrivals.iter().copied(), &traffic.answers)?;
    if is_inside && !arrivals.is_empty() {
        preview.notes.push(
            "what came from outside was not seen: clients are those that the pods saw".to_owned(),
        );
    }
    preview.notes.extend(passed_on);
    Ok(preview)
}

/// Takes out what those ask who are asked for the same themselves: they pass requests on, which were
/// counted when they came. Says whom this is about.
fn take_out_passed_on(arrivals: &mut Vec<&Arrival>) -> Option<String> {
    let servers: BTreeSet<_> = arrivals.iter().map(|arrival| arrival.server).collect();
    let clients: BTreeSet<_> = arrivals.iter().map(|arrival| arrival.client).collect();
    let passing: BTreeSet<_> = clients.intersection(&servers).copied().collect();
    arrivals.retain(|arrival| !passing.contains(&arrival.client));
    let named: Vec<_> = passing.iter().take(NAMED).map(ToString::to_string).collect();
    (!named.is_empty()).then(|| {
        format!(
            "what {} passes on is left out: it was counted when it came there",
            named.join(", ")
        )
    })
}

/// `/cart` of `/cart/items`; nothing of `/`.
fn first_segment(path: &str) -> &str {
    let end = path.char_indices().skip(1).find(|(_, c)| *c == '/').map_or(path.len(), |(at, _)| at);
    let segment = path.get(..end).unwrap_or(path);
    if segment == "/" { "" } else { segment }
}
