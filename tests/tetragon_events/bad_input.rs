//! What is no event, or not quite one: refused with a reason, or shown as far as it can be read.

use std::error::Error;

use serde_json::{Value, json};
use weir::tetragon::{Event, EventKind, Unreadable};

use super::bytes::{numeric, sized};
use super::{connect, from_line, from_message, message, rendered};

/// Asks `event` for everything.
pub(super) fn look_at(event: &Event) {
    let json: Value = serde_json::from_str(&event.json()).expect("an event is rendered as JSON");
    assert!(json.is_object(), "{json}");
    let details = event.details();
    assert!(event.arguments.len() < 600);
    assert!(details.arguments.iter().all(|fact| fact.text.len() < 5_000));
    assert!(event.size_bytes() >= size_of::<Event>());
}

/// Why `line` is no event.
fn refused(line: &[u8]) -> String {
    let error = Event::from_json(line).expect_err("it is no event");
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}

#[test]
fn what_is_no_json_object_is_refused_with_a_reason() {
    assert!(refused(b"").contains("not JSON"));
    assert!(refused(b"\0\0\0\0").contains("not JSON"));
    assert!(refused(b"time=2026 level=info").contains("not JSON"));
    assert!(refused(br#"{"process_exec":{"process":{"pid":1"#).contains("EOF"));
    for line in ["[]", "null", "7", "\"process_exec\""] {
        assert!(refused(line.as_bytes()).contains("not an object"), "{line}");
    }
    let deep = format!(r#"{{"process_exec":{}"#, "[".repeat(100_000));
    assert!(refused(deep.as_bytes()).contains("not JSON"));
}

#[test]
fn a_line_that_is_cut_is_refused_wherever_it_is_cut() {
    let line = connect().to_string();
    for end in 0..line.len() {
        assert!(matches!(Event::from_json(&line.as_bytes()[..end]), Err(Unreadable::NotJson(_))));
    }
}

#[test]
fn what_is_too_long_is_refused_before_it_is_looked_at() {
    let long = vec![b'{'; 10_000_000];
    assert!(refused(&long).contains("10000000 bytes: at most 4194304"));
    let error = Event::from_protobuf(&long).expect_err("it is too long");
    assert!(matches!(error, Unreadable::TooLong { bytes: 10_000_000 }));
    let shell = r#"{"process_exec":{},"x":""}"#;
    let most = shell.replace(r#""""#, &format!("{:?}", "x".repeat(4_194_304 - shell.len())));
    assert_eq!(most.len(), Event::LARGEST_BYTES);
    look_at(&Event::from_json(most.as_bytes()).expect("that is as long as may be"));
}

#[test]
fn what_is_kept_is_never_longer_than_what_is_read() {
    let mut line = br#"{"process_exec":{},"x":""#.to_vec();
    line.resize(2_000_000, 0xff);
    line.extend(br#""}"#);
    assert!(refused(&line).contains("at most 4194304"), "replaced, they are six million");
}

#[test]
fn padding_around_a_line_is_left_out() {
    let line = connect().to_string();
    for padded in [format!("\0\0{line}\0\0\0"), format!("{line}\r\n"), format!(" \t{line} \0\n")] {
        let event = Event::from_json(padded.as_bytes()).expect("an event");
        assert_eq!(event.json(), line);
    }
}

#[test]
fn bytes_that_are_no_text_cost_no_event() {
    let mut line = connect().to_string().into_bytes();
    let at = line.windows(4).position(|part| part == b"curl").expect("it runs curl");
    line[at + 1] = 0xff;
    let event = Event::from_json(&line).expect("an event");
    let process = event.process.as_ref().expect("with its process");
    assert_eq!(process.binary, "/usr/bin/c\u{fffd}rl");
    look_at(&event);
}

#[test]
fn a_type_of_another_version_is_kept_with_its_process() {
    let line = json!({
        "process_connect": {
            "process": { "pid": 5, "binary": "/bin/x", "pod": { "name": 7, "namespace": "shop" } },
            "parent": "nobody",
            "source_ip": "10.0.0.1",
            "destination_port": 443,
            "stats": { "sent": ["1", null] }
        },
        "node_name": "n",
        "time": "2026-01-01T00:00:00Z"
    });
    let event = from_line(&line);
    assert_eq!((event.kind, event.type_name.as_str()), (EventKind::Other, "process_connect"));
    assert_eq!((event.node.as_str(), event.at_us), ("n", 1_767_225_600_000_000));
    let process = event.process.as_ref().expect("a process");
    assert_eq!((process.pid, process.binary.as_str()), (5, "/bin/x"));
    assert_eq!(process.pod.as_ref().map(|pod| pod.namespace.as_str()), Some("shop"));
    assert_eq!(event.parent, None);
    assert_eq!(event.arguments, "destination_port 443, source_ip 10.0.0.1, stats.sent 1");
    assert_eq!(rendered(&event), line);
}

#[test]
fn an_object_that_is_no_event_is_shown_as_such() {
    let empty = from_line(&json!({}));
    assert_eq!((empty.kind, empty.type_name.as_str()), (EventKind::Other, ""));
    let other = from_line(&json!({ "level": "info", "msg": "started", "fields": { "a": 1 } }));
    assert_eq!((other.kind, other.type_name.as_str()), (EventKind::Other, "fields"));
    assert_eq!(Event::from_protobuf(b"").expect("an empty message").kind, EventKind::Other);
}

#[test]
fn what_cannot_be_read_of_an_event_costs_only_itself() {
    let mut line = connect();
    line["process_kprobe"]["process"]["uid"] = json!("nobody");
    line["process_kprobe"]["process"]["start_time"] = json!("the day before yesterday");
    line["process_kprobe"]["policy_name"] = json!(7);
    line["process_kprobe"]["args"][0]["sock_arg"]["sport"] = json!(-1);
    line["process_kprobe"]["of_tomorrow"] = json!({ "x": [1] });
    line["time"] = json!("31st of June");
    let event = from_line(&line);
    assert_eq!(event.kind, EventKind::Kprobe);
    assert_eq!((event.node.as_str(), event.at_us), ("node1", 0));
    assert_eq!((event.call.as_str(), event.policy.as_str()), ("tcp_connect", ""));
    let process = event.process.as_ref().expect("a process");
    assert_eq!((process.uid, process.start_us, process.pid), (None, None, 4_321));
    assert!(process.pod.is_some());
    assert_eq!(event.details().tags, ["network"]);
    assert_eq!(rendered(&event), line);
}

#[test]
fn a_long_line_of_which_little_can_be_read_is_an_event_all_the_same() {
    let wrong = json!({ "pid": "x", "binary": "/bin/x", "pod": { "name": ["y"] } });
    let line = json!({ "process_exec": { "ancestors": vec![wrong; 2_000] } });
    let details = from_line(&line).details();
    assert_eq!(details.ancestors.len(), 2_000);
    assert!(details.ancestors.iter().all(|process| process.binary == "/bin/x"));
}

#[test]
fn absurd_times_are_told_as_they_are() {
    for (seconds, nanos) in [(i64::MAX, i32::MAX), (i64::MIN, i32::MIN), (-1, -1), (1 << 40, 0)] {
        let nanos = i64::from(nanos);
        let time =
            [numeric(1, seconds.cast_unsigned()), numeric(2, nanos.cast_unsigned())].concat();
        // The start of the process of a `process_exec`, and the time of the event.
        let exec = sized(1, &sized(1, &sized(8, &time)));
        let event = Event::from_protobuf(&[exec, sized(1_001, &time)].concat());
        let event = event.expect("an event");
        assert!(event.process.as_ref().is_some_and(|process| process.start_us.is_some()));
        let expected = seconds.saturating_mul(1_000_000);
        assert!(event.at_us.abs_diff(expected) <= 3_000_000, "{} {expected}", event.at_us);
        look_at(&event);
    }
    for time in ["9999-12-31T23:59:59.999999999Z", "0001-01-01T00:00:00Z", "", "Z", "-", "٣"] {
        let event = from_line(&json!({ "process_exec": {}, "time": time }));
        assert_eq!(event.kind, EventKind::Exec, "{time}");
        look_at(&event);
    }
}

#[test]
fn the_digits_of_a_time_are_those_of_the_agent() {
    for time in [
        "2026-03-01T10:00:00Z",
        "2026-03-01T10:00:00.100Z",
        "2026-03-01T10:00:00.000100Z",
        "2026-03-01T10:00:00.000000100Z",
    ] {
        let line = json!({ "process_exec": {}, "time": time });
        assert_eq!(rendered(&from_message(&line)), line);
    }
}

#[test]
fn an_event_of_another_version_over_grpc_is_kept_as_it_came() {
    let node = sized(1_000, b"node7");
    let bytes = [sized(77, b"\x0a\x02hi"), node.clone()].concat();
    let event = Event::from_protobuf(&bytes).expect("an event");
    assert_eq!((event.kind, event.type_name.as_str()), (EventKind::Other, "field 77"));
    assert_eq!(event.node, "node7");
    let expected = json!({
        "undecoded": { "type": "field 77", "protobuf": "6gQECgJoacI+BW5vZGU3" },
        "node_name": "node7",
        "time": null
    });
    assert_eq!(rendered(&event), expected);
    // Fields that are new in a known event are passed over.
    let exec = [sized(99, b"new"), sized(1, &sized(5, b"/bin/x"))].concat();
    let event = Event::from_protobuf(&[sized(1, &exec), node].concat()).expect("an event");
    assert_eq!(event.kind, EventKind::Exec);
    assert_eq!(event.process.expect("a process").binary, "/bin/x");
}

#[test]
fn a_known_event_that_cannot_be_read_is_kept_with_its_node() {
    // A text that is not UTF-8, where the agent promises that it is.
    let exec = sized(1, &sized(1, &sized(5, b"/bin/\xff")));
    let bytes = [exec, sized(1_000, b"node7")].concat();
    let event = Event::from_protobuf(&bytes).expect("an event");
    assert_eq!((event.kind, event.node.as_str()), (EventKind::Exec, "node7"));
    assert_eq!(event.process, None);
    look_at(&event);
}

#[test]
fn a_message_that_is_cut_is_refused_or_is_a_part_of_the_event() {
    let bytes = message(&connect());
    for end in 0..bytes.len() {
        if let Ok(event) = Event::from_protobuf(&bytes[..end]) {
            look_at(&event);
        }
    }
    for lost in 0..bytes.len() {
        let mut bytes = bytes.clone();
        bytes[lost] ^= 0xff;
        if let Ok(event) = Event::from_protobuf(&bytes) {
            look_at(&event);
        }
    }
    let error = Event::from_protobuf(&bytes[..100]).expect_err("it ends in the event");
    assert!(matches!(error, Unreadable::NotProtobuf(_)));
}

#[test]
fn messages_in_messages_end_somewhere() {
    let mut bytes = Vec::new();
    for _ in 0..2_000 {
        bytes = sized(1, &bytes);
    }
    look_at(&Event::from_protobuf(&bytes).expect("an event, whatever is in it"));
    // Groups, which nobody sends, nest without lengths.
    let groups = vec![0x0b; 1 << 20];
    assert!(Event::from_protobuf(&groups).is_err());
}
