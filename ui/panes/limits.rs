//! Pane 5: Ingresses, what limits them, who set that, until when, and what it does.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use weir::cluster::Link;
use weir::engine::{Holder, Snapshot};
use weir::respond::{Effect, LimitStatus, Standing};

use super::limit::LimitPage;
use super::listing::{Field, Item, Listing};
use super::{Focus, Scene, Subject, View, chrome};
use crate::console::Motion;
use crate::format;
use crate::look::Look;
use crate::text;
use crate::theme::Role;
use crate::widgets::table::{Cell, Clip, Column};
use crate::words;

/// The resource, as RBAC names it.
pub(super) const INGRESSES: &str = "ingresses";

/// An Ingress, its limit, and what the limit does.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) status: Arc<LimitStatus>,
    effect: Option<Effect>,
    /// By the wall clock, as expiry is.
    now_us: i64,
}

impl Item for Row {
    type Id = u64;

    fn id(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.status.ingress.hash(&mut hasher);
        hasher.finish()
    }

    fn fields() -> &'static [Field<Self>] {
        &FIELDS
    }

    fn mark(&self, look: &Look) -> Cell {
        match self.status.standing {
            Standing::Active => look.cell(Role::Warning, "▌"),
            Standing::Overridden | Standing::Expired => look.cell(Role::Bad, "▌"),
            Standing::Unlimited | Standing::Foreign => Cell::default(),
        }
    }
}

static FIELDS: [Field<Row>; 7] = [
    Field {
        column: Column::text("INGRESS", 18, Clip::Middle, 0),
        cell: |row, look| look.cell(Role::Text, text::clean(&row.status.ingress.to_string())),
        compare: |one, other| one.status.ingress.cmp(&other.status.ingress),
    },
    Field {
        column: Column::text("CONTROLLER", 13, Clip::End, 6),
        cell: |row, look| match &row.status.controller {
            Ok(controller) => look.cell(Role::Dim, controller.name()),
            Err(_) => look.cell(Role::Dim, "no limits here"),
        },
        compare: |one, other| one.status.controller.cmp(&other.status.controller),
    },
    Field {
        column: Column::text("LIMIT", 20, Clip::End, 1),
        cell: limited,
        compare: |one, other| rank(one).cmp(&rank(other)),
    },
    Field {
        column: Column::text("EXPIRES", 12, Clip::End, 2),
        cell: expires,
        compare: |one, other| until(one).cmp(&until(other)),
    },
    Field {
        column: Column::text("BY", 14, Clip::End, 4),
        cell: |row, look| {
            let by = row.status.held.as_ref().map(|held| text::clean(&held.by));
            look.cell(Role::Dim, by.unwrap_or_default())
        },
        compare: |one, other| by(one).cmp(by(other)),
    },
    Field {
        column: Column::text("WAS", 14, Clip::End, 5),
        cell: |row, look| look.cell(Role::Dim, was(&row.status)),
        compare: |one, other| was(&one.status).cmp(&was(&other.status)),
    },
    Field {
        column: Column::text("REFUSED", 12, Clip::End, 3),
        cell: |row, look| match row.effect.and_then(|effect| effect.refused_per_min) {
            Some(rate) => look.cell(Role::Text, format!("{}/min", format::short(rate))),
            None if row.effect.is_some() => look.cell(Role::Dim, "not seen"),
            None => Cell::default(),
        },
        compare: |one, other| refused(other).total_cmp(&refused(one)),
    },
];

fn limited(row: &Row, look: &Look) -> Cell {
    let held = row.status.held.as_ref().map(|held| words::limit(&held.limit));
    match (row.status.standing, held) {
        (Standing::Unlimited, _) => look.cell(Role::Dim, "none"),
        (Standing::Foreign, _) => look.cell(Role::Text, foreign(&row.status)),
        (Standing::Overridden, Some(limit)) => look.cell(Role::Bad, format!("OVERRIDDEN {limit}")),
        (Standing::Expired, Some(limit)) => look.cell(Role::Bad, format!("EXPIRED {limit}")),
        (_, Some(limit)) => look.cell(Role::Warning, limit),
        (standing, None) => look.cell(Role::Bad, standing.name()),
    }
}

/// What others have set there.
pub(crate) fn foreign(status: &LimitStatus) -> String {
    let fields = status.foreign.iter().map(|(field, value)| {
        let field = field.rsplit('/').next().unwrap_or(field);
        format!("{} {}", text::clean(field), text::clean(value))
    });
    fields.collect::<Vec<_>>().join(" ")
}

fn expires(row: &Row, look: &Look) -> Cell {
    match &row.status.held {
        Some(held) if held.until_us > row.now_us => {
            look.cell(Role::Text, format!("in {}", format::minutes(held.until_us - row.now_us)))
        }
        Some(_) => look.cell(Role::Bad, "overdue"),
        None => Cell::default(),
    }
}

