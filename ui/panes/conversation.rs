//! The page behind a row of the flows pane: the flows in it, newest first.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use weir::detect::Verdict;
use weir::engine::{Conversation, Snapshot};
use weir::flow::{End, FlowId, State};
use weir::incident::Who;

use super::facts::{self, Fact};
use super::flow::FlowPage;
use super::flows::{class_role, service, source, target, urgency};
use super::listing::{Field, Item, Listing};
use super::{Focus, Scene, View, chrome, endpoint, process};
use crate::console::Motion;
use crate::format;
use crate::look::Look;
use crate::theme::Role;
use crate::widgets::table::{Cell, Clip, Column};

/// Lines that the list of flows keeps, however much is said above it.
const LIST_LINES: u16 = 4;

impl Item for Verdict {
    type Id = FlowId;

    fn id(&self) -> FlowId {
        self.flow.id
    }

    fn fields() -> &'static [Field<Self>] {
        &FIELDS
    }

    fn mark(&self, look: &Look) -> Cell {
        if self.is_alarm { look.cell(Role::Critical, "▌") } else { Cell::default() }
    }
}

static FIELDS: [Field<Verdict>; 9] = [
    Field {
        column: Column::number("SCORE", 5, 0),
        cell: |row, look| look.cell(urgency(row.is_alarm), format!("{:.3}", row.score)),
        compare: |one, other| other.score.cmp(&one.score),
    },
    Field {
        column: Column::text("CLASS", 8, Clip::End, 1),
        cell: |row, look| look.cell(class_role(row.class, row.is_alarm), row.class.name()),
        compare: |one, other| one.class.cmp(&other.class),
    },
    Field {
        column: Column::number("FROM", 5, 4),
        cell: |row, look| look.cell(Role::Text, row.flow.tuple.source_port.to_string()),
        compare: |one, other| one.flow.tuple.source_port.cmp(&other.flow.tuple.source_port),
    },
    Field {
        column: Column::number("TO", 5, 2),
        cell: |row, look| look.cell(Role::Text, row.flow.tuple.server_port().to_string()),
        compare: |one, other| one.flow.tuple.server_port().cmp(&other.flow.tuple.server_port()),
    },
    Field {
        column: Column::number("PKTS", 5, 6),
        cell: |row, look| look.cell(Role::Text, format::short_count(row.flow.packets)),
        compare: |one, other| other.flow.packets.cmp(&one.flow.packets),
    },
    Field {
        column: Column::number("BYTES", 7, 7),
        cell: |row, look| look.cell(Role::Text, format::bytes(row.flow.bytes)),
        compare: |one, other| other.flow.bytes.cmp(&one.flow.bytes),
    },
    Field {
        column: Column::number("LASTED", 9, 5),
        cell: |row, look| look.cell(Role::Text, format::precise_span(lasted_us(row))),
        compare: |one, other| lasted_us(other).cmp(&lasted_us(one)),
    },
    Field {
        column: Column::text("BEGAN", 9, Clip::End, 8),
        cell: |row, look| look.cell(Role::Dim, format::clock(row.flow.first_us)),
        compare: |one, other| other.flow.first_us.cmp(&one.flow.first_us),
    },
    Field {
        column: Column::text("STATE", 4, Clip::End, 3),
        cell: |row, look| look.cell(Role::Dim, state(row.flow.state)),
        compare: |one, other| state(one.flow.state).cmp(state(other.flow.state)),
    },
];

fn lasted_us(row: &Verdict) -> i64 {
    row.flow.last_us - row.flow.first_us
}

/// Whether a flow is open, else how it ended.
pub(crate) const fn state(state: State) -> &'static str {
    match state {
        State::Provisional => "open",
        State::Final(End::Fin) => "closed",
        State::Final(End::Rst) => "reset",
        State::Final(End::Idle) => "fell silent",
        State::Final(End::Active) => "cut at the active timeout",
        State::Final(End::Evicted) => "evicted: table full",
        State::Final(End::Input) => "cut at the end of the capture",
    }
}

