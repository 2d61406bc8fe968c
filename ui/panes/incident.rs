//! The page of one incident: all that is known of it.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use weir::detect::Weight;
use weir::engine::Snapshot;
use weir::incident::{Hosts, Incident, Mark};
use weir::packet::Address;

use super::alerts::{role, state, told};
use super::conversation::since;
use super::endpoint::described;
use super::facts::{self, Fact};
use super::scroll::Scroll;
use super::{Focus, Scene, Subject, View, answer, chrome, process, scan};
use crate::console::Motion;
use crate::format;
use crate::look::Look;
use crate::text;
use crate::theme::Role;
use crate::words;

/// Facts up to that of the state.
const STATE: usize = 2;

/// What is so of an incident.
pub(crate) fn facts(row: &Incident, look: &Look) -> Vec<Fact> {
    let what = format!("{} {}", row.severity.name().to_uppercase(), row.class);
    let port = row.target_port.map_or_else(|| "more than one".into(), |port| port.to_string());
    let mut facts = vec![
        Fact::told("what", what, role(row)),
        Fact::new("state", format!("{}, {}", row.status.name(), state(row, look))),
        Fact::new("score", format!("{} at most", row.score)),
    ];
    // Of an alert that an older version found it is not known.
    let evidence = format!("{} nats within a minute at most", row.weight);
    facts.extend((row.weight > Weight::ZERO).then(|| Fact::new("evidence", evidence)));
    facts.push(Fact::new("about", row.pivot.to_string()));
    facts.extend(row.names.get(row.pivot).map(|who| Fact::new("which is", described(who))));
    let reasons = row.why.iter().map(|reason| {
        let (feature, words) = (text::clean(&reason.feature), text::clean(&reason.text));
        Fact::told("why", format!("{words} ({feature})"), Role::Text)
    });
    facts.extend(reasons);
    facts.extend(process::seen(&row.processes));
    facts.extend([
        Fact::new("sources", hosts(row, &row.sources)),
        Fact::new("targets", hosts(row, &row.targets)),
        Fact::new("target port", port),
        Fact::new(
            "flows",
            format!(
                "{}, {}, {} of payload",
                format::counted(row.flows, "flow"),
                format::counted(row.packets, "packet"),
                format::bytes(row.bytes)
            ),
        ),
        Fact::new("first packet", since(row.first_us, look)),
        Fact::new("last packet", since(row.last_us, look)),
        Fact::new("detected", since(row.detected_us, look)),
    ]);
    facts.extend(row.resolved_us.map(|at_us| Fact::new("over", since(at_us, look))));
    facts.extend(marks(row, look));
    facts.push(Fact::new("incident", row.id.to_string()));
    let ids: Vec<_> = row.flow_ids.iter().map(ToString::to_string).collect();
    facts.push(Fact::told("first flows", ids.join(" "), Role::Dim));
    facts
}

/// What people and mutes did to it, and how often it came back.
fn marks(row: &Incident, look: &Look) -> Vec<Fact> {
    let by = |mark: &Mark| format!("by {}, {}", text::clean(&mark.by), since(mark.at_us, look));
    let related: Vec<_> = row.related.iter().map(ToString::to_string).collect();
    let came_back = format::counted(row.reopened.into(), "time");
    [
        (row.reopened > 0).then(|| Fact::new("came back", came_back)),
        row.acknowledged.as_ref().map(|mark| Fact::new("acknowledged", by(mark))),
        row.resolved_by.as_ref().map(|mark| Fact::new("resolved", by(mark))),
        row.feedback.as_ref().map(|(said, mark)| {
            Fact::new("feedback", format!("{}, {}", words::feedback(*said), by(mark)))
        }),
        row.muted_by.map(|mute| Fact::new("muted", format!("by mute {mute}"))),
        (!related.is_empty()).then(|| Fact::new("related", related.join(" "))),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What is so of an incident that a running engine knows of: what is done about it, who was told of it
/// and what is known to be wrong with the images of its pods stand with its state.
pub(crate) fn standing(row: &Incident, snapshot: &Snapshot, look: &Look) -> Vec<Fact> {
    let told = told(row, snapshot);
    let told = (!told.is_empty()).then(|| Fact::new("told", told));
    let mute = snapshot.mutes.iter().find(|mute| Some(mute.id) == row.muted_by);
    let mute = mute.map(|mute| {
        let words = format!("{}, by {}", text::clean(&mute.reason), text::clean(&mute.author));
        Fact::told("muted because", words, Role::Warning)
    });
    let mut all = facts(row, look);
    let answer = answer::facts(row, &snapshot.response);
    let images = scan::of_incident(row, snapshot);
    all.splice(STATE..STATE, answer.into_iter().chain(told).chain(mute).chain(images));
    all
}

/// All hosts that are listed, with the full names of those that have one, and how many are not.
fn hosts(row: &Incident, hosts: &Hosts) -> String {
    let host = |address: &Address| match row.names.get(*address) {
        Some(who) => format!("{address} ({who})"),
        None => address.to_string(),
    };
    let listed: Vec<_> = hosts.listed.iter().map(host).collect();
    let total = format::counted(hosts.total, "host");
    format!(
        "{total}: {}{}",
        listed.join(", "),
        if hosts.total > listed.len() as u64 { ", …" } else { "" }
    )
}

/// The page. It keeps what it shows, should newer snapshots no longer have it.
#[derive(Debug)]
pub(crate) struct IncidentPage {
    shown: Arc<Incident>,
    scroll: Scroll,
}

impl IncidentPage {
    /// All of `shown`.
    pub(crate) fn new(shown: Arc<Incident>) -> Self {
        Self { shown, scroll: Scroll::default() }
    }
}

impl View for IncidentPage {
    fn title(&self, scene: &Scene) -> String {
        format!("Incident {} ─ {}", self.shown.id, state(&self.shown, &scene.look))
    }

    fn render(&self, scene: &Scene, _focus: Focus, area: Rect, buffer: &mut Buffer) {
        let lines = facts::lines(
            &standing(&self.shown, &scene.snapshot, &scene.look),
            area.width,
            &scene.look,
        );
        let top = self.scroll.top(lines.len(), usize::from(area.height));
        chrome::text(&lines, top, area, buffer);
    }

    fn step(&mut self, scene: &Scene, motion: Motion, area: Rect) {
        let lines = facts::lines(
            &standing(&self.shown, &scene.snapshot, &scene.look),
            area.width,
            &scene.look,
        );
        self.scroll.step(motion, lines.len(), usize::from(area.height));
    }

    fn copy(&self, scene: &Scene) -> Option<String> {
        Some(facts::written(&standing(&self.shown, &scene.snapshot, &scene.look)))
    }

    fn subject(&self, _scene: &Scene) -> Option<Subject> {
        Some(Subject::Incident(Arc::clone(&self.shown)))
    }

    fn refresh(&mut self, snapshot: &Snapshot) {
        if let Some(newer) = snapshot.incidents.iter().find(|row| row.id == self.shown.id) {
            self.shown = Arc::clone(newer);
        }
    }
}
