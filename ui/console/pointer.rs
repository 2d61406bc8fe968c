//! What the mouse does.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::{Console, Motion};
use crate::panes::chrome;

impl Console {
    /// Takes a click or a turn of the wheel; whatever is being written goes on.
    pub(super) fn pointed(&mut self, event: MouseEvent) {
        let at = Position { x: event.column, y: event.row };
        match event.kind {
            MouseEventKind::Down(MouseButton::Left) => self.click(at),
            MouseEventKind::ScrollUp => self.wheel(at, Motion::WheelUp),
            MouseEventKind::ScrollDown => self.wheel(at, Motion::WheelDown),
            _ => {}
        }
    }

    fn click(&mut self, at: Position) {
        let scene = self.scene();
        if self.views.cover().is_some() {
            let area = self.top_area();
            self.top_mut().point(&scene, at, area);
            return;
        }
        let hit = self.panes().into_iter().find(|(_, area)| area.contains(at));
        if let Some((pane, area)) = hit {
            self.focus = pane;
            self.views.pane_mut(pane).point(&scene, at, chrome::inside(area));
        }
    }

    /// Scrolls what lies under the pointer.
    fn wheel(&mut self, at: Position, motion: Motion) {
        let scene = self.scene();
        if self.views.cover().is_some() {
            let area = self.top_area();
            self.top_mut().step(&scene, motion, area);
            return;
        }
        let hit = self.panes().into_iter().find(|(_, area)| area.contains(at));
        if let Some((pane, area)) = hit {
            self.views.pane_mut(pane).step(&scene, motion, chrome::inside(area));
        }
    }
}
