//! Kubernetes Ingress Controller of `HAProxy` Technologies: so many requests in a period, for each
//! client address.

use super::{Base, Controller, Fields, allowed};
use crate::respond::{Limit, Refusal};

const REQUESTS: &str = "haproxy.org/rate-limit-requests";
const PERIOD: &str = "haproxy.org/rate-limit-period";
const ALLOWED: &str = "haproxy.org/rate-limit-whitelist";

pub(super) const ANNOTATIONS: &[&str] = &[REQUESTS, PERIOD, ALLOWED];
pub(super) const LIMITING: &[&str] = &[REQUESTS];
/// What it denies with, unless `haproxy.org/rate-limit-status-code` says otherwise.
pub(super) const REFUSED_WITH: u16 = 403;

pub(super) fn fields(limit: &Limit, base: &Base<'_>) -> Result<Fields, Refusal> {
    let unable = |what, why: &str| Err(Controller::HaproxyTechnologies.unable(what, why));
    if limit.connections.is_some() {
        return unable("connections", "it has no annotation for them; give `rps` or `rpm`");
    }
    if limit.burst.is_some() {
        return unable("burst", "it allows none; leave it out");
    }
    let (requests, period) = match (limit.rps, limit.rpm) {
        (Some(_), Some(_)) => {
            return unable("rps and rpm", "it takes one period; give one of them");
        }
        (Some(requests), None) => (requests, "1s"),
        (None, Some(requests)) => (requests, "1m"),
        (None, None) => return Err(Refusal::NoLimit),
    };
    let mut annotations = vec![(REQUESTS, requests.to_string()), (PERIOD, period.to_owned())];
    if !limit.allowlist.is_empty() {
        annotations.push((ALLOWED, allowed(&limit.allowlist, ALLOWED, base)));
    }
    Ok(Fields { annotations, ..Fields::default() })
}
