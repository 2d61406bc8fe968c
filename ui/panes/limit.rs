//! The page of one Ingress: what limits it, value by value, what that does, and what was decided
//! about it.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use weir::cluster::{ClusterStatus, Link};
use weir::engine::Snapshot;
use weir::respond::{Decision, Effect, Held, LimitStatus, SetValue};

use super::facts::{self, Fact};
use super::limits::INGRESSES;
use super::scroll::Scroll;
use super::{Focus, Scene, Subject, View, chrome};
use crate::console::Motion;
use crate::format;
use crate::text;
use crate::theme::Role;
use crate::words;

/// Decisions that are shown.
const DECISIONS: usize = 20;

/// What is so of an Ingress.
pub(crate) fn facts(status: &LimitStatus, snapshot: &Snapshot) -> Vec<Fact> {
    let served = match &status.controller {
        Ok(controller) => Fact::new("served by", controller.name()),
        Err(why) => Fact::told("no limits", text::clean(why), Role::Warning),
    };
    let mut facts = vec![Fact::new("Ingress", text::clean(&status.ingress.to_string()))];
    facts.extend(age(&snapshot.cluster));
    facts.extend([served, Fact::new("standing", status.standing.name())]);
    let effects = snapshot.response.effects.iter();
    let mut effects = effects.filter(|(ingress, _)| *ingress == status.ingress);
    let effect = effects.next().map(|(_, effect)| *effect);
    if let Some(held) = &status.held {
        facts.extend(of_held(held));
    }
    facts.extend(effect.into_iter().flat_map(of_effect));
    facts.extend(status.foreign.iter().map(|(field, value)| {
        Fact::new("set by others", format!("{}: {}", text::clean(field), text::clean(value)))
    }));
    let about = |decision: &&Arc<Decision>| decision.ingress.as_ref() == Some(&status.ingress);
    let decisions = snapshot.response.decisions.iter().filter(about).take(DECISIONS);
    facts.extend(decisions.map(|decision| {
        let (at, kind) = (format::clock(decision.at_us), decision.kind.name());
        Fact::new("decided", format!("{at} {kind}: {}", text::clean(&decision.text)))
    }));
    facts
}

/// That what stands here may be old, and why.
fn age(cluster: &ClusterStatus) -> Option<Fact> {
    let why = text::clean(cluster.may_be_old(INGRESSES)?);
    let words = match cluster.link {
        Link::Down { since_us, .. } => {
            format!("the cluster has not answered since {}: {why}", format::clock(since_us))
        }
        _ => format!("Ingresses are not followed: {why}"),
    };
    Some(Fact::told("may be old", words, Role::Bad))
}

fn of_held(held: &Held) -> Vec<Fact> {
    let Held { limit, by, reason, incident, since_us, until_us, values } = held;
    let mut facts = vec![
        Fact::told("limit", words::limit(limit), Role::Warning),
        Fact::new("by", text::clean(by)),
        Fact::new("why", text::clean(reason)),
    ];
    facts.extend(incident.map(|id| Fact::new("incident", id.to_string())));
    facts.push(Fact::new("since", format::moment(*since_us)));
    facts.push(Fact::new("until", format::moment(*until_us)));
    facts.extend(values.iter().map(of_value));
    facts
}

fn of_value(value: &SetValue) -> Fact {
    let SetValue { field, value, wanted, previous, previous_manager } = value;
    let [field, wanted] = [field, wanted].map(|one| text::clean(one));
    let was = previous.as_deref().map_or_else(|| "not there".to_owned(), text::clean);
    let whose = previous_manager.as_deref().map(|name| format!(" ({})", text::clean(name)));
    let whose = whose.unwrap_or_default();
    match value {
        Some(value) if text::clean(value) == wanted => {
            Fact::new("set", format!("{field}: {wanted}, was {was}{whose}"))
        }
        changed => {
            let now = changed.as_deref().map_or_else(|| "gone".to_owned(), text::clean);
            let words = format!("{field}: {now}, Weir set {wanted}, before that {was}{whose}");
            Fact::told("changed", words, Role::Bad)
        }
    }
}

fn of_effect(effect: Effect) -> Vec<Fact> {
    let not_seen = || "not seen".to_owned();
    let before = effect.offered_before_per_s.map(|rate| format!("{rate:.1}/s"));
    let offered = format!(
        "{} ask {:.1}/s, before {}",
        format::counted(effect.offenders, "client"),
        effect.offered_per_s,
        before.unwrap_or_else(not_seen),
    );
    let refused = effect.refused_per_min.map(|rate| format!("{}/min", format::short(rate)));
    let bystanders = format!(
        "{}: {} refused, {} reset",
        format::counted(effect.bystanders, "client"),
        effect.bystanders_refused.map_or_else(not_seen, format::count),
        format::count(effect.bystanders_reset),
    );
    vec![
        Fact::new("offenders", offered),
        Fact::new("refused", refused.unwrap_or_else(not_seen)),
        Fact::new("others", bystanders),
    ]
}

/// The page. It keeps what it shows, should newer snapshots no longer have it.
#[derive(Debug)]
pub(crate) struct LimitPage {
    shown: Arc<LimitStatus>,
    scroll: Scroll,
}

impl LimitPage {
    /// All of `shown`.
    pub(crate) fn new(shown: Arc<LimitStatus>) -> Self {
        Self { shown, scroll: Scroll::default() }
    }
}

impl View for LimitPage {
    fn title(&self, _scene: &Scene) -> String {
        let ingress = text::clean(&self.shown.ingress.to_string());
        format!("Ingress {ingress} ─ {}", self.shown.standing.name())
    }

    fn render(&self, scene: &Scene, _focus: Focus, area: Rect, buffer: &mut Buffer) {
        let facts = facts(&self.shown, &scene.snapshot);
        let lines = facts::lines(&facts, area.width, &scene.look);
        let top = self.scroll.top(lines.len(), usize::from(area.height));
        chrome::text(&lines, top, area, buffer);
    }

    fn step(&mut self, scene: &Scene, motion: Motion, area: Rect) {
        let facts = facts(&self.shown, &scene.snapshot);
        let lines = facts::lines(&facts, area.width, &scene.look).len();
        self.scroll.step(motion, lines, usize::from(area.height));
    }

    fn copy(&self, scene: &Scene) -> Option<String> {
        Some(facts::written(&facts(&self.shown, &scene.snapshot)))
    }

    fn subject(&self, _scene: &Scene) -> Option<Subject> {
        Some(Subject::Limit(Arc::clone(&self.shown)))
    }

    fn refresh(&mut self, snapshot: &Snapshot) {
        let mut limits = snapshot.response.limits.iter();
        if let Some(newer) = limits.find(|row| row.ingress == self.shown.ingress) {
            self.shown = Arc::clone(newer);
        }
    }
}
