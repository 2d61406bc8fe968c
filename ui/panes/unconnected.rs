//! Pane 4 as long as nothing is connected to it: a sentence that says so.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Focus, Scene, View, chrome};
use crate::theme::Role;

/// A pane that has nothing to show, and says why.
#[derive(Debug)]
pub(crate) struct Unconnected {
    title: &'static str,
    words: &'static str,
}

impl Unconnected {
    /// What processes do, as Tetragon sees it.
    pub(crate) const EVENTS: Self = Self {
        title: "4 Tetragon ─ not connected",
        words: "This version of Weir is not connected to Tetragon: what processes do in the cluster \
                is not seen. It will be listed here.",
    };
}

impl View for Unconnected {
    fn title(&self, _scene: &Scene) -> String {
        self.title.into()
    }

    fn render(&self, scene: &Scene, _focus: Focus, area: Rect, buffer: &mut Buffer) {
        chrome::sentence(self.words, Role::Dim, &scene.look, area, buffer);
    }
}
