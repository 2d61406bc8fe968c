//! What is said of every flow, and what is told of it, depends neither on when the traffic was recorded,
//! nor on its addresses, nor on how much of each packet was kept.

use std::collections::HashMap;
use std::convert::identity;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use weir::capture::FileReader;
use weir::detect::{Model, Runtime, Scorer, Usual, Verdict};
use weir::engine::{Delivery, Detection, Inference, Options, Pace, Pipeline, Scoring};
use weir::flow::{FlowId, Timeouts};
use weir::incident::{self, Change, Hosts, Incident, IncidentId, Tracker};
use weir::packet::{Address, Decoder, Frame, LinkType};

/// Where the headers of the bundled capture are: Linux cooked version 2, then IPv4 without options.
const MAC: std::ops::Range<usize> = 12..18;
const ADDRESSES: [usize; 2] = [32, 36];

/// What is kept of a packet by those who keep little.
const CUT: usize = 192;

/// A captured frame.
#[derive(Debug, Clone, PartialEq)]
struct Recorded {
    time_us: i64,
    link: LinkType,
    wire_len: u32,
    bytes: Vec<u8>,
}

/// Everything that comes of a capture, in order; what happened to incidents included.
#[derive(Debug, Default, Clone, PartialEq)]
struct Said {
    verdicts: Vec<Verdict>,
    changes: Vec<Incident>,
}

static DEMO: LazyLock<Vec<Recorded>> = LazyLock::new(|| {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/demo.pcap.zst"));
    let mut reader = FileReader::open(path).expect("the bundled capture");
    let mut frames = Vec::new();
    while let Some(Frame { time_us, link, wire_len, bytes }) = reader.next_frame().expect("a frame")
    {
        frames.push(Recorded { time_us, link, wire_len, bytes: bytes.to_vec() });
    }
    frames
});

/// What is said of the bundled capture as it is.
static SAID: LazyLock<Said> = LazyLock::new(|| said(DEMO.clone()));

/// Runs frames the whole way, as `weir detect` does.
fn said(frames: Vec<Recorded>) -> Said {
    let runtime = Runtime::start(None).expect("what runs the model");
    let model = Model::built_in().expect("a model");
    let scorer = || Scorer::new(&model, &runtime).expect("a session");
    let weights = model.manifest.weights;
    let tracker =
        Tracker::new("weir", incident::Options { weights, ..incident::Options::default() });
    let detection = Detection::new(tracker, scorer(), Usual::default());
    let heard = Arc::new(Mutex::new((Said::default(), detection)));
    let told = Arc::clone(&heard);
    let take = move |delivery: Delivery| {
        let mut heard = told.lock().unwrap_or_else(PoisonError::into_inner);
        let (said, detection) = &mut *heard;
        said.take(delivery, detection);
    };
    let inference = Inference::start(vec![scorer()], Pace::Replay, take).expect("threads");
    let timeouts = Timeouts { report_us: Some(5_000_000), ..Timeouts::default() };
    let options = Options { timeouts, max_flows: 1 << 20, shards: 1 };
    let mut pipeline = Pipeline::new(options, Scoring::new(inference)).expect("no thread");
    let mut decoder = Decoder::default();
    for Recorded { time_us, link, wire_len, bytes } in frames {
        if let Ok(packet) = decoder.decode(&Frame { time_us, link, wire_len, bytes: &bytes }) {
            pipeline.packet(&packet).expect("scoring takes everything");
        }
    }
    pipeline.finish().sink.finish();
    let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
    let (said, detection) = &mut *heard;
    detection.finish();
    said.changed(detection.changes());
    std::mem::take(said)
}

impl Said {
    fn take(&mut self, delivery: Delivery, detection: &mut Detection) {
        match delivery {
            Delivery::Scored(scored) => {
                for one in scored {
                    detection.observe(&one);
                    self.verdicts.push(one.verdict);
                }
            }
            Delivery::Moment(now_us) => detection.advance(now_us),
            Delivery::Restart => detection.restart(),
            Delivery::Failed(error) => panic!("{error}"),
        }
        self.changed(detection.changes());
    }

    fn changed(&mut self, changes: Vec<Change>) {
        let stands = |change: Change| Arc::unwrap_or_clone(change.into_incident());
        self.changes.extend(changes.into_iter().map(stands));
    }

    /// The same of traffic that is later and between other hosts, but for the names of flows and
    /// incidents, which are made of times and addresses.
    fn moved(self, shift_us: i64, name: impl Fn(Address) -> Address) -> Self {
        let verdict = |verdict: Verdict| moved_verdict(verdict, shift_us, &name);
        let incident = |incident: Incident| moved_incident(incident, shift_us, &name);
        Self {
            verdicts: self.verdicts.into_iter().map(verdict).collect(),
            changes: self.changes.into_iter().map(incident).collect(),
        }
    }
}

