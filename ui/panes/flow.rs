//! The page of one flow: what was said of it, and every feature that this was said of.

use std::cmp::Ordering;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use weir::detect::{CLASSES, Class, Score, Verdict};
use weir::engine::{Conversation, Snapshot};
use weir::feature::{FEATURES, Feature, Form};
use weir::incident::{Process, Who};

use super::conversation::{below, names, since, state};
use super::facts::{self, Fact};
use super::flows::class_role;
use super::listing::{Field, Item, Listing};
use super::{Focus, Scene, View, chrome, endpoint, process};
use crate::console::Motion;
use crate::format;
use crate::look::Look;
use crate::theme::Role;
use crate::widgets::bar::bar;
use crate::widgets::table::{Clip, Column};

/// Lines that the list of features keeps, however much is said above it.
const LIST_LINES: u16 = 4;

/// Processes are known of conversations.
const OF_THE_NEWEST: &str = ", by the newest flow of the two of which that is known";

/// Columns for the probabilities, and from which width on they stand beside the features.
const BESIDE_COLUMNS: u16 = 40;
const WIDE_COLUMNS: u16 = 110;

/// Lines for the meaning of the selected feature, and from which height on there are any.
const MEANING_LINES: u16 = 2;
const TALL_LINES: u16 = 18;

/// One feature of the flow.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    at: usize,
    feature: &'static Feature,
    value: f32,
}

impl Item for Measured {
    type Id = usize;

    fn id(&self) -> usize {
        self.at
    }

    fn fields() -> &'static [Field<Self>] {
        &FIELDS
    }
}

static FIELDS: [Field<Measured>; 4] = [
    Field {
        column: Column::text("FEATURE", 12, Clip::End, 0),
        cell: |row, look| look.cell(Role::Text, row.feature.name),
        compare: |one, other| one.feature.name.cmp(other.feature.name),
    },
    Field {
        column: Column::number("VALUE", 8, 1),
        cell: |row, look| look.cell(Role::Text, row.written()),
        compare: |one, other| other.value.partial_cmp(&one.value).unwrap_or(Ordering::Equal),
    },
    Field {
        column: Column::text("UNIT", 4, Clip::End, 2),
        cell: |row, look| look.cell(Role::Dim, row.feature.unit.symbol()),
        compare: |one, other| one.feature.unit.symbol().cmp(other.feature.unit.symbol()),
    },
    Field {
        column: Column::text("MEANING", 10, Clip::End, 3),
        cell: |row, look| look.cell(Role::Dim, row.feature.description),
        compare: |one, other| one.at.cmp(&other.at),
    },
];

impl Measured {
    fn all(verdict: &Verdict) -> impl Iterator<Item = Self> {
        let features = FEATURES.iter().zip(verdict.vector.iter()).enumerate();
        features.map(|(at, (feature, value))| Self { at, feature, value: *value })
    }

    fn written(&self) -> String {
        match self.feature.form {
            Form::Integer => format!("{:.0}", self.value),
            Form::Real => format!("{:.4}", self.value),
        }
    }
}

/// The page. It keeps what it shows, should newer snapshots no longer have it.
#[derive(Debug)]
pub(crate) struct FlowPage {
    shown: Arc<Verdict>,
    client_who: Option<Arc<Who>>,
    server_who: Option<Arc<Who>>,
    client_process: Option<Arc<Process>>,
    server_process: Option<Arc<Process>>,
    listing: Listing<Measured>,
}

impl FlowPage {
    /// The features of `shown`.
    pub(crate) fn new(shown: Arc<Verdict>) -> Self {
        Self {
            shown,
            client_who: None,
            server_who: None,
            client_process: None,
            server_process: None,
            listing: Listing::default(),
        }
    }

    /// The same page, with what is known of the hosts of `row`, and of what runs there.
    pub(crate) fn between(mut self, row: &Conversation) -> Self {
        self.take_over(row);
        self
    }

    fn take_over(&mut self, row: &Conversation) {
        self.client_who.clone_from(&row.client_who);
        self.server_who.clone_from(&row.server_who);
        self.client_process.clone_from(&row.client_process);
        self.server_process.clone_from(&row.server_process);
    }

    fn rows(&self) -> Vec<Measured> {
        let mut rows: Vec<_> = Measured::all(&self.shown).collect();
        self.listing.arrange(&mut rows);
        rows
    }

    /// Classes and their probabilities, the most probable first.
    fn probabilities(&self) -> Vec<(Class, Score)> {
        let mut all: Vec<_> = Class::ALL.into_iter().zip(self.shown.probabilities).collect();
        all.sort_by_key(|(_, probability)| std::cmp::Reverse(*probability));
        all
    }

