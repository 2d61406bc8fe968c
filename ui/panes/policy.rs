//! The page of one policy: how it stands, what each agent made of it, and its text.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use serde_json::Value;
use weir::engine::Snapshot;
use weir::policy::{AgentPolicy, Counters, LoadState, PolicyMode, PolicyStatus, yaml};

use super::facts::{self, Fact};
use super::policies::{does, mode_of, mode_words, role};
use super::scroll::Scroll;
use super::{Focus, Scene, Subject, View, chrome};
use crate::console::Motion;
use crate::format;
use crate::look::Look;
use crate::text;
use crate::theme::Role;
use crate::words;

/// Lines of its text that are shown.
const LINES: usize = 5_000;

/// `object` as YAML that cannot steer a terminal and says the same: where something in it could, as
/// JSON, which is YAML too and has escapes for it.
pub(super) fn harmless_yaml(object: &Value) -> String {
    let yaml = yaml(object);
    if text::harmless_lines(&yaml) == yaml {
        return yaml;
    }
    format!("{object:#}").lines().map(|line| text::json(line) + "\n").collect()
}

/// What is so of a policy.
fn facts(status: &PolicyStatus) -> Vec<Fact> {
    let mut facts = vec![
        Fact::new("policy", text::clean(&status.name.to_string())),
        Fact::told("standing", words::standing(status.standing), role(status.standing)),
    ];
    if !status.why.is_empty() {
        facts.push(Fact::told("why", text::clean(&status.why), role(status.standing)));
    }
    let does = match status.actions.as_slice() {
        [] => does(status),
        _ if mode_of(status) == Some(PolicyMode::Monitor) => {
            format!("only tells what it would do: {}", does(status))
        }
        _ => does(status),
    };
    facts.extend([Fact::new("mode", mode_words(status)), Fact::new("does", does)]);
    facts.extend(status.hooks.iter().map(|hook| Fact::new("hooks", text::clean(hook))));
    facts.extend(status.agents.iter().map(agent));
    if status.agents.is_empty() {
        facts.push(Fact::told("agents", "none has it", Role::Dim));
    }
    facts
}

/// What one agent made of it.
fn agent(agent: &AgentPolicy) -> Fact {
    let AgentPolicy { node, state, error, mode, is_monitor_only, .. } = agent;
    let (state, role) = state_words(*state);
    let mut parts = vec![format!("{}: {state}", text::clean(node))];
    parts.extend(match mode {
        Some(_) if *is_monitor_only => Some("only tells".to_owned()),
        mode => mode.map(|mode| mode.name().to_owned()),
    });
    if agent.kernel_memory_bytes > 0 {
        parts.push(format!("{} in the kernel", format::bytes(agent.kernel_memory_bytes)));
    }
    parts.extend(counted(&agent.counters));
    if !agent.domain.is_empty() {
        parts.push(format!("from {}", text::clean(&agent.domain)));
    }
    if !error.is_empty() {
        parts.push(text::clean(error));
    }
    Fact::told("agent", parts.join(", "), role)
}

/// A state in words, and how it looks.
const fn state_words(state: LoadState) -> (&'static str, Role) {
    match state {
        LoadState::Unknown => ("in a state that it does not say", Role::Warning),
        LoadState::Enabled => ("enabled", Role::Text),
        LoadState::Disabled => ("disabled", Role::Dim),
        LoadState::LoadError => ("LOAD ERROR", Role::Bad),
        LoadState::Error => ("ERROR", Role::Bad),
        LoadState::Loading => ("loading", Role::Text),
        LoadState::Unloading => ("unloading", Role::Text),
        LoadState::Skipped => ("skipped: it does not concern the node", Role::Dim),
        LoadState::PartlyEnabled => ("PARTLY ENABLED", Role::Bad),
    }
}

/// What it has done, where it has done anything.
fn counted(counters: &Counters) -> Vec<String> {
    [
        (counters.post, "told"),
        (counters.nopost, "kept silent"),
        (counters.signal, "signalled or killed"),
        (counters.monitor_signal, "would have signalled or killed"),
        (counters.override_, "calls failed"),
        (counters.monitor_override, "calls would have failed"),
        (counters.notify_enforcer, "enforcer told"),
        (counters.monitor_notify_enforcer, "enforcer would have been told"),
        (counters.set, "values set"),
        (counters.monitor_set, "values would have been set"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| format!("{what} {}", format::count(count)))
    .collect()
}

/// The page.
#[derive(Debug)]
pub(crate) struct PolicyPage {
    shown: Arc<PolicyStatus>,
    /// Whether the newest snapshot has it no longer.
    is_gone: bool,
    scroll: Scroll,
}

impl PolicyPage {
    /// The page of `shown`.
    pub(crate) fn new(shown: Arc<PolicyStatus>) -> Self {
        Self { shown, is_gone: false, scroll: Scroll::default() }
    }

    fn lines(&self, look: &Look, columns: u16) -> Vec<Line<'static>> {
        let mut facts = facts(&self.shown);
        if self.is_gone {
            facts.insert(
                1,
                Fact::told("gone", "neither the cluster nor an agent has it", Role::Bad),
            );
        }
        let mut lines = facts::lines(&facts, columns, look);
        if let Some(manifest) = &self.shown.manifest {
            let yaml = harmless_yaml(manifest);
            let styled = |line: &str, role| Line::styled(format!(" {line}"), look.style(role));
            lines.push(Line::default());
            lines.extend(yaml.lines().take(LINES).map(|line| styled(line, Role::Text)));
            let more = yaml.lines().skip(LINES).count();
            if more > 0 {
                let words = format!(
                    "{} more lines are not shown; `y` copies all",
                    format::count(more as u64)
                );
                lines.push(styled(&words, Role::Warning));
            }
        }
        lines
    }
}

impl View for PolicyPage {
    fn title(&self, _scene: &Scene) -> String {
        format!("Policy {}", text::clean(&self.shown.name.to_string()))
    }

    fn render(&self, scene: &Scene, _focus: Focus, area: Rect, buffer: &mut Buffer) {
        let lines = self.lines(&scene.look, area.width);
        chrome::text(&lines, self.scroll.top(lines.len(), usize::from(area.height)), area, buffer);
    }

    fn step(&mut self, scene: &Scene, motion: Motion, area: Rect) {
        let lines = self.lines(&scene.look, area.width).len();
        self.scroll.step(motion, lines, usize::from(area.height));
    }

    fn copy(&self, _scene: &Scene) -> Option<String> {
        let facts = facts::written(&facts(&self.shown));
        let manifest = self.shown.manifest.as_deref().map(harmless_yaml).unwrap_or_default();
        Some(format!("{facts}\n{manifest}"))
    }

    fn subject(&self, _scene: &Scene) -> Option<Subject> {
        Some(Subject::Policy(Arc::clone(&self.shown)))
    }

    fn refresh(&mut self, snapshot: &Snapshot) {
        let newer = snapshot.tetragon.policies.iter().find(|one| one.name == self.shown.name);
        self.is_gone = newer.is_none();
        if let Some(newer) = newer {
            self.shown = Arc::clone(newer);
        }
    }
}
