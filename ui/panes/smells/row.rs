//! An object that smells as a row: how bad it is, how often, and where it is written.

use weir::posture::Severity;

use crate::format;
use crate::look::Look;
use crate::panes::listing::{Field, Item};
use crate::smells::findings::Culprit;
use crate::smells::role;
use crate::text;
use crate::theme::Role;
use crate::widgets::table::{Cell, Clip, Column};

/// Columns that the name of an object or a file claims before others.
const FAIR: u16 = 40;

impl Item for Culprit {
    type Id = u64;

    fn id(&self) -> u64 {
        self.id
    }

    fn fields() -> &'static [Field<Self>] {
        &FIELDS
    }

    fn mark(&self, look: &Look) -> Cell {
        match self.worst() {
            worst @ (Severity::Critical | Severity::High) => look.cell(role(worst), "▌"),
            Severity::Medium | Severity::Low => Cell::default(),
        }
    }
}

static FIELDS: [Field<Culprit>; 7] = [
    Field {
        column: Column::text("WORST", 8, Clip::End, 0),
        cell: |row, look| look.cell(role(row.worst()), row.worst().name()),
        compare: |one, other| other.counts.cmp(&one.counts),
    },
    Field {
        column: Column::text("OBJECT", 18, Clip::Middle, 0).fair(FAIR),
        cell: |row, look| look.cell(Role::Text, text::clean(&row.name.to_string())),
        compare: |one, other| one.name.to_string().cmp(&other.name.to_string()),
    },
    Field {
        column: Column::number("CRITICAL", 8, 1),
        cell: |row, look| count(row, Severity::Critical, look),
        compare: |one, other| other.count(Severity::Critical).cmp(&one.count(Severity::Critical)),
    },
    Field {
        column: Column::number("HIGH", 4, 2),
        cell: |row, look| count(row, Severity::High, look),
        compare: |one, other| other.count(Severity::High).cmp(&one.count(Severity::High)),
    },
    Field {
        column: Column::number("MEDIUM", 6, 3),
        cell: |row, look| count(row, Severity::Medium, look),
        compare: |one, other| other.count(Severity::Medium).cmp(&one.count(Severity::Medium)),
    },
    Field {
        column: Column::number("LOW", 3, 3),
        cell: |row, look| count(row, Severity::Low, look),
        compare: |one, other| other.count(Severity::Low).cmp(&one.count(Severity::Low)),
    },
    Field {
        column: Column::text("FILE", 10, Clip::Middle, 4).fair(FAIR),
        cell: |row, look| look.cell(Role::Dim, text::clean(&row.file)),
        compare: |one, other| one.file.cmp(&other.file),
    },
];

fn count(row: &Culprit, severity: Severity, look: &Look) -> Cell {
    let count = row.count(severity);
    let role = if count == 0 { Role::Dim } else { role(severity) };
    look.cell(role, format::short_count(count as u64))
}
