//! Messages for Slack, held against the validators that Slack publishes: each catches what the other
//! does not.

mod support;

use std::sync::Arc;

use serde_json::{Value, json};
use support::oracle::Oracle;
use tempfile::Builder;
use weir::detect::{Class, Reason, Score, Weight};
use weir::incident::{
    Deed, Digest, Hosts, Incident, IncidentId, Mark, MuteId, Names, News, Pivot, Process,
    ProcessSeen, Severity, Status, Who, WhoKind, Workload,
};
use weir::notify::Notice;
use weir::notify::slack::{digest_payload, payload};
use weir::packet::Address;

/// Names as nobody should have them: mentions, markup, control characters, writing from right to
/// left, and one of 10 kB.
fn names() -> Vec<String> {
    let mut names: Vec<_> = [
        "ops",
        "<!channel>",
        "<!here|&lt;@U1&gt;> <https://example.com|click>",
        "*_~`bold`~_*",
        "\u{1b}[31m\u{0}\r\n\u{202e}olleh",
        "",
        "\u{1f6a8}\u{fe0f}\u{200d}\u{10ffff}",
    ]
    .map(String::from)
    .into();
    names.push("<&>`*".repeat(2_000));
    names
}

/// An incident of a class in which whatever has a name has this one.
fn incident(class: Class, name: &str, status: Status) -> Incident {
    let hosts = |network: u8, total| Hosts {
        listed: (0..32).map(|last| Address::v4([203, 0, network, last])).collect(),
        total,
    };
    let pivot = match Pivot::of(class) {
        Pivot::Source => Address::v4([203, 0, 113, 0]),
        Pivot::Target => Address::v4([203, 0, 114, 0]),
    };
    let (sources, targets) = (hosts(113, u64::MAX), hosts(114, 1_000));
    let mut names = Names::default();
    let pod = Arc::new(Who {
        kind: WhoKind::Pod,
        namespace: name.into(),
        name: name.into(),
        workload: Some(Workload { kind: name.into(), name: name.into() }),
        service: Some(name.into()),
    });
    for address in sources.listed.iter().chain(&targets.listed) {
        names.add(*address, &pod);
    }
    let mark = Some(Mark { by: name.into(), at_us: 1_600_000_000_000_000 });
    Incident {
        id: IncidentId(u64::MAX),
        class,
        severity: Severity::Critical,
        status,
        weight: Weight::nats(42.1),
        score: Score::ONE,
        pivot,
        sources,
        targets,
        target_port: Some(65_535),
        flows: u64::MAX,
        packets: u64::MAX,
        bytes: u64::MAX,
        first_us: i64::MIN,
        last_us: i64::MAX,
        detected_us: 0,
        resolved_us: (status == Status::Resolved).then_some(i64::MAX),
        reopened: u32::MAX,
        acknowledged: mark.clone().filter(|_| status != Status::Open),
        resolved_by: mark.filter(|_| status == Status::Resolved),
        feedback: None,
        muted_by: Some(MuteId(i64::MAX)),
        related: (0..16).map(IncidentId).collect(),
        why: vec![Reason { feature: name.into(), text: name.into() }; 9],
        flow_ids: Vec::new(),
        names,
        processes: vec![process(name); Incident::PROCESSES],
    }
}

/// A process of which all is called `name`.
fn process(name: &str) -> ProcessSeen {
    let named = || name.to_owned();
    ProcessSeen {
        deed: Deed::Started,
        at_us: i64::MAX,
        process: Process {
            binary: named(),
            arguments: named(),
            pid: u32::MAX,
            user: named(),
            parent: named(),
            namespace: named(),
            pod: named(),
            container: named(),
            node: named(),
        },
    }
}

/// Every kind of message about every kind of incident, and digests of many.
fn messages() -> Vec<Value> {
    let mut messages = Vec::new();
    for name in names() {
        for class in Class::ALL {
            messages.extend(News::ALL.map(|news| {
                let status = match news {
                    News::Acknowledged => Status::Acknowledged,
                    News::Resolved => Status::Resolved,
                    News::Opened | News::Reopened | News::Changed | News::Grown => Status::Open,
                };
                let incident = &incident(class, &name, status);
                payload(&Notice { seq: 1, news, incident, stands_for: u64::MAX, handle: None })
            }));
        }
        messages.push(digest_payload(&Digest {
            changes: u64::MAX,
            incidents: u64::MAX,
            by_class: Class::ALL.map(|class| (class, u64::MAX)).into(),
            by_severity: Severity::ALL.map(|severity| (severity, u64::MAX)).into(),
            resolved: u64::MAX,
            first_us: i64::MIN,
            last_us: i64::MAX,
            worst: vec![incident(Class::Scan, &name, Status::Open); Digest::LISTED],
        }));
    }
    messages.push(digest_payload(&Digest::default()));
    messages
}

/// Nobody is called by what somebody else has named.
#[test]
fn no_name_calls_a_channel_or_makes_a_link() {
    for message in messages() {
        let text = message.to_string();
        for mention in ["<!", "<@", "<#", "<http"] {
            assert!(!text.contains(mention), "{mention} in {text}");
        }
    }
}

#[test]
fn the_sdk_of_slack_takes_every_message() {
    let Some(oracle) = Oracle::python("slack_blocks.py", "slack_sdk") else { return };
    let wrong = oracle.json(&[], &Value::from(messages()).to_string());
    assert_eq!(wrong, json!([]));
}

#[test]
fn the_types_of_slack_take_every_message() {
    let Some((oracle, node)) = Oracle::typescript() else { return };
    let blocks: Vec<_> = messages().iter().map(|message| message["blocks"].clone()).collect();
    let source = format!(
        "import type {{ KnownBlock }} from '@slack/types';\n\
         export const all: KnownBlock[][] = {};\n",
        Value::from(blocks),
    );
    // Where the compiler finds the types.
    let file = Builder::new().prefix("blocks-").suffix(".ts").tempfile_in(node).unwrap();
    std::fs::write(file.path(), source).unwrap();
    let path = file.path().to_str().unwrap();
    let arguments = ["--noEmit", "--strict", "--skipLibCheck", path];
    let said = oracle.said(&arguments, "");
    assert_eq!(
        said.as_deref().map_err(|wrong| wrong.chars().take(2_000).collect()),
        Ok::<_, String>("")
    );
}
