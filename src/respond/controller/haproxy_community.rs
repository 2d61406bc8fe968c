//! `HAProxy` Ingress of the community: requests a second and connections for each client address.

use super::{Base, Controller, Fields, allowed};
use crate::respond::{Limit, Refusal};

const RPS: &str = "haproxy-ingress.github.io/limit-rps";
const CONNECTIONS: &str = "haproxy-ingress.github.io/limit-connections";
const ALLOWED: &str = "haproxy-ingress.github.io/limit-whitelist";

pub(super) const ANNOTATIONS: &[&str] = &[RPS, CONNECTIONS, ALLOWED];
pub(super) const LIMITING: &[&str] = &[RPS, CONNECTIONS];
/// What it denies with.
pub(super) const REFUSED_WITH: u16 = 429;

pub(super) fn fields(limit: &Limit, base: &Base<'_>) -> Result<Fields, Refusal> {
    let unable = |what, why: &str| Err(Controller::HaproxyCommunity.unable(what, why));
    if limit.rpm.is_some() {
        return unable("rpm", "it counts by the second; give `rps`");
    }
    if limit.burst.is_some() {
        return unable("burst", "it allows none; leave it out");
    }
    let numbers = [(RPS, limit.rps), (CONNECTIONS, limit.connections)];
    let mut annotations: Vec<_> = numbers
        .into_iter()
        .filter_map(|(field, number)| Some((field, number?.to_string())))
        .collect();
    if !limit.allowlist.is_empty() {
        annotations.push((ALLOWED, allowed(&limit.allowlist, ALLOWED, base)));
    }
    Ok(Fields { annotations, ..Fields::default() })
}
