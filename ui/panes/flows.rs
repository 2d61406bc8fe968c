//! Pane 1: who speaks with whom, many short connections as one row, newest trouble first.

use std::cmp::Ordering;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use weir::detect::Class;
use weir::engine::{Conversation, Snapshot, SourceState};
use weir::incident::Who;
use weir::packet::Address;

use super::conversation::{self, ConversationPage};
use super::listing::{Field, Item, Listing};
use super::{Focus, Scene, View, chrome, endpoint, process};
use crate::console::Motion;
use crate::format;
use crate::look::Look;
use crate::text;
use crate::theme::Role;
use crate::widgets::table::{Cell, Clip, Column};

/// What tells one conversation from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pair {
    client: Address,
    server: Address,
    server_port: Option<u16>,
    protocol: u8,
}

impl Item for Conversation {
    type Id = Pair;

    fn id(&self) -> Pair {
        let Self { client, server, server_port, protocol, .. } = *self;
        Pair { client, server, server_port, protocol }
    }

    fn fields() -> &'static [Field<Self>] {
        &FIELDS
    }

    fn mark(&self, look: &Look) -> Cell {
        if self.is_alarm { look.cell(Role::Critical, "▌") } else { Cell::default() }
    }
}

static FIELDS: [Field<Conversation>; 14] = [
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
        column: Column::text("SOURCE", 9, Clip::Middle, 3),
        cell: |row, look| look.cell(Role::Text, source(row)),
        compare: |one, other| {
            let key = |row: &Conversation| by_name(row.client_who.as_deref(), row.client);
            key(one).cmp(&key(other))
        },
    },
    Field {
        column: Column::text("  TARGET", 12, Clip::Middle, 2),
        cell: |row, look| look.cell(Role::Text, format!("→ {}", target(row))),
        compare: |one, other| {
            let host = |row: &Conversation| by_name(row.server_who.as_deref(), row.server);
            let key = |row: &Conversation| (host(row), row.server_port, row.protocol);
            key(one).cmp(&key(other))
        },
    },
    Field {
        column: Column::number("FLOWS", 5, 4),
        cell: |row, look| look.cell(Role::Text, format::short_count(row.flows)),
        compare: |one, other| other.flows.cmp(&one.flows),
    },
    Field {
        column: Column::number("PKTS", 5, 6),
        cell: |row, look| look.cell(Role::Text, format::short_count(row.packets)),
        compare: |one, other| other.packets.cmp(&one.packets),
    },
    Field {
        column: Column::number("BYTES", 7, 7),
        cell: |row, look| look.cell(Role::Text, format::bytes(row.bytes)),
        compare: |one, other| other.bytes.cmp(&one.bytes),
    },
    Field {
        column: Column::number("AGE", 4, 5),
        cell: |row, look| look.cell(Role::Text, look.ago(row.first_us)),
        compare: |one, other| one.first_us.cmp(&other.first_us),
    },
    Field {
        column: Column::number("IDLE", 4, 8),
        cell: |row, look| look.cell(Role::Dim, look.ago(row.last_us)),
        compare: newest_first,
    },
    Field {
        column: Column::text("PROTO", 5, Clip::End, 9),
        cell: |row, look| look.cell(Role::Dim, endpoint::protocol_name(row.protocol)),
        compare: |one, other| one.protocol.cmp(&other.protocol),
    },
    Field {
        column: Column::number("B/FLOW", 7, 11),
        cell: |row, look| look.cell(Role::Dim, format::bytes(bytes_a_flow(row))),
        compare: |one, other| bytes_a_flow(other).cmp(&bytes_a_flow(one)),
    },
    Field {
        column: Column::text("BEGAN", 9, Clip::End, 10),
        cell: |row, look| look.cell(Role::Dim, format::clock(row.first_us)),
        compare: |one, other| other.first_us.cmp(&one.first_us),
    },
    Field {
        column: Column::text("CLIENT RUNS", 11, Clip::End, 12).fair(24),
        cell: |row, look| look.cell(Role::Text, process::short(row.client_process.as_deref())),
        compare: |one, other| {
            process::by_name(one.client_process.as_deref(), other.client_process.as_deref())
        },
    },
    Field {
        column: Column::text("SERVER RUNS", 11, Clip::End, 13).fair(24),
        cell: |row, look| look.cell(Role::Text, process::short(row.server_process.as_deref())),
        compare: |one, other| {
            process::by_name(one.server_process.as_deref(), other.server_process.as_deref())
        },
    },
];

fn bytes_a_flow(row: &Conversation) -> u64 {
    row.bytes / row.flows.max(1)
}

fn newest_first(one: &Conversation, other: &Conversation) -> Ordering {
    other.last_us.cmp(&one.last_us)
}

/// Hosts without a name first, by address; then the others by what is shown of them.
fn by_name(who: Option<&Who>, address: Address) -> (Option<String>, Address) {
    (who.map(Who::label), address)
}

