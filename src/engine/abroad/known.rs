//! Whether enough is known of the cluster to decide anything about it.

use super::Seen;
use crate::cluster::{ClusterStatus, Link, WatchStatus};

/// What must be seen before anything is limited: without it, what must be spared is not known.
const NEEDED: [&str; 7] =
    ["nodes", "namespaces", "pods", "services", "endpointslices", "ingresses", "ingressclasses"];

fn needed(cluster: &ClusterStatus) -> impl Iterator<Item = &WatchStatus> {
    cluster.watches.iter().filter(|watch| NEEDED.contains(&watch.resource))
}

/// Whether the cluster answers and all that is needed was asked for. While it is away nothing could
/// be done, and what is known of it may be old.
pub(super) fn is_known(seen: &Seen) -> bool {
    let is_asked = |watch: &WatchStatus| watch.heard_us.is_some() || watch.failure.is_some();
    let asked = needed(&seen.cluster).filter(|watch| is_asked(watch)).count();
    seen.cluster.link == Link::Up && asked == NEEDED.len() && seen.response.read_us != 0
}

/// Why nothing is limited though the cluster answers: some of it cannot be read.
pub(super) fn unseen(cluster: &ClusterStatus) -> Option<String> {
    let failed = needed(cluster).find(|watch| watch.failure.is_some())?;
    Some(format!(
        "the {} of the cluster cannot be read, so that it is not known what must be spared; `weir \
         doctor` says more",
        failed.resource
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched(failing: Option<&'static str>, silent: Option<&'static str>) -> Seen {
        let watch = |resource: &'static str| WatchStatus {
            resource,
            objects: 1,
            heard_us: (silent != Some(resource)).then_some(1),
            failure: (failing == Some(resource)).then(|| "forbidden".to_owned()),
            refused: (failing == Some(resource)).then_some(403),
        };
        let mut seen = Seen::default();
        seen.cluster.link = Link::Up;
        seen.cluster.watches = NEEDED.into_iter().chain(["jobs"]).map(watch).collect();
        seen.response.read_us = 1;
        seen
    }

    #[test]
    fn nothing_is_decided_before_all_that_must_be_spared_is_known() {
        assert!(is_known(&watched(None, None)));
        assert!(is_known(&watched(None, Some("jobs"))));
        for resource in NEEDED {
            assert!(!is_known(&watched(None, Some(resource))), "{resource}");
        }
        let mut unread = watched(None, None);
        unread.response.read_us = 0;
        assert!(!is_known(&unread), "how Ingresses stand is not known");
    }

    #[test]
    fn what_cannot_be_read_holds_the_response_back_in_words() {
        assert_eq!(unseen(&watched(None, None).cluster), None);
        assert_eq!(unseen(&watched(Some("jobs"), None).cluster), None);
        let why = unseen(&watched(Some("namespaces"), None).cluster).unwrap();
        assert!(why.contains("the namespaces of the cluster cannot be read"), "{why}");
    }
}
