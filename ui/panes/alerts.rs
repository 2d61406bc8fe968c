//! Pane 3: incidents, those that go on first.

use std::ops::Deref;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use weir::engine::{SinkStatus, Snapshot};
use weir::incident::{Hosts, Incident, IncidentId, Mark, News, Pivot, Severity, Status, Who};
use weir::store::EntryState;

use super::incident::{self, IncidentPage};
use super::listing::{Field, Item, Listing};
use super::{Focus, Scene, Subject, View, answer, chrome, facts};
use crate::console::Motion;
use crate::format;
use crate::look::Look;
use crate::text;
use crate::theme::Role;
use crate::widgets::table::{Cell, Clip, Column};

/// Columns of the name of whoever did something.
const NAME_COLUMNS: usize = 16;

impl Item for AlertRow {
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
            Pivot::Target => format!("from {}", hosts(self, &self.sources)),
            Pivot::Source => format!("towards {}", hosts(self, &self.targets)),
        };
        let why = self.why.first().map(|reason| format!(" · {}", text::clean(&reason.text)));
        let other = format!("{other}{}", why.unwrap_or_default());
        let parts = [&self.answer, &self.told, &other].map(String::as_str);
        let parts: Vec<_> = parts.into_iter().filter(|words| !words.is_empty()).collect();
        Some(look.cell(Role::Dim, parts.join(" · ")))
    }
}

/// An incident, what is done about it, and who was told of it.
#[derive(Debug)]
pub(crate) struct AlertRow {
    incident: Arc<Incident>,
    answer: String,
    told: String,
}

impl Deref for AlertRow {
    type Target = Incident;

    fn deref(&self) -> &Incident {
        &self.incident
    }
}

/// Who was told of an incident, in a few words: `slack ✓ firebase waits`.
///
/// Nothing is said of what cannot be known from the snapshot: it holds only the first entries of the
/// outbox, and whether an old incident was told before a sink was set up it does not say.
pub(crate) fn told(incident: &Incident, snapshot: &Snapshot) -> String {
    if incident.muted_by.is_some() {
        return "muted".into();
    }
    let left = |one: &SinkStatus| one.depth.waiting + one.depth.parked;
    let is_whole = snapshot.sinks.iter().map(left).sum::<u64>() <= snapshot.outbox.len() as u64;
    let goes_on = incident.status != Status::Resolved;
    let word = |status: &SinkStatus| {
        let mut entries = snapshot
            .outbox
            .iter()
            .filter(|entry| entry.sink == status.sink && entry.incident.id == incident.id)
            .filter(|entry| entry.news != News::Grown);
        let sink = status.sink.name();
        match entries.next().map(|entry| entry.state) {
            Some(EntryState::Parked) => Some(format!("{sink} refuses it")),
            Some(EntryState::Waiting) => Some(format!("{sink} waits")),
            None => (is_whole && goes_on).then(|| format!("{sink} ✓")),
        }
    };
    snapshot.sinks.iter().filter_map(word).collect::<Vec<_>>().join(" ")
}

static FIELDS: [Field<AlertRow>; 11] = [
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
        compare: |one, other| {
            let key = |row: &Incident| (row.names.get(row.pivot).map(Who::label), row.pivot);
            key(one).cmp(&key(other))
        },
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
    match Pivot::of(row.class) {
        Pivot::Source => format!("{} →", row.host(row.pivot, None)),
        Pivot::Target => format!("→ {}", row.host(row.pivot, row.target_port)),
    }
}

/// Whether it goes on, and for how long.
pub(crate) fn state(row: &Incident, look: &Look) -> String {
    let by = |mark: &Mark| format!(" · {}", text::clip(&text::clean(&mark.by), NAME_COLUMNS));
    match (&row.resolved_by, row.resolved_us, &row.acknowledged) {
        (Some(mark), ..) => format!("resolved{}", by(mark)),
        (None, Some(at_us), _) => format!("over for {}", look.ago(at_us)),
        (None, None, acknowledged) => {
            let by = acknowledged.as_ref().map(by).unwrap_or_default();
            let again = if row.reopened > 0 { "back, " } else { "" };
            format!("{again}ongoing {}{by}", look.ago(row.first_us))
        }
    }
}

/// The first of some hosts, and how many more there are.
fn hosts(row: &Incident, hosts: &Hosts) -> String {
    let Some(first) = hosts.listed.first() else { return "unknown".into() };
    let first = row.names.label(*first);
    match hosts.total.saturating_sub(1) {
        0 => first,
        more => format!("{first} and {} more", format::count(more)),
    }
}

/// How many incidents go on that nobody has taken on.
pub(crate) fn open(snapshot: &Snapshot) -> u64 {
    with(snapshot, Status::Open)
}

fn with(snapshot: &Snapshot, status: Status) -> u64 {
    snapshot.incidents.iter().filter(|incident| incident.status == status).count() as u64
}

/// The pane.
#[derive(Debug, Default)]
pub(crate) struct Alerts {
    listing: Listing<AlertRow>,
}

impl Alerts {
    fn rows(&self, scene: &Scene) -> Vec<AlertRow> {
        let row = |incident: Arc<Incident>| AlertRow {
            answer: answer::words(&incident, &scene.snapshot.response),
            told: told(&incident, &scene.snapshot),
            incident,
        };
        let mut rows: Vec<_> =
            scene.sifted(&scene.snapshot.incidents).into_iter().map(row).collect();
        self.listing.arrange(&mut rows);
        rows
    }

    fn selected(&self, scene: &Scene) -> Option<Arc<Incident>> {
        let mut rows = self.rows(scene);
        let at = self.listing.index(&rows)?;
        (at < rows.len()).then(|| rows.swap_remove(at).incident)
    }
}

impl View for Alerts {
    fn title(&self, scene: &Scene) -> String {
        let counts = Status::ALL.map(|status| (status, with(&scene.snapshot, status)));
        let seen = counts.iter().filter(|(status, n)| *n > 0 || *status != Status::Acknowledged);
        let words: Vec<_> =
            seen.map(|(status, n)| format!("{} {}", format::count(*n), status.name())).collect();
        let sifting = scene.sifting(&scene.snapshot.incidents);
        format!("3 Alerts ─ {}{sifting}", words.join(" · "))
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
        let row = self.selected(scene)?;
        Some(facts::written(&incident::standing(&row, &scene.snapshot, &scene.look)))
    }

    fn subject(&self, scene: &Scene) -> Option<Subject> {
        self.selected(scene).map(Subject::Incident)
    }

    fn sort(&mut self) {
        self.listing.sort();
    }

    fn reverse(&mut self) {
        self.listing.reverse();
    }
}
