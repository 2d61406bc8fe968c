//! What is counted, as Prometheus reads it.

use std::sync::Arc;

use super::*;
use crate::api::tests::incident;
use crate::capture::evidence;
use crate::cluster::Link;
use crate::engine::{Found, Holder, ImageState, ImageStatus, ScanCounts};
use crate::incident::{Incident, Who, WhoKind};
use crate::packet::Address;
use crate::posture::image::{ScanSummary, VulnerabilityCounts};
use crate::respond::DecisionKind;
use crate::store::Depth;
use crate::tetragon::{AgentLink, AgentStatus, Endpoint};
use crate::trivy::Step;

#[test]
fn what_is_counted_is_written_with_its_labels() {
    let mut snapshot = Snapshot::default();
    snapshot.source.name = "a \"b\"\\\n.pcap".into();
    snapshot.traffic.dropped_kernel = 7;
    snapshot.now_us = 1_600_000_000_000_042;
    let depth = Depth { parked: 2, ..Depth::default() };
    let failure = Some("it is gone".into());
    snapshot.sinks = vec![SinkStatus { sink: SinkName::Slack, depth, failure }];
    let text = text(&snapshot, false);
    for line in [
        "# TYPE weir_packets_dropped_total counter",
        "weir_packets_dropped_total{where=\"kernel\"} 7",
        "weir_capture_running{source=\"a \\\"b\\\"\\\\\\n.pcap\"} 1",
        "weir_packet_time_seconds 1600000000.000042",
        "weir_ready 0",
        "weir_incidents_open{severity=\"critical\"} 0",
        "weir_incidents_resolved_early_total 0",
        "weir_outbox_entries{sink=\"slack\",state=\"parked\"} 2",
        "weir_sink_failing{sink=\"slack\"} 1",
        "weir_model_shift NaN",
    ] {
        assert!(text.lines().any(|written| written == line), "{line}\n{text}");
    }
}

#[test]
fn every_metric_has_one_help_and_one_type_and_then_its_samples() {
    let mut snapshot = Snapshot::default();
    snapshot.source.progress = Some(0.5);
    let depth = Depth { oldest_us: Some(1), last_success_us: Some(2), ..Depth::default() };
    snapshot.sinks = [SinkName::Slack, SinkName::Webhook]
        .map(|sink| SinkStatus { sink, depth: depth.clone(), failure: None })
        .into();
    snapshot.evidence = Some(evidence::Status::default());
    snapshot.incidents = vec![about("shop", 1), about("shop", 2)];
    snapshot.cluster.context = "kind-weir".into();
    snapshot.tetragon.agents = vec![agent("n1", "127.0.0.1:1"), agent("n2", "127.0.0.2:1")];
    let text = text(&snapshot, true);
    let mut name = "";
    for line in text.lines() {
        match line.split([' ', '{']).collect::<Vec<_>>()[..] {
            ["#", "HELP", next, ..] => {
                assert_eq!(text.matches(&format!("# HELP {next} ")).count(), 1, "{next}");
                name = next;
            }
            ["#", "TYPE", typed, ..] => assert_eq!(typed, name),
            [sample, ..] => assert_eq!(sample, name),
            [] => panic!("an empty line"),
        }
    }
}

/// An open incident about a pod of `namespace`.
fn about(namespace: &str, id: u64) -> Arc<Incident> {
    let who = Who {
        kind: WhoKind::Pod,
        namespace: namespace.into(),
        name: format!("web-{id}"),
        workload: None,
        service: None,
    };
    let mut incident = Incident { status: Status::Open, ..incident(id) };
    incident.names.add(incident.pivot, &Arc::new(who));
    Arc::new(incident)
}

/// The lines of the metric about namespaces.
fn namespaces(incidents: Vec<Arc<Incident>>) -> Vec<String> {
    let text = text(&Snapshot { incidents, ..Snapshot::default() }, true);
    let lines = text.lines().filter(|line| line.starts_with("weir_namespace_incidents_open"));
    lines.map(str::to_owned).collect()
}

#[test]
fn incidents_are_counted_by_the_namespace_that_they_are_about() {
    let mut over = Incident::clone(&about("shop", 3));
    over.status = Status::Resolved;
    let mut outside = Incident::clone(&about("shop", 4));
    outside.pivot = Address::v4([198, 51, 100, 1]);
    let incidents = vec![about("shop", 1), about("shop", 2), about("kube-system", 5)];
    let others = [over, outside].map(Arc::new);
    let severity = incidents[0].severity.name();
    assert_eq!(
        namespaces([incidents, others.into()].concat()),
        [("kube-system", 1), ("shop", 2)].map(|(namespace, open)| format!(
            "weir_namespace_incidents_open{{namespace=\"{namespace}\",severity=\"{severity}\"}} {open}"
        ))
    );
}

#[test]
fn a_cluster_of_many_namespaces_makes_no_more_series_than_a_few() {
    let mut incidents: Vec<_> = (0..200).map(|id| about(&format!("team-{id:03}"), id)).collect();
    incidents.push(about("team-199", 300));
    incidents.push(about("other", 301));
    let lines = namespaces(incidents);
    assert_eq!(lines.len(), NAMESPACES);
    let has = |part: &str| lines.iter().any(|line| line.contains(part));
    assert!(has("namespace=\"team-199\"") && has("namespace=\"team-000\""));
    // Of 202 incidents, 50 are about team-199 and the first 48 others; one is in a namespace `other`.
    assert!(has("namespace=\"other\"") && has("} 152"), "{lines:?}");
}

