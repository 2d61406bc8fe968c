//! Where a process comes from: a tree whose root is the oldest of its ancestors.

use ratatui::text::{Line, Span};
use weir::tetragon::{Details, Event, Process};

use crate::format;
use crate::look::Look;
use crate::text;
use crate::theme::Role;
use crate::widgets::wrap::wrapped;

/// Ancestors that are shown, and how deep they are indented at most.
const MOST: usize = 32;
const DEEPEST: usize = 8;

/// The tree, two lines or more a process: what it runs, and who it is.
pub(super) fn lines(
    event: &Event,
    details: &Details,
    columns: u16,
    look: &Look,
) -> Vec<Line<'static>> {
    let Some(process) = event.process.as_deref() else { return Vec::new() };
    let parent = event.parent.as_deref();
    // Some agents have the parent among the ancestors too.
    let is_new = |one: &&Process| parent.is_none_or(|parent| parent.exec_id != one.exec_id);
    let above = details.ancestors.iter().filter(is_new).take(MOST);
    let mut line: Vec<&Process> = [process].into_iter().chain(parent).chain(above).collect();
    line.reverse();
    let last = line.len() - 1;
    line.into_iter()
        .enumerate()
        .flat_map(|(depth, process)| {
            let role = if depth == last { Role::Title } else { Role::Text };
            one(process, (depth, role), columns, look)
        })
        .collect()
}

fn one(
    process: &Process,
    (depth, role): (usize, Role),
    columns: u16,
    look: &Look,
) -> Vec<Line<'static>> {
    let blank = "  ".repeat(depth.min(DEEPEST));
    let branch = if depth == 0 { "" } else { "└ " };
    let room = usize::from(columns).saturating_sub(blank.len() + 4);
    let command = [process.binary.as_str(), &process.arguments].join(" ");
    let command = wrapped(&text::clean(command.trim_end()), room).into_iter().enumerate();
    let command = command.map(|(at, words)| {
        let branch = if at == 0 { branch } else { "  " };
        Line::from_iter([
            Span::styled(format!(" {blank}{branch}"), look.style(Role::Dim)),
            Span::styled(words, look.style(role)),
        ])
    });
    let about = wrapped(&about(process), room).into_iter();
    let about =
        about.map(|words| Line::styled(format!(" {blank}  {words}"), look.style(Role::Dim)));
    command.chain(about).collect()
}

/// Who a process is: `pid 4711 · user root · started 14:02:08Z`.
fn about(process: &Process) -> String {
    let user = match (process.user.as_str(), process.uid) {
        ("", None) => String::new(),
        ("", Some(uid)) => format!(" · user {uid}"),
        (user, _) => format!(" · user {}", text::clean(user)),
    };
    let started = process.start_us.map(|at_us| format!(" · started {}", format::moment(at_us)));
    format!("pid {}{user}{}", process.pid, started.unwrap_or_default())
}
