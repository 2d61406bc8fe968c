//! The two recordings, line by line.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;
use weir::tetragon::{Event, EventKind, wire};

use super::{data, from_message, rendered};

/// The lines of a recording, or none where it is absent.
fn lines(part: &str) -> Vec<String> {
    let Some(path) = data::shared(part) else { return Vec::new() };
    let text = fs::read_to_string(path).expect("the recording is text");
    text.lines().map(str::to_owned).collect()
}

/// Reads every line both ways and tells how many there were of each type. Lines of a type that this
/// version does not know are kept as they came and have no form in protobuf.
fn both_ways(part: &str) -> BTreeMap<String, usize> {
    let mut types = BTreeMap::new();
    for line in lines(part) {
        let value: Value = serde_json::from_str(&line).expect("the recording is JSON");
        let event = Event::from_json(line.as_bytes()).expect("every line is an event");
        assert_eq!(event.json(), line, "the line is kept as it came");
        assert_eq!(event.at_us > 1_600_000_000_000_000, value["time"].is_string(), "{line}");
        assert!(event.size_bytes() > line.len(), "{line}");
        let is_of_a_process = event.kind != EventKind::Throttle;
        assert_eq!(event.process.is_some(), is_of_a_process, "{line}");
        if event.kind == EventKind::Other {
            assert!(event.process.as_ref().is_some_and(|process| process.pid > 0), "{line}");
            assert!(event.arguments.contains("protocol TCP"), "{}", event.arguments);
        } else {
            let response: wire::GetEventsResponse =
                serde_json::from_str(&line).expect("a known type is read whole");
            assert_eq!(serde_json::to_value(&response).expect("and written"), value);
            let sent = from_message(&value);
            assert_eq!(rendered(&sent), value, "nothing is lost on the way through protobuf");
            assert_eq!(sent.details(), event.details(), "{line}");
            assert_eq!(head(&sent), head(&event), "{line}");
        }
        *types.entry(event.type_name).or_insert(0) += 1;
    }
    types
}

/// All that Weir reads of an event, in words.
fn head(event: &Event) -> String {
    format!(
        "{} {} {:?} {:?} {:?} {} {} {} {} {} {:?} {}",
        event.at_us,
        event.node,
        event.kind,
        event.process,
        event.parent,
        event.call,
        event.arguments,
        event.policy,
        event.message,
        event.action,
        event.socket,
        event.lost,
    )
}

fn counted(types: &BTreeMap<String, usize>) -> Vec<(&str, usize)> {
    types.iter().map(|(name, count)| (name.as_str(), *count)).collect()
}

#[test]
fn every_event_of_a_live_agent_is_read_and_nothing_of_it_is_lost() {
    let types = both_ways("tetragon-live/events.jsonl");
    if types.is_empty() {
        return;
    }
    let expected = [
        ("process_exec", 16),
        ("process_exit", 21),
        ("process_throttle", 6),
        ("process_tracepoint", 11),
    ];
    assert_eq!(counted(&types), expected);
}

#[test]
fn every_documented_event_is_read_and_nothing_of_it_is_lost() {
    let types = both_ways("tetragon/tetragon_events.jsonl");
    if types.is_empty() {
        return;
    }
    // Agents of today no longer send those of connections: they are kept as events of an unknown type.
    let expected = [
        ("process_close", 4),
        ("process_connect", 5),
        ("process_exec", 24),
        ("process_exit", 10),
        ("process_kprobe", 15),
        ("process_listen", 2),
    ];
    assert_eq!(counted(&types), expected);
}

#[test]
fn policies_of_a_live_agent_are_read_and_nothing_of_them_is_lost() {
    for line in lines("tetragon-live/policies.json") {
        let value: Value = serde_json::from_str(&line).expect("the recording is JSON");
        let typed: wire::ListTracingPoliciesResponse =
            serde_json::from_value(value.clone()).expect("policies are read");
        assert_eq!(typed.policies.len(), 4);
        let failed = typed.policies.iter().find(|policy| policy.name == "integ-kprobe");
        let failed = failed.expect("one could not be loaded");
        assert_eq!(failed.state(), wire::TracingPolicyState::TpStateLoadError);
        assert_eq!(failed.kernel_memory_bytes, 333_024);
        assert_eq!(serde_json::to_value(&typed).expect("and written"), value);
    }
}

#[test]
fn the_padding_of_a_cgroup_is_left_out_of_what_is_shown() {
    let throttles = lines("tetragon-live/events.jsonl").into_iter().filter_map(|line| {
        let event = Event::from_json(line.as_bytes()).expect("every line is an event");
        (event.kind == EventKind::Throttle).then_some(event)
    });
    for event in throttles {
        assert!(["start", "stop"].contains(&event.call.as_str()), "{}", event.call);
        assert!(!event.arguments.is_empty() && !event.arguments.contains('\0'));
        assert!(event.json().contains("\\u0000"), "and stays in what the agent said");
    }
}
