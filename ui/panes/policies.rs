//! The page of policies: how each stands, what it does, and why it is not loaded, the worst first.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use weir::policy::{AgentPolicy, LoadState, PolicyMode, PolicyStatus, Standing};

use super::listing::{Field, Item, Listing};
use super::policy::PolicyPage;
use super::{Focus, Scene, Subject, View, chrome};
use crate::console::Motion;
use crate::format;
use crate::look::Look;
use crate::text;
use crate::theme::Role;
use crate::widgets::table::{Cell, Clip, Column};
use crate::words;

impl Item for PolicyStatus {
    type Id = u64;

    const LINES: u16 = 2;

    fn id(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.name.hash(&mut hasher);
        hasher.finish()
    }

    fn fields() -> &'static [Field<Self>] {
        &FIELDS
    }

    fn mark(&self, look: &Look) -> Cell {
        match role(self.standing) {
            role @ (Role::Bad | Role::Critical | Role::Warning) => look.cell(role, "▌"),
            _ => Cell::default(),
        }
    }

    fn note(&self, look: &Look) -> Option<Cell> {
        let hooks = self.hooks.iter().map(|hook| text::clean(hook)).collect::<Vec<_>>().join(", ");
        Some(match (self.why.as_str(), self.standing) {
            ("", Standing::AgentOnly) => look.cell(Role::Dim, "the cluster has no object of it"),
            ("", _) => look.cell(Role::Dim, hooks),
            (why, standing) => look.cell(role(standing), text::clean(why)),
        })
    }
}

static FIELDS: [Field<PolicyStatus>; 7] = [
    Field {
        column: Column::text("STANDING", 13, Clip::End, 0),
        cell: |row, look| look.cell(role(row.standing), words::standing(row.standing)),
        compare: |one, other| one.standing.cmp(&other.standing),
    },
    Field {
        column: Column::text("POLICY", 18, Clip::Middle, 0),
        cell: |row, look| look.cell(Role::Text, text::clean(&row.name.to_string())),
        compare: |one, other| one.name.cmp(&other.name),
    },
    Field {
        column: Column::text("MODE", 8, Clip::End, 1),
        cell: mode,
        compare: |one, other| mode_words(one).cmp(mode_words(other)),
    },
    Field {
        column: Column::text("DOES", 12, Clip::End, 2),
        cell: |row, look| {
            look.cell(if is_harmless(row) { Role::Dim } else { Role::Text }, does(row))
        },
        compare: |one, other| {
            is_harmless(one).cmp(&is_harmless(other)).then(does(one).cmp(&does(other)))
        },
    },
    Field {
        column: Column::text("AGENTS", 7, Clip::End, 3),
        cell: |row, look| look.cell(Role::Text, at_work(row)),
        compare: |one, other| at_work(one).cmp(&at_work(other)),
    },
    Field {
        column: Column::number("EVENTS", 7, 4),
        cell: |row, look| look.cell(Role::Text, format::short_count(told(row))),
        compare: |one, other| told(other).cmp(&told(one)),
    },
    Field {
        column: Column::number("MEMORY", 9, 5),
        cell: |row, look| look.cell(Role::Dim, format::bytes(memory(row))),
        compare: |one, other| memory(other).cmp(&memory(one)),
    },
];

/// How a standing looks.
pub(crate) const fn role(standing: Standing) -> Role {
    match standing {
        Standing::NotLoaded => Role::Critical,
        Standing::PartlyLoaded => Role::Bad,
        Standing::AgentOnly | Standing::Unknown => Role::Warning,
        Standing::Changing => Role::Text,
        Standing::Disabled => Role::Dim,
        Standing::Loaded => Role::Good,
    }
}

fn mode(row: &PolicyStatus, look: &Look) -> Cell {
    let role = match mode_of(row) {
        _ if is_harmless(row) => Role::Dim,
        Some(PolicyMode::Monitor) => Role::Text,
        Some(PolicyMode::Enforce) | None => Role::Warning,
    };
    look.cell(role, mode_words(row))
}

/// Whether a policy does nothing to processes in any mode, as far as that is known.
fn is_harmless(row: &PolicyStatus) -> bool {
    let of_agents = !row.agents.is_empty() && row.agents.iter().all(|agent| agent.is_monitor_only);
    row.actions.is_empty() && (row.manifest.is_some() || of_agents)
}

/// What a policy does to processes where it acts. Agents alone do not say.
pub(crate) fn does(row: &PolicyStatus) -> String {
    match row.actions.as_slice() {
        [] if is_harmless(row) => "tells".into(),
        [] => "not known".into(),
        actions => text::clean(&actions.join(" ")),
    }
}

/// The mode that a policy asks for; where the cluster knows nothing of it, the one that it is in.
pub(crate) fn mode_of(row: &PolicyStatus) -> Option<PolicyMode> {
    match &row.manifest {
        // What asks for no mode acts.
        Some(_) => Some(row.mode.unwrap_or(PolicyMode::Enforce)),
        None => row.agents.iter().find_map(|agent| agent.mode),
    }
}