/// Who opened the flows of a conversation.
pub(crate) fn source(row: &Conversation) -> String {
    endpoint::host(row.client, row.client_who.as_deref())
}

/// The service of a conversation.
pub(crate) fn target(row: &Conversation) -> String {
    service(row, row.server_who.as_deref())
}

/// The service of a conversation on the host that `who` is.
pub(crate) fn service(row: &Conversation, who: Option<&Who>) -> String {
    match row.server_port {
        Some(port) => endpoint::service(row.server, who, port, row.protocol),
        None => endpoint::services(row.server, who, row.protocol),
    }
}

/// What something is that alarmed, or did not.
pub(crate) fn urgency(is_alarm: bool) -> Role {
    if is_alarm { Role::Critical } else { Role::Text }
}

/// What a class is: wrong where it alarmed, worth a look where it is an attack below its threshold.
pub(crate) fn class_role(class: Class, is_alarm: bool) -> Role {
    match class {
        _ if is_alarm => Role::Critical,
        Class::Benign => Role::Text,
        _ => Role::Warning,
    }
}

/// The pane.
#[derive(Debug, Default)]
pub(crate) struct Flows {
    listing: Listing<Conversation>,
}

impl Flows {
    fn rows(&self, scene: &Scene) -> Vec<Arc<Conversation>> {
        let mut rows = scene.sifted(&scene.snapshot.conversations);
        self.listing.arrange(&mut rows);
        rows
    }

    fn selected(&self, scene: &Scene) -> Option<Arc<Conversation>> {
        let rows = self.rows(scene);
        self.listing.index(&rows).and_then(|at| rows.get(at).cloned())
    }

    /// The part of the pane below what it says about the source.
    fn table_area(scene: &Scene, area: Rect) -> Rect {
        trouble(&scene.snapshot).map_or(area, |words| chrome::below_sentence(&words, area))
    }
}

impl View for Flows {
    fn title(&self, scene: &Scene) -> String {
        let flows = &scene.snapshot.flows;
        let open = format::count(flows.open);
        // The table was full: flows were cut short to make room.
        let evicted = match flows.evicted {
            0 => String::new(),
            evicted => format!(" · {} EVICTED", format::count(evicted)),
        };
        let sifting = scene.sifting(&scene.snapshot.conversations);
        format!("1 Flows ─ {open} open{evicted}{sifting}")
    }

    fn render(&self, scene: &Scene, focus: Focus, area: Rect, buffer: &mut Buffer) {
        let look = &scene.look;
        let area = match trouble(&scene.snapshot) {
            Some(words) => chrome::sentence(&words, Role::Bad, look, area, buffer),
            None => area,
        };
        let rows = self.rows(scene);
        if rows.is_empty() {
            chrome::sentence(&why_empty(scene), Role::Dim, look, area, buffer);
        } else {
            self.listing.render(&rows, (look, focus), area, buffer);
        }
    }

    fn step(&mut self, scene: &Scene, motion: Motion, area: Rect) {
        let rows = self.rows(scene);
        self.listing.step(&rows, motion, Self::table_area(scene, area));
    }

    fn point(&mut self, scene: &Scene, position: Position, area: Rect) {
        let rows = self.rows(scene);
        self.listing.point(&rows, position, Self::table_area(scene, area));
    }

    fn open(&self, scene: &Scene) -> Option<Box<dyn View>> {
        self.selected(scene).map(|row| Box::new(ConversationPage::new(row)) as Box<dyn View>)
    }

    fn copy(&self, scene: &Scene) -> Option<String> {
        self.selected(scene)
            .map(|row| super::facts::written(&conversation::facts(&row, &scene.look)))
    }

    fn sort(&mut self) {
        self.listing.sort();
    }

    fn reverse(&mut self) {
        self.listing.reverse();
    }
}

/// What is wrong with the source, where that makes the rows old.
fn trouble(snapshot: &Snapshot) -> Option<String> {
    let SourceState::Failed(reason) = &snapshot.source.state else { return None };
    let since = match snapshot.now_us {
        0 => "nothing was seen".into(),
        now_us => format!("what is below was seen before {}", format::clock(now_us)),
    };
    Some(format!("capture FAILED: {}; {since}", text::clean(reason)))
}

fn why_empty(scene: &Scene) -> String {
    let snapshot = &scene.snapshot;
    if !snapshot.conversations.is_empty() {
        return "the filter lets nothing through; esc takes it away".into();
    }
    let name = text::clean(&snapshot.source.name);
    match snapshot.source.state {
        SourceState::Running if snapshot.now_us == 0 => {
            format!("waiting for the first packet of {name}")
        }
        SourceState::Running => "no flow has been scored yet".into(),
        SourceState::Ended => format!("{name} has ended; no flow in it was scored"),
        SourceState::Failed(_) => "no flow was scored".into(),
    }
}
