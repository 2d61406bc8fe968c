//! What keeps Weir from limiting an Ingress by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ipnet::IpNet;

use super::obstacle::{Matter, Obstacle};
use super::preview::is_allowed;
use super::{AllowedNetwork, Arrival, Held, IngressName, Limit, LimitStatus, Site, Standing};
use crate::incident::Incident;
use crate::packet::Address;

#[cfg(test)]
mod tests;

/// Arrivals from which it can be said that some addresses carry most of them.
const ENOUGH: usize = 30;

/// Other clients that came, from which it can be said without those that addresses are not shared:
/// nodes and load balancers that put their own in place of clients' are few.
const SEVERAL: usize = 8;

/// Who asks for limits that Weir sets by itself.
pub(super) const AUTOMATIC: &str = "weir (auto)";

/// Addresses that no limit may hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Those under which Weir's own API is reached inside the cluster: its pod and its service.
    pub own: Vec<Address>,
    /// Nodes of the cluster.
    pub nodes: Vec<Address>,
    /// Pods that watch the cluster.
    pub monitors: Vec<Address>,
}

impl Surroundings {
    /// Networks that no limit may hold at `now_us` (µs since the epoch): those of the settings that
    /// are still valid, nodes and monitors. They may be more than a limit takes.
    #[must_use]
    pub fn allowed(&self, networks: &[AllowedNetwork], now_us: i64) -> Vec<IpNet> {
        let valid = networks.iter().filter(|allowed| allowed.until_us > now_us);
        let hosts = self.nodes.iter().chain(&self.monitors);
        let mut allowed: Vec<IpNet> = valid
            .map(|allowed| allowed.network.trunc())
            .chain(hosts.map(|host| IpNet::from(std::net::IpAddr::from(*host))))
            .collect();
        if allowed.len() > Limit::MOST_ALLOWED {
            allowed = IpNet::aggregate(&allowed);
        }
        let mut seen = BTreeSet::new();
        allowed.retain(|network| seen.insert(*network));
        allowed
    }
}

/// What a guard looks at besides the Ingress itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Guard<'a> {
    pub(super) surroundings: &'a Surroundings,
    /// Ingresses that the settings keep Weir away from.
    pub(super) never: &'a [IngressName],
    /// At how many Ingresses Weir sets limits by itself at once.
    pub(super) at_once: usize,
    /// Those where it has done so.
    pub(super) limited: &'a BTreeSet<IngressName>,
    /// How Ingresses stand.
    pub(super) limits: &'a [Arc<LimitStatus>],
    /// Incidents of this Weir: what it set by itself answers one of them.
    pub(super) incidents: &'a [Arc<Incident>],
}

impl Guard<'_> {
    /// Whether Weir may limit `site` by itself now.
    pub(super) fn check(&self, site: &Site) -> Result<(), Obstacle> {
        self.check_site(site)?;
        let (ingress, limited) = (&site.ingress, self.limited_by_any());
        if limited < self.at_once || self.limited.contains(ingress) {
            return Ok(());
        }
        let s = if limited == 1 { "" } else { "es" };
        Err(Obstacle::new(
            Matter::AtOnce,
            format!(
                "Weir limits {limited} Ingress{s} already, as many as it may by itself at once \
                 (response-at-once): limit {ingress} by hand if it is needed"
            ),
        ))
    }

    /// Whether Weir may limit `site` by itself, however many it limits.
    pub(super) fn check_site(&self, site: &Site) -> Result<(), Obstacle> {
        let ingress = &site.ingress;
        let refused = |matter, text: String| Err(Obstacle::new(matter, text));
        if self.never.contains(ingress) {
            return refused(
                Matter::KeptAway,
                format!("the settings keep Weir away from {ingress} (response-never)"),
            );
        }
        if let Some(what) = site.unprotected_by {
            return refused(
                Matter::KeptAway,
                format!("the {what} of {ingress} carries the label weir.dev/protect: \"false\""),
            );
        }
        if site.backends.iter().any(|backend| self.surroundings.own.contains(backend)) {
            return refused(
                Matter::OwnApi,
                format!(
                    "{ingress} carries Weir's own API, which must stay open to whoever undoes a limit"
                ),
            );
        }
        if let Err(why) = &site.controller {
            return refused(Matter::Controller, format!("{ingress} cannot be limited: {why}"));
        }
        self.check_standing(ingress)
    }

    /// At how many Ingresses this Weir or another limits by itself.
    fn limited_by_any(&self) -> usize {
        let others = self.limits.iter().filter(|status| {
            let held = status.held.as_ref().filter(|_| status.standing == Standing::Active);
            held.is_some_and(|held| self.is_of_another(&status.ingress, held))
        });
        self.limited.len() + others.count()
    }

    /// Whether another Weir has set it by itself: what that one sees of the attack is not known here.
    fn is_of_another(&self, ingress: &IngressName, held: &Held) -> bool {
        held.by == AUTOMATIC
            && !self.limited.contains(ingress)
            && !self.incidents.iter().any(|own| held.incident == Some(own.id))
    }

    fn check_standing(&self, ingress: &IngressName) -> Result<(), Obstacle> {
        let Some(status) = self.limits.iter().find(|status| status.ingress == *ingress) else {
            return Err(Obstacle::new(
                Matter::NotRead,
                format!(
                    "whether somebody limits {ingress} already is not known yet: Weir looks again, and \
                     does nothing until then"
                ),
            ));
        };
        let text = match (status.standing, &status.held) {
            (Standing::Active, Some(held)) if held.by != AUTOMATIC => {
                format!("{} has limited {ingress} already: Weir leaves that as it is", held.by)
            }
            (Standing::Active, Some(held)) if self.is_of_another(ingress, held) => {
                format!("another Weir limits {ingress} already, and lifts that by itself")
            }
            (Standing::Foreign, _) => {
                let fields =
                    status.foreign.iter().map(|(field, value)| format!("{field}: {value}"));
                format!(
                    "{ingress} has a limit that is not Weir's ({}), and it is left as it is: tighten it \
                     by hand if it is needed",
                    super::response::words::shown(&fields.collect::<Vec<_>>().join(", "))
                )
            }
            (Standing::Overridden, _) => format!(
                "somebody has undone Weir's limit at {ingress}, and it is not fought over: set one by \
                 hand if it is needed"
            ),
            _ => return Ok(()),
        };
        Err(Obstacle::new(Matter::Foreign, text))
    }
}

