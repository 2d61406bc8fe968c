//! Whether the engine guards what it is to guard, decided on two snapshots.

mod tetragon;

use serde::Serialize;
use utoipa::ToSchema;

use crate::cluster::Link;
use crate::engine::{SinkStatus, Snapshot, SourceKind, SourceState};
use crate::incident::rfc3339;

/// Whether the engine guards, and why it does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Readiness {
    /// Whether there is no reason against it.
    pub(super) ready: bool,
    /// What is wrong, a sentence each.
    pub(super) reasons: Vec<String>,
    /// What is wrong besides and keeps the engine from nothing, a sentence each.
    pub(super) notes: Vec<String>,
}

impl Readiness {
    /// An engine that is ready unless there are `reasons`.
    pub(super) const fn new(reasons: Vec<String>, notes: Vec<String>) -> Self {
        Self { ready: reasons.is_empty(), reasons, notes }
    }
}

/// What is wrong at `now` though the engine guards, given what it was like seconds `before`: who cannot
/// be told is told later.
pub(super) fn notes(before: &Snapshot, now: &Snapshot) -> Vec<String> {
    let mut notes = Vec::new();
    for SinkStatus { sink, depth, failure } in &now.sinks {
        let sink = sink.name();
        if let Some(why) = failure {
            notes.push(format!("{sink} takes nothing, {} changes wait: {why}", depth.waiting));
        }
        if depth.parked > 0 {
            notes.push(format!("{sink} has refused {} changes for good", depth.parked));
        }
    }
    let evidence = now.evidence.as_ref().and_then(|ring| ring.failure.as_ref());
    notes.extend(evidence.map(|why| format!("packets are not kept as evidence: {why}")));
    notes.extend(cluster(now));
    notes.extend(tetragon::notes(before, now));
    notes
}

/// What is not known of the cluster, or not any more: what is in it goes unnamed, limits stay as they
/// are, and the engine guards all the same.
fn cluster(now: &Snapshot) -> Vec<String> {
    if let Link::Down { since_us, why } = &now.cluster.link {
        let since = rfc3339(*since_us);
        return vec![format!(
            "the cluster has not answered since {since}, limits stay as they are: {why}"
        )];
    }
    let failing = now.cluster.watches.iter().filter_map(|one| Some((one, one.failure.as_ref()?)));
    failing
        .map(|(one, why)| format!("{} of the cluster are not known: {why}", one.resource))
        .collect()
}

/// What keeps the engine from guarding at `now`, given what it was like seconds `before`.
///
/// A file that was read to its end is no reason: all that was asked for is done.
pub(super) fn reasons(before: &Snapshot, now: &Snapshot) -> Vec<String> {
    let reasons = [capture(now), packets(before, now), model(before, now), store(now)];
    reasons.into_iter().flatten().chain(tetragon::reasons(now)).collect()
}

fn capture(now: &Snapshot) -> Option<String> {
    let name = &now.source.name;
    match (&now.source.state, now.source.kind) {
        (SourceState::Failed(why), _) => Some(format!("capture on {name} has failed: {why}")),
        (SourceState::Ended, SourceKind::Interface) => Some(format!("capture on {name} has ended")),
        (SourceState::Ended, SourceKind::File) | (SourceState::Running, _) => None,
    }
}

fn packets(before: &Snapshot, now: &Snapshot) -> Option<String> {
    let lost = now.traffic.dropped().saturating_sub(before.traffic.dropped());
    (lost > 0).then(|| format!("{lost} packets were lost in the last seconds"))
}

fn model(before: &Snapshot, now: &Snapshot) -> Option<String> {
    let unscored = now.model.unscored.saturating_sub(before.model.unscored);
    (unscored > 0).then(|| format!("{unscored} vectors were not scored in the last seconds"))
}

fn store(now: &Snapshot) -> Option<String> {
    let why = now.store.failure.as_ref()?;
    Some(format!("{} changes of incidents wait to be written: {why}", now.store.waiting))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::WatchStatus;
    use crate::incident::SinkName;
    use crate::store::Depth;

    fn running() -> Snapshot {
        let mut snapshot = Snapshot::default();
        snapshot.source.kind = SourceKind::Interface;
        snapshot.source.name = "eth0".into();
        snapshot
    }

    #[test]
    fn what_was_lost_long_ago_is_no_reason_any_more() {
        let mut now = running();
        (now.traffic.dropped_kernel, now.model.unscored) = (7, 3);
        assert_eq!(reasons(&now, &now), Vec::<String>::new());
        assert_eq!(
            reasons(&running(), &now),
            [
                "7 packets were lost in the last seconds",
                "3 vectors were not scored in the last seconds"
            ]
        );
    }

    #[test]
    fn a_capture_that_is_over_is_a_reason_and_a_file_that_is_read_is_none() {
        let mut now = running();
        now.source.state = SourceState::Failed("it went down".into());
        assert_eq!(reasons(&now, &now), ["capture on eth0 has failed: it went down"]);
        now.source.state = SourceState::Ended;
        assert_eq!(reasons(&now, &now), ["capture on eth0 has ended"]);
        now.source.kind = SourceKind::File;
        assert_eq!(reasons(&now, &now), Vec::<String>::new());
    }

    #[test]
    fn a_sink_that_is_down_is_noted_and_no_reason() {
        let mut now = running();
        let depth = Depth { waiting: 3, parked: 1, ..Depth::default() };
        let failure = Some("connection refused".to_owned());
        now.sinks = vec![SinkStatus { sink: SinkName::Slack, depth, failure }];
        assert_eq!(reasons(&now, &now), Vec::<String>::new());
        let expected = [
            "slack takes nothing, 3 changes wait: connection refused",
            "slack has refused 1 changes for good",
        ];
        assert_eq!(notes(&now, &now), expected);
    }

    #[test]
    fn a_cluster_that_is_away_is_noted_and_no_reason() {
        let mut now = running();
        now.cluster.watches = vec![WatchStatus {
            resource: "pods",
            objects: 0,
            heard_us: None,
            failure: Some("weir may not list pods".into()),
            refused: Some(403),
        }];
        let expected = "pods of the cluster are not known: weir may not list pods";
        assert_eq!(notes(&now, &now), [expected]);
        now.cluster.link =
            Link::Down { since_us: 1_600_000_000_000_000, why: "connection refused".into() };
        let expected = "the cluster has not answered since 2020-09-13T12:26:40.000000Z, limits stay \
                        as they are: connection refused";
        assert_eq!(notes(&now, &now), [expected]);
        assert_eq!(reasons(&now, &now), Vec::<String>::new());
    }

    #[test]
    fn a_database_that_fails_is_a_reason() {
        let mut now = running();
        now.store.failure = Some("database or disk is full".into());
        now.store.waiting = 4;
        let expected = "4 changes of incidents wait to be written: database or disk is full";
        assert_eq!(reasons(&now, &now), [expected]);
    }
}
