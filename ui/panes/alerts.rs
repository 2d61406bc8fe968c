//! Pane 3: incidents, those that go on first.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use weir::engine::Snapshot;
use weir::incident::{Hosts, Incident, IncidentId, Pivot, Severity, Status};

use super::incident::{self, IncidentPage};
use super::listing::{Field, Item, Listing};
use super::{Focus, Scene, View, chrome, endpoint, facts};
use crate::console::Motion;
use crate::format;
use crate::look::Look;
use crate::text;
use crate::theme::Role;
use crate::widgets::table::{Cell, Clip, Column};

impl Item for Incident {
    type Id = IncidentId;

    const LINES: u16 = 2;

    fn id(&self) -> IncidentId {
        self.id
    }

    fn fields() -> &'static [Field<Self>] {
        &FIELDS
    }

    fn mark(&self, look: &Look) -> Cell {
        match self.status {
            Status::Open => look.cell(role(self), "●"),
            Status::Acknowledged => look.cell(role(self), "○"),
            Status::Resolved => look.cell(Role::Dim, "·"),
        }
    }

    fn note(&self, look: &Look) -> Option<Cell> {
        let other = match Pivot::of(self.class) {
            Pivot::Target => format!("from {}", hosts(&self.sources)),
            Pivot::Source => format!("towards {}", hosts(&self.targets)),
        };
        let why = self.why.first().map(|reason| format!(" · {}", text::clean(&reason.text)));
        Some(look.cell(Role::Dim, format!("{other}{}", why.unwrap_or_default())))
    }
}

static FIELDS: [Field<Incident>; 11] = [
    Field {
        column: Column::text("SEVERITY", 8, Clip::End, 0),
        cell: |row, look| look.cell(role(row), row.severity.name().to_uppercase()),
        compare: |one, other| other.severity.cmp(&one.severity),
    },
    Field {
        column: Column::text("CLASS", 8, Clip::End, 1),
        cell: |row, look| look.cell(role(row), row.class.name()),
        compare: |one, other| one.class.cmp(&other.class),
    },
    Field {
        column: Column::text("HOST", 12, Clip::Middle, 2),
        cell: |row, look| look.cell(Role::Text, pivot(row)),
        compare: |one, other| one.pivot.cmp(&other.pivot),
    },
    Field {
        column: Column::number("FLOWS", 5, 6),
        cell: |row, look| look.cell(Role::Text, format::short_count(row.flows)),
        compare: |one, other| other.flows.cmp(&one.flows),
    },
    Field {
        column: Column::number("SCORE", 5, 7),
        cell: |row, look| look.cell(Role::Text, format!("{:.3}", row.score)),
        compare: |one, other| other.score.cmp(&one.score),
    },
    Field {
        column: Column::text("STATE", 7, Clip::End, 5),
        cell: |row, look| look.cell(Role::Text, state(row, look)),
        compare: |one, other| other.last_us.cmp(&one.last_us),
    },
    Field {
        column: Column::text("SINCE", 9, Clip::End, 8),
        cell: |row, look| look.cell(Role::Dim, format::clock(row.first_us)),
        compare: |one, other| other.first_us.cmp(&one.first_us),
    },
    Field {
        column: Column::number("SOURCES", 7, 9),
        cell: |row, look| look.cell(Role::Dim, format::short_count(row.sources.total)),
        compare: |one, other| other.sources.total.cmp(&one.sources.total),
    },
    Field {
        column: Column::number("TARGETS", 7, 10),
        cell: |row, look| look.cell(Role::Dim, format::short_count(row.targets.total)),
        compare: |one, other| other.targets.total.cmp(&one.targets.total),
    },
    Field {
        column: Column::number("PKTS", 5, 11),
        cell: |row, look| look.cell(Role::Dim, format::short_count(row.packets)),
        compare: |one, other| other.packets.cmp(&one.packets),
    },
    Field {
        column: Column::number("BYTES", 7, 12),
        cell: |row, look| look.cell(Role::Dim, format::bytes(row.bytes)),
        compare: |one, other| other.bytes.cmp(&one.bytes),
    },
];

