//! What serves Ingresses and routes and takes no limit from Weir, by name and with why.

use crate::respond::Refusal;

/// How the controller calls itself, its name, and why Weir sets no limit there.
const OTHERS: [(&str, &str, &str); 6] = [
    (
        "ingress-controllers.konghq.com",
        "Kong",
        "it limits by a KongPlugin that a person attaches, not by fields of the Ingress",
    ),
    (
        "cilium.io",
        "Cilium",
        "its Ingress has no rate limit; limit in a CiliumEnvoyConfig or in front of it",
    ),
    (
        "io.cilium",
        "Cilium Gateway API",
        "its Gateways have no rate limit; limit in a CiliumEnvoyConfig or in front of it",
    ),
    (
        "gateway.envoyproxy.io",
        "Envoy Gateway",
        "it limits by a BackendTrafficPolicy at a route, without a bucket for each client where the \
         limit is local",
    ),
    (
        "gateway.nginx.org",
        "NGINX Gateway Fabric",
        "it limits by a RateLimitPolicy at a route, not at an Ingress",
    ),
    (
        "gateway.networking.k8s.io",
        "Gateway API",
        "an HTTPRoute has no rate limit of its own; set the policy of the implementation behind it",
    ),
];

/// Why no limit is set at what `controller` serves.
pub(super) fn refusal(controller: &str) -> Refusal {
    let (vendor, _) = controller.split_once('/').unwrap_or((controller, ""));
    let known = OTHERS.into_iter().find(|(prefix, ..)| *prefix == vendor);
    let (name, why) = known.map_or_else(
        || (plain(controller), "Weir does not know how to set a limit there"),
        |(_, name, why)| (name.to_owned(), why),
    );
    Refusal::Unsupported { controller: name, why: why.to_owned() }
}

/// What somebody has written, as it may be shown.
fn plain(text: &str) -> String {
    text.chars().filter(|char| !char.is_control()).take(128).collect()
}
