//! Ingress controllers that take limits, and what each wants written for one.
//!
//! One file per controller turns a [`Limit`] into the exact fields that it reads, or says which part
//! it cannot do and why; nothing is left out in silence. When and how fields are written is decided
//! by [`super::plan`].

mod f5_nginx;
mod haproxy_community;
mod haproxy_technologies;
mod ingress_nginx;
mod other;
#[cfg(test)]
mod tests;
mod traefik;

use ipnet::IpNet;
use serde_json::Value;

use super::{Burst, IngressName, Limit, Refusal};

/// An Ingress controller that takes limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Controller {
    /// ingress-nginx of the Kubernetes project.
    IngressNginx,
    /// NGINX Ingress Controller of F5.
    F5Nginx,
    /// Traefik.
    Traefik,
    /// `HAProxy` Ingress of the community.
    HaproxyCommunity,
    /// Kubernetes Ingress Controller of `HAProxy` Technologies.
    HaproxyTechnologies,
}

/// What a controller wants written for a limit.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fields {
    /// Annotations of the Ingress, with their values.
    pub annotations: Vec<(&'static str, String)>,
    /// Traefik's Middlewares in the namespace of the Ingress, by name, with their `spec`.
    pub middlewares: Vec<(String, Value)>,
}

/// The value of an annotation as it is without Weir.
pub(super) type Base<'a> = dyn Fn(&str) -> Option<String> + 'a;

impl Controller {
    /// Every one of them.
    pub const ALL: [Self; 5] = [
        Self::IngressNginx,
        Self::F5Nginx,
        Self::Traefik,
        Self::HaproxyCommunity,
        Self::HaproxyTechnologies,
    ];

    /// Its name everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::IngressNginx => "ingress-nginx",
            Self::F5Nginx => "F5 NGINX",
            Self::Traefik => "Traefik",
            Self::HaproxyCommunity => "HAProxy Ingress",
            Self::HaproxyTechnologies => "HAProxy Technologies",
        }
    }

    /// The controller of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|controller| controller.name() == name)
    }

    /// The controller that an `IngressClass` names as `spec.controller`.
    pub fn of_class(controller: &str) -> Result<Self, Refusal> {
        let (vendor, _) = controller.split_once('/').unwrap_or((controller, ""));
        match (vendor, controller) {
            (_, "k8s.io/ingress-nginx") => Ok(Self::IngressNginx),
            (_, "nginx.org/ingress-controller") => Ok(Self::F5Nginx),
            (_, "traefik.io/ingress-controller") => Ok(Self::Traefik),
            ("haproxy-ingress.github.io", _) => Ok(Self::HaproxyCommunity),
            ("haproxy.org", _) => Ok(Self::HaproxyTechnologies),
            _ => Err(other::refusal(controller)),
        }
    }

    /// The controller that an `IngressClass` names, unless its pods, which run `images`, turn out to
    /// be something else that goes by the same name.
    pub fn running(controller: &str, images: &[String]) -> Result<Self, Refusal> {
        let found = Self::of_class(controller)?;
        let is_traefik = images.iter().any(|image| image.contains("traefik"));
        if found == Self::IngressNginx && is_traefik {
            return Err(Refusal::Unsupported {
                controller: format!("Traefik under the class of ingress-nginx ({controller})"),
                why: "its nginx provider takes over the class name, not the limits; give the \
                      Ingress a class of Traefik's own"
                    .to_owned(),
            });
        }
        Ok(found)
    }

    /// What is to be written at `ingress` for `limit`, where annotations are as `base` says without
    /// Weir. Lists that are there are added to, never replaced.
    pub fn fields(
        self,
        limit: &Limit,
        ingress: &IngressName,
        base: &Base<'_>,
    ) -> Result<Fields, Refusal> {
        match self {
            Self::IngressNginx => ingress_nginx::fields(limit, base),
            Self::F5Nginx => f5_nginx::fields(limit),
            Self::Traefik => traefik::fields(limit, ingress, base),
            Self::HaproxyCommunity => haproxy_community::fields(limit, base),
            Self::HaproxyTechnologies => haproxy_technologies::fields(limit, base),
        }
    }

    /// Annotations that Weir may write; it touches no other.
    #[must_use]
    pub const fn annotations(self) -> &'static [&'static str] {
        match self {
            Self::IngressNginx => ingress_nginx::ANNOTATIONS,
            Self::F5Nginx => f5_nginx::ANNOTATIONS,
            Self::Traefik => traefik::ANNOTATIONS,
            Self::HaproxyCommunity => haproxy_community::ANNOTATIONS,
            Self::HaproxyTechnologies => haproxy_technologies::ANNOTATIONS,
        }
    }

    /// The HTTP status with which it refuses where nobody has set another.
    #[must_use]
    pub const fn refused_with(self) -> u16 {
        match self {
            Self::IngressNginx => ingress_nginx::REFUSED_WITH,
            Self::F5Nginx => f5_nginx::REFUSED_WITH,
            Self::Traefik => traefik::REFUSED_WITH,
            Self::HaproxyCommunity => haproxy_community::REFUSED_WITH,
            Self::HaproxyTechnologies => haproxy_technologies::REFUSED_WITH,
        }
    }

    /// Annotations that limit an Ingress by being there. What hides behind the names of Traefik's
    /// Middlewares cannot be told from the Ingress.
    #[must_use]
    pub const fn limiting(self) -> &'static [&'static str] {
        match self {
            Self::IngressNginx => ingress_nginx::LIMITING,
            Self::F5Nginx => f5_nginx::LIMITING,
            Self::Traefik => &[],
            Self::HaproxyCommunity => haproxy_community::LIMITING,
            Self::HaproxyTechnologies => haproxy_technologies::LIMITING,
        }
    }

    /// Names of every Middleware that Weir may have made for `ingress`.
    #[must_use]
    pub fn middlewares(self, ingress: &IngressName) -> Vec<String> {
        match self {
            Self::Traefik => traefik::names(ingress),
            _ => Vec::new(),
        }
    }

    fn unable(self, what: &'static str, why: impl Into<String>) -> Refusal {
        Refusal::Unable { controller: self.name(), what, why: why.into() }
    }
}

pub(super) use traefik::reference;

/// Requests beyond `rate` that `burst` means.
fn requests(burst: Burst, rate: u32) -> u32 {
    match burst {
        Burst::Requests(requests) => requests,
        Burst::Multiplier(times) => rate.saturating_mul(times),
    }
}

/// The networks of `allowlist` behind those that `annotation` holds already.
fn allowed(allowlist: &[IpNet], annotation: &'static str, base: &Base<'_>) -> String {
    let there = base(annotation).unwrap_or_default();
    let there = there.split(',').map(str::trim).filter(|network| !network.is_empty());
    let mut networks: Vec<String> = there.map(ToOwned::to_owned).collect();
    for network in allowlist {
        let network = network.to_string();
        if !networks.contains(&network) {
            networks.push(network);
        }
    }
    networks.join(",")
}
