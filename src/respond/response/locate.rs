//! Which Ingress an incident is about, and who attacks it there.
//!
//! By host of the outer leg, from client to controller; where that is not seen, by the pods that are
//! attacked and by what comes to them; where both leave a choice, by nothing: it is refused.

use std::collections::{BTreeMap, BTreeSet};

use super::loud::loud;
use crate::incident::Incident;
use crate::packet::Address;
use crate::respond::obstacle::{Matter, Obstacle};
use crate::respond::site::{Place, Sites};
use crate::respond::{Arrival, IngressName, Site, Traffic};

/// Which share of the attackers' requests must be for one Ingress, in hundredths.
const CLEAR: u64 = 80;

/// How many times its requests before an Ingress must see to be the one that is attacked.
const RISES: u64 = 2;

/// Requests that say something.
const ENOUGH: u64 = 20;

/// How many times as much as a source the loudest must ask for that one to be no attacker.
const QUIET: u64 = 20;

/// The first packets of an attack may be older than its incident, in µs.
const EARLY_US: i64 = 1_000_000;

/// How an Ingress was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// By the hosts that the attackers ask for.
    Host,
    /// By the pods that are attacked, or by what comes to them.
    Backends,
}

/// An Ingress that is attacked.
#[derive(Debug)]
pub(super) struct Located<'s> {
    pub(super) site: &'s Site,
    /// Who attacks there.
    pub(super) offenders: BTreeSet<Address>,
    /// At which of `traffic.arrivals` came to the Ingress from outside.
    pub(super) outer: Vec<usize>,
}

impl Located<'_> {
    /// What came to the Ingress from outside, in order of time.
    pub(super) fn arrivals<'t>(&self, traffic: &'t Traffic) -> Vec<&'t Arrival> {
        self.outer.iter().filter_map(|at| traffic.arrivals.get(*at)).collect()
    }
}

/// The Ingress that `incident` is about.
pub(super) fn locate<'s>(
    incident: &Incident,
    sites: &Sites<'s>,
    traffic: &Traffic,
) -> Result<Located<'s>, Obstacle> {
    let search = Search { incident, sites, traffic, since_us: since_us(incident) };
    let outside = search.outside();
    let (at, how) = match search.by_host(&outside)? {
        Some(at) => (at, How::Host),
        None => (search.by_backends()?, How::Backends),
    };
    let site = sites.site(at).ok_or_else(|| Obstacle::new(Matter::NoIngress, NO_INGRESS))?;
    let outer = search.outer(at, how, &outside);
    let arrivals: Vec<_> = outer.iter().filter_map(|at| traffic.arrivals.get(*at)).collect();
    let offenders = search.offenders(&outside, &arrivals);
    Ok(Located { site, offenders, outer })
}

/// Since when an incident goes on, with what may have come before it was one, in µs since the epoch.
pub(super) fn since_us(incident: &Incident) -> i64 {
    incident.first_us.saturating_sub(EARLY_US)
}

/// One incident and what is looked through for it.
struct Search<'a, 's> {
    incident: &'a Incident,
    sites: &'a Sites<'s>,
    traffic: &'a Traffic,
    since_us: i64,
}

impl Search<'_, '_> {
    /// Sources that are no controller: an inner leg has the controller for its source.
    fn outside(&self) -> BTreeSet<Address> {
        let sources = self.incident.sources.listed.iter().copied();
        sources.filter(|source| !self.sites.is_controller(*source)).collect()
    }

    fn is_attack(&self, arrival: &Arrival, outside: &BTreeSet<Address>) -> bool {
        arrival.at_us >= self.since_us
            && outside.contains(&arrival.client)
            && !self.sites.is_backend(arrival.server)
    }

    /// The Ingress whose hosts the attackers ask for; none where they name none.
    fn by_host(&self, outside: &BTreeSet<Address>) -> Result<Option<usize>, Obstacle> {
        let mut at_site: BTreeMap<usize, u64> = BTreeMap::new();
        let (mut total, mut several, mut unknown) = (0, 0, None);
        let arrivals = self.traffic.arrivals.iter();
        for arrival in arrivals.filter(|arrival| self.is_attack(arrival, outside)) {
            total += 1;
            match self.sites.place(arrival) {
                Place::Site(at) => *at_site.entry(at).or_default() += 1,
                Place::Several => several += 1,
                Place::Nowhere => unknown = unknown.or(arrival.host.as_deref()),
            }
        }
        let most = at_site.iter().max_by_key(|(_, count)| **count).map(|(at, count)| (*at, *count));
        let placed: u64 = several + at_site.values().sum::<u64>();
        match most {
            Some((at, count)) if count * 100 >= placed * CLEAR => Ok(Some(at)),
            _ if placed > 0 => Err(self.ambiguous(at_site.keys().copied(), "by host and path")),
            _ if total > 0 && unknown.is_some() => Err(Obstacle::new(
                Matter::NoIngress,
                format!(
                    "the attackers ask for {}, which no Ingress serves that Weir knows: block them at \
                     the load balancer",
                    unknown.map(super::words::shown).unwrap_or_default()
                ),
            )),
            _ => Ok(None),
        }
    }

