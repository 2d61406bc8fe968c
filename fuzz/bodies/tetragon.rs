//! Body of the fuzz target `tetragon`: any bytes as an event over gRPC and as a line of the JSON export.

use weir::tetragon::{Event, Unreadable};

/// Reads `data` both ways.
pub(crate) fn run(data: &[u8]) {
    let line = Event::from_json(data);
    if let Ok(event) = &line {
        assert_eq!(read_again(event).as_ref(), Ok(event), "a line is kept as it came");
    }
    let message = Event::from_protobuf(data);
    if let Ok(event) = &message {
        let again = read_again(event).expect("an event is rendered as a line of the export");
        if again.type_name == event.type_name {
            assert_eq!(again.kind, event.kind);
            assert_eq!((&again.node, &again.call), (&event.node, &event.call));
            assert_eq!((&again.policy, &again.action), (&event.policy, &event.action));
            assert_eq!((&again.message, again.lost), (&event.message, event.lost));
            assert_eq!(again.arguments, event.arguments);
        } else {
            assert_eq!(again.type_name, "undecoded");
        }
    }
    for event in [line, message].into_iter().flatten() {
        assert!(event.arguments.len() < 1_024, "{}", event.arguments);
        let details = event.details();
        let mut facts = details.arguments.iter().chain(&details.data).chain(&details.returned);
        assert!(facts.all(|fact| fact.text.len() < 8_192), "what is shown is bounded");
    }
}

/// What is read of what `event` is rendered as.
fn read_again(event: &Event) -> Result<Event, String> {
    let read = Event::from_json(event.json().as_bytes());
    read.map_err(|error: Unreadable| error.to_string())
}
