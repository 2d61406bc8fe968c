//! Reads the counters of all stages into a snapshot.

use std::sync::Arc;
use std::time::SystemTime;

use super::arrivals::Arrivals;
use super::inference::Progress;
use super::meters::Meters;
use super::rate::Rate;
use super::recording::RecordingMeters;
use super::scoring::FlowMeters;
use super::snapshot::{ModelStatus, Snapshot, Source, SourceState};

/// The counters of a running engine.
#[derive(Debug)]
pub(super) struct Gauges {
    /// The source as it began.
    pub(super) source: Source,
    /// Bytes of all files to be read, where they are known.
    pub(super) total_bytes: Option<u64>,
    pub(super) meters: Arc<Meters>,
    pub(super) flows: Arc<FlowMeters>,
    /// The model as it began.
    pub(super) model: ModelStatus,
    pub(super) inference: Arc<Progress>,
    /// None where no frames are kept.
    pub(super) evidence: Option<Arc<RecordingMeters>>,
    pub(super) arrivals: Arc<Arrivals>,
    pub(super) packet_rate: Rate<2>,
    pub(super) sequence_rate: Rate<1>,
}

impl Gauges {
    /// A snapshot of the counters at `now_us` of packet time; the rest is left empty.
    pub(super) fn read(&mut self, now_us: i64, state: &SourceState) -> Snapshot {
        let mut traffic = self.meters.traffic();
        let [packets_per_s, bytes_per_s] =
            self.packet_rate.observe(now_us, [traffic.packets, traffic.bytes]);
        if *state == SourceState::Running {
            traffic.packets_per_s = packets_per_s;
            traffic.bits_per_s = bytes_per_s * 8.0;
        }
        let sequences = self.inference.sequences();
        let [sequences_per_s] = self.sequence_rate.observe(wall_us(), [sequences]);
        let source =
            Source { state: state.clone(), progress: self.progress(state), ..self.source.clone() };
        let unscored = self.inference.unscored();
        let model = ModelStatus { sequences, sequences_per_s, unscored, ..self.model.clone() };
        Snapshot {
            now_us,
            source,
            traffic,
            flows: self.flows.counts(),
            model,
            arrivals: self.arrivals.counts(),
            evidence: self.evidence.as_ref().map(|meters| meters.status()),
            ..Snapshot::default()
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a share is shown with two digits")]
    fn progress(&self, state: &SourceState) -> Option<f64> {
        let total = self.total_bytes.filter(|total| *total > 0)?;
        let read = if *state == SourceState::Ended { total } else { self.meters.read_bytes() };
        Some((read as f64 / total as f64).min(1.0))
    }
}

/// The wall clock; only rates of work are read from it.
fn wall_us() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
