//! Records a capture with evidence, and reads what is found in it again.

use std::io::Cursor;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use weir::capture::FileReader;
use weir::capture::evidence::{self, Found, Options, Status};
use weir::engine::{Meters, Options as Flows, Pipeline, Recording, Replay, Sink};
use weir::flow::{Report, Timeouts};
use weir::incident::FlowSpan;
use weir::packet::{Decoder, Frame, LinkType, Packet};
use weir::settings::Speed;

use super::flows::Folder;

/// Collects the flows that ended.
#[derive(Debug, Default)]
pub struct Spans(pub Vec<FlowSpan>);

impl Sink for Spans {
    type Error = ();

    fn report(&mut self, report: &Report<'_>) -> Result<(), ()> {
        if let Report::Row(row) = report {
            let flow = row.flow;
            self.0.push(FlowSpan {
                id: flow.id(),
                tuple: flow.tuple,
                first_us: flow.first_us,
                last_us: flow.last_us,
            });
        }
        Ok(())
    }

    fn restart(&mut self) -> Result<(), ()> {
        Ok(())
    }

    fn flush(&mut self, _: i64) -> Result<(), ()> {
        Ok(())
    }
}

/// What finds the flows that are recorded.
pub fn pipeline() -> Pipeline<Spans> {
    let timeouts = Timeouts { report_us: None, ..Timeouts::default() };
    let flows = Flows { timeouts, max_flows: 100_000, shards: 1 };
    Pipeline::new(flows, Spans::default()).expect("one thread is enough")
}

/// A ring in `folder` with room for everything.
pub fn roomy(folder: &Folder) -> Options {
    Options {
        folder: folder.path().join("evidence"),
        most_bytes: 64 << 20,
        snap_length: 262_144,
        keeps_payload: true,
        retention: Duration::from_hours(24),
    }
}

/// Replays a capture with evidence, and says how the ring was left and which flows there were.
pub fn record(capture: &Path, options: &Options) -> (Status, Vec<FlowSpan>) {
    let recording = Recording::start(options.clone()).expect("a thread");
    let mut pipeline = pipeline();
    let replay = Replay {
        paths: &[capture.to_owned()],
        filter: "",
        speed: Speed::Max,
        meters: &Meters::default(),
        recording: Some(&recording),
        arrivals: None,
        stop: &AtomicBool::new(false),
    };
    replay.run(&mut pipeline, |_| {});
    (recording.finish(), pipeline.finish().sink.0)
}

/// A frame that holds a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub packet: Packet,
    pub link: LinkType,
    pub wire_len: u32,
    pub bytes: Vec<u8>,
    pub headers_len: usize,
}

/// The packets of a capture file, in its order.
pub fn packets(file: impl AsRef<[u8]>) -> Vec<Kept> {
    let file = Cursor::new(file.as_ref().to_vec());
    let mut reader = FileReader::from_reader("a capture", file).expect("a capture");
    let mut decoder = Decoder::default();
    let mut packets = Vec::new();
    while let Some(frame) = reader.next_frame().expect("a whole capture") {
        if let Ok(packet) = decoder.decode(&frame) {
            let Frame { link, wire_len, bytes, .. } = frame;
            let headers_len = decoder.headers_len().min(bytes.len());
            packets.push(Kept { packet, link, wire_len, bytes: bytes.to_vec(), headers_len });
        }
    }
    packets
}

/// Those of `packets` that belong to one of `spans`.
pub fn of_spans(packets: &[Kept], spans: &[FlowSpan]) -> Vec<Kept> {
    let is_of = |packet: &Packet, span: &FlowSpan| {
        (span.first_us..=span.last_us).contains(&packet.time_us)
            && (packet.tuple == span.tuple || packet.tuple == span.tuple.reversed())
    };
    let wanted = |kept: &&Kept| spans.iter().any(|span| is_of(&kept.packet, span));
    packets.iter().filter(wanted).cloned().collect()
}

/// What is found of `spans`, and the file.
pub fn extract(options: &Options, spans: &[FlowSpan]) -> (Found, Vec<u8>) {
    let mut file = Vec::new();
    let found = evidence::extract(&options.folder, spans, "alert 5f1c", &mut file);
    (found.expect("evidence"), file)
}