/// What is so of a conversation.
pub(crate) fn facts(row: &Conversation, look: &Look) -> Vec<Fact> {
    let alarm = if row.is_alarm { "alarm" } else { "no alarm" };
    let verdict = format!("{} {}, {alarm}", row.class, row.score);
    let mut facts = vec![Fact::new("between", format!("{} → {}", row.client, service(row, None)))];
    facts.extend(names(row.client_who.as_deref(), row.server_who.as_deref()));
    let (client, server) = (row.client_process.as_deref(), row.server_process.as_deref());
    facts.extend(process::ends(client, server, ""));
    facts.extend([
        Fact::told("worst", verdict, class_role(row.class, row.is_alarm)),
        Fact::new(
            "seen",
            format!(
                "{}, {}, {} of payload, {}",
                format::counted(row.flows, "flow"),
                format::counted(row.packets, "packet"),
                format::bytes(row.bytes),
                endpoint::protocol_name(row.protocol),
            ),
        ),
        Fact::new("first packet", since(row.first_us, look)),
        Fact::new("last packet", since(row.last_us, look)),
    ]);
    facts
}

/// What the cluster says of a client and a server, as far as it does.
pub(crate) fn names(client: Option<&Who>, server: Option<&Who>) -> impl Iterator<Item = Fact> {
    let fact = |name, who: Option<&Who>| who.map(|who| Fact::new(name, endpoint::described(who)));
    [fact("client", client), fact("server", server)].into_iter().flatten()
}

/// A moment, and how long ago that is.
pub(crate) fn since(at_us: i64, look: &Look) -> String {
    format!("{}, {} ago", format::moment(at_us), look.ago(at_us))
}

/// The page. It keeps what it shows, should newer snapshots no longer have it.
#[derive(Debug)]
pub(crate) struct ConversationPage {
    shown: Arc<Conversation>,
    listing: Listing<Verdict>,
}

impl ConversationPage {
    /// The flows of `shown`.
    pub(crate) fn new(shown: Arc<Conversation>) -> Self {
        Self { shown, listing: Listing::default() }
    }

    fn rows(&self) -> Vec<Arc<Verdict>> {
        let mut rows = self.shown.recent.clone();
        self.listing.arrange(&mut rows);
        rows
    }

    fn list_area(&self, scene: &Scene, area: Rect) -> Rect {
        let lines = facts::lines(&facts(&self.shown, &scene.look), area.width, &scene.look);
        below(area, lines.len(), LIST_LINES)
    }
}

/// What is left of `area` below so many lines and a blank one; at least `least` lines.
pub(crate) fn below(area: Rect, lines: usize, least: u16) -> Rect {
    let wanted = u16::try_from(lines + 1).unwrap_or(u16::MAX);
    let above = wanted.min(area.height.saturating_sub(least));
    Rect { y: area.y + above, height: area.height - above, ..area }
}

impl View for ConversationPage {
    fn title(&self, _scene: &Scene) -> String {
        let shown = self.shown.recent.len();
        let flows = format::counted(self.shown.flows, "flow");
        format!("{} → {} ─ last {shown} of {flows}", source(&self.shown), target(&self.shown))
    }

    fn render(&self, scene: &Scene, focus: Focus, area: Rect, buffer: &mut Buffer) {
        let lines = facts::lines(&facts(&self.shown, &scene.look), area.width, &scene.look);
        let list = self.list_area(scene, area);
        let head = Rect { height: (list.y - area.y).saturating_sub(1), ..area };
        chrome::text(&lines, 0, head, buffer);
        self.listing.render(&self.rows(), (&scene.look, focus), list, buffer);
    }

    fn step(&mut self, scene: &Scene, motion: Motion, area: Rect) {
        let rows = self.rows();
        self.listing.step(&rows, motion, self.list_area(scene, area));
    }

    fn point(&mut self, scene: &Scene, position: Position, area: Rect) {
        let rows = self.rows();
        self.listing.point(&rows, position, self.list_area(scene, area));
    }

    fn open(&self, _scene: &Scene) -> Option<Box<dyn View>> {
        let rows = self.rows();
        let at = self.listing.index(&rows)?;
        let page = |row| FlowPage::new(Arc::clone(row)).between(&self.shown);
        rows.get(at).map(|row| Box::new(page(row)) as Box<dyn View>)
    }

    fn copy(&self, scene: &Scene) -> Option<String> {
        Some(facts::written(&facts(&self.shown, &scene.look)))
    }

    fn sort(&mut self) {
        self.listing.sort();
    }

    fn reverse(&mut self) {
        self.listing.reverse();
    }

    fn refresh(&mut self, snapshot: &Snapshot) {
        let id = self.shown.id();
        if let Some(newer) = snapshot.conversations.iter().find(|row| row.id() == id) {
            self.shown = Arc::clone(newer);
        }
    }
}
