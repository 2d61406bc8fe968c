//! A snapshot as the engine makes them during an attack.

mod mapped;
mod named;
mod policed;
mod response;
mod scanned;
mod tetragon;

use std::sync::Arc;

use weir::detect::{Backend, CLASSES, Class, FlowSummary, Reason, Score, Shift, Verdict, Weight};
use weir::engine::{
    ArrivalCounts, Conversation, FlowCounts, ModelStatus, ScansStatus, ScorePoint, SinkStatus,
    Snapshot, Source, SourceKind, SourceState, StoreStatus, Traffic,
};
use weir::feature::ALL_FEATURES;
use weir::flow::{End, FlowId, State};
use weir::incident::{
    Hosts, Incident, IncidentId, MuteId, Names, News, Severity, SinkName, Status,
};
use weir::packet::{Address, Tuple, protocol};
use weir::store::{Depth, Entry, EntryState, Mute};

pub(crate) use self::mapped::{lone_pod, mapped};
pub(crate) use self::named::named;
pub(crate) use self::policed::{body, policed, policy};
pub(crate) use self::scanned::{REFUSED, backdoor, digest, found, scanned, summary};
pub(crate) use self::tetragon::{agent, event};

/// 2026-11-25T14:02:11Z.
pub(crate) const NOW_US: i64 = 1_795_615_331_000_000;

const SECOND_US: i64 = 1_000_000;

pub(crate) const ATTACKER: [u8; 4] = [203, 0, 113, 7];
pub(crate) const SHOP: [u8; 4] = [10, 244, 1, 21];
pub(crate) const DATABASE: [u8; 4] = [10, 244, 1, 5];

/// A slow attack on a shop, a scan that is over, and what the shop does besides.
pub(crate) fn snapshot() -> Snapshot {
    let mut classes = [0; CLASSES];
    for (class, count) in [(Class::Benign, 1_912), (Class::DosSlow, 412), (Class::Scan, 3)] {
        classes[class as usize] = count;
    }
    Snapshot {
        resolved_early: 0,
        sinks: vec![sink(SinkName::Slack, (0, 0), None), sink(SinkName::Firebase, (0, 0), None)],
        outbox: Vec::new(),
        mutes: mutes(),
        evidence: None,
        arrivals: ArrivalCounts::default(),
        cluster: response::cluster(),
        world: Arc::default(),
        response: response::response(),
        tetragon: tetragon::status(),
        scans: ScansStatus::default(),
        now_us: NOW_US,
        source: Source {
            kind: SourceKind::Interface,
            name: "eth0".into(),
            state: SourceState::Running,
            progress: None,
        },
        traffic: Traffic {
            packets: 4_812_330,
            bytes: 3_812_004_119,
            packets_per_s: 18_210.4,
            bits_per_s: 141.8e6,
            ..Traffic::default()
        },
        flows: FlowCounts { open: 1_204, opened: 91_022, evicted: 0 },
        model: ModelStatus {
            name: "clstm-1".into(),
            backend: Backend::Tract,
            sequences: 182_044,
            sequences_per_s: 412.0,
            unscored: 0,
            shift: Shift { index: Some(0.52), bound: 0.75, features: Vec::new() },
        },
        store: StoreStatus {
            path: Some("/var/lib/weir/weir.db".into()),
            failure: None,
            waiting: 0,
        },
        conversations: conversations(),
        scores: scores(),
        classes,
        incidents: vec![slow_attack(), scan()].into_iter().map(Arc::new).collect(),
    }
}

/// The same, but Firebase does not take what it is told, and a webhook has refused something.
pub(crate) fn unheard() -> Snapshot {
    let failure = "demo.firebaseio.com answered 503: Service Unavailable";
    Snapshot {
        sinks: vec![
            sink(SinkName::Slack, (0, 0), None),
            sink(SinkName::Firebase, (1, 0), Some(failure)),
            sink(SinkName::Webhook, (0, 1), None),
        ],
        outbox: outbox().into_iter().map(Arc::new).collect(),
        ..snapshot()
    }
}

