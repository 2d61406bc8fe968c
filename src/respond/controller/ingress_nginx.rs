//! ingress-nginx: integers in annotations, for each client address and each replica.
//!
//! There is no annotation for a burst: it is the rate times `limit-burst-multiplier`, which holds for
//! both rates. A number that it cannot read makes the controller keep what it had, so none is written
//! that is not exact.

use super::{Base, Controller, Fields, allowed};
use crate::respond::{Burst, Limit, Refusal};

const RPS: &str = "nginx.ingress.kubernetes.io/limit-rps";
const RPM: &str = "nginx.ingress.kubernetes.io/limit-rpm";
const CONNECTIONS: &str = "nginx.ingress.kubernetes.io/limit-connections";
const MULTIPLIER: &str = "nginx.ingress.kubernetes.io/limit-burst-multiplier";
/// The name that every release reads.
const ALLOWED: &str = "nginx.ingress.kubernetes.io/limit-whitelist";
/// The newer name; where it is there, the other is not read.
const ALLOWED_FIRST: &str = "nginx.ingress.kubernetes.io/limit-allowlist";

pub(super) const ANNOTATIONS: &[&str] =
    &[RPS, RPM, CONNECTIONS, MULTIPLIER, ALLOWED, ALLOWED_FIRST];
pub(super) const LIMITING: &[&str] = &[RPS, RPM, CONNECTIONS];
/// `limit_req_status` and `limit_conn_status` of nginx, unless its `ConfigMap` says otherwise.
pub(super) const REFUSED_WITH: u16 = 503;

pub(super) fn fields(limit: &Limit, base: &Base<'_>) -> Result<Fields, Refusal> {
    let numbers = [(RPS, limit.rps), (RPM, limit.rpm), (CONNECTIONS, limit.connections)];
    let multiplier = limit.burst.map(|burst| multiplier(burst, limit)).transpose()?;
    let numbers = numbers.into_iter().chain([(MULTIPLIER, multiplier)]);
    let mut annotations: Vec<_> =
        numbers.filter_map(|(field, number)| Some((field, number?.to_string()))).collect();
    if !limit.allowlist.is_empty() {
        let field = if base(ALLOWED_FIRST).is_some() { ALLOWED_FIRST } else { ALLOWED };
        annotations.push((field, allowed(&limit.allowlist, field, base)));
    }
    Ok(Fields { annotations, ..Fields::default() })
}

fn multiplier(burst: Burst, limit: &Limit) -> Result<u32, Refusal> {
    let requests = match burst {
        Burst::Multiplier(times) => return Ok(times),
        Burst::Requests(requests) => requests,
    };
    let unable = |why| Err(Controller::IngressNginx.unable("burst", why));
    let rate = match (limit.rps, limit.rpm) {
        (Some(_), Some(_)) => {
            return unable(
                "one multiplier holds for `rps` and `rpm`; give `burst_multiplier`".to_owned(),
            );
        }
        (Some(rate), None) | (None, Some(rate)) => rate,
        (None, None) => return Err(Refusal::BurstOfNothing),
    };
    if requests.is_multiple_of(rate) {
        return Ok(requests / rate);
    }
    let below = requests / rate * rate;
    let above = below.saturating_add(rate);
    let nearest = if below == 0 || above - requests < requests - below { above } else { below };
    unable(format!(
        "a burst is a multiple of the rate, and {requests} is none of {rate}; the nearest is \
         {nearest}"
    ))
}
