//! The line at the top: where packets come from, whether they do, what was lost, what runs the
//! model, and the time. What is wrong is said in words and is the last to go when there is little
//! room.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use weir::engine::{Snapshot, SourceKind, SourceState};

use crate::format;
use crate::look::Look;
use crate::text;
use crate::theme::Role;

/// Columns of the longest reason or name.
const REASON_COLUMNS: usize = 44;
const NAME_COLUMNS: usize = 24;

/// Columns between two parts.
const GAP: usize = 2;

/// A part of the line.
#[derive(Debug)]
struct Part {
    text: String,
    role: Role,
    /// The higher, the sooner it goes.
    rank: u8,
}

fn part(rank: u8, role: Role, text: impl Into<String>) -> Part {
    Part { text: text.into(), role, rank }
}

/// Draws the line. `frozen_us` is the time at which the panes stand still, if they do.
pub(crate) fn render(
    snapshot: &Snapshot,
    frozen_us: Option<i64>,
    look: &Look,
    area: Rect,
    buffer: &mut Buffer,
) {
    let clock = match snapshot.now_us {
        0 => "no packet yet".into(),
        now_us => format::clock(now_us),
    };
    let clock_columns = text::width(&clock);
    let columns = usize::from(area.width);
    let room = columns.saturating_sub(clock_columns + GAP + 1);
    let mut x = area.x + 1;
    for part in fitting(parts(snapshot, frozen_us), room) {
        let text = text::clip(&part.text, usize::from(area.right().saturating_sub(x)));
        (x, _) = buffer.set_stringn(x, area.y, text, columns, look.style(part.role));
        x += 2;
    }
    let start = columns.saturating_sub(clock_columns + 1);
    if usize::from(x - area.x) <= start {
        let x = area.x + u16::try_from(start).unwrap_or(0);
        buffer.set_stringn(x, area.y, clock, clock_columns, look.style(Role::Title));
    }
}

/// The parts that fit into `room` together, in their order.
fn fitting(mut parts: Vec<Part>, room: usize) -> Vec<Part> {
    let width =
        |parts: &[Part]| -> usize { parts.iter().map(|part| text::width(&part.text) + GAP).sum() };
    while parts.len() > 1 && width(&parts) > room + GAP {
        let last = parts.iter().enumerate().max_by_key(|(at, part)| (part.rank, *at));
        let Some(at) = last.map(|(at, _)| at) else { break };
        parts.remove(at);
    }
    parts
}

fn parts(snapshot: &Snapshot, frozen_us: Option<i64>) -> Vec<Part> {
    let Snapshot { source, traffic, model, store, .. } = snapshot;
    let name = text::clip_middle(&text::clean(&source.name), NAME_COLUMNS);
    let mut parts = vec![part(3, Role::Title, "weir"), part(2, Role::Text, name), state(snapshot)];
    if let Some(at_us) = frozen_us {
        parts.push(part(1, Role::Warning, format!("FROZEN at {}", format::clock(at_us))));
    }
    parts.push(part(4, Role::Text, format!("{} pkt/s", format::short(traffic.packets_per_s))));
    parts.push(part(6, Role::Text, format::bits_per_s(traffic.bits_per_s)));
    let dropped = traffic.dropped();
    let share = format::share(dropped, traffic.packets.saturating_add(dropped));
    parts.push(match dropped {
        0 => part(5, Role::Text, format!("dropped 0 ({share})")),
        _ => {
            part(1, Role::Bad, format!("LOSSY: dropped {} ({share})", format::short_count(dropped)))
        }
    });
    if !model.name.is_empty() {
        let name = text::clip(&text::clean(&model.name), NAME_COLUMNS);
        let backend = text::clip(&text::clean(&model.backend.to_string()), NAME_COLUMNS);
        let rate = format::short(model.sequences_per_s);
        parts.push(part(7, Role::Text, format!("model {name} · {backend} · {rate} seq/s")));
    }
    if model.unscored > 0 {
        parts.push(part(
            2,
            Role::Warning,
            format!("UNSCORED {}", format::short_count(model.unscored)),
        ));
    }
    if let Some(failure) = &store.failure {
        let reason = text::clip(&text::clean(failure), REASON_COLUMNS);
        parts.push(part(1, Role::Bad, format!("DATABASE FAILED: {reason}")));
    }
    parts
}

/// Whether packets come, in words.
fn state(snapshot: &Snapshot) -> Part {
    let source = &snapshot.source;
    match (&source.state, source.kind) {
        (SourceState::Failed(reason), _) => {
            let reason = text::clip(&text::clean(reason), REASON_COLUMNS);
            part(0, Role::Critical, format!("✖ FAILED: {reason}"))
        }
        (SourceState::Ended, _) => part(0, Role::Title, "■ ended"),
        (SourceState::Running, SourceKind::Interface) => part(0, Role::Good, "● live"),
        (SourceState::Running, SourceKind::File) => {
            let progress = source.progress.filter(|share| share.is_finite());
            let percent = progress.map(|share| format!(" {:.0}%", share.clamp(0.0, 1.0) * 100.0));
            part(0, Role::Good, format!("● replay{}", percent.unwrap_or_default()))
        }
    }
}
