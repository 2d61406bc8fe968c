//! What can be read of a line whose event is of an unknown type, or has something in it that is not as it
//! should be.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::details::Fact;
use super::parts::{Parts, kind_called};
use super::reading::Reading;
use super::{EventKind, argument};
use crate::tetragon::wire::{GetEventsResponse, ProcessKprobe};

/// What stands beside the event.
const ENVELOPE: [&str; 5] =
    ["node_name", "time", "aggregation_info", "cluster_name", "node_labels"];

/// How deep in an event a part that cannot be read is looked for: event, process, pod, container.
const DEEPEST: usize = 5;

/// Facts of an event of an unknown type that are kept.
const MOST_FACTS: usize = 64;

/// The longest name of a fact, and of what is looked into, in characters.
const LONGEST_LABEL: usize = 256;

/// Reads what can be read of the line that is `members`.
pub(super) fn read(mut members: Map<String, Value>) -> Reading {
    let type_name = event_in(&members).unwrap_or_default();
    if kind_called(&type_name) != EventKind::Other {
        let mut line = Value::Object(members);
        prune(&mut line, DEEPEST, &|line| GetEventsResponse::deserialize(line).is_ok());
        let reading = GetEventsResponse::deserialize(&line).map(Reading::from).unwrap_or_default();
        return Reading { type_name, ..reading };
    }
    let mut event = members.remove(&type_name).unwrap_or_default();
    let mut line = Value::Object(members);
    prune(&mut line, 2, &|line| GetEventsResponse::deserialize(line).is_ok());
    let around = GetEventsResponse::deserialize(&line).map(Reading::from).unwrap_or_default();
    let facts = facts(&event);
    // Of the known types the one with the most parts: those that the unknown one shares with it are read.
    prune(&mut event, DEEPEST - 1, &|event| ProcessKprobe::deserialize(event).is_ok());
    let parts = ProcessKprobe::deserialize(&event).map(Parts::from).unwrap_or_default();
    Reading { type_name, parts: Parts { facts, ..parts }, ..around }
}

/// The name of the member that is the event: of a known type, else by its looks.
fn event_in(members: &Map<String, Value>) -> Option<String> {
    let is_known = |name: &&String| kind_called(name) != EventKind::Other;
    let may_be = |name: &&String| !ENVELOPE.contains(&name.as_str());
    let is_process = |name: &&String| name.starts_with("process_");
    let names = || members.keys().filter(may_be);
    let found = names().find(is_known).or_else(|| names().find(is_process));
    found.or_else(|| names().find(|name| members.get(*name).is_some_and(Value::is_object))).cloned()
}

/// Takes out of `value` the smallest parts, down to `depth`, without which `reads` says that it can be read.
/// Whether it can be then.
fn prune(value: &mut Value, depth: usize, reads: &dyn Fn(&Value) -> bool) -> bool {
    if reads(value) {
        return true;
    }
    if depth == 0 {
        return false;
    }
    match value {
        Value::Object(members) => {
            members.retain(|name, member| {
                // A name is written anew for each part below it.
                let depth = if name.len() > LONGEST_LABEL { 0 } else { depth - 1 };
                prune(member, depth, &|member| {
                    let alone = Map::from_iter([(name.clone(), member.clone())]);
                    reads(&Value::Object(alone))
                })
            });
        }
        Value::Array(items) => {
            items.retain_mut(|item| {
                prune(item, depth - 1, &|item| reads(&Value::Array(vec![item.clone()])))
            });
        }
        _ => {}
    }
    reads(value)
}

/// What an event of an unknown type says beside its processes.
fn facts(event: &Value) -> Vec<Fact> {
    let mut facts = Vec::new();
    if let Value::Object(members) = event {
        let is_process = |name: &str| ["process", "parent", "ancestors"].contains(&name);
        for (name, member) in members.iter().filter(|(name, _)| !is_process(name)) {
            collect(&mut vec![name.as_str()], member, &mut facts);
        }
    }
    facts
}

fn collect<'a>(path: &mut Vec<&'a str>, value: &'a Value, facts: &mut Vec<Fact>) {
    let text = match value {
        _ if facts.len() >= MOST_FACTS => return,
        Value::Null => return,
        Value::Object(members) => {
            for (name, member) in members {
                path.push(name);
                collect(path, member, facts);
                path.pop();
            }
            return;
        }
        Value::Array(items) => {
            for item in items {
                collect(path, item, facts);
            }
            return;
        }
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    };
    facts.push(Fact { label: label(path), text: argument::shortened(text) });
}

/// The name of a value that lies at `path`. Only made of what is kept, and as long as that may be: names in
/// a line may be as long as the line.
fn label(path: &[&str]) -> String {
    let mut label = String::new();
    for name in path {
        if !label.is_empty() {
            label.push('.');
        }
        label.extend(name.chars().take(LONGEST_LABEL));
        if label.len() > LONGEST_LABEL {
            break;
        }
    }
    argument::one_line(label)
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use crate::tetragon::Event;

    #[test]
    fn a_line_of_long_names_is_read_in_no_time() {
        let name = "n".repeat(2 << 20);
        let members: Vec<_> = (0..100_000).map(|at| format!(r#""{at}":null"#)).collect();
        let members = members.join(",");
        let since = Instant::now();
        let labels = format!(r#"{{"process_exec":{{}},"node_labels":{{"{name}":{{{members}}}}}}}"#);
        let event = Event::from_json(labels.as_bytes()).unwrap();
        assert_eq!(event.type_name, "process_exec");
        let line = format!(r#"{{"process_new":{{"{name}":{{{members},"x":1}}}}}}"#);
        let event = Event::from_json(line.as_bytes()).unwrap();
        assert!(since.elapsed().as_secs() < 30, "{:?}", since.elapsed());
        let facts = event.details().facts;
        assert_eq!(facts.len(), 1);
        assert!(facts[0].label.len() < 1_000, "{}", facts[0].label.len());
    }
}
