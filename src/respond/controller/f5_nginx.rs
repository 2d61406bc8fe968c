//! NGINX Ingress Controller of F5: one rate for each client address, with a burst in requests.

use super::{Controller, Fields, requests};
use crate::respond::{Limit, Refusal};

const RATE: &str = "nginx.org/limit-req-rate";
const KEY: &str = "nginx.org/limit-req-key";
const ZONE_SIZE: &str = "nginx.org/limit-req-zone-size";
const BURST: &str = "nginx.org/limit-req-burst";
const NO_DELAY: &str = "nginx.org/limit-req-no-delay";

pub(super) const ANNOTATIONS: &[&str] = &[RATE, KEY, ZONE_SIZE, BURST, NO_DELAY];
pub(super) const LIMITING: &[&str] = &[RATE];
/// `LimitReqRejectCode` in its source, unless `nginx.org/limit-req-reject-code` says otherwise; not the
/// 503 of nginx itself.
pub(super) const REFUSED_WITH: u16 = 429;

pub(super) fn fields(limit: &Limit) -> Result<Fields, Refusal> {
    let unable = |what, why: &str| Err(Controller::F5Nginx.unable(what, why));
    if limit.connections.is_some() {
        return unable("connections", "it has no annotation for them; give `rps` or `rpm`");
    }
    if !limit.allowlist.is_empty() {
        return unable("allowlist", "it has no annotation for one");
    }
    let (rate, unit) = match (limit.rps, limit.rpm) {
        (Some(_), Some(_)) => return unable("rps and rpm", "it takes one rate; give one of them"),
        (Some(rate), None) => (rate, "s"),
        (None, Some(rate)) => (rate, "m"),
        (None, None) => return Err(Refusal::NoLimit),
    };
    let mut annotations = vec![
        (RATE, format!("{rate}r/{unit}")),
        (KEY, "${binary_remote_addr}".to_owned()),
        (ZONE_SIZE, "10M".to_owned()),
    ];
    if let Some(burst) = limit.burst {
        // Without it the burst is made to wait, which holds the clients that are to be spared.
        annotations.push((BURST, requests(burst, rate).to_string()));
        annotations.push((NO_DELAY, "true".to_owned()));
    }
    Ok(Fields { annotations, ..Fields::default() })
}
