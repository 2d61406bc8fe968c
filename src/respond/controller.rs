//! Ingress controllers that take limits.

use super::Refusal;

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

    /// The controller that an `IngressClass` names as `spec.controller`.
    pub fn of_class(controller: &str) -> Result<Self, Refusal> {
        let (vendor, _) = controller.split_once('/').unwrap_or((controller, ""));
        match (vendor, controller) {
            (_, "k8s.io/ingress-nginx") => Ok(Self::IngressNginx),
            (_, "nginx.org/ingress-controller") => Ok(Self::F5Nginx),
            (_, "traefik.io/ingress-controller") => Ok(Self::Traefik),
            ("haproxy-ingress.github.io", _) => Ok(Self::HaproxyCommunity),
            ("haproxy.org", _) => Ok(Self::HaproxyTechnologies),
            _ => Err(Refusal::Unsupported {
                controller: controller.to_owned(),
                why: "Weir does not know how to set a limit there".to_owned(),
            }),
        }
    }
}