fn moved_verdict(
    mut verdict: Verdict,
    shift_us: i64,
    name: &impl Fn(Address) -> Address,
) -> Verdict {
    let flow = &mut verdict.flow;
    flow.id = FlowId(0);
    flow.tuple.source = name(flow.tuple.source);
    flow.tuple.target = name(flow.tuple.target);
    for time_us in [&mut flow.first_us, &mut flow.last_us, &mut flow.at_us] {
        *time_us += shift_us;
    }
    verdict
}

fn moved_incident(
    incident: Incident,
    shift_us: i64,
    name: &impl Fn(Address) -> Address,
) -> Incident {
    let hosts = |hosts: Hosts| Hosts {
        listed: hosts.listed.into_iter().map(name).collect(),
        total: hosts.total,
    };
    Incident {
        id: IncidentId(0),
        pivot: name(incident.pivot),
        sources: hosts(incident.sources),
        targets: hosts(incident.targets),
        first_us: incident.first_us + shift_us,
        last_us: incident.last_us + shift_us,
        detected_us: incident.detected_us + shift_us,
        resolved_us: incident.resolved_us.map(|at_us| at_us + shift_us),
        related: vec![IncidentId(0); incident.related.len()],
        flow_ids: vec![FlowId(0); incident.flow_ids.len()],
        ..incident
    }
}

/// Names the first difference: all of them would fill the screen.
#[track_caller]
fn assert_same(other: &Said, one: &Said) {
    assert_same_list(&other.verdicts, &one.verdicts);
    assert_same_list(&other.changes, &one.changes);
}

#[track_caller]
fn assert_same_list<T: PartialEq + std::fmt::Debug>(other: &[T], one: &[T]) {
    assert!(!one.is_empty());
    let pairs = || other.iter().zip(one).filter(|(other, one)| other != one);
    if let Some((there, here)) = pairs().next() {
        panic!("{} differ, the first of them: {there:#?}, not {here:#?}", pairs().count());
    }
    assert_eq!(other.len(), one.len());
}

/// Frames as they were on the wire; what nobody kept of them is filled with something.
fn whole() -> Vec<Recorded> {
    let mut frames = DEMO.clone();
    for frame in &mut frames {
        frame.bytes.resize(frame.wire_len as usize, 0xa5);
    }
    frames
}

/// A name for an address that no other has.
fn renamed(address: [u8; 4]) -> [u8; 4] {
    // An odd factor makes it a bijection that keeps no order and no network.
    u32::from_be_bytes(address).wrapping_mul(0x9e37_79b1).to_be_bytes()
}

#[test]
fn the_same_traffic_at_another_time_gives_the_same_verdicts_and_incidents() {
    let shift_us = 3 * 86_400_000_000 + 1_234_567;
    let mut frames = DEMO.clone();
    for frame in &mut frames {
        frame.time_us += shift_us;
    }
    let here = SAID.clone().moved(shift_us, identity);
    assert_same(&said(frames).moved(0, identity), &here);
}

/// Checksums hold the addresses too and are wrong then: nobody looks at them.
#[test]
fn the_same_traffic_between_other_hosts_gives_the_same_verdicts_and_incidents() {
    let mut frames = DEMO.clone();
    let mut names = HashMap::new();
    for frame in frames.iter_mut().filter(|frame| frame.bytes.starts_with(&[0x08, 0x00])) {
        for byte in &mut frame.bytes[MAC] {
            *byte = byte.wrapping_mul(167);
        }
        for at in ADDRESSES {
            let field = &mut frame.bytes[at..at + 4];
            let address = <[u8; 4]>::try_from(&*field).expect("four bytes");
            let name = renamed(address);
            names.insert(Address::v4(address), Address::v4(name));
            field.copy_from_slice(&name);
        }
    }
    assert!(names.len() > 10 && names.iter().all(|(address, name)| address != name));
    let here = SAID.clone().moved(0, |address| names[&address]);
    assert_same(&said(frames).moved(0, identity), &here);
}

#[test]
fn packets_cut_to_192_bytes_give_the_same_verdicts_and_incidents() {
    let whole = whole();
    let cut = whole.iter().filter(|frame| frame.bytes.len() > CUT).count();
    assert!(cut > 20_000, "{cut}");
    let mut frames = whole.clone();
    for frame in &mut frames {
        frame.bytes.truncate(CUT);
    }
    // The bundled capture was recorded so.
    assert!(frames == *DEMO);
    assert_same(&said(whole), &SAID);
}