/// How an incident looks: what is over is not urgent.
pub(crate) fn role(row: &Incident) -> Role {
    match (row.status, row.severity) {
        (Status::Resolved, _) => Role::Dim,
        (_, Severity::Critical) => Role::Critical,
        (_, Severity::High) => Role::Bad,
        (_, Severity::Medium) => Role::Warning,
        (_, Severity::Low) => Role::Text,
    }
}

/// The host an incident is about, which end of the flows it is, and the port where there is one.
pub(crate) fn pivot(row: &Incident) -> String {
    match (Pivot::of(row.class), row.target_port) {
        (Pivot::Source, _) => format!("{} →", row.pivot),
        (Pivot::Target, Some(port)) => format!("→ {}", endpoint::with_port(row.pivot, port)),
        (Pivot::Target, None) => format!("→ {}", row.pivot),
    }
}

/// Whether it goes on, and for how long.
pub(crate) fn state(row: &Incident, look: &Look) -> String {
    match row.resolved_us {
        Some(at_us) => format!("over for {}", look.ago(at_us)),
        None => format!("ongoing {}", look.ago(row.first_us)),
    }
}

/// The first of some hosts, and how many more there are.
fn hosts(hosts: &Hosts) -> String {
    let Some(first) = hosts.listed.first() else { return "unknown".into() };
    match hosts.total.saturating_sub(1) {
        0 => first.to_string(),
        more => format!("{first} and {} more", format::count(more)),
    }
}

/// How many incidents go on.
pub(crate) fn open(snapshot: &Snapshot) -> u64 {
    snapshot.incidents.iter().filter(|incident| incident.status == Status::Open).count() as u64
}

/// The pane.
#[derive(Debug, Default)]
pub(crate) struct Alerts {
    listing: Listing<Incident>,
}

impl Alerts {
    fn rows(&self, scene: &Scene) -> Vec<Arc<Incident>> {
        let mut rows = scene.sifted(&scene.snapshot.incidents);
        self.listing.arrange(&mut rows);
        rows
    }

    fn selected(&self, scene: &Scene) -> Option<Arc<Incident>> {
        let rows = self.rows(scene);
        self.listing.index(&rows).and_then(|at| rows.get(at).cloned())
    }
}

impl View for Alerts {
    fn title(&self, scene: &Scene) -> String {
        let open = open(&scene.snapshot);
        let resolved = scene.snapshot.incidents.len() as u64 - open;
        let (open, resolved) = (format::count(open), format::count(resolved));
        let sifting = scene.sifting(&scene.snapshot.incidents);
        format!("3 Alerts ─ {open} open · {resolved} resolved{sifting}")
    }

    fn render(&self, scene: &Scene, focus: Focus, area: Rect, buffer: &mut Buffer) {
        let rows = self.rows(scene);
        if rows.is_empty() {
            let words = if scene.snapshot.incidents.is_empty() {
                "no incident: no flow has raised an alarm for long enough"
            } else {
                "the filter lets nothing through; esc takes it away"
            };
            chrome::sentence(words, Role::Dim, &scene.look, area, buffer);
        } else {
            self.listing.render(&rows, (&scene.look, focus), area, buffer);
        }
    }

    fn step(&mut self, scene: &Scene, motion: Motion, area: Rect) {
        let rows = self.rows(scene);
        self.listing.step(&rows, motion, area);
    }

    fn point(&mut self, scene: &Scene, position: Position, area: Rect) {
        let rows = self.rows(scene);
        self.listing.point(&rows, position, area);
    }

    fn open(&self, scene: &Scene) -> Option<Box<dyn View>> {
        self.selected(scene).map(|row| Box::new(IncidentPage::new(row)) as Box<dyn View>)
    }

    fn copy(&self, scene: &Scene) -> Option<String> {
        self.selected(scene).map(|row| facts::written(&incident::facts(&row, &scene.look)))
    }

    fn sort(&mut self) {
        self.listing.sort();
    }

    fn reverse(&mut self) {
        self.listing.reverse();
    }
}
