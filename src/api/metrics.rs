//! `GET /metrics`: what is counted, in Prometheus' text format 0.0.4.

mod cluster;
mod scans;
#[cfg(test)]
mod tests;
mod tetragon;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::{Display, Write};
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderName, header};

use super::Api;
use crate::detect::Class;
use crate::engine::{SinkStatus, Snapshot, SourceState};
use crate::incident::{Severity, SinkName, Status};

/// The format's media type.
const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Namespaces that are named at most.
const NAMESPACES: usize = 50;

/// What stands for the rest of them; should a namespace be called so, it is among them.
const OTHERS: &str = "other";

/// Read what is counted
///
/// In Prometheus' text format 0.0.4.
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "readMetrics",
    responses((status = OK, description = "Metrics", body = String, content_type = "text/plain; version=0.0.4")),
)]
pub(super) async fn get(State(api): State<Arc<Api>>) -> ([(HeaderName, &'static str); 1], String) {
    let text = text(&api.handle.snapshot(), api.readiness().ready);
    ([(header::CONTENT_TYPE, MEDIA_TYPE)], text)
}

/// Everything that is counted.
fn text(snapshot: &Snapshot, is_ready: bool) -> String {
    let mut page = Page::default();
    page.about(snapshot, is_ready);
    page.traffic(snapshot);
    page.flows(snapshot);
    page.model(snapshot);
    page.incidents(snapshot);
    page.sinks(snapshot);
    page.evidence(snapshot);
    page.cluster(snapshot);
    page.tetragon(snapshot);
    page.scans(snapshot);
    page.0
}

#[derive(Debug, Default)]
struct Page(String);

impl Page {
    fn about(&mut self, snapshot: &Snapshot, is_ready: bool) {
        self.gauge("weir_build_info", "The version of this program.");
        self.labelled("weir_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
        self.gauge("weir_ready", "Whether nothing keeps the engine from guarding.");
        self.plain("weir_ready", u8::from(is_ready));
        let is_running = snapshot.source.state == SourceState::Running;
        self.gauge("weir_capture_running", "Whether packets come, or may come.");
        let source = snapshot.source.name.as_str();
        self.labelled("weir_capture_running", &[("source", source)], u8::from(is_running));
        if let Some(progress) = snapshot.source.progress {
            self.gauge("weir_capture_progress_ratio", "How much of the file has been read.");
            self.plain("weir_capture_progress_ratio", progress);
        }
        self.gauge("weir_packet_time_seconds", "Packet time since the epoch.");
        self.plain("weir_packet_time_seconds", seconds(snapshot.now_us));
    }

    fn traffic(&mut self, snapshot: &Snapshot) {
        let traffic = &snapshot.traffic;
        self.counter("weir_packets_total", "Packets decoded.");
        self.plain("weir_packets_total", traffic.packets);
        self.counter("weir_packet_bytes_total", "Bytes on the wire of packets decoded.");
        self.plain("weir_packet_bytes_total", traffic.bytes);
        self.counter("weir_frames_skipped_total", "Frames that made no packet.");
        self.plain("weir_frames_skipped_total", traffic.skipped);
        self.counter("weir_packets_dropped_total", "Packets lost, by where.");
        for (place, dropped) in [
            ("kernel", traffic.dropped_kernel),
            ("interface", traffic.dropped_interface),
            ("queue", traffic.dropped_queue),
        ] {
            self.labelled("weir_packets_dropped_total", &[("where", place)], dropped);
        }
    }

    fn flows(&mut self, snapshot: &Snapshot) {
        self.gauge("weir_flows_open", "Flows open now.");
        self.plain("weir_flows_open", snapshot.flows.open);
        self.counter("weir_flows_opened_total", "Flows opened.");
        self.plain("weir_flows_opened_total", snapshot.flows.opened);
        self.counter("weir_flows_evicted_total", "Flows ended early to keep within max-flows.");
        self.plain("weir_flows_evicted_total", snapshot.flows.evicted);
        self.gauge("weir_flows_recent", "Final flows of the last five minutes, by class.");
        for (class, flows) in Class::ALL.iter().zip(snapshot.classes) {
            self.labelled("weir_flows_recent", &[("class", class.name())], flows);
        }
    }

    fn model(&mut self, snapshot: &Snapshot) {
        let model = &snapshot.model;
        self.gauge("weir_model_info", "The model and what runs it.");
        let labels = [("model", model.name.as_str()), ("backend", &model.backend.to_string())];
        self.labelled("weir_model_info", &labels, 1);
        self.counter("weir_sequences_scored_total", "Sequences scored.");
        self.plain("weir_sequences_scored_total", model.sequences);
        self.counter(
            "weir_vectors_unscored_total",
            "Vectors not scored because inference did not keep up.",
        );
        self.plain("weir_vectors_unscored_total", model.unscored);
        self.gauge(
            "weir_model_shift",
            "How far the network is from what the model was trained on; NaN before enough was seen.",
        );
        self.plain("weir_model_shift", model.shift.index.unwrap_or(f64::NAN));
        self.gauge(
            "weir_model_shift_bound",
            "What networks like those of the model's training hardly exceed.",
        );
        self.plain("weir_model_shift_bound", model.shift.bound);
    }

    fn incidents(&mut self, snapshot: &Snapshot) {
        self.gauge("weir_incidents_open", "Incidents that are not over, by severity.");
        for severity in Severity::ALL {
            let open = snapshot.incidents.iter().filter(|incident| {
                incident.status != Status::Resolved && incident.severity == severity
            });
            let open = open.count();
            self.labelled("weir_incidents_open", &[("severity", severity.name())], open);
        }
        self.namespaces(snapshot);
        self.counter(
            "weir_incidents_resolved_early_total",
            "Incidents resolved before they were over, because too many were open.",
        );
        self.plain("weir_incidents_resolved_early_total", snapshot.resolved_early);
        self.gauge("weir_store_failing", "Whether the last write to the database failed.");
        self.plain("weir_store_failing", u8::from(snapshot.store.failure.is_some()));
        self.gauge("weir_store_changes_waiting", "Changes of incidents that wait to be written.");
        self.plain("weir_store_changes_waiting", snapshot.store.waiting);
    }

    /// Open incidents about hosts of the cluster, where there are any.
    fn namespaces(&mut self, snapshot: &Snapshot) {
        let name = "weir_namespace_incidents_open";
        for (at, ((namespace, severity), open)) in by_namespace(snapshot).into_iter().enumerate() {
            if at == 0 {
                self.gauge(name, "Incidents that are not over about a host of the namespace.");
            }
            let labels = [("namespace", namespace), ("severity", severity.name())];
            self.labelled(name, &labels, open);
        }
    }

    fn sinks(&mut self, snapshot: &Snapshot) {
        self.gauge("weir_mutes", "Mutes that go on.");
        self.plain("weir_mutes", snapshot.mutes.len());
        let sinks = &snapshot.sinks;
        if sinks.is_empty() {
            return;
        }
        self.gauge("weir_outbox_entries", "Changes that a sink is to be told of, by state.");
        for SinkStatus { sink, depth, .. } in sinks {
            for (state, entries) in [("waiting", depth.waiting), ("parked", depth.parked)] {
                let labels = [("sink", sink.name()), ("state", state)];
                self.labelled("weir_outbox_entries", &labels, entries);
            }
        }
        self.sink_times(
            "weir_outbox_oldest_timestamp_seconds",
            "When the oldest change that waits was put in.",
            sinks.iter().filter_map(|one| Some((one.sink, one.depth.oldest_us?))),
        );
        self.sink_times(
            "weir_sink_last_success_timestamp_seconds",
            "When a sink last took something.",
            sinks.iter().filter_map(|one| Some((one.sink, one.depth.last_success_us?))),
        );
        self.counter("weir_sink_delivered_total", "Changes that a sink has taken, ever.");
        for SinkStatus { sink, depth, .. } in sinks {
            self.labelled("weir_sink_delivered_total", &[("sink", sink.name())], depth.delivered);
        }
        self.counter("weir_sink_digested_total", "Changes that a digest stood for, ever.");
        for SinkStatus { sink, depth, .. } in sinks {
            self.labelled("weir_sink_digested_total", &[("sink", sink.name())], depth.digested);
        }
        self.gauge("weir_sink_failing", "Whether a sink took nothing when it was last told.");
        for SinkStatus { sink, failure, .. } in sinks {
            let is_failing = u8::from(failure.is_some());
            self.labelled("weir_sink_failing", &[("sink", sink.name())], is_failing);
        }
    }

    /// Times of sinks, where there are any.
    fn sink_times(
        &mut self,
        name: &str,
        help: &str,
        times_us: impl Iterator<Item = (SinkName, i64)>,
    ) {
        for (at, (sink, time_us)) in times_us.enumerate() {
            if at == 0 {
                self.gauge(name, help);
            }
            self.labelled(name, &[("sink", sink.name())], seconds(time_us));
        }
    }

    fn evidence(&mut self, snapshot: &Snapshot) {
        let Some(ring) = &snapshot.evidence else { return };
        self.gauge("weir_evidence_bytes", "Bytes of packets kept as evidence.");
        self.plain("weir_evidence_bytes", ring.bytes);
        self.gauge("weir_evidence_frames", "Frames kept as evidence.");
        self.plain("weir_evidence_frames", ring.frames);
        self.counter("weir_evidence_frames_lost_total", "Frames that could not be kept.");
        self.plain("weir_evidence_frames_lost_total", ring.lost_frames);
        self.gauge("weir_evidence_failing", "Whether the last write of packets failed.");
        self.plain("weir_evidence_failing", u8::from(ring.failure.is_some()));
    }

    fn counter(&mut self, name: &str, help: &str) {
        self.head(name, help, "counter");
    }

    fn gauge(&mut self, name: &str, help: &str) {
        self.head(name, help, "gauge");
    }

    fn head(&mut self, name: &str, help: &str, kind: &str) {
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
    }

    fn plain(&mut self, name: &str, value: impl Display) {
        self.line(format_args!("{name} {value}"));
    }

    fn labelled(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let label = |(name, value): &(&str, &str)| format!("{name}=\"{}\"", escaped(value));
        let labels = labels.iter().map(label).collect::<Vec<_>>().join(",");
        self.line(format_args!("{name}{{{labels}}} {value}"));
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a text does not fail.
        writeln!(self.0, "{line}").ok();
    }
}

/// How many incidents are not over, by the namespace of the host that they are about and severity. The
/// namespaces with most of them are named, all others are one; hosts without a namespace are in none.
fn by_namespace(snapshot: &Snapshot) -> BTreeMap<(&str, Severity), u64> {
    let open = snapshot.incidents.iter().filter(|incident| incident.status != Status::Resolved);
    let mut counts = BTreeMap::<&str, BTreeMap<Severity, u64>>::new();
    for incident in open {
        let who = incident.names.get(incident.pivot).filter(|who| !who.namespace.is_empty());
        if let Some(who) = who {
            let counts = counts.entry(&who.namespace).or_default();
            *counts.entry(incident.severity).or_default() += 1;
        }
    }
    let mut most: Vec<_> = counts.into_iter().collect();
    most.sort_by_key(|(_, counts)| Reverse(counts.values().sum::<u64>()));
    let mut named = BTreeMap::new();
    for (at, (namespace, counts)) in most.into_iter().enumerate() {
        let namespace = if at < NAMESPACES { namespace } else { OTHERS };
        for (severity, open) in counts {
            *named.entry((namespace, severity)).or_default() += open;
        }
    }
    named
}

#[expect(clippy::cast_precision_loss, reason = "a double holds such a time to the µs")]
fn seconds(time_us: i64) -> f64 {
    time_us as f64 / 1e6
}

/// A label's value: a file may be called anything.
fn escaped(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n")
}