/// What the limit was before, in a few words.
pub(crate) fn was(status: &LimitStatus) -> String {
    let Some(held) = &status.held else { return String::new() };
    let before: Vec<_> = held
        .values
        .iter()
        .filter_map(|value| value.previous.as_ref().map(|before| text::clean(before)))
        .collect();
    if before.is_empty() { "none".into() } else { before.join(" ") }
}

fn by(row: &Row) -> &str {
    row.status.held.as_ref().map_or("", |held| &held.by)
}

fn until(row: &Row) -> i64 {
    row.status.held.as_ref().map_or(i64::MAX, |held| held.until_us)
}

fn refused(row: &Row) -> f64 {
    row.effect.and_then(|effect| effect.refused_per_min).unwrap_or_default()
}

/// What needs a look comes first.
fn rank(row: &Row) -> u8 {
    match row.status.standing {
        Standing::Expired => 0,
        Standing::Overridden => 1,
        Standing::Active => 2,
        Standing::Foreign => 3,
        Standing::Unlimited => 4,
    }
}

/// The pane.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    listing: Listing<Row>,
}

impl Limits {
    fn rows(&self, scene: &Scene) -> Vec<Row> {
        let response = &scene.snapshot.response;
        let row = |status: &Arc<LimitStatus>| Row {
            effect: response
                .effects
                .iter()
                .find(|(ingress, _)| *ingress == status.ingress)
                .map(|(_, effect)| *effect),
            status: Arc::clone(status),
            now_us: response.read_us,
        };
        let mut rows: Vec<_> = response.limits.iter().map(row).collect();
        rows.sort_by_key(rank);
        self.listing.arrange(&mut rows);
        rows
    }

    fn selected(&self, scene: &Scene) -> Option<Row> {
        let rows = self.rows(scene);
        self.listing.index(&rows).and_then(|at| rows.get(at).cloned())
    }

    /// What must be said before the list: that it may be old, or why there is none.
    fn caution(snapshot: &Snapshot) -> Option<(String, Role)> {
        match &snapshot.cluster.link {
            Link::Absent(why) => Some((text::clean(why), Role::Dim)),
            Link::Connecting => Some(("waiting for the API server to answer".into(), Role::Dim)),
            Link::Down { since_us, why } => {
                let (since, why) = (format::clock(*since_us), text::clean(why));
                let words = format!(
                    "the cluster has not answered since {since}: {why}; what stands here may be \
                     old, detection goes on, nothing is changed"
                );
                Some((words, Role::Bad))
            }
            Link::Up => Self::doubt(snapshot),
        }
    }

    /// What must be said before the list though the cluster answers.
    fn doubt(snapshot: &Snapshot) -> Option<(String, Role)> {
        let Snapshot { cluster, response, .. } = snapshot;
        if let Some(why) = cluster.may_be_old(INGRESSES) {
            let why = text::clean(why);
            let words = format!("Ingresses are not followed: {why}; `weir doctor` says more");
            return Some((words, Role::Warning));
        }
        if !response.limits.is_empty() {
            return None;
        }
        Some(match cluster.listed(INGRESSES) {
            Ok(()) => ("there is no Ingress in the cluster".into(), Role::Dim),
            Err(_) => ("waiting for the API server to list Ingresses".into(), Role::Dim),
        })
    }

    fn below(scene: &Scene, area: Rect) -> Rect {
        Self::caution(&scene.snapshot)
            .map_or(area, |(words, _)| chrome::below_sentence(&words, area))
    }
}

impl View for Limits {
    fn title(&self, scene: &Scene) -> String {
        let Snapshot { response, cluster, .. } = &*scene.snapshot;
        if matches!(cluster.link, Link::Absent(_)) {
            return "5 Ingress limits ─ no cluster".into();
        }
        let active = response.limits.iter();
        let active = active.filter(|one| one.standing == Standing::Active).count() as u64;
        let holder = match &response.holder {
            Holder::Us => " · undone by this Weir".to_owned(),
            Holder::Other(name) => format!(" · undone by {}", text::clean(name)),
            Holder::Unknown => String::new(),
        };
        let mode = response.mode.name();
        format!("5 Ingress limits ─ {} active · {mode}{holder}", format::count(active))
    }

    fn render(&self, scene: &Scene, focus: Focus, area: Rect, buffer: &mut Buffer) {
        let below = match Self::caution(&scene.snapshot) {
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
        let row = self.selected(scene)?;
        Some(Box::new(LimitPage::new(row.status)))
    }

    fn copy(&self, scene: &Scene) -> Option<String> {
        let row = self.selected(scene)?;
        let limit = row.status.held.as_ref().map(|held| words::limit(&held.limit));
        let limit = limit.unwrap_or_else(|| row.status.standing.name().to_owned());
        Some(format!("{} {limit}\n", row.status.ingress))
    }

    fn subject(&self, scene: &Scene) -> Option<Subject> {
        self.selected(scene).map(|row| Subject::Limit(row.status))
    }

    fn sort(&mut self) {
        self.listing.sort();
    }

    fn reverse(&mut self) {
        self.listing.reverse();
    }
}
