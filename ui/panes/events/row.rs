//! A row of pane 4: one event in a line.

use std::sync::Arc;

use weir::engine::{EventId, KeptEvent, TetragonStatus};
use weir::tetragon::{Event, EventKind};

use super::Done;
use crate::format;
use crate::look::Look;
use crate::panes::listing::{Field, Item};
use crate::panes::process;
use crate::text;
use crate::theme::Role;
use crate::widgets::table::{Cell, Clip, Column};

/// An event, and what was done about it.
#[derive(Debug)]
pub(super) struct EventRow {
    pub(super) kept: Arc<KeptEvent>,
    done: Done,
}

impl EventRow {
    pub(super) fn new(kept: Arc<KeptEvent>, status: &TetragonStatus) -> Self {
        let done = Done::about(&kept.event, status);
        Self { kept, done }
    }

    fn role(&self) -> Role {
        self.done.role(&self.kept.event)
    }

    /// What happened, in one line; what was done about it comes first.
    fn what(&self) -> String {
        let event = &self.kept.event;
        let told = told(event);
        match self.done {
            Done::Nothing => text::clean(&told),
            done => text::clean(&format!("{} {told}", done.word(event))),
        }
    }
}

impl Item for EventRow {
    type Id = EventId;

    fn id(&self) -> EventId {
        self.kept.id
    }

    fn fields() -> &'static [Field<Self>] {
        &FIELDS
    }

    fn mark(&self, look: &Look) -> Cell {
        match self.role() {
            Role::Text => Cell::default(),
            role => look.cell(role, "▌"),
        }
    }
}

static FIELDS: [Field<EventRow>; 11] = [
    Field {
        column: Column::text("TIME", 9, Clip::End, 0),
        cell: |row, look| look.cell(Role::Dim, format::clock(row.kept.event.at_us)),
        compare: |one, other| other.kept.event.at_us.cmp(&one.kept.event.at_us),
    },
    Field {
        column: Column::text("TYPE", 6, Clip::End, 2),
        cell: |row, look| look.cell(Role::Text, type_name(&row.kept.event)),
        compare: |one, other| type_key(&one.kept.event).cmp(&type_key(&other.kept.event)),
    },
    Field {
        column: Column::text("WHERE", 10, Clip::Middle, 3).fair(22),
        cell: |row, look| look.cell(Role::Text, place(&row.kept.event)),
        compare: |one, other| place_key(&one.kept.event).cmp(&place_key(&other.kept.event)),
    },
    Field {
        column: Column::text("WHAT", 16, Clip::End, 1).fair(20),
        cell: |row, look| look.cell(row.role(), row.what()),
        compare: |one, other| what_key(&one.kept.event).cmp(&what_key(&other.kept.event)),
    },
    Field {
        column: Column::text("BINARY", 6, Clip::Middle, 4).fair(16),
        cell: |row, look| look.cell(Role::Text, text::clean(binary(&row.kept.event))),
        compare: |one, other| binary(&one.kept.event).cmp(binary(&other.kept.event)),
    },
    Field {
        column: Column::number("PID", 5, 9),
        cell: |row, look| look.cell(Role::Dim, pid(&row.kept.event)),
        compare: |one, other| pid_of(&one.kept.event).cmp(&pid_of(&other.kept.event)),
    },
    Field {
        column: Column::text("USER", 4, Clip::End, 6).fair(12),
        cell: |row, look| look.cell(Role::Text, user(&row.kept.event)),
        compare: |one, other| user_key(&one.kept.event).cmp(&user_key(&other.kept.event)),
    },
    Field {
        column: Column::text("PARENT", 6, Clip::Middle, 7).fair(16),
        cell: |row, look| look.cell(Role::Text, text::clean(parent(&row.kept.event))),
        compare: |one, other| parent(&one.kept.event).cmp(parent(&other.kept.event)),
    },
    Field {
        column: Column::text("POLICY", 8, Clip::Middle, 4).fair(24),
        cell: |row, look| look.cell(Role::Dim, text::clean(&row.kept.event.policy)),
        compare: |one, other| one.kept.event.policy.cmp(&other.kept.event.policy),
    },
    Field {
        column: Column::text("ACTION", 7, Clip::End, 4).fair(12),
        cell: |row, look| look.cell(row.role(), row.done.word(&row.kept.event)),
        compare: |one, other| one.kept.event.action.cmp(&other.kept.event.action),
    },
    Field {
        column: Column::text("NODE", 6, Clip::Middle, 8).fair(24),
        cell: |row, look| look.cell(Role::Dim, text::clean(&row.kept.event.node)),
        compare: |one, other| one.kept.event.node.cmp(&other.kept.event.node),
    },
];

