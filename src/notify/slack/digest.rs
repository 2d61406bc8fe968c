//! What Slack is told of many incidents at once.

use serde_json::{Value, json};

use super::blocks::{context, header, section};
use super::mrkdwn::prose;
use crate::incident::{Digest, Incident};
use crate::notify::words::{moment, standing};

/// Characters of one incident.
const ONE: usize = 250;

/// What Slack is told of `digest`: blocks, and a text for where none can be shown.
#[must_use]
pub fn digest_payload(digest: &Digest) -> Value {
    let Digest { changes, incidents, resolved, .. } = digest;
    let title = format!(":ocean: Many at once: {incidents} incidents");
    let between = format!("{} to {}", moment(digest.first_us), moment(digest.last_us));
    let severities = counts(digest.by_severity.iter().map(|(one, many)| (one.name(), *many)));
    let classes = counts(digest.by_class.iter().map(|(one, many)| (one.name(), *many)));
    let summary = format!(
        "*{incidents} incidents* with {changes} changes, {resolved} of them over, {between}\n\
         *Severity* {severities}\n*Class* {classes}"
    );
    let mut blocks = vec![header(&title), section(&summary)];
    if !digest.worst.is_empty() {
        let worst = digest.worst.iter().take(Digest::LISTED).map(one).collect::<String>();
        blocks.push(section(&format!("*Most urgent*{worst}")));
    }
    blocks.push(context("None of them is told on its own. `weir alerts list` shows all of them."));
    json!({ "text": format!("{title}, {severities}; {classes}"), "blocks": blocks })
}

fn counts<'a>(counts: impl Iterator<Item = (&'a str, u64)>) -> String {
    let said: Vec<_> = counts.map(|(name, many)| format!("{many} {name}")).collect();
    said.join(", ")
}

fn one(incident: &Incident) -> String {
    let said = format!("{}, {}", incident.sentence(), standing(incident));
    format!("\n• {} `{}`", prose(&said, ONE), incident.id)
}
