//! Body of the fuzz target `packet`: any frames through decoder, flow table, features, sequences.
//!
//! An input is a script: a byte of settings, then steps of a byte each with operands. A step hands
//! over a frame of any link type, any length on the wire and any distance in time, repeats the last
//! frame, or lets time pass without one.

use std::convert::Infallible;

use weir::detect::{LENGTH, Sequences};
use weir::engine::{Options, Pipeline, Sink};
use weir::feature::{Contexts, FEATURES, Form, Summary, values, vector};
use weir::flow::{End, Order, Report, Row, State, Timeouts};
use weir::packet::{Counts, Decoder, Frame, LinkType, Packet, TcpFlags, protocol};

/// Frames after which a script ends: the time that one input takes must be bounded.
const MAX_FRAMES: u64 = 512;

/// The longest length that an IP header can give.
const MAX_IP_LEN: u64 = 65_535;

/// The timeouts that the settings allow, in µs: from one to a day.
const SHORTEST_US: i64 = 1;
const LONGEST_US: i64 = 86_400_000_000;

const LINKS: [LinkType; 6] = [
    LinkType::Ethernet,
    LinkType::RawIp,
    LinkType::LinuxSll,
    LinkType::LinuxSll2,
    LinkType::Null,
    LinkType::Loop,
];

/// Runs the script in `data`.
pub(crate) fn run(data: &[u8]) {
    let mut script = Script { rest: data, last: Frame { bytes: &[], ..FIRST }, pace_us: 0 };
    let mut run = Run::new(script.byte().unwrap_or_default());
    while run.frames < MAX_FRAMES
        && let Some(step) = script.step()
    {
        match step {
            Step::Frames(count) => {
                for _ in 0..count {
                    run.frame(&script.last);
                    script.pass(script.pace_us);
                }
            }
            Step::Quiet => run.pipeline.advance(script.last.time_us).expect(SINK),
        }
    }
    run.finish();
}

const FIRST: Frame<'static> =
    Frame { time_us: 1_600_000_000_000_000, link: LinkType::Ethernet, wire_len: 0, bytes: &[] };

const SINK: &str = "this sink never fails";

enum Step {
    /// The last frame so many times.
    Frames(u8),
    /// No frame up to the time of the last one.
    Quiet,
}

/// Reads steps from what is left of an input.
struct Script<'a> {
    rest: &'a [u8],
    last: Frame<'a>,
    pace_us: i64,
}

impl Script<'_> {
    fn byte(&mut self) -> Option<u8> {
        self.rest.split_off_first().copied()
    }

    fn step(&mut self) -> Option<Step> {
        match self.byte()? {
            how @ 0..192 => self.frame(how).map(Step::Frames),
            often @ 192..240 => Some(Step::Frames(often - 191)),
            _ => {
                let seconds = i64::from(self.byte()?);
                self.pass(seconds * 1_000_000);
                Some(Step::Quiet)
            }
        }
    }

    /// Takes a new frame; `how` chooses link type, relation of the lengths and distance in time.
    fn frame(&mut self, how: u8) -> Option<u8> {
        let (moment, length, low, high) = (self.byte()?, self.byte()?, self.byte()?, self.byte()?);
        let len = usize::from(u16::from_le_bytes([low, high])).min(self.rest.len());
        let (bytes, rest) = self.rest.split_at(len);
        self.rest = rest;
        let captured = u32::try_from(len).expect("at most 65,535");
        self.last.link = LINKS[usize::from(how) % LINKS.len()];
        self.last.bytes = bytes;
        self.last.wire_len = match how / 6 % 4 {
            0 => captured,
            1 => captured + u32::from(length) * 64,
            2 => captured.saturating_sub(length.into()),
            _ => u32::MAX - u32::from(length),
        };
        self.distance(how / 24, moment);
        Some(1)
    }

    fn distance(&mut self, unit: u8, count: u8) {
        const EXTREMES: [i64; 7] = [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX];
        let count_us = i64::from(count);
        self.pace_us = match unit {
            0 => 0,
            1 => count_us,
            2 => count_us * 1_000,
            3 => count_us * 1_000_000,
            4 => count_us * 64_000_000,
            5 => -count_us,
            6 => count_us * -1_000_000,
            _ => {
                self.last.time_us = EXTREMES[usize::from(count) % EXTREMES.len()];
                0
            }
        };
        self.pass(self.pace_us);
    }

    fn pass(&mut self, time_us: i64) {
        self.last.time_us = self.last.time_us.saturating_add(time_us);
    }
}

/// The way of the frames, and what must come out of it.
struct Run {
    decoder: Decoder,
    pipeline: Pipeline<Audit>,
    frames: u64,
    packets: u64,
    payload: u64,
}

impl Run {
    fn new(settings: u8) -> Self {
        let (is_reporting, is_small) = (settings & 1 != 0, settings & 2 != 0);
        let timeouts = match settings >> 2 & 3 {
            0 => Timeouts::default(),
            1 => short_timeouts(),
            2 => timeouts_of(LONGEST_US),
            _ => timeouts_of(SHORTEST_US),
        };
        let report_us = is_reporting.then_some(timeouts.active_us / 12);
        let max_flows = if is_small { 3 } else { 65_536 };
        let options =
            Options { timeouts: Timeouts { report_us, ..timeouts }, max_flows, shards: 1 };
        let pipeline = Pipeline::new(options, Audit::default()).expect("one shard starts nothing");
        Self { decoder: Decoder::default(), pipeline, frames: 0, packets: 0, payload: 0 }
    }