/// Its kind; of a type that is not known, what the agent calls it.
pub(crate) fn type_name(event: &Event) -> String {
    match event.kind {
        EventKind::Other => {
            let name = event.type_name.strip_prefix("process_").unwrap_or(&event.type_name);
            text::clean(name)
        }
        kind => kind.name().into(),
    }
}

/// The pod it happened in, else the node: `shop/web-7f9c`, `node/worker-1`.
pub(crate) fn place(event: &Event) -> String {
    let pod = event.process.as_ref().and_then(|process| process.pod.as_ref());
    let place = match pod {
        Some(pod) => format!("{}/{}", pod.namespace, pod.name),
        None => format!("node/{}", event.node),
    };
    text::clean(&place)
}

/// What happened, in one line: of programs the command, of hooks the call.
pub(crate) fn told(event: &Event) -> String {
    let Event { call, arguments, .. } = event;
    let command = event.process.as_ref().map_or_else(String::new, |process| {
        let words = [process.binary.as_str(), process.arguments.as_str()];
        words.join(" ").trim_end().to_owned()
    });
    let told = match event.kind {
        EventKind::Exec => command,
        EventKind::Exit => format!("{arguments} {command}"),
        EventKind::RateLimit => {
            format!("{} LEFT OUT to spare the agent", format::counted(event.lost, "event"))
        }
        EventKind::Throttle => match call.as_str() {
            "start" => format!("LEAVES OUT events of cgroup {arguments}"),
            "stop" => format!("leaves out no more events of cgroup {arguments}"),
            _ => format!("throttle {call} of cgroup {arguments}"),
        },
        EventKind::Other if arguments.is_empty() => command,
        _ => format!("{call} {arguments}"),
    };
    told.trim().to_owned()
}

/// The last part of the path of what the process runs.
fn binary(event: &Event) -> &str {
    event.process.as_ref().map_or("", |process| process::name(&process.binary))
}

fn parent(event: &Event) -> &str {
    event.parent.as_ref().map_or("", |parent| process::name(&parent.binary))
}

fn type_key(event: &Event) -> (EventKind, &str) {
    (event.kind, &event.type_name)
}

/// Pods first.
fn place_key(event: &Event) -> (bool, &str, &str) {
    match event.process.as_ref().and_then(|process| process.pod.as_ref()) {
        Some(pod) => (false, &pod.namespace, &pod.name),
        None => (true, &event.node, ""),
    }
}

fn what_key(event: &Event) -> (&str, &str, &str) {
    let command = event.process.as_ref().map_or("", |process| &process.binary);
    (&event.call, command, &event.arguments)
}

fn user_key(event: &Event) -> Option<(&str, Option<u32>)> {
    event.process.as_ref().map(|process| (process.user.as_str(), process.uid))
}

/// The user by name; by number where there is none.
fn user(event: &Event) -> String {
    let Some(process) = &event.process else { return String::new() };
    match (process.user.as_str(), process.uid) {
        ("", None) => String::new(),
        ("", Some(uid)) => uid.to_string(),
        (user, _) => text::clean(user),
    }
}

fn pid_of(event: &Event) -> Option<u32> {
    event.process.as_ref().map(|process| process.pid)
}

fn pid(event: &Event) -> String {
    pid_of(event).map_or_else(String::new, |pid| pid.to_string())
}