fn sink(sink: SinkName, (waiting, parked): (u64, u64), failure: Option<&str>) -> SinkStatus {
    let depth = Depth {
        waiting,
        turns: waiting,
        parked,
        delivered: 12,
        last_success_us: Some(NOW_US - 34 * SECOND_US),
        ..Depth::default()
    };
    SinkStatus { sink, depth, failure: failure.map(Into::into) }
}

fn outbox() -> Vec<Entry> {
    let entry = |seq, sink, news, incident, state, error: &str| Entry {
        seq,
        sink,
        news,
        incident: Arc::new(incident),
        stands_for: 1,
        state,
        attempts: 4,
        error: Some(error.into()),
        created_us: NOW_US - 30 * SECOND_US,
        handle: None,
    };
    let (waits, parked) = (EntryState::Waiting, EntryState::Parked);
    vec![
        entry(41, SinkName::Webhook, News::Resolved, scan(), parked, "answered 410: Gone"),
        entry(42, SinkName::Firebase, News::Opened, slow_attack(), waits, "answered 503"),
    ]
}

fn mutes() -> Vec<Mute> {
    vec![Mute {
        id: MuteId(3),
        filter: "class:scan src:10.244.9.9".into(),
        reason: "our own scanner runs at night".into(),
        author: "ops".into(),
        created_us: NOW_US - 3_600 * SECOND_US,
        expires_us: NOW_US + 3_600 * SECOND_US,
        hidden: 17,
    }]
}

fn conversations() -> Vec<Arc<Conversation>> {
    let attack = |host, score, flows, age_s| {
        conversation((host, SHOP, 80), (Class::DosSlow, score), flows, age_s)
    };
    let calm = |client, server, port, flows, age_s| {
        conversation((client, server, port), (Class::Benign, 0.012), flows, age_s)
    };
    let mut all = vec![
        attack(ATTACKER, 0.998, 214, 41),
        attack([203, 0, 113, 9], 0.991, 198, 40),
        conversation(([198, 51, 100, 99], SHOP, 22), (Class::Scan, 0.871), 190, 190),
        calm([10, 244, 1, 9], DATABASE, 5_432, 12, 2),
        calm([192, 168, 7, 30], SHOP, 443, 1, 9),
    ];
    all.extend((0..40).map(|n| calm([10, 244, 2, n], DATABASE, 6_379, 5, 3 + i64::from(n))));
    all.into_iter().map(Arc::new).collect()
}

fn conversation(
    (client, server, server_port): ([u8; 4], [u8; 4], u16),
    (class, score): (Class, f32),
    flows: u64,
    age_s: i64,
) -> Conversation {
    let (client, server) = (Address::v4(client), Address::v4(server));
    let is_scan = class == Class::Scan;
    let first_us = NOW_US - age_s * SECOND_US;
    let verdict = |n: u16| {
        let tuple = Tuple {
            source: client,
            target: server,
            source_port: 40_000 + n,
            target_port: if is_scan { server_port + n } else { server_port },
            protocol: protocol::TCP,
            icmp_type: 0,
        };
        verdict(tuple, first_us + i64::from(n) * SECOND_US / 10, (class, score))
    };
    Conversation {
        client,
        server,
        client_who: None,
        server_who: None,
        client_process: None,
        server_process: None,
        server_port: (!is_scan).then_some(server_port),
        protocol: protocol::TCP,
        score: Score::new(score),
        class,
        is_alarm: class != Class::Benign,
        flows,
        packets: flows * 5,
        bytes: flows * 740,
        resets: 0,
        first_us,
        last_us: NOW_US - SECOND_US,
        recent: (0..12_u16.min(u16::try_from(flows).unwrap()))
            .rev()
            .map(verdict)
            .map(Arc::new)
            .collect(),
    }
}