    fn facts(&self, look: &Look) -> Vec<Fact> {
        let Verdict { flow, class, score, is_alarm, .. } = &*self.shown;
        let tuple = &flow.tuple;
        let (source_port, _) = tuple.ports();
        let alarm = if *is_alarm { "alarm" } else { "no alarm" };
        let target = endpoint::service(tuple.target, None, tuple.server_port(), tuple.protocol);
        let source = match source_port {
            0 => tuple.source.to_string(),
            port => endpoint::with_port(tuple.source, None, port),
        };
        let likely = self.probabilities().into_iter().take(3);
        let likely: Vec<_> = likely.map(|(class, score)| format!("{class} {score:.3}")).collect();
        let mut facts = vec![Fact::new("between", format!("{source} → {target}"))];
        facts.extend(names(self.client_who.as_deref(), self.server_who.as_deref()));
        let ends = (self.client_process.as_deref(), self.server_process.as_deref());
        facts.extend(process::ends(ends.0, ends.1, OF_THE_NEWEST));
        facts.extend([
            Fact::told("said", format!("{class} {score}, {alarm}"), class_role(*class, *is_alarm)),
            Fact::new("probable", likely.join(" · ")),
            Fact::new(
                "seen",
                format!(
                    "{}, {} of payload, {}",
                    format::counted(flow.packets, "packet"),
                    format::bytes(flow.bytes),
                    state(flow.state)
                ),
            ),
            Fact::new("first packet", since(flow.first_us, look)),
            Fact::new("last packet", since(flow.last_us, look)),
            Fact::new("flow", flow.id.to_string()),
        ]);
        facts
    }

    /// The parts of the page: what is said of the flow, beside it the probabilities, below them the
    /// features, and the meaning of the selected one in full.
    fn areas(&self, scene: &Scene, area: Rect) -> [Rect; 4] {
        let beside = if area.width >= WIDE_COLUMNS { BESIDE_COLUMNS } else { 0 };
        let meaning = if area.height >= TALL_LINES { MEANING_LINES } else { 0 };
        let left = Rect { width: area.width - beside, ..area };
        let said = facts::lines(&self.facts(&scene.look), left.width, &scene.look).len();
        let lines = if beside > 0 { said.max(CLASSES) } else { said };
        let above = Rect { height: area.height - meaning, ..area };
        let list = below(above, lines, LIST_LINES);
        let head = Rect { height: (list.y - area.y).saturating_sub(1), ..left };
        let meaning = Rect { y: above.bottom(), height: meaning, ..area };
        [head, Rect { x: left.right(), width: beside, ..head }, list, meaning]
    }

    fn render_meaning(&self, look: &Look, area: Rect, buffer: &mut Buffer) {
        let rows = self.rows();
        let selected = self.listing.index(&rows).and_then(|at| rows.get(at));
        if let Some(row) = selected.filter(|_| area.height > 0) {
            let words = format!("{}: {}", row.feature.name, row.feature.description);
            chrome::sentence(&words, Role::Text, look, area, buffer);
        }
    }

    fn render_probabilities(&self, look: &Look, area: Rect, buffer: &mut Buffer) {
        if area.width == 0 {
            return;
        }
        let bar_columns = area.width.saturating_sub(25);
        let lines: Vec<_> = self
            .probabilities()
            .into_iter()
            .map(|(class, score)| {
                let bar = bar(score.value(), bar_columns, look.glyphs);
                Line::from(format!("{:<16} {score} {bar}", class.name()))
            })
            .collect();
        chrome::text(&lines, 0, area, buffer);
    }
}

impl View for FlowPage {
    fn title(&self, _scene: &Scene) -> String {
        format!("Flow {} ─ {} features", self.shown.flow.id, FEATURES.len())
    }

    fn render(&self, scene: &Scene, focus: Focus, area: Rect, buffer: &mut Buffer) {
        let [head, beside, list, meaning] = self.areas(scene, area);
        let lines = facts::lines(&self.facts(&scene.look), head.width, &scene.look);
        chrome::text(&lines, 0, head, buffer);
        self.render_probabilities(&scene.look, beside, buffer);
        self.render_meaning(&scene.look, meaning, buffer);
        self.listing.render(&self.rows(), (&scene.look, focus), list, buffer);
    }

    fn step(&mut self, scene: &Scene, motion: Motion, area: Rect) {
        let [_, _, list, _] = self.areas(scene, area);
        self.listing.step(&self.rows(), motion, list);
    }

    fn point(&mut self, scene: &Scene, position: Position, area: Rect) {
        let [_, _, list, _] = self.areas(scene, area);
        self.listing.point(&self.rows(), position, list);
    }

    fn copy(&self, scene: &Scene) -> Option<String> {
        let probabilities = self.probabilities().into_iter();
        let probabilities = probabilities.map(|(class, score)| format!("{class}: {score}\n"));
        let features = Measured::all(&self.shown).map(|row| {
            format!("{}: {} {}\n", row.feature.name, row.written(), row.feature.unit.symbol())
        });
        let written = facts::written(&self.facts(&scene.look));
        Some([written].into_iter().chain(probabilities).chain(features).collect())
    }

    fn sort(&mut self) {
        self.listing.sort();
    }

    fn reverse(&mut self) {
        self.listing.reverse();
    }

    fn refresh(&mut self, snapshot: &Snapshot) {
        let id = self.shown.flow.id;
        for row in &snapshot.conversations {
            if let Some(newer) = row.recent.iter().find(|verdict| verdict.flow.id == id) {
                self.shown = Arc::clone(newer);
                self.take_over(row);
                return;
            }
        }
    }
}
