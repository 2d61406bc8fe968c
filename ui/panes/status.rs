//! The line at the top: where packets come from, whether they do, what was lost, what runs the
//! model, and the time. What is wrong is said in words and is the last to go when there is little
//! room.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use weir::cluster::Link;
use weir::engine::{Snapshot, SourceKind, SourceState};

use super::agents;
use crate::format;
use crate::look::Look;
use crate::text;
use crate::theme::Role;

/// Columns of the longest reason or name.
const REASON_COLUMNS: usize = 44;
const NAME_COLUMNS: usize = 24;

/// Columns between two parts. Numbers have a fixed width, so that what stands behind them stands still.
const GAP: u16 = 2;

/// Parts of a higher rank go before anything is shortened.
const KEPT: u8 = 2;

/// A part of the line.
#[derive(Debug)]
struct Part {
    text: String,
    /// More of it, where there is room.
    reason: Option<String>,
    role: Role,
    /// The higher, the sooner it goes.
    rank: u8,
}

impl Part {
    fn new(rank: u8, role: Role, text: impl Into<String>) -> Self {
        Self { text: text.into(), reason: None, role, rank }
    }

    /// The part with a text from outside behind it.
    fn because(self, reason: &str) -> Self {
        Self { reason: Some(text::clip(&text::clean(reason), REASON_COLUMNS)), ..self }
    }

    fn shown(&self) -> String {
        match &self.reason {
            Some(reason) => format!("{}: {reason}", self.text),
            None => self.text.clone(),
        }
    }
}

/// What the line says besides what is in the newest snapshot.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Besides {
    /// The time at which the panes stand still, if they do.
    pub(crate) frozen_us: Option<i64>,
    /// Open incidents, where no pane shows them.
    pub(crate) unseen: u64,
}

/// Draws the line.
pub(crate) fn render(
    snapshot: &Snapshot,
    besides: Besides,
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
    let fit = |room| fitting(parts(snapshot, besides), room);
    let kept = |parts: &[Part]| parts.iter().filter(|part| part.rank <= KEPT).count();
    let alone = fit(columns.saturating_sub(2));
    let beside_clock = fit(columns.saturating_sub(clock_columns + usize::from(GAP) + 2));
    let parts = if kept(&beside_clock) < kept(&alone) { alone } else { beside_clock };
    let mut x = area.x + 1;
    for part in parts {
        let text = text::clip(&part.shown(), usize::from(area.right().saturating_sub(x)));
        (x, _) = buffer.set_stringn(x, area.y, text, columns, look.style(part.role));
        x = x.saturating_add(GAP);
    }
    let start = columns.saturating_sub(clock_columns + 1);
    if usize::from(x - area.x) <= start {
        let x = area.x + u16::try_from(start).unwrap_or(0);
        buffer.set_stringn(x, area.y, clock, clock_columns, look.style(Role::Title));
    }
}

/// The parts that fit into `room` together, in their order.
///
/// What is least important goes first; before what is wrong goes, reasons do.
fn fitting(mut parts: Vec<Part>, room: usize) -> Vec<Part> {
    let width = |parts: &[Part]| -> usize {
        parts.iter().map(|part| text::width(&part.shown()) + usize::from(GAP)).sum()
    };
    while parts.len() > 1 && width(&parts) > room + usize::from(GAP) {
        let last = parts.iter().enumerate().max_by_key(|(at, part)| (part.rank, *at));
        let Some((at, rank)) = last.map(|(at, part)| (at, part.rank)) else { break };
        let mut reasons = parts.iter_mut().rev().filter(|part| part.reason.is_some());
        match reasons.next() {
            Some(part) if rank <= KEPT => part.reason = None,
            _ => {
                parts.remove(at);
            }
        }
    }
    parts
}

fn parts(snapshot: &Snapshot, besides: Besides) -> Vec<Part> {
    let Snapshot { source, traffic, .. } = snapshot;
    let name = text::clip_middle(&text::clean(&source.name), NAME_COLUMNS);
    let mut parts = vec![Part::new(9, Role::Title, "weir")];
    parts.extend(cluster(snapshot));
    parts.extend([Part::new(3, Role::Text, name), state(snapshot)]);
    if besides.unseen > 0 {
        let words = format!("{} open", format::counted(besides.unseen, "incident"));
        parts.push(Part::new(1, Role::Critical, words));
    }
    if let Some(at_us) = besides.frozen_us {
        let words = format!("FROZEN at {}", format::clock(at_us));
        parts.push(Part::new(1, Role::Warning, words));
    }
    let rate = format!("{:>5} pkt/s", format::short(traffic.packets_per_s));
    parts.push(Part::new(5, Role::Text, rate));
    parts.push(Part::new(7, Role::Text, format!("{:>9}", format::bits_per_s(traffic.bits_per_s))));
    parts.push(losses(snapshot));
    parts.extend(model(snapshot));
    if let Some(failure) = &snapshot.store.failure {
        parts.push(Part::new(1, Role::Bad, "DATABASE FAILED").because(failure));
    }
    parts.extend(tetragon(snapshot));
    parts.extend(sinks(snapshot));
    parts
}

