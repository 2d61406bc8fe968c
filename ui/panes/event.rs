//! The page of one event: all that the agent said of it.

mod lineage;
mod said;

use std::sync::{Arc, OnceLock};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use weir::engine::{KeptEvent, TetragonStatus};
use weir::tetragon::{Details, Event};

use super::conversation::since;
use super::events::{Done, json, place, told, type_name};
use super::facts::{self, Fact};
use super::scroll::Scroll;
use super::{Focus, Scene, View, chrome};
use crate::console::Motion;
use crate::format;
use crate::look::Look;
use crate::text;
use crate::theme::Role;
use crate::widgets::wrap::cut;

/// Bytes of JSON that are shown.
const JSON_BYTES: usize = 16_384;

/// The page.
#[derive(Debug)]
pub(crate) struct EventPage {
    shown: Arc<KeptEvent>,
    /// What it says, and its JSON, taken apart when it is looked at.
    read: OnceLock<(Details, String)>,
    scroll: Scroll,
}

impl EventPage {
    /// All of `shown`.
    pub(crate) fn new(shown: Arc<KeptEvent>) -> Self {
        Self { shown, read: OnceLock::new(), scroll: Scroll::default() }
    }

    fn lines(&self, scene: &Scene, columns: u16) -> Vec<Line<'static>> {
        let (event, look) = (&self.shown.event, &scene.look);
        let (details, json) = self.read.get_or_init(|| (event.details(), bounded(json(event))));
        let facts = |facts: &[Fact]| facts::lines(facts, columns, look);
        let mut lines = facts(&happened(event, &scene.snapshot.tetragon, look));
        let mut part = |words: &'static str, more: Vec<Line<'static>>| {
            if !more.is_empty() {
                lines.push(Line::default());
                lines.push(Line::styled(format!(" {words}"), look.style(Role::Title)));
                lines.extend(more);
            }
        };
        part("Processes, the oldest first", lineage::lines(event, details, columns, look));
        part("Call", facts(&said::call(event, details)));
        part("The process", facts(&said::process(event, details)));
        part("Stack, the innermost first", facts(&said::stacks(details)));
        let room = usize::from(columns).saturating_sub(2);
        let raw = cut(json, room).into_iter();
        part(
            "JSON",
            raw.map(|line| Line::styled(format!(" {line}"), look.style(Role::Dim))).collect(),
        );
        lines
    }
}

/// As much of `json` as is shown, and how much is not.
fn bounded(json: String) -> String {
    match json.get(..json.floor_char_boundary(JSON_BYTES)) {
        Some(shown) if shown.len() < json.len() => {
            let left = format::bytes((json.len() - shown.len()) as u64);
            format!("{shown}… and {left} more; y copies all of it")
        }
        _ => json,
    }
}

/// What happened, when and where, and what was done about it.
fn happened(event: &Event, status: &TetragonStatus, look: &Look) -> Vec<Fact> {
    let done = Done::about(event, status);
    let type_of = match type_name(event) {
        name if event.type_name.is_empty() => name,
        name => format!("{name} ({})", text::clean(&event.type_name)),
    };
    let some = |name, text: &str| (!text.is_empty()).then(|| Fact::new(name, text::clean(text)));
    let action = (!event.action.is_empty())
        .then(|| Fact::told("action", done.sentence(event), done.role(event)));
    [
        Some(Fact::told("what", text::clean(&told(event)), done.role(event))),
        Some(Fact::new("type", type_of)),
        Some(Fact::new("when", when(event.at_us, look))),
        Some(Fact::new("where", place(event))),
        some("node", &event.node),
        some("policy", &event.policy),
        action,
        some("message", &event.message),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A moment, and how long ago that is; beside a capture that is replayed it may be to come.
fn when(at_us: i64, look: &Look) -> String {
    if at_us > look.now_us { format::moment(at_us) } else { since(at_us, look) }
}

impl View for EventPage {
    fn title(&self, _scene: &Scene) -> String {
        let KeptEvent { id, event } = &*self.shown;
        format!("Event {} ─ {} in {}", id.0, type_name(event), place(event))
    }

    fn render(&self, scene: &Scene, _focus: Focus, area: Rect, buffer: &mut Buffer) {
        let lines = self.lines(scene, area.width);
        let top = self.scroll.top(lines.len(), usize::from(area.height));
        chrome::text(&lines, top, area, buffer);
    }

    fn step(&mut self, scene: &Scene, motion: Motion, area: Rect) {
        let lines = self.lines(scene, area.width).len();
        self.scroll.step(motion, lines, usize::from(area.height));
    }

    fn copy(&self, _scene: &Scene) -> Option<String> {
        Some(json(&self.shown.event) + "\n")
    }
}
