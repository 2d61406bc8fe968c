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

/// What selectors of pods, containers and hosts leave of `scope`. Whichever pods of a namespace that is
/// needed are picked, they are needed.
fn picked(scope: Scope, selectors: &Value, guarded: &Guarded) -> Scope {
    if matches!(scope, Scope::Guarded | Scope::Harmless) {
        return scope;
    }
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

/// What a selector by labels picks. All of its parts must fit: of a namespace that nothing depends on
/// it picks nothing that is needed, whereas pods that are needed carry other labels too.
fn pick(selector: &Value, guarded: &Guarded) -> Pick {
    let labels = selector.get("matchLabels").and_then(Value::as_object).into_iter().flatten();
    let labels = labels.map(|(key, value)| (key.as_str(), value.as_str().into_iter().collect()));
    let expressions = |operator| {
        let all = read::list(selector, "matchExpressions").iter();
        all.filter(move |one| read::text(one, "operator") == operator).map(|one| {
            let values = read::list(one, "values").iter().filter_map(Value::as_str);
            (read::text(one, "key"), values.collect::<Vec<_>>())
        })
    };
    // Whoever leaves out all namespaces that are needed has thought of it.
    let leaves_out = |(key, values): (&str, Vec<&str>)| {
        let mut needed = guarded.namespaces().iter();
        NAMESPACE_LABELS.contains(&key) && needed.all(|needed| values.contains(&needed.as_str()))
    };
    if expressions("NotIn").any(leaves_out) {
        return Pick::Some;
    }
    let (namespaces, others): (Vec<_>, Vec<_>) =
        labels.chain(expressions("In")).partition(|(key, _)| NAMESPACE_LABELS.contains(key));
    let is_needed = |(key, values): &(&str, Vec<&str>)| {
        values.iter().any(|value| is_needed(key, value, guarded))
    };
    if !namespaces.iter().all(is_needed) {
        return Pick::Some;
    }
    match (namespaces.is_empty(), others.as_slice()) {
        (true, []) => Pick::All,
        (true, others) if !others.iter().any(is_needed) => Pick::Some,
        _ => Pick::Guarded,
    }
}

/// Whether a label is of pods that the cluster or Weir need.
fn is_needed(key: &str, value: &str, guarded: &Guarded) -> bool {
    if NAMESPACE_LABELS.contains(&key) { guarded.holds(value) } else { needed::is_workload(value) }
}
