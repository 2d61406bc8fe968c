//! What Weir may do in the cluster, and what it cannot do without that.

use futures_util::{StreamExt, stream};
use hyper::Method;
use serde::Deserialize;
use serde_json::json;

use super::Cluster;
use super::request::{ANSWER, Ask};

/// Where the API server says what whoever asks may do.
const REVIEWS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

/// Questions at once.
const AT_ONCE: usize = 8;

/// Who of Weir's two accounts needs a right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Whoever looks.
    Reader,
    /// Whoever sets limits too.
    Responder,
}

/// Where a right is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// In the whole cluster.
    Cluster,
    /// In the namespace of Weir alone.
    Namespace,
}

/// A right that Weir makes use of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Right {
    /// API group; empty for the core.
    pub group: &'static str,
    /// The resource, as RBAC names it: `ingresses`, `pods/log`.
    pub resource: &'static str,
    /// What is done to it.
    pub verbs: &'static [&'static str],
    /// Where.
    pub scope: Scope,
    /// Who does it.
    pub part: Part,
    /// What does not work without it.
    pub disables: &'static str,
}

const WATCH: &[&str] = &["list", "watch"];

const fn watched(group: &'static str, resource: &'static str, disables: &'static str) -> Right {
    let (scope, part) = (Scope::Cluster, Part::Reader);
    Right { group, resource, verbs: WATCH, scope, part, disables }
}

/// Every right that Weir makes use of, and no other.
pub const RIGHTS: &[Right] = &[
    watched("", "nodes", "addresses of nodes are not known, and limits may hit them"),
    watched("", "namespaces", "labels that protect a namespace are not seen"),
    watched("", "pods", "addresses of pods have no names"),
    watched("", "services", "addresses of services have no names"),
    watched(
        "discovery.k8s.io",
        "endpointslices",
        "it is not known which pods are behind a service, nor which Ingress an attack comes through",
    ),
    Right {
        verbs: &["get", "list", "watch"],
        ..watched("networking.k8s.io", "ingresses", "Ingresses and their limits are not seen")
    },
    watched(
        "networking.k8s.io",
        "ingressclasses",
        "it is not known which controller serves an Ingress: no limit can be set",
    ),
    watched("apps", "replicasets", "pods are named after their ReplicaSet, not their Deployment"),
    watched("apps", "deployments", "it is not shown how many pods of Deployments are ready"),
    watched("apps", "statefulsets", "it is not shown how many pods of StatefulSets are ready"),
    watched("apps", "daemonsets", "it is not shown how many pods of DaemonSets are ready"),
    watched("batch", "jobs", "pods are named after their Job, not their CronJob"),
    watched("batch", "cronjobs", "CronJobs are not shown"),
    Right { verbs: &["list"], ..watched("", "events", "warnings of the cluster are not shown") },
    Right {
        verbs: &["list"],
        ..watched("metrics.k8s.io", "nodes", "usage of processors and memory is not shown")
    },
    Right {
        verbs: &["get", "list"],
        ..watched("cilium.io", "tracingpolicies", "policies of Tetragon are not seen")
    },
    Right {
        verbs: &["get", "list"],
        ..watched(
            "cilium.io",
            "tracingpoliciesnamespaced",
            "policies of Tetragon that are of a namespace are not seen",
        )
    },
    Right {
        verbs: &["get"],
        ..watched("", "pods/log", "events of Tetragon are not read from the logs of its pods")
    },
    Right {
        group: "networking.k8s.io",
        resource: "ingresses",
        verbs: &["patch"],
        scope: Scope::Cluster,
        part: Part::Responder,
        disables: "no limit can be set or lifted",
    },
    Right {
        group: "traefik.io",
        resource: "middlewares",
        verbs: &["get", "create", "patch", "delete"],
        scope: Scope::Cluster,
        part: Part::Responder,
        disables: "no limit can be set or lifted where Traefik serves",
    },
    Right {
        group: "cilium.io",
        resource: "tracingpolicies",
        verbs: &["create", "patch", "delete"],
        scope: Scope::Cluster,
        part: Part::Responder,
        disables: "no policy of Tetragon can be applied or deleted",
    },
    Right {
        group: "cilium.io",
        resource: "tracingpoliciesnamespaced",
        verbs: &["create", "patch", "delete"],
        scope: Scope::Cluster,
        part: Part::Responder,
        disables: "no policy of Tetragon that is of a namespace can be applied or deleted",
    },
    Right {
        group: "coordination.k8s.io",
        resource: "leases",
        verbs: &["get", "create", "patch"],
        scope: Scope::Namespace,
        part: Part::Responder,
        disables: "limits whose time is over are not lifted by this Weir",
    },
];

/// Whether Weir has a right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Which.
    pub right: &'static Right,
    /// Verbs of it that are not allowed.
    pub missing: Vec<&'static str>,
    /// Why it cannot be said of some verb, where it cannot.
    pub unknown: Option<String>,
}

impl Access {
    /// Whether everything is allowed for sure.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.missing.is_empty() && self.unknown.is_none()
    }
}

#[derive(Debug, Deserialize)]
struct Review {
    status: Verdict,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Verdict {
    allowed: bool,
}

impl Cluster {
    /// Asks the API server about each of [`RIGHTS`], in their order; it changes nothing.
    pub async fn access(&self) -> Vec<Access> {
        stream::iter(RIGHTS).map(|right| self.allows(right)).buffered(AT_ONCE).collect().await
    }

    async fn allows(&self, right: &'static Right) -> Access {
        let mut access = Access { right, missing: Vec::new(), unknown: None };
        for verb in right.verbs {
            match self.may(right, verb).await {
                Ok(true) => {}
                Ok(false) => access.missing.push(verb),
                Err(error) => {
                    access.unknown = Some(error.why());
                    break;
                }
            }
        }
        access
    }

    async fn may(&self, right: &Right, verb: &str) -> Result<bool, super::Error> {
        let namespace = match right.scope {
            Scope::Cluster => "",
            Scope::Namespace => self.namespace(),
        };
        let (resource, subresource) =
            right.resource.split_once('/').unwrap_or((right.resource, ""));
        let question = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": { "resourceAttributes": {
                "group": right.group,
                "resource": resource,
                "subresource": subresource,
                "verb": verb,
                "namespace": namespace,
            } },
        });
        let ask = Ask::new(Method::POST, REVIEWS).with_body("application/json", &question);
        let action = format!("ask whether Weir may {verb} {}", right.resource);
        Ok(self.ask::<Review>(&action, &ask, ANSWER).await?.status.allowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::watch::WATCHED;

    #[test]
    fn everything_that_is_watched_is_in_the_table_of_rights() {
        for path in WATCHED {
            let mut parts = path.rsplit('/');
            let (resource, _version) = (parts.next().unwrap(), parts.next().unwrap());
            let group = parts.next().filter(|group| *group != "api").unwrap_or_default();
            let mut rights = RIGHTS.iter();
            let right = rights.find(|right| (right.group, right.resource) == (group, resource));
            let verbs = right.map(|right| right.verbs).unwrap_or_default();
            assert!(verbs.contains(&"list") && verbs.contains(&"watch"), "{path}");
        }
    }
}