    fn frame(&mut self, frame: &Frame<'_>) {
        self.frames += 1;
        if let Ok(packet) = self.decoder.decode(frame) {
            plausible(frame, &packet);
            self.packets += 1;
            self.payload += u64::from(packet.payload_len);
            self.pipeline.packet(&packet).expect(SINK);
        }
        let counts = self.decoder.counts();
        assert_eq!(seen(counts), self.frames, "each frame is counted once");
        assert_eq!(counts.packets, self.packets);
        assert!(counts.tunnelled.max(counts.orphaned_fragments) <= counts.packets);
    }

    fn finish(self) {
        let outcome = self.pipeline.finish();
        let audit = outcome.sink;
        assert_eq!(audit.packets, self.packets, "packets are lost or counted twice");
        assert_eq!(audit.payload, self.payload, "bytes are lost or counted twice");
        assert_eq!(audit.finals, outcome.flows.opened, "each flow has one final row");
        assert_eq!(audit.evicted, outcome.flows.evicted);
        assert_eq!(audit.restarts, outcome.clock_steps);
    }
}

fn short_timeouts() -> Timeouts {
    Timeouts { active_us: 2_000_000, idle_us: 1_000_000, ..timeouts_of(100_000) }
}

fn timeouts_of(us: i64) -> Timeouts {
    Timeouts { active_us: us, idle_us: us, activity_gap_us: us, linger_us: us, report_us: None }
}

fn seen(counts: Counts) -> u64 {
    let Counts { packets, not_ip, truncated, malformed, covered_fragments, .. } = counts;
    packets + not_ip + truncated + malformed + covered_fragments
}

/// Lengths that the frame can have had, and a transport header that its protocol knows.
fn plausible(frame: &Frame<'_>, packet: &Packet) {
    assert_eq!(packet.time_us, frame.time_us);
    let len = u64::from(packet.header_len) + u64::from(packet.payload_len);
    assert!(len <= u64::from(frame.wire_len).max(MAX_IP_LEN), "{packet:?} of {}", frame.wire_len);
    let is_known = match (packet.tuple.protocol, packet.header_len) {
        (protocol::TCP, len) => len <= 60,
        (protocol::SCTP, len) => len <= 12,
        (protocol::UDP | protocol::ICMP | protocol::ICMPV6, len) => len <= 8,
        (_, len) => len == 0,
    };
    assert!(is_known, "{packet:?}");
    let is_plain = packet.flags == TcpFlags::default() && packet.window == 0;
    assert!(is_plain || packet.tuple.protocol == protocol::TCP, "{packet:?}");
}

/// Makes of every report what Weir makes of it, and adds up the final rows.
#[derive(Debug, Default)]
struct Audit {
    contexts: Contexts,
    sequences: Sequences,
    last: Option<Order>,
    packets: u64,
    payload: u64,
    finals: u64,
    evicted: u64,
    restarts: u64,
}

impl Sink for Audit {
    type Error = Infallible;

    fn report(&mut self, report: &Report<'_>) -> Result<(), Infallible> {
        assert!(self.last <= Some(report.order()), "{:?} after {:?}", report, self.last);
        self.last = Some(report.order());
        if let Some((row, context)) = self.contexts.observe(report) {
            let summary = Summary::new(row.flow);
            let values = values(0..FEATURES.len(), &summary, &context);
            for (feature, value) in FEATURES.iter().zip(values) {
                assert!(value.is_finite() && value >= 0.0, "{}: {value}", feature.name);
                let is_whole = value.fract() == 0.0;
                assert!(is_whole || feature.form == Form::Real, "{}: {value}", feature.name);
            }
            let vector = vector(&summary, &context);
            assert!(vector.iter().all(|value| value.is_finite()), "{vector:?}");
            let sequence = self.sequences.observe(&row, &vector);
            assert!((1..=LENGTH).contains(&sequence.len));
            assert_eq!(sequence.steps.last(), Some(&vector));
            self.row(&row);
        }
        Ok(())
    }

    fn restart(&mut self) -> Result<(), Infallible> {
        self.contexts.clear();
        self.sequences.clear();
        self.last = None;
        self.restarts += 1;
        Ok(())
    }

    fn flush(&mut self, _now_us: i64) -> Result<(), Infallible> {
        Ok(())
    }
}

impl Audit {
    fn row(&mut self, row: &Row<'_>) {
        let flow = row.flow;
        assert!(flow.packets() > 0 && flow.first_us <= flow.last_us);
        if let State::Final(end) = row.state {
            self.packets += flow.packets();
            self.payload += flow.forward.lengths.sum + flow.backward.lengths.sum;
            self.finals += 1;
            self.evicted += u64::from(end == End::Evicted);
        }
    }
}
