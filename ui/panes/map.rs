//! The page of the service map: what leads where, what was seen come to each, and whom each talks to.

mod sheet;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Weak};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use weir::engine::Snapshot;

use self::sheet::{FIELDS, Sheet};
use super::scroll::Scroll;
use super::{Focus, Scene, View, chrome};
use crate::console::Motion;
use crate::theme::Role;
use crate::widgets::table::{self, Table};

/// Lines that the tree keeps, the names of the columns among them, however much is said above it.
const TREE_LINES: u16 = 5;

/// The column of the terminal in which names begin.
const NAME_AT: u16 = 2;

/// The page.
#[derive(Debug, Default)]
pub(crate) struct Map {
    scroll: Scroll,
    /// What was drawn last, and of which snapshot: a map is made once for each that is shown, not
    /// for every key.
    last: RefCell<Option<(Weak<Snapshot>, Rc<Sheet>)>>,
}

impl Map {
    fn sheet(&self, scene: &Scene) -> Rc<Sheet> {
        let mut last = self.last.borrow_mut();
        match &*last {
            Some((of, sheet)) if Weak::as_ptr(of) == Arc::as_ptr(&scene.snapshot) => {
                Rc::clone(sheet)
            }
            _ => {
                let sheet = Rc::new(Sheet::of(&scene.snapshot));
                *last = Some((Arc::downgrade(&scene.snapshot), Rc::clone(&sheet)));
                sheet
            }
        }
    }

    /// Where the words stand, and below them the tree.
    fn split(sheet: &Sheet, area: Rect) -> [Rect; 2] {
        let kept = if sheet.lines.is_empty() { 0 } else { TREE_LINES };
        chrome::split_sentences(&sheet.words, kept, area)
    }
}

impl View for Map {
    fn title(&self, scene: &Scene) -> String {
        self.sheet(scene).title.clone()
    }

    fn render(&self, scene: &Scene, _focus: Focus, area: Rect, buffer: &mut Buffer) {
        let (sheet, look) = (self.sheet(scene), &scene.look);
        let [above, below] = Self::split(&sheet, area);
        chrome::sentences(&sheet.words, look, above, buffer);
        if sheet.lines.is_empty() {
            return;
        }
        let height = table::rows_in(below, 1);
        let top = self.scroll.top(sheet.lines.len(), height);
        let seen = || sheet.lines.iter().skip(top).take(height);
        let rows: Vec<_> = seen().map(|line| line.row(look)).collect();
        let heads = FIELDS.map(|column| look.cell(Role::Dim, column.title));
        Table { columns: &FIELDS, heads: &heads, rows: &rows, lines: 1, selected: None }
            .render(below, buffer);
        let [_, body] = table::split_head(below);
        for (line, y) in seen().zip(body.top()..body.bottom()) {
            // Where there are no figures, what is said of the name takes their room.
            let room = body.width.saturating_sub(NAME_AT);
            if let Some(line) = line.alone(room, look) {
                buffer.set_line(body.x + NAME_AT, y, &line, room);
            }
        }
    }

    fn step(&mut self, scene: &Scene, motion: Motion, area: Rect) {
        let sheet = self.sheet(scene);
        let [_, below] = Self::split(&sheet, area);
        let height = table::rows_in(below, 1);
        self.scroll.step(motion, sheet.lines.len(), height);
    }

    fn copy(&self, scene: &Scene) -> Option<String> {
        Some(self.sheet(scene).written())
    }
}
