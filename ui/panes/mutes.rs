//! The page of mutes that go on: of which alerts nobody is told, who wanted it, and what it hid.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use weir::incident::MuteId;
use weir::store::Mute;

use super::listing::{Field, Item, Listing};
use super::{Focus, Scene, Subject, View, chrome};
use crate::console::Motion;
use crate::format;
use crate::look::Look;
use crate::text;
use crate::theme::Role;
use crate::widgets::table::{Cell, Clip, Column};

impl Item for Mute {
    type Id = MuteId;

    const LINES: u16 = 2;

    fn id(&self) -> MuteId {
        self.id
    }

    fn fields() -> &'static [Field<Self>] {
        &FIELDS
    }

    fn note(&self, look: &Look) -> Option<Cell> {
        let words = format!("by {}: {}", text::clean(&self.author), text::clean(&self.reason));
        Some(look.cell(Role::Dim, words))
    }
}

static FIELDS: [Field<Mute>; 4] = [
    Field {
        column: Column::number("HIDDEN", 6, 1),
        cell: |row, look| look.cell(Role::Text, format::short_count(row.hidden)),
        compare: |one, other| other.hidden.cmp(&one.hidden),
    },
    Field {
        column: Column::text("FILTER", 16, Clip::End, 0),
        cell: |row, look| look.cell(Role::Text, text::clean(&row.filter)),
        compare: |one, other| one.filter.cmp(&other.filter),
    },
    Field {
        column: Column::text("UNTIL", 17, Clip::End, 2),
        cell: |row, look| look.cell(Role::Text, format::minute(row.expires_us)),
        compare: |one, other| one.expires_us.cmp(&other.expires_us),
    },
    Field {
        column: Column::text("SINCE", 17, Clip::End, 6),
        cell: |row, look| look.cell(Role::Dim, format::minute(row.created_us)),
        compare: |one, other| one.created_us.cmp(&other.created_us),
    },
];

/// The page.
#[derive(Debug, Default)]
pub(crate) struct Mutes {
    listing: Listing<Mute>,
}

impl Mutes {
    fn rows<'a>(&self, scene: &'a Scene) -> Vec<&'a Mute> {
        let mut rows: Vec<&Mute> = scene.snapshot.mutes.iter().collect();
        self.listing.arrange(&mut rows);
        rows
    }

    fn selected<'a>(&self, scene: &'a Scene) -> Option<&'a Mute> {
        let rows = self.rows(scene);
        self.listing.index(&rows).and_then(|at| rows.get(at).copied())
    }
}

impl View for Mutes {
    fn title(&self, scene: &Scene) -> String {
        format!("Mutes ─ {}", format::count(scene.snapshot.mutes.len() as u64))
    }

    fn render(&self, scene: &Scene, focus: Focus, area: Rect, buffer: &mut Buffer) {
        let rows = self.rows(scene);
        if rows.is_empty() {
            let words = "nothing is muted: every sink is told of every alert";
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

    fn copy(&self, scene: &Scene) -> Option<String> {
        let mute = self.selected(scene)?;
        Some(format!("{} ({})\n", text::clean(&mute.filter), text::clean(&mute.reason)))
    }

    fn subject(&self, scene: &Scene) -> Option<Subject> {
        self.selected(scene).cloned().map(Subject::Mute)
    }

    fn sort(&mut self) {
        self.listing.sort();
    }

    fn reverse(&mut self) {
        self.listing.reverse();
    }
}
