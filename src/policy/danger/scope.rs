//! On whose processes a policy, or a selector of it, acts.

use serde_json::Value;

use super::Guarded;
use super::needed;
use crate::policy::PolicyName;
use crate::policy::read;

/// Labels by which Tetragon knows the namespace of a pod.
const NAMESPACE_LABELS: [&str; 2] =
    ["k8s:io.kubernetes.pod.namespace", "io.kubernetes.pod.namespace"];

/// On whose processes something acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// On all of a node.
    Nodes,
    /// On those of all pods.
    Pods,
    /// On those of pods that the cluster needs.
    Guarded,
    /// On those of pods that somebody has picked, or of a namespace that nothing depends on.
    Harmless,
}

impl Scope {
    /// Whose processes, after `every process`.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Nodes => {
                "of every node, the kubelet, the container runtime, Tetragon and Weir among them,"
            }
            Self::Pods => "of every pod, those of kube-system and Weir among them,",
            Self::Guarded => "of pods that the cluster or Weir need",
            Self::Harmless => "of the pods that it picks",
        }
    }

    /// How it is narrowed.
    pub(super) const fn mend(self) -> &'static str {
        match self {
            Self::Nodes | Self::Pods | Self::Harmless => {
                "narrow it with `podSelector`, or with `matchBinaries` or `matchArgs` that name \
                 what is meant"
            }
            Self::Guarded => {
                "narrow it with `matchBinaries` or `matchArgs` that name what is meant, or pick \
                 other pods"
            }
        }
    }
}

/// On whose processes a policy acts.
pub(super) fn of_policy(name: &PolicyName, spec: &Value, guarded: &Guarded) -> Scope {
    let whole = match &name.namespace {
        None => Scope::Nodes,
        Some(namespace) if guarded.holds(namespace) => Scope::Guarded,
        Some(_) => return Scope::Harmless,
    };
    picked(whole, spec, guarded)
}

/// On whose processes a selector of a policy acts.
pub(super) fn narrowed(scope: Scope, selector: &Value, guarded: &Guarded) -> Scope {
    let scope = match selector.get("matchWorkloads") {
        Some(workloads) => picked(scope, workloads, guarded),
        None => scope,
    };
    // Whatever is not of the node's own namespaces is of a container.
    let is_container = read::list(selector, "matchNamespaces").iter().any(|entry| {
        let is_host = |value: &Value| value.as_str() == Some("host_ns");
        read::text(entry, "operator") == "NotIn"
            && matches!(read::text(entry, "namespace"), "Pid" | "Mnt")
            && read::list(entry, "values").iter().any(is_host)
    });
    if is_container && scope == Scope::Nodes { Scope::Pods } else { scope }
}

/// What selectors of pods, containers and hosts leave of `scope`.
fn picked(scope: Scope, selectors: &Value, guarded: &Guarded) -> Scope {
    let there = |name| selectors.get(name).filter(|selector| selector.is_object());
    let (pods, containers) = (there("podSelector"), there("containerSelector"));
    if there("hostSelector").is_some() || (pods.is_none() && containers.is_none()) {
        return scope;
    }
    let all = if scope == Scope::Nodes { Scope::Pods } else { scope };
    match pods.map(|pods| pick(pods, guarded)) {
        Some(Pick::Guarded) => return Scope::Guarded,
        Some(Pick::Some) => return Scope::Harmless,
        Some(Pick::All) | None => {}
    }
    match containers.map(|containers| pick(containers, guarded)) {
        Some(Pick::Some) => Scope::Harmless,
        Some(Pick::Guarded) => Scope::Guarded,
        Some(Pick::All) | None => all,
    }
}

/// What labels pick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pick {
    All,
    Guarded,
    Some,
}

/// What a selector by labels picks. All of its parts must fit, so one that picks something harmless
/// is enough.
fn pick(selector: &Value, guarded: &Guarded) -> Pick {
    let mut is_guarded = false;
    let labels = selector.get("matchLabels").and_then(Value::as_object);
    for (key, value) in labels.into_iter().flatten() {
        if is_needed(key, value.as_str().unwrap_or_default(), guarded) {
            is_guarded = true;
        } else {
            return Pick::Some;
        }
    }
    for expression in read::list(selector, "matchExpressions") {
        let key = read::text(expression, "key");
        let values: Vec<_> =
            read::list(expression, "values").iter().filter_map(Value::as_str).collect();
        match read::text(expression, "operator") {
            "In" if values.iter().any(|value| is_needed(key, value, guarded)) => is_guarded = true,
            "In" => return Pick::Some,
            // Whoever leaves out all that is needed has thought of it.
            "NotIn"
                if NAMESPACE_LABELS.contains(&key)
                    && guarded
                        .namespaces()
                        .iter()
                        .all(|needed| values.contains(&needed.as_str())) =>
            {
                return Pick::Some;
            }
            _ => {}
        }
    }
    if is_guarded { Pick::Guarded } else { Pick::All }
}

/// Whether a label is of pods that the cluster or Weir need.
fn is_needed(key: &str, value: &str, guarded: &Guarded) -> bool {
    if NAMESPACE_LABELS.contains(&key) { guarded.holds(value) } else { needed::is_workload(value) }
}
