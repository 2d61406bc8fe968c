//! The columns of a list of images.

use std::cmp::Ordering;
use std::hash::{DefaultHasher, Hash, Hasher};

use weir::engine::{ImageState, ImageStatus};
use weir::posture::image::{ScanSummary, VulnerabilitySeverity};

use crate::format;
use crate::look::Look;
use crate::panes::listing::{Field, Item};
use crate::panes::scan::{anew, in_short, standing, unmended, vulnerability};
use crate::text;
use crate::theme::Role;
use crate::widgets::table::{Cell, Clip, Column};

impl Item for ImageStatus {
    type Id = u64;

    const LINES: u16 = 2;

    fn id(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.image, &self.digest).hash(&mut hasher);
        hasher.finish()
    }

    fn fields() -> &'static [Field<Self>] {
        &FIELDS
    }

    fn mark(&self, look: &Look) -> Cell {
        let is_exploited = summary(self).is_some_and(|summary| summary.exploited > 0);
        match standing(self).1 {
            _ if is_exploited => look.cell(Role::Critical, "▌"),
            role @ (Role::Bad | Role::Critical) => look.cell(role, "▌"),
            _ => Cell::default(),
        }
    }

    fn note(&self, look: &Look) -> Option<Cell> {
        if let Some((words, role)) = anew(self) {
            return Some(look.cell(role, words));
        }
        if let Some(summary) = summary(self) {
            return Some(look.cell(Role::Text, most_urgent(summary)));
        }
        Some(match &self.state {
            ImageState::Unknown | ImageState::Scanned => {
                look.cell(Role::Dim, "nobody has scanned it yet")
            }
            ImageState::Waiting => look.cell(Role::Dim, "waits for its turn"),
            ImageState::Scanning(step) => look.cell(Role::Text, step.words()),
            ImageState::Failed(why) => look.cell(Role::Bad, text::clean(why)),
        })
    }
}

static FIELDS: [Field<ImageStatus>; 8] = [
    Field {
        column: Column::text("STATE", 11, Clip::End, 0),
        cell: |row, look| {
            let (words, role) = standing(row);
            look.cell(role, words)
        },
        compare: |one, other| urgency(other).cmp(&urgency(one)),
    },
    Field {
        column: Column::text("IMAGE", 20, Clip::Middle, 1).fair(40),
        cell: |row, look| look.cell(Role::Text, text::clean(row.image.as_str())),
        compare: |one, other| one.image.cmp(&other.image),
    },
    Field {
        column: Column::number("CRITICAL", 8, 2),
        cell: |row, look| number(row, look, critical, Role::Critical),
        compare: |one, other| most(one, other, critical),
    },
    Field {
        column: Column::number("HIGH", 4, 3),
        cell: |row, look| number(row, look, high, Role::Bad),
        compare: |one, other| most(one, other, high),
    },
    Field {
        column: Column::number("MENDABLE", 8, 5),
        cell: |row, look| number(row, look, mendable, Role::Text),
        compare: |one, other| most(one, other, mendable),
    },
    Field {
        column: Column::number("EXPLOITED", 9, 3),
        cell: |row, look| number(row, look, exploited, Role::Critical),
        compare: |one, other| most(one, other, exploited),
    },
    Field {
        column: Column::text("WORKLOADS", 12, Clip::Middle, 4),
        cell: |row, look| look.cell(Role::Dim, workloads(row)),
        compare: |one, other| workloads(one).cmp(&workloads(other)),
    },
    Field {
        column: Column::text("SCANNED", 17, Clip::End, 6),
        cell: |row, look| {
            look.cell(Role::Dim, scanned_us(row).map(format::minute).unwrap_or_default())
        },
        compare: |one, other| scanned_us(other).cmp(&scanned_us(one)),
    },
];

/// What was found last, where it was looked.
pub(super) fn summary(row: &ImageStatus) -> Option<&ScanSummary> {
    row.found.as_ref().map(|found| &*found.summary)
}

fn scanned_us(row: &ImageStatus) -> Option<i64> {
    row.found.as_ref().map(|found| found.scanned_us)
}

const fn critical(summary: &ScanSummary) -> usize {
    summary.counts.critical
}

const fn high(summary: &ScanSummary) -> usize {
    summary.counts.high
}

const fn mendable(summary: &ScanSummary) -> usize {
    summary.fixable.total()
}

const fn exploited(summary: &ScanSummary) -> usize {
    summary.exploited
}

/// How many there are; nothing where nobody has looked. `role` is how any at all look.
fn number(row: &ImageStatus, look: &Look, count: fn(&ScanSummary) -> usize, role: Role) -> Cell {
    match summary(row).map(count) {
        Some(0) => look.cell(Role::Dim, "0"),
        Some(count) => look.cell(role, format::count(count as u64)),
        None => Cell::default(),
    }
}

/// Whichever has more comes first, and last of which it is not known.
fn most(one: &ImageStatus, other: &ImageStatus, count: fn(&ScanSummary) -> usize) -> Ordering {
    summary(other).map(count).cmp(&summary(one).map(count))
}

/// What is known to be wrong comes first, a secret like what is high; then what could not be looked at.
fn urgency(row: &ImageStatus) -> (u8, bool, Option<VulnerabilitySeverity>) {
    let found = summary(row).map(|summary| {
        let secrets = (summary.secrets > 0).then_some(VulnerabilitySeverity::High);
        (summary.worst().max(secrets), summary.exploited > 0, summary.is_blank)
    });
    match (found, &row.state) {
        (Some((worst @ Some(_), is_exploited, _)), _) => (3, is_exploited, worst),
        (Some((None, _, true)), _) | (_, ImageState::Failed(_)) => (2, false, None),
        (Some(_), _) => (0, false, None),
        (None, _) => (1, false, None),
    }
}

/// The first that runs it, and how many others do: `shop/web +2`.
fn workloads(row: &ImageStatus) -> String {
    let Some((first, others)) = row.workloads.split_first() else { return "none".into() };
    let first = text::clean(&format!("{}/{}", first.namespace, first.workload.name));
    if others.is_empty() { first } else { format!("{first} +{}", others.len()) }
}

/// The vulnerability that is to be mended first, else what else there is to say.
fn most_urgent(summary: &ScanSummary) -> String {
    let Some(first) = summary.urgent.first() else { return in_short(summary) };
    let age = summary.is_end_of_life.then(|| format!("{}; ", unmended(summary)));
    let title = match first.title.as_str() {
        "" => String::new(),
        title => format!(": {}", text::clean(title)),
    };
    format!("{}{}{title}", age.unwrap_or_default(), vulnerability(first))
}
