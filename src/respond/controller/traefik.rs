//! Traefik: a Middleware for each rate, in the namespace of the Ingress, and a place in the
//! annotation that lists Middlewares.

use std::hash::Hasher;

use serde_json::json;
use siphasher::sip::SipHasher13;

use super::{Base, Controller, Fields, requests};
use crate::respond::{IngressName, Limit, Refusal};

const MIDDLEWARES: &str = "traefik.ingress.kubernetes.io/router.middlewares";

pub(super) const ANNOTATIONS: &[&str] = &[MIDDLEWARES];
/// What the middleware `rateLimit` refuses with.
pub(super) const REFUSED_WITH: u16 = 429;

/// Bytes of a name that Kubernetes takes.
const LONGEST: usize = 253;

pub(super) fn fields(
    limit: &Limit,
    ingress: &IngressName,
    base: &Base<'_>,
) -> Result<Fields, Refusal> {
    let unable = |what, why: &str| Err(Controller::Traefik.unable(what, why));
    if limit.connections.is_some() {
        return unable(
            "connections",
            "its `inFlightReq` counts requests under way, not connections; give `rps` or `rpm`",
        );
    }
    if !limit.allowlist.is_empty() {
        return unable(
            "allowlist",
            "its `excludedIPs` takes other addresses for the client's instead of sparing these",
        );
    }
    let rates = [("rps", limit.rps, "1s"), ("rpm", limit.rpm, "1m")];
    let given = rates.into_iter().filter_map(|(unit, rate, period)| Some((unit, rate?, period)));
    let middlewares: Vec<_> = given
        .map(|(unit, rate, period)| {
            let mut rates = json!({ "average": rate, "period": period });
            if let Some(burst) = limit.burst {
                rates["burst"] = requests(burst, rate).into();
            }
            (name(ingress, unit), json!({ "rateLimit": rates }))
        })
        .collect();
    let ours: Vec<_> = names(ingress).iter().map(|name| reference(ingress, name)).collect();
    let there = base(MIDDLEWARES).unwrap_or_default();
    let there = there.split(',').map(str::trim).filter(|name| !name.is_empty());
    let mut listed: Vec<String> = there.map(ToOwned::to_owned).collect();
    listed.retain(|name| !ours.contains(name));
    listed.extend(middlewares.iter().map(|(name, _)| reference(ingress, name)));
    Ok(Fields { annotations: vec![(MIDDLEWARES, listed.join(","))], middlewares })
}

/// Names of every Middleware that Weir may have made for `ingress`.
pub(super) fn names(ingress: &IngressName) -> Vec<String> {
    ["rps", "rpm"].map(|unit| name(ingress, unit)).to_vec()
}

/// How the annotation names the Middleware `name` beside `ingress`.
pub(in crate::respond) fn reference(ingress: &IngressName, name: &str) -> String {
    format!("{}-{name}@kubernetescrd", ingress.namespace())
}

/// The name follows from the Ingress, so that what a crash has left behind is found again.
fn name(ingress: &IngressName, unit: &str) -> String {
    let whole = format!("weir-{unit}-{}", ingress.name());
    if whole.len() <= LONGEST {
        return whole;
    }
    let mut hasher = SipHasher13::new();
    hasher.write(ingress.name().as_bytes());
    format!("weir-{unit}-{:016x}", hasher.finish())
}