    /// The only Ingress in front of the pods that are attacked, else the only one whose pods are asked
    /// more since the attack began.
    fn by_backends(&self) -> Result<usize, Obstacle> {
        let targets = self.incident.targets.listed.iter().chain([&self.incident.pivot]);
        let mut in_front: BTreeSet<usize> = BTreeSet::new();
        for target in targets {
            in_front.extend(self.sites.in_front_of(*target));
        }
        if let [only] = *in_front.iter().copied().collect::<Vec<_>>() {
            return Ok(only);
        }
        let rising = self.rising(&in_front);
        match *rising {
            [only] => Ok(only),
            [] if in_front.is_empty() => Err(Obstacle::new(Matter::NoIngress, NO_INGRESS)),
            [] => Err(self.ambiguous(in_front.into_iter(), "by the pods that are attacked")),
            _ => Err(self.ambiguous(rising.into_iter(), "by what comes to their pods")),
        }
    }

    /// Ingresses whose inner arrivals rise with the attack, of those in front of its targets where
    /// there are some.
    fn rising(&self, in_front: &BTreeSet<usize>) -> Vec<usize> {
        let mut counts: BTreeMap<usize, (u64, u64)> = BTreeMap::new();
        let last_us = self.traffic.arrivals.last().map_or(self.since_us, |last| last.at_us);
        let span_us = last_us.saturating_sub(self.since_us).max(1);
        let from_us = self.since_us.saturating_sub(span_us);
        for arrival in self.traffic.arrivals.iter().filter(|arrival| arrival.at_us >= from_us) {
            let Some(at) = self.sites.inner_place(arrival) else { continue };
            let (before, during) = counts.entry(at).or_default();
            *if arrival.at_us < self.since_us { before } else { during } += 1;
        }
        let rises = |(before, during): (u64, u64)| during >= ENOUGH && during > before * RISES;
        let fits = |at: &usize| in_front.is_empty() || in_front.contains(at);
        let rising = counts.into_iter().filter(|(at, counts)| fits(at) && rises(*counts));
        rising.map(|(at, _)| at).collect()
    }

    /// What came to the Ingress from outside. Where no hosts are seen, what is for no other and comes
    /// to where the attackers turn.
    fn outer(&self, at: usize, how: How, outside: &BTreeSet<Address>) -> Vec<usize> {
        let arrivals = &self.traffic.arrivals;
        let is_attack = |arrival: &&Arrival| self.is_attack(arrival, outside);
        let mut doors: BTreeSet<(Address, u16)> = BTreeSet::new();
        if how == How::Backends {
            let turned_to = arrivals.iter().filter(is_attack);
            doors.extend(turned_to.map(|arrival| (arrival.server, arrival.server_port)));
        }
        let is_here = |arrival: &Arrival| {
            !self.sites.is_backend(arrival.server)
                && match self.sites.place(arrival) {
                    Place::Site(place) => place == at,
                    Place::Several => false,
                    Place::Nowhere => doors.contains(&(arrival.server, arrival.server_port)),
                }
        };
        (0..arrivals.len()).filter(|index| is_here(&arrivals[*index])).collect()
    }

    /// Who attacks: the sources that came, and where not all are listed or none is outside, those
    /// that are far louder than others were. A source that asks next to nothing beside the loudest is
    /// taken for somebody who was mistaken for an attacker, and is spared.
    fn offenders(&self, outside: &BTreeSet<Address>, arrivals: &[&Arrival]) -> BTreeSet<Address> {
        let all_are_listed = self.incident.sources.total <= outside.len() as u64;
        let mut counts: BTreeMap<Address, u64> = BTreeMap::new();
        let came = arrivals
            .iter()
            .filter(|arrival| arrival.at_us >= self.since_us && outside.contains(&arrival.client));
        for arrival in came {
            *counts.entry(arrival.client).or_default() += 1;
        }
        let loudest = counts.values().max().copied().unwrap_or_default();
        counts.retain(|_, count| count.saturating_mul(QUIET) >= loudest);
        let came: BTreeSet<_> = counts.into_keys().collect();
        if all_are_listed && !came.is_empty() {
            return came;
        }
        came.into_iter().chain(loud(arrivals, self.since_us)).collect()
    }

    fn ambiguous(&self, sites: impl Iterator<Item = usize>, by: &str) -> Obstacle {
        let names: Vec<&IngressName> =
            sites.filter_map(|at| Some(&self.sites.site(at)?.ingress)).collect();
        Obstacle::new(
            Matter::Ambiguous,
            format!(
                "which Ingress is attacked cannot be told {by}{}: look which it is, and set a limit by \
                 hand if it is needed (weir limit apply)",
                super::words::such_as(&names)
            ),
        )
    }
}

const NO_INGRESS: &str =
    "no Ingress is known that the attackers turn to: block them where they come in";