/// Whether a limit for each address would hold the attackers alone: not where many share the address
/// of one, as behind nodes or load balancers that put their own in place of theirs. Where too little
/// came to tell, it is not known.
///
/// `arrivals` at the Ingress are in order of time; it is attacked since `since_us`.
pub(super) fn check_sharing(
    site: &Site,
    surroundings: &Surroundings,
    offenders: &BTreeSet<Address>,
    (arrivals, since_us): (&[&Arrival], i64),
) -> Result<(), Obstacle> {
    let is_inside = |client: &Address| {
        surroundings.nodes.contains(client) || site.controller_addresses.contains(client)
    };
    let shared = |client: Address, why: &str| {
        Err(Obstacle::new(
            Matter::SharedAddress,
            format!(
                "{client} {why}: a limit for each address would hold everybody behind it. Have the \
                 controller see the addresses of clients (externalTrafficPolicy: Local, or the PROXY \
                 protocol) before any limit is set at {}",
                site.ingress
            ),
        ))
    };
    if let Some(client) = offenders.iter().find(|client| is_inside(client)) {
        return shared(*client, "is a node or a load balancer of the cluster, not a client");
    }
    let before = arrivals.iter().take_while(|arrival| arrival.at_us < since_us);
    let (mut counts, mut total) = (BTreeMap::<Address, usize>::new(), 0);
    for arrival in before {
        total += 1;
        if offenders.contains(&arrival.client) {
            *counts.entry(arrival.client).or_default() += 1;
        }
    }
    if total < ENOUGH {
        return check_several(site, offenders, arrivals, is_inside);
    }
    // Of several load balancers none carries most alone.
    let of_offenders: usize = counts.values().sum();
    let loudest = counts.iter().max_by_key(|(_, count)| **count).map(|(client, _)| *client);
    match loudest.filter(|_| of_offenders * 2 > total) {
        Some(client) if counts.len() == 1 => {
            shared(client, "carried most requests before the attack, too")
        }
        Some(client) => {
            let others = counts.len() - 1;
            shared(client, &format!("and {others} more carried most requests before it, too"))
        }
        None => Ok(()),
    }
}

/// Whether so many others came that addresses are those of clients.
fn check_several(
    site: &Site,
    offenders: &BTreeSet<Address>,
    arrivals: &[&Arrival],
    is_inside: impl Fn(&Address) -> bool,
) -> Result<(), Obstacle> {
    let others = arrivals.iter().map(|arrival| arrival.client);
    let others: BTreeSet<_> =
        others.filter(|client| !offenders.contains(client) && !is_inside(client)).collect();
    if others.len() >= SEVERAL {
        return Ok(());
    }
    Err(Obstacle::new(
        Matter::Unclear,
        format!(
            "too little came to {} before the attack, and from too few others since, to tell whether \
             many share the addresses of the attackers: look who they are, and set a limit by hand if \
             it is needed (weir limit apply)",
            site.ingress
        ),
    ))
}

/// The attackers that a limit can hold, or why it could hold none.
pub(super) fn check_allowed(
    offenders: BTreeSet<Address>,
    allowed: &[IpNet],
) -> Result<BTreeSet<Address>, Obstacle> {
    let first = offenders.first().copied();
    let held: BTreeSet<_> =
        offenders.into_iter().filter(|client| !is_allowed(allowed, *client)).collect();
    match first {
        Some(first) if held.is_empty() => Err(Obstacle::new(
            Matter::Allowed,
            format!(
                "the attackers, such as {first}, are exempt from limits by the allowlist, as nodes or \
                 as monitors: look what is wrong there"
            ),
        )),
        _ => Ok(held),
    }
}
