//! Is there a cluster, does it answer, and may Weir do there what it does. Nothing is changed.

use std::time::Duration;

use tokio::runtime::Builder;
use tokio::time::timeout;
use weir::cluster::{Access, Cluster, Error, Found, Part, Place};
use weir::notify;
use weir::settings::{Reach, Settings};

use super::finding::{Finding, told};

const CLUSTER: &str = "cluster";
const RIGHTS: &str = "rights";

/// How long all questions together may take.
const WITHIN: Duration = Duration::from_secs(30);

/// The cluster of the settings, and each right in it that is missing.
pub(super) fn cluster_and_rights(
    settings: &Settings,
    place: &Result<Place, Error>,
) -> Vec<Finding> {
    if settings.cluster == Reach::Off {
        return vec![Finding::ok(CLUSTER, "none is wanted: `cluster` is `off`")];
    }
    let place = match place.clone() {
        Ok(place) => place,
        Err(error) => return vec![Finding::fail(CLUSTER, told(&error), mend(&error))],
    };
    notify::prepare();
    let runtime = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return vec![Finding::fail(CLUSTER, told(&error), "free memory or file descriptors")];
        }
    };
    let looked = runtime.block_on(async { timeout(WITHIN, look(settings, place)).await });
    looked.unwrap_or_else(|_| {
        let found = format!("the API server did not answer within {} s", WITHIN.as_secs());
        vec![trouble(settings, found)]
    })
}

async fn look(settings: &Settings, place: Place) -> Vec<Finding> {
    let cluster = match Cluster::connect(place).await {
        Ok(Found::Cluster(cluster)) => cluster,
        Ok(Found::Nothing(_)) if settings.cluster == Reach::Auto => {
            let found = "none: there is no kubeconfig, and this is no pod; addresses have no names";
            return vec![Finding::ok(CLUSTER, found)];
        }
        Ok(Found::Nothing(_)) => {
            let found = "none: there is no kubeconfig, and this is no pod";
            return vec![trouble(settings, found.to_owned())];
        }
        Err(error) => return vec![Finding::fail(CLUSTER, told(&error), mend(&error))],
    };
    let version = match cluster.version().await {
        Ok(version) => version,
        Err(error) => return vec![trouble(settings, told(&error))],
    };
    let shown = format!("{}, version {version}", cluster.context());
    let mut findings = vec![Finding::ok(CLUSTER, shown)];
    findings.extend(rights(settings, cluster.access().await));
    findings
}

/// Without a cluster Weir works, unless one is wanted.
fn trouble(settings: &Settings, found: String) -> Finding {
    let mend = "see whether `kubectl version` works with the same kubeconfig and context; `cluster = \
                \"off\"` does without";
    match settings.cluster {
        Reach::On => Finding::fail(CLUSTER, found, mend),
        Reach::Auto | Reach::Off => Finding::warn(CLUSTER, found, mend),
    }
}

fn mend(error: &Error) -> &'static str {
    match error {
        Error::Kubeconfig { .. } | Error::NoKubeconfig { .. } => {
            "see whether `kubectl config view` reads it and has the context"
        }
        Error::ServiceAccount { .. } => "mount the token of the service account",
        _ => "see whether `kubectl version` works with the same kubeconfig and context",
    }
}

/// What is missing, and what does not work without it.
fn rights(settings: &Settings, all: Vec<Access>) -> Vec<Finding> {
    let needed = all.into_iter().filter(|access| {
        // A Weir that changes nothing needs no right to.
        !settings.read_only || access.right.part == Part::Reader
    });
    let lacking: Vec<_> = needed.filter(|access| !access.is_whole()).map(|it| lack(&it)).collect();
    if lacking.is_empty() {
        return vec![Finding::ok(RIGHTS, "all that Weir makes use of")];
    }
    lacking
}

fn lack(access: &Access) -> Finding {
    let Access { right, missing, unknown } = access;
    let group = if right.group.is_empty() { "" } else { "." };
    let resource = format!("{}{group}{}", right.resource, right.group);
    if let Some(why) = unknown {
        let found = format!("of {resource} it is not known: {why}");
        return Finding::warn(RIGHTS, found, "try again");
    }
    let found = format!("Weir may not {} {resource}: {}", missing.join(", "), right.disables);
    let file = match right.part {
        Part::Reader => "bind the reader of `deploy/rbac.yaml`",
        Part::Responder => "bind the responder of `deploy/rbac.yaml`, if anything is to be changed",
    };
    Finding::warn(RIGHTS, found, file)
}

#[cfg(test)]
mod tests {
    use weir::cluster;

    use super::*;

    fn access(part: Part, missing: Vec<&'static str>) -> Access {
        let right = cluster::RIGHTS.iter().find(|right| right.part == part).unwrap();
        Access { right, missing, unknown: None }
    }

    #[test]
    fn a_right_that_is_missing_says_what_does_not_work_without_it() {
        let settings = Settings::default();
        let found = rights(&settings, vec![access(Part::Reader, vec!["list", "watch"])]);
        let text = found[0].to_string();
        assert!(text.starts_with("warn  rights      Weir may not list, watch nodes: "), "{text}");
        assert!(text.contains("bind the reader of `deploy/rbac.yaml`"), "{text}");
    }

    #[test]
    fn a_weir_that_changes_nothing_needs_no_right_to() {
        let settings = Settings { read_only: true, ..Settings::default() };
        let found = rights(&settings, vec![access(Part::Responder, vec!["patch"])]);
        assert_eq!(found, [Finding::ok(RIGHTS, "all that Weir makes use of")]);
    }
}
