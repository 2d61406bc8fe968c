//! Whatever comes is an event or is refused.

use proptest::prelude::*;
use serde_json::{Value, json};
use weir::tetragon::{Event, EventKind};

use super::bad_input::look_at;
use super::from_line;

/// JSON that looks a little like an event.
fn any_json() -> impl Strategy<Value = Value> {
    let names = [
        "process_exec",
        "process_kprobe",
        "process_connect",
        "rate_limit_info",
        "process",
        "parent",
        "ancestors",
        "pod",
        "container",
        "args",
        "sock_arg",
        "int_arg",
        "time",
        "node_name",
        "cap",
        "permitted",
        "action",
        "label",
        "x",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[ -~]{0,12}".prop_map(Value::from),
        Just(json!("2026-03-01T10:00:00Z")),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        let name = prop::sample::select(names.to_vec());
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..6).prop_map(|members| {
                members.into_iter().map(|(name, member)| (name.to_owned(), member)).collect()
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_an_event_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        for event in [Event::from_protobuf(&bytes), Event::from_json(&bytes)].into_iter().flatten() {
            look_at(&event);
        }
    }

    #[test]
    fn any_object_is_an_event_and_is_kept(members in any_json()) {
        let line = json!({ "process_exec": members, "node_name": "n" });
        let event = from_line(&line);
        prop_assert_eq!(event.kind, EventKind::Exec);
        prop_assert_eq!(event.node.as_str(), "n");
        prop_assert_eq!(event.json(), line.to_string());
        look_at(&event);
    }

    #[test]
    fn any_json_is_an_event_exactly_if_it_is_an_object(value in any_json()) {
        let read = Event::from_json(value.to_string().as_bytes());
        prop_assert_eq!(read.is_ok(), value.is_object());
        read.iter().for_each(look_at);
    }

    #[test]
    fn any_time_is_read_or_left_out(time in "[-+0-9TZ:.]{0,30}") {
        look_at(&from_line(&json!({ "process_exec": {}, "time": time })));
    }
}