#[test]
fn what_came_of_limits_is_counted_from_the_start_where_there_is_a_cluster() {
    let mut snapshot = Snapshot::default();
    assert!(!text(&snapshot, true).contains("weir_cluster_up"));
    snapshot.cluster.context = "kind-weir".into();
    snapshot.cluster.link = Link::Down { since_us: 1, why: "it is gone".into() };
    snapshot.response.holder = Holder::Us;
    snapshot.response.counts[DecisionKind::Refused as usize] = 3;
    let text = text(&snapshot, true);
    for line in [
        "weir_cluster_up 0",
        "weir_lease_held 1",
        "weir_limits{standing=\"active\"} 0",
        "weir_limit_actions_total{kind=\"refused\"} 3",
        "weir_limit_actions_total{kind=\"overridden\"} 0",
    ] {
        assert!(text.lines().any(|written| written == line), "{line}\n{text}");
    }
}

/// An agent of this node.
fn agent(node: &str, place: &str) -> AgentStatus {
    AgentStatus { node: node.into(), ..AgentStatus::new(Endpoint::Tcp(place.into())) }
}

#[test]
fn what_comes_from_several_agents_of_a_node_is_one_and_what_is_lost_is_told_apart() {
    let mut snapshot = Snapshot::default();
    assert!(!text(&snapshot, true).contains("weir_tetragon"));
    let mut heard = agent("n1", "127.0.0.1:1");
    heard.link = AgentLink::Up;
    (heard.events, heard.rate_limited, heard.dropped, heard.unreadable) = (70, 3, 2, 1);
    let mut other = agent("n1", "127.0.0.2:1");
    (other.events, other.dropped, other.gaps, other.throttled) = (7, 20, 4, 5);
    let unknown = agent("", "127.0.0.3:1");
    snapshot.tetragon.agents = vec![heard, other, unknown];
    (snapshot.tetragon.kept, snapshot.tetragon.kept_bytes) = (40, 9_000);
    (snapshot.tetragon.evicted, snapshot.tetragon.joinable) = (15, 10);
    (snapshot.tetragon.joined, snapshot.tetragon.forgotten) = (8, 3);
    let text = text(&snapshot, true);
    for line in [
        "weir_tetragon_up{node=\"n1\"} 1",
        "weir_tetragon_up{node=\"127.0.0.3:1\"} 0",
        "weir_tetragon_events_total{node=\"n1\"} 77",
        "weir_tetragon_lost_events_total{node=\"n1\",where=\"agent\"} 3",
        "weir_tetragon_lost_events_total{node=\"n1\",where=\"weir\"} 22",
        "weir_tetragon_lost_events_total{node=\"n1\",where=\"unreadable\"} 1",
        "weir_tetragon_throttled_cgroups{node=\"n1\"} 5",
        "weir_tetragon_gaps_total{node=\"n1\"} 4",
        "weir_tetragon_kept_events 40",
        "weir_tetragon_kept_bytes 9000",
        "weir_tetragon_evicted_events_total 15",
        "weir_tetragon_flows_total{process=\"known\"} 8",
        "weir_tetragon_flows_total{process=\"unknown\"} 2",
        "weir_tetragon_forgotten_claims_total 3",
        "weir_tetragon_policies{standing=\"not-loaded\"} 0",
    ] {
        assert!(text.lines().any(|written| written == line), "{line}\n{text}");
    }
    assert_eq!(text.matches("weir_tetragon_up{").count(), 2);
}

/// An image in this state, which so many pods run, and what was found in it.
fn image(state: ImageState, pods: usize, found: Option<&Found>) -> Arc<ImageStatus> {
    Arc::new(ImageStatus {
        image: "shop/web:1".parse().unwrap(),
        digest: None,
        workloads: Vec::new(),
        pods: (0..pods).map(|number| ("shop".into(), format!("web-{number}"))).collect(),
        state,
        found: found.cloned(),
    })
}

#[test]
fn images_that_run_are_counted_once_however_many_pods_run_them() {
    let counts = VulnerabilityCounts { critical: 2, low: 5, ..VulnerabilityCounts::default() };
    let summary = Arc::new(ScanSummary { counts, ..ScanSummary::default() });
    let found = Found { scanned_us: 1, database_us: None, summary };
    let found = Some(&found);
    let mut snapshot = Snapshot::default();
    snapshot.scans.images = vec![
        image(ImageState::Scanned, 1, found),
        image(ImageState::Scanned, 3, found),
        image(ImageState::Scanned, 0, found),
        image(ImageState::Scanning(Step::Image), 1, None),
        // What was found before is not forgotten.
        image(ImageState::Waiting, 1, found),
        image(ImageState::Failed("denied".into()), 1, found),
    ];
    snapshot.scans.done = ScanCounts { scanned: 7, kept: 2, failed: 1 };
    let text = text(&snapshot, true);
    for line in [
        "weir_images{state=\"scanned\"} 2",
        "weir_images{state=\"waiting\"} 2",
        "weir_images{state=\"failed\"} 1",
        "weir_images{state=\"unknown\"} 0",
        "weir_image_vulnerabilities{severity=\"critical\"} 8",
        "weir_image_vulnerabilities{severity=\"low\"} 20",
        "weir_image_vulnerabilities{severity=\"unknown\"} 0",
        "weir_image_scans_total{outcome=\"scanned\"} 7",
        "weir_image_scans_total{outcome=\"kept\"} 2",
        "weir_image_scans_total{outcome=\"failed\"} 1",
    ] {
        assert!(text.lines().any(|written| written == line), "{line}\n{text}");
    }
}