/// A verdict on the flow of `tuple`.
pub(crate) fn verdict(tuple: Tuple, first_us: i64, (class, score): (Class, f32)) -> Verdict {
    let mut probabilities = [Score::ZERO; CLASSES];
    probabilities[Class::Benign as usize] = Score::new(1.0 - score);
    probabilities[class as usize] = Score::new(score.max(1.0 - score));
    let mut vector = [0.0; ALL_FEATURES];
    for (n, value) in (0_u16..).zip(&mut vector) {
        *value = f32::from(n) * 1.5;
    }
    let number = u64::from(tuple.source_port) << 32
        | u64::from(u32::from_be_bytes(tuple.source.as_v4().unwrap().octets()));
    Verdict {
        flow: FlowSummary {
            id: FlowId(number),
            tuple,
            first_us,
            last_us: first_us + 1_250_000,
            at_us: first_us + 1_250_000,
            packets: 9,
            bytes: 1_480,
            reports: 1,
            state: if tuple.source_port.is_multiple_of(2) {
                State::Final(End::Fin)
            } else {
                State::Provisional
            },
        },
        class,
        score: Score::new(score),
        probabilities,
        is_alarm: class != Class::Benign,
        vector: Arc::new(vector),
    }
}

fn scores() -> Vec<ScorePoint> {
    let now = NOW_US / SECOND_US;
    let score = |ago: i64| match ago {
        0..42 => 0.998,
        42..47 => 0.6,
        186..192 => 0.871,
        _ => 0.012,
    };
    (0..280)
        .rev()
        .map(|ago| ScorePoint { second: now - ago, score: Score::new(score(ago)), verdicts: 9 })
        .collect()
}

pub(crate) fn slow_attack() -> Incident {
    let attackers = [ATTACKER, [203, 0, 113, 9]].map(Address::v4);
    let reason = |feature: &str, text: &str| Reason { feature: feature.into(), text: text.into() };
    Incident {
        id: IncidentId(0x5e1f_00c4_a11d_0ff5),
        class: Class::DosSlow,
        severity: Severity::Critical,
        status: Status::Open,
        score: Score::new(0.998),
        weight: Weight::nats(42.1),
        pivot: Address::v4(SHOP),
        sources: Hosts { listed: attackers.into(), total: 2 },
        targets: Hosts { listed: vec![Address::v4(SHOP)], total: 1 },
        target_port: Some(80),
        flows: 412,
        packets: 2_060,
        bytes: 304_880,
        first_us: NOW_US - 41 * SECOND_US,
        last_us: NOW_US - SECOND_US,
        detected_us: NOW_US - 35 * SECOND_US,
        resolved_us: None,
        reopened: 0,
        acknowledged: None,
        resolved_by: None,
        feedback: None,
        muted_by: None,
        related: Vec::new(),
        why: vec![
            reason("Flow IAT Mean", "mean gap between packets 9.8 s, usually 0.02 s"),
            reason("Fwd Packets/s", "0.2 packets/s from the source, usually 48 packets/s"),
        ],
        flow_ids: (0..40).map(|n| FlowId(0xc0ff_ee00 + n)).collect(),
        names: Names::default(),
        processes: Vec::new(),
    }
}

pub(crate) fn scan() -> Incident {
    let scanner = Address::v4([198, 51, 100, 99]);
    Incident {
        id: IncidentId(0x0bad_5ca0),
        class: Class::Scan,
        severity: Severity::Medium,
        status: Status::Resolved,
        score: Score::new(0.871),
        weight: Weight::nats(42.1),
        pivot: scanner,
        sources: Hosts { listed: vec![scanner], total: 1 },
        targets: Hosts {
            listed: (1..9).map(|n| Address::v4([10, 244, 1, n])).collect(),
            total: 254,
        },
        target_port: None,
        flows: 1_016,
        first_us: NOW_US - 190 * SECOND_US,
        last_us: NOW_US - 186 * SECOND_US,
        detected_us: NOW_US - 189 * SECOND_US,
        resolved_us: Some(NOW_US - 120 * SECOND_US),
        reopened: 0,
        acknowledged: None,
        resolved_by: None,
        feedback: None,
        muted_by: None,
        related: Vec::new(),
        why: vec![Reason {
            feature: "Source Fan-out 10s".into(),
            text: "254 hosts reached within 10 s, usually 2".into(),
        }],
        ..slow_attack()
    }
}