/// Which cluster, and whether it answers.
fn cluster(snapshot: &Snapshot) -> Option<Part> {
    let context = text::clip_middle(&text::clean(&snapshot.cluster.context), NAME_COLUMNS);
    match &snapshot.cluster.link {
        Link::Absent(_) => None,
        Link::Connecting => Some(Part::new(4, Role::Dim, format!("{context} connecting"))),
        Link::Up => Some(Part::new(4, Role::Text, context)),
        Link::Down { since_us, why } => {
            let words = format!("CLUSTER AWAY since {}", format::clock(*since_us));
            Some(Part::new(1, Role::Bad, words).because(why))
        }
    }
}

/// What was lost before it could be looked at.
fn losses(snapshot: &Snapshot) -> Part {
    let dropped = snapshot.traffic.dropped();
    let share = format::share(dropped, snapshot.traffic.packets.saturating_add(dropped));
    if dropped == 0 {
        return Part::new(6, Role::Text, format!("dropped 0 ({share})"));
    }
    let dropped = format!("{} dropped ({share})", format::short_count(dropped));
    Part::new(1, Role::Bad, "LOSSY").because(&dropped)
}

/// What runs the model, whether it keeps up, and whether it knows such a network.
fn model(snapshot: &Snapshot) -> impl Iterator<Item = Part> {
    let model = &snapshot.model;
    let name = text::clip(&text::clean(&model.name), NAME_COLUMNS);
    let backend = text::clip(&text::clean(&model.backend.to_string()), NAME_COLUMNS);
    let runs = Part::new(6, Role::Text, format!("model {name} · {backend}"));
    let rate = format!("{:>5} seq/s", format::short(model.sequences_per_s));
    let runs = [runs, Part::new(8, Role::Text, rate)];
    let runs = runs.into_iter().filter(|_| !model.name.is_empty());
    let words = format!("UNSCORED {}", format::short_count(model.unscored));
    let late = (model.unscored > 0).then(|| Part::new(2, Role::Warning, words));
    let unlike = model.shift.excess().map(|index| format!("unlike training {index:.2}"));
    let unlike = unlike.map(|words| Part::new(2, Role::Warning, words));
    runs.chain(late).chain(unlike)
}

/// Agents that are not heard, and events that were lost.
fn tetragon(snapshot: &Snapshot) -> Option<Part> {
    let (words, why) = agents::alarm(&snapshot.tetragon)?;
    let part = Part::new(2, Role::Bad, words);
    Some(match why {
        Some(why) => part.because(why),
        None => part,
    })
}

/// Sinks that do not take what they are told.
fn sinks(snapshot: &Snapshot) -> impl Iterator<Item = Part> {
    snapshot.sinks.iter().filter_map(|status| {
        let name = status.sink.name().to_uppercase();
        let waiting = format::short_count(status.depth.waiting);
        match &status.failure {
            Some(why) => {
                let words = format!("{name} FAILS, {waiting} wait");
                Some(Part::new(2, Role::Warning, words).because(why))
            }
            None if status.depth.parked > 0 => {
                let parked = format::short_count(status.depth.parked);
                Some(Part::new(2, Role::Warning, format!("{name} REFUSED {parked}")))
            }
            None => None,
        }
    })
}

/// Whether packets come, in words.
fn state(snapshot: &Snapshot) -> Part {
    let source = &snapshot.source;
    match (&source.state, source.kind) {
        (SourceState::Failed(reason), _) => {
            Part::new(0, Role::Critical, "✖ FAILED").because(reason)
        }
        (SourceState::Ended, _) => Part::new(0, Role::Title, "■ ended"),
        (SourceState::Running, SourceKind::Interface) => Part::new(0, Role::Good, "● live"),
        (SourceState::Running, SourceKind::File) => {
            let progress = source.progress.filter(|share| share.is_finite());
            let percent = progress.map(|share| format!(" {:>2.0}%", share.clamp(0.0, 1.0) * 100.0));
            Part::new(0, Role::Good, format!("● replay{}", percent.unwrap_or_default()))
        }
    }
}
