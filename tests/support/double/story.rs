//! What each sink was told of one incident, in words that all of them share.

use std::collections::BTreeMap;

use serde_json::Value;

use super::firebase::Written;

/// What a sink knows after it was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What had happened; Firebase is not told in a word.
    pub news: String,
    /// Status, severity and class.
    pub state: [String; 3],
}

/// What was told, by incident, in order.
pub type Stories = BTreeMap<String, Vec<Told>>;

/// How titles of Slack's messages begin.
const TITLES: [(&str, &str); 6] = [
    ("New: ", "opened"),
    ("Back again: ", "reopened"),
    ("Changed: ", "changed"),
    ("Acknowledged: ", "acknowledged"),
    ("Resolved: ", "resolved"),
    ("Growing: ", "grown"),
];

/// What the webhook was told, each change once, in the order in which it happened, and how often one
/// was told again; what is wrong where it was told in another order.
pub fn of_webhook(messages: &[Value]) -> Result<(Stories, u64), String> {
    let (mut stories, mut last, mut repeats) = (Stories::new(), BTreeMap::new(), 0);
    for message in messages {
        let (seq, alert) = (message["id"].as_i64().unwrap_or_default(), &message["alert"]);
        let id = text(&alert["id"]);
        let before = last.insert(id.clone(), seq).unwrap_or(i64::MIN);
        if seq < before {
            return Err(format!("{id}: change {seq} was told after {before}"));
        }
        if seq == before {
            repeats += 1;
            continue;
        }
        let state = ["status", "severity", "class"].map(|name| text(&alert[name]));
        stories.entry(id).or_default().push(Told { news: text(&message["news"]), state });
    }
    Ok((stories, repeats))
}

/// What Slack was told; none where a message tells of no single incident.
pub fn of_slack(messages: &[Value]) -> Option<Stories> {
    let mut stories = Stories::new();
    for message in messages {
        let blocks = message["blocks"].as_array()?;
        let title = text(&blocks.first()?["text"]["text"]);
        let (_, news) = TITLES.iter().find(|(begins, _)| title.contains(begins))?;
        let id = text(&blocks.last()?["elements"][0]["text"]);
        let id = id.split('`').nth(1)?.to_owned();
        let field = |name: &str| {
            let name = format!("*{name}*\n");
            let mut fields = blocks.get(1)?["fields"].as_array()?.iter();
            let field = fields.find_map(|field| field["text"].as_str()?.strip_prefix(&name))?;
            field.split([' ', ',']).next().map(str::to_owned)
        };
        let state = [field("Status")?, field("Severity")?, field("Class")?];
        stories.entry(id).or_default().push(Told { news: (*news).into(), state });
    }
    Some(stories)
}

/// What was written to the records of Firebase.
pub fn of_firebase(written: &[Written]) -> Stories {
    let mut stories = Stories::new();
    for one in written {
        if let Some(id) = one.path.strip_prefix("alerts/") {
            let state = ["status", "severity", "class"].map(|name| text(&one.value[name]));
            stories.entry(id.into()).or_default().push(Told { news: String::new(), state });
        }
    }
    stories
}

/// How often one of `told` was told again right after the first time; none where it is not `happened`
/// in order and whole.
pub fn repeats(told: &[Told], happened: &[Told]) -> Option<u64> {
    let (mut next, mut repeats) = (0, 0);
    for one in told {
        if happened.get(next) == Some(one) {
            next += 1;
        } else if next > 0 && happened[next - 1] == *one {
            repeats += 1;
        } else {
            return None;
        }
    }
    (next == happened.len()).then_some(repeats)
}

/// The states that follow on each other.
pub fn states(story: &[Told]) -> Vec<&[String; 3]> {
    let mut states: Vec<_> = story.iter().map(|told| &told.state).collect();
    states.dedup();
    states
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