/// As [`mode_of`], in a word.
pub(crate) fn mode_words(row: &PolicyStatus) -> &'static str {
    mode_of(row).map_or("not said", PolicyMode::name)
}

/// Of how many agents it is at work in how many.
pub(crate) fn at_work(row: &PolicyStatus) -> String {
    let is_loaded =
        |agent: &&AgentPolicy| matches!(agent.state, LoadState::Enabled | LoadState::PartlyEnabled);
    format!("{}/{}", row.agents.iter().filter(is_loaded).count(), row.agents.len())
}

fn told(row: &PolicyStatus) -> u64 {
    row.agents.iter().map(|agent| agent.counters.post).sum()
}

fn memory(row: &PolicyStatus) -> u64 {
    row.agents.iter().map(|agent| agent.kernel_memory_bytes).sum()
}

/// The page.
#[derive(Debug, Default)]
pub(crate) struct Policies {
    listing: Listing<PolicyStatus>,
}

impl Policies {
    fn rows(&self, scene: &Scene) -> Vec<Arc<PolicyStatus>> {
        let mut rows = scene.snapshot.tetragon.policies.clone();
        self.listing.arrange(&mut rows);
        rows
    }

    fn selected(&self, scene: &Scene) -> Option<Arc<PolicyStatus>> {
        let rows = self.rows(scene);
        self.listing.index(&rows).and_then(|at| rows.get(at).cloned())
    }

    /// What must be said before the list: that it may be old, or why there is none.
    fn caution(scene: &Scene) -> Option<(String, Role)> {
        let tetragon = &scene.snapshot.tetragon;
        let is_empty = tetragon.policies.is_empty();
        let notes = tetragon.policies_notes.iter().map(|note| text::clean(note));
        let notes = notes.collect::<Vec<_>>().join("; ");
        Some(match (&tetragon.policies_failure, tetragon.policies_read_us) {
            (Some(why), 0) => {
                (format!("policies could not be read: {}", text::clean(why)), Role::Bad)
            }
            (Some(why), read_us) => {
                let (since, why) = (format::clock(read_us), text::clean(why));
                let words = format!(
                    "policies could not be read since {since}: {why}; what stands here may be old"
                );
                (words, Role::Bad)
            }
            (None, _) if !notes.is_empty() => {
                (notes, if is_empty { Role::Dim } else { Role::Warning })
            }
            (None, 0) if is_empty => match &tetragon.absent {
                Some(why) => (text::clean(why), Role::Dim),
                None => ("waiting for the API server and the agents to answer".into(), Role::Dim),
            },
            (None, _) if is_empty => {
                ("there is no policy: `n` writes one, in monitor mode at first".into(), Role::Dim)
            }
            (None, _) => return None,
        })
    }

    fn below(scene: &Scene, area: Rect) -> Rect {
        Self::caution(scene).map_or(area, |(words, _)| chrome::below_sentence(&words, area))
    }
}

impl View for Policies {
    fn title(&self, scene: &Scene) -> String {
        let policies = &scene.snapshot.tetragon.policies;
        let broken = [Standing::NotLoaded, Standing::PartlyLoaded].map(|standing| {
            let count = policies.iter().filter(|one| one.standing == standing).count() as u64;
            (count > 0)
                .then(|| format!(" · {} {}", format::count(count), words::standing(standing)))
        });
        let broken: String = broken.into_iter().flatten().collect();
        format!("Policies ─ {}{broken}", format::count(policies.len() as u64))
    }

    fn render(&self, scene: &Scene, focus: Focus, area: Rect, buffer: &mut Buffer) {
        let below = match Self::caution(scene) {
            Some((words, role)) => chrome::sentence(&words, role, &scene.look, area, buffer),
            None => area,
        };
        self.listing.render(&self.rows(scene), (&scene.look, focus), below, buffer);
    }

    fn step(&mut self, scene: &Scene, motion: Motion, area: Rect) {
        let rows = self.rows(scene);
        self.listing.step(&rows, motion, Self::below(scene, area));
    }

    fn point(&mut self, scene: &Scene, position: Position, area: Rect) {
        let rows = self.rows(scene);
        self.listing.point(&rows, position, Self::below(scene, area));
    }

    fn open(&self, scene: &Scene) -> Option<Box<dyn View>> {
        Some(Box::new(PolicyPage::new(self.selected(scene)?)))
    }

    fn copy(&self, scene: &Scene) -> Option<String> {
        let row = self.selected(scene)?;
        let (name, standing) = (text::clean(&row.name.to_string()), words::standing(row.standing));
        Some(format!("{name} {standing} {} {}\n", mode_words(&row), text::clean(&row.why)))
    }

    fn lists_policies(&self) -> bool {
        true
    }

    fn subject(&self, scene: &Scene) -> Option<Subject> {
        self.selected(scene).map(Subject::Policy)
    }

    fn sort(&mut self) {
        self.listing.sort();
    }

    fn reverse(&mut self) {
        self.listing.reverse();
    }
}
