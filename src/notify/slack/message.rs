//! What Slack is told of one incident.

use serde_json::{Value, json};

use super::blocks::{HEADER, context, fields, header, section};
use super::mrkdwn::{code, prose};
use crate::detect::Reason;
use crate::incident::{Hosts, Incident, IncidentId, News};
use crate::notify::words::{self, duration, host, listed, moment, standing, traffic};
use crate::notify::{Notice, plain};

/// Hosts named in a message; its thread names all that are known.
const HOSTS: usize = 5;

/// Characters of one host: a name, a port and an address, so that all that are listed find room.
const HOST: usize = 84;

/// Reasons given in a message; its thread gives more.
const REASONS: usize = 3;

/// Reasons given in its thread: more are never known.
const ALL_REASONS: usize = 5;

/// Related incidents named in a message.
const RELATED: usize = 5;

/// Characters of a reason.
const REASON: usize = 500;

/// Characters of where an incident stands, which holds names that people chose.
const STANDING: usize = 500;

/// Characters of a text without blocks.
const FALLBACK: usize = 600;

/// What has happened, as a title says it.
const fn said(news: News) -> (&'static str, &'static str) {
    match news {
        News::Opened => (":rotating_light:", "New"),
        News::Reopened => (":repeat:", "Back again"),
        News::Changed => (":warning:", "Changed"),
        News::Acknowledged => (":eyes:", "Acknowledged"),
        News::Resolved => (":white_check_mark:", "Resolved"),
        News::Grown => (":chart_with_upwards_trend:", "Growing"),
    }
}

/// What Slack is told of `notice`: blocks, and a text for where none can be shown.
#[must_use]
pub fn payload(notice: &Notice<'_>) -> Value {
    let Notice { news, incident, stands_for, .. } = *notice;
    let (mark, word) = said(news);
    let title = plain::line(&format!("{mark} {word}: {}", incident.sentence()), HEADER);
    let mut blocks = vec![header(&title), facts(incident)];
    if !incident.why.is_empty() {
        blocks.push(section(&reasons(&incident.why, REASONS)));
    }
    blocks.extend(processes(incident));
    blocks.push(context(&identity(incident, stands_for)));
    json!({ "text": fallback(&title, incident), "blocks": blocks })
}

/// All that is known of why and by whom, for the thread of a message.
pub(super) fn details(incident: &Incident) -> Value {
    let all = |name: &str, hosts: &Hosts| {
        format!("*{name} ({})*\n{}", hosts.total, named(incident, hosts, None, Hosts::LISTED))
    };
    let mut blocks = Vec::new();
    if !incident.why.is_empty() {
        blocks.push(section(&reasons(&incident.why, ALL_REASONS)));
    }
    blocks.push(section(&all("Sources", &incident.sources)));
    blocks.push(section(&all("Targets", &incident.targets)));
    json!({ "text": prose(&format!("Details of {}", incident.sentence()), FALLBACK), "blocks": blocks })
}

/// One line on a turn, for the thread of a message that itself only shows how things stand.
pub(super) fn turn(notice: &Notice<'_>) -> Value {
    let incident = notice.incident;
    let (mark, word) = said(notice.news);
    let what = match notice.news {
        News::Acknowledged | News::Resolved => standing(incident),
        News::Opened | News::Reopened | News::Changed | News::Grown => incident.sentence(),
    };
    let line = format!("{mark} {word}: {}", prose(&what, STANDING));
    json!({ "text": &line, "blocks": [section(&line)] })
}

fn facts(incident: &Incident) -> Value {
    let Incident { severity, class, score, sources, targets, target_port, .. } = incident;
    let since = format!("{} ({})", moment(incident.first_us), duration(incident));
    fields([
        ("Severity", severity.name().into()),
        ("Class", class.name().into()),
        ("Score", format!("{:.4}", score.value())),
        ("Status", prose(&standing(incident), STANDING)),
        ("Target", named(incident, targets, *target_port, HOSTS)),
        ("Sources", named(incident, sources, None, HOSTS)),
        ("Since", since),
        ("Traffic", traffic(incident)),
    ])
}

/// The first of `hosts` by name and address, each with the port where it is known.
fn named(incident: &Incident, hosts: &Hosts, port: Option<u16>, most: usize) -> String {
    let all = listed(hosts, most, |address| code(&host(incident, *address, port), HOST));
    if all.is_empty() { "unknown".into() } else { all }
}

/// The first processes that are part of it, where any is known.
fn processes(incident: &Incident) -> Option<Value> {
    let lines = words::processes(incident, code).map(|words| format!("\n• {words}"));
    let lines: String = lines.collect();
    (!lines.is_empty()).then(|| section(&format!("*Processes*{lines}")))
}

fn reasons(why: &[Reason], most: usize) -> String {
    let lines = why.iter().take(most).map(|reason| format!("\n• {}", prose(&reason.text, REASON)));
    format!("*Why*{}", lines.collect::<String>())
}

fn identity(incident: &Incident, stands_for: u64) -> String {
    let mut parts = vec![format!("incident `{}`", incident.id)];
    if !incident.related.is_empty() {
        let named = incident.related.iter().take(RELATED).map(|id: &IncidentId| format!("`{id}`"));
        parts.push(format!("related {}", named.collect::<Vec<_>>().join(", ")));
    }
    if stands_for > 1 {
        parts.push(format!("stands for {stands_for} changes"));
    }
    parts.join(" · ")
}

fn fallback(title: &str, incident: &Incident) -> String {
    let why = incident.why.first().map(|reason| format!(". {}", reason.text)).unwrap_or_default();
    prose(&format!("{title}; {}{why}", standing(incident)), FALLBACK)
}
