//! The page of sinks and of what they are still to be told, the oldest first.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use weir::engine::SinkStatus;
use weir::incident::Incident;
use weir::store::{Entry, EntryState};

use super::incident::IncidentPage;
use super::listing::{Field, Item, Listing};
use super::{Focus, Scene, Subject, View, chrome};
use crate::console::Motion;
use crate::format;
use crate::look::Look;
use crate::text;
use crate::theme::Role;
use crate::widgets::table::{Cell, Clip, Column};

impl Item for Entry {
    type Id = i64;

    fn id(&self) -> i64 {
        self.seq
    }

    fn fields() -> &'static [Field<Self>] {
        &FIELDS
    }

    fn mark(&self, look: &Look) -> Cell {
        match self.state {
            EntryState::Waiting => Cell::default(),
            EntryState::Parked => look.cell(Role::Bad, "▌"),
        }
    }
}

static FIELDS: [Field<Entry>; 7] = [
    Field {
        column: Column::text("SINK", 8, Clip::End, 0),
        cell: |row, look| look.cell(Role::Text, row.sink.name()),
        compare: |one, other| one.sink.cmp(&other.sink),
    },
    Field {
        column: Column::text("STATE", 7, Clip::End, 1),
        cell: |row, look| match row.state {
            EntryState::Waiting => look.cell(Role::Text, "waits"),
            EntryState::Parked => look.cell(Role::Bad, "parked"),
        },
        compare: |one, other| (one.state as u8).cmp(&(other.state as u8)),
    },
    Field {
        column: Column::text("NEWS", 8, Clip::End, 2),
        cell: |row, look| look.cell(Role::Text, row.news.name()),
        compare: |one, other| one.news.name().cmp(other.news.name()),
    },
    Field {
        column: Column::text("ALERT", 16, Clip::End, 3),
        cell: |row, look| {
            let Incident { class, pivot, names, .. } = &*row.incident;
            let words = format!("{class} {}", names.label(*pivot));
            look.cell(Role::Text, words)
        },
        compare: |one, other| one.incident.id.cmp(&other.incident.id),
    },
    Field {
        column: Column::number("TRIES", 5, 5),
        cell: |row, look| look.cell(Role::Dim, format::count(u64::from(row.attempts))),
        compare: |one, other| other.attempts.cmp(&one.attempts),
    },
    Field {
        column: Column::text("SINCE", 9, Clip::End, 6),
        cell: |row, look| look.cell(Role::Dim, format::clock(row.created_us)),
        compare: |one, other| one.created_us.cmp(&other.created_us),
    },
    Field {
        column: Column::text("WHY", 12, Clip::End, 4),
        cell: |row, look| {
            let why = row.error.as_deref().map(text::clean).unwrap_or_default();
            look.cell(Role::Dim, why)
        },
        compare: |one, other| one.error.cmp(&other.error),
    },
];

/// How a sink is doing, in one line.
fn sink(status: &SinkStatus, look: &Look) -> Line<'static> {
    let SinkStatus { sink, depth, failure } = status;
    let (word, role) = match failure {
        Some(_) => ("failing", Role::Bad),
        None if depth.parked > 0 => ("refuses some", Role::Warning),
        None if depth.last_success_us.is_none() => ("not told anything yet", Role::Dim),
        None => ("taking", Role::Good),
    };
    let last = depth.last_success_us.map(|at_us| format!(", last at {}", format::clock(at_us)));
    let digested = (depth.digested > 0)
        .then(|| format!(", {} in digests", format::short_count(depth.digested)));
    let why = failure.as_deref().map(|why| format!(": {}", text::clean(why)));
    let words = format!(
        " {:<13}{word}, {} waiting, {} parked, {} told{}{}{}",
        sink.name(),
        format::short_count(depth.waiting),
        format::short_count(depth.parked),
        format::short_count(depth.delivered),
        digested.unwrap_or_default(),
        last.unwrap_or_default(),
        why.unwrap_or_default(),
    );
    Line::styled(words, look.style(role))
}

/// The page.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    listing: Listing<Entry>,
}

impl Outbox {
    fn rows(&self, scene: &Scene) -> Vec<Arc<Entry>> {
        let mut rows = scene.snapshot.outbox.clone();
        self.listing.arrange(&mut rows);
        rows
    }

    fn selected(&self, scene: &Scene) -> Option<Arc<Entry>> {
        let rows = self.rows(scene);
        self.listing.index(&rows).and_then(|at| rows.get(at).cloned())
    }

    /// What is left for the list below the sinks and a blank line.
    fn below(scene: &Scene, area: Rect) -> Rect {
        let used = u16::try_from(scene.snapshot.sinks.len() + 1).unwrap_or(u16::MAX);
        let used = used.min(area.height);
        Rect { y: area.y + used, height: area.height - used, ..area }
    }
}

impl View for Outbox {
    fn title(&self, scene: &Scene) -> String {
        let depth = |count: fn(&SinkStatus) -> u64| -> String {
            format::count(scene.snapshot.sinks.iter().map(count).sum())
        };
        let (waiting, parked) = (depth(|one| one.depth.waiting), depth(|one| one.depth.parked));
        format!("Outbox ─ {waiting} waiting · {parked} parked")
    }

    fn render(&self, scene: &Scene, focus: Focus, area: Rect, buffer: &mut Buffer) {
        let sinks = &scene.snapshot.sinks;
        if sinks.is_empty() {
            let words = "no sink is set up: nobody is told of alerts but whoever looks here or asks \
                         the API; `weir notify` says how to set one up";
            chrome::sentence(words, Role::Dim, &scene.look, area, buffer);
            return;
        }
        let lines: Vec<_> = sinks.iter().map(|one| sink(one, &scene.look)).collect();
        chrome::text(&lines, 0, area, buffer);
        let (rows, below) = (self.rows(scene), Self::below(scene, area));
        if rows.is_empty() {
            chrome::sentence("all has been told", Role::Dim, &scene.look, below, buffer);
        } else {
            self.listing.render(&rows, (&scene.look, focus), below, buffer);
        }
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
        let entry = self.selected(scene)?;
        Some(Box::new(IncidentPage::new(Arc::clone(&entry.incident))))
    }

    fn copy(&self, scene: &Scene) -> Option<String> {
        let entry = self.selected(scene)?;
        let why = entry.error.as_deref().map(text::clean).unwrap_or_default();
        let (sink, news) = (entry.sink.name(), entry.news.name());
        Some(format!("{} {sink} {news} {} {why}\n", entry.seq, entry.incident.id))
    }

    fn subject(&self, scene: &Scene) -> Option<Subject> {
        self.selected(scene).map(Subject::Entry)
    }

    fn sort(&mut self) {
        self.listing.sort();
    }

    fn reverse(&mut self) {
        self.listing.reverse();
    }
}
