//! What is counted, as Prometheus reads it.

use std::sync::Arc;

use super::*;
use crate::api::tests::incident;
use crate::capture::evidence;
use crate::incident::{Incident, Who, WhoKind};
use crate::packet::Address;
use crate::store::Depth;

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
