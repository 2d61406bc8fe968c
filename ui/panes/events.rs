//! Pane 4: what processes do, newest first.

mod done;
mod row;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use weir::engine::KeptEvent;
use weir::tetragon::Event;

pub(crate) use self::done::Done;
use self::row::EventRow;
pub(crate) use self::row::{place, told, type_name};
use super::event::EventPage;
use super::listing::Listing;
use super::{Focus, Scene, View, agents, chrome};
use crate::console::Motion;
use crate::format;
use crate::text;
use crate::theme::Role;

/// What is said above the list takes one of so many lines at most.
const TROUBLE_SHARE: u16 = 3;

/// The JSON of an event: the same value, in which nothing can steer a terminal.
pub(crate) fn json(event: &Event) -> String {
    text::json(&event.json())
}

/// The pane.
#[derive(Debug, Default)]
pub(crate) struct Events {
    listing: Listing<EventRow>,
}

impl Events {
    fn rows(&self, scene: &Scene) -> Vec<EventRow> {
        let status = &scene.snapshot.tetragon;
        let sifted = scene.sifted(&status.events).into_iter();
        let mut rows: Vec<_> = sifted.map(|kept| EventRow::new(kept, status)).collect();
        self.listing.arrange(&mut rows);
        rows
    }

    fn selected(&self, scene: &Scene) -> Option<Arc<KeptEvent>> {
        let mut rows = self.rows(scene);
        let at = self.listing.index(&rows)?;
        (at < rows.len()).then(|| rows.swap_remove(at).kept)
    }

    /// The part of the pane below what it says about agents.
    fn table_area(scene: &Scene, area: Rect) -> Rect {
        trouble(scene, area).map_or(area, |words| chrome::below_sentence(&words, area))
    }
}

/// What is wrong with agents, as much of it as leaves room for the list.
fn trouble(scene: &Scene, area: Rect) -> Option<String> {
    let words = agents::trouble(&scene.snapshot.tetragon)?;
    let lines = (area.height / TROUBLE_SHARE).max(1);
    let columns = usize::from(area.width.saturating_sub(2));
    // Lines break at spaces: the last word of each may be wanting.
    Some(text::clip(&words, columns.saturating_sub(8) * usize::from(lines)))
}

impl View for Events {
    fn title(&self, scene: &Scene) -> String {
        let status = &scene.snapshot.tetragon;
        let heard = agents::heard(status);
        let shown = status.events.len() as u64;
        let sifting = scene.sifting(&status.events);
        let kept = (status.kept > shown).then(|| {
            format!(" · newest {} of {}", format::count(shown), format::count(status.kept))
        });
        format!("4 Tetragon ─ {heard}{sifting}{}", kept.unwrap_or_default())
    }

    fn render(&self, scene: &Scene, focus: Focus, area: Rect, buffer: &mut Buffer) {
        let look = &scene.look;
        let area = match trouble(scene, area) {
            Some(words) => chrome::sentence(&words, Role::Bad, look, area, buffer),
            None => area,
        };
        let rows = self.rows(scene);
        if !rows.is_empty() {
            self.listing.render(&rows, (look, focus), area, buffer);
            return;
        }
        let status = &scene.snapshot.tetragon;
        let words = match status.events.as_slice() {
            [] => agents::why_empty(status),
            _ => "the filter lets nothing through; esc takes it away".into(),
        };
        chrome::sentence(&words, Role::Dim, look, area, buffer);
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
        self.selected(scene).map(|row| Box::new(EventPage::new(row)) as Box<dyn View>)
    }

    fn copy(&self, scene: &Scene) -> Option<String> {
        self.selected(scene).map(|row| json(&row.event) + "\n")
    }

    fn sort(&mut self) {
        self.listing.sort();
    }

    fn reverse(&mut self) {
        self.listing.reverse();
    }
}
