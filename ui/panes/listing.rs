//! A list of things of one kind: which one is selected, in which order they stand, how they look.
//!
//! What is selected is remembered by its identity, so that it stays selected wherever a newer
//! snapshot puts it.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt::Debug;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::Focus;
use super::scroll::Scroll;
use crate::console::Motion;
use crate::look::Look;
use crate::theme::Role;
use crate::widgets::table::{self, Cell, Column, Row, Table};

/// A thing that can stand in a list.
pub(crate) trait Item: Sized + 'static {
    /// What tells it from all others, in every snapshot.
    type Id: Copy + Eq + Debug;

    /// Lines it takes.
    const LINES: u16 = 1;

    /// Its identity.
    fn id(&self) -> Self::Id;

    /// Its columns.
    fn fields() -> &'static [Field<Self>];

    /// A sign before its first column.
    fn mark(&self, _look: &Look) -> Cell {
        Cell::default()
    }

    /// What stands on its second line.
    fn note(&self, _look: &Look) -> Option<Cell> {
        None
    }
}

/// A column of a list of `T`.
#[derive(Debug)]
pub(crate) struct Field<T> {
    /// Its place.
    pub(crate) column: Column,
    /// What stands in it.
    pub(crate) cell: fn(&T, &Look) -> Cell,
    /// Which of two comes first when the list is ordered by it.
    pub(crate) compare: fn(&T, &T) -> Ordering,
}

/// Which way an order goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Way {
    /// What matters most comes first.
    #[default]
    Down,
    /// It comes last.
    Up,
}

/// What the operator chose in a list.
#[derive(Debug)]
pub(crate) struct Listing<T: Item> {
    selected: Option<T::Id>,
    /// Where it stood last.
    at: usize,
    scroll: Scroll,
    /// The column to order by; none keeps the order of the snapshot.
    by: Option<&'static Field<T>>,
    way: Way,
}

impl<T: Item> Default for Listing<T> {
    fn default() -> Self {
        Self { selected: None, at: 0, scroll: Scroll::default(), by: None, way: Way::default() }
    }
}

impl<T: Item> Listing<T> {
    /// Brings `rows` into the chosen order.
    pub(crate) fn arrange<R: Borrow<T>>(&self, rows: &mut [R]) {
        if let Some(field) = self.by {
            rows.sort_by(|one, other| (field.compare)(one.borrow(), other.borrow()));
        }
        if self.way == Way::Up {
            rows.reverse();
        }
    }

    /// The selected row; the first one before any was chosen, the one in its place if it is gone.
    pub(crate) fn index<R: Borrow<T>>(&self, rows: &[R]) -> Option<usize> {
        let last = rows.len().checked_sub(1)?;
        let found =
            self.selected.and_then(|id| rows.iter().position(|row| row.borrow().id() == id));
        Some(found.unwrap_or(self.at).min(last))
    }

    /// Selects another row.
    pub(crate) fn step<R: Borrow<T>>(&mut self, rows: &[R], motion: Motion, area: Rect) {
        let height = table::rows_in(area, T::LINES);
        if let Some(index) = self.index(rows) {
            self.select(rows, motion.from(index, height).min(rows.len() - 1), height);
        }
    }

    /// Selects the row at `position`, if there is one.
    pub(crate) fn point<R: Borrow<T>>(&mut self, rows: &[R], at: Position, area: Rect) {
        let [_, body] = table::split_head(area);
        let Some(index) = self.index(rows).filter(|_| body.contains(at)) else { return };
        let height = table::rows_in(area, T::LINES);
        let top = self.scroll.around(index, rows.len(), height);
        let row = top + usize::from((at.y - body.y) / T::LINES);
        if row < rows.len() {
            self.select(rows, row, height);
        }
    }

    fn select<R: Borrow<T>>(&mut self, rows: &[R], index: usize, height: usize) {
        self.selected = rows.get(index).map(|row| row.borrow().id());
        self.at = index;
        self.scroll.follow(index, rows.len(), height);
    }

    /// Orders by the next column, and after the last one as the snapshot does.
    pub(crate) fn sort(&mut self) {
        let fields = T::fields();
        let next = match self.by {
            None => 0,
            Some(by) => 1 + fields.iter().take_while(|field| !std::ptr::eq(*field, by)).count(),
        };
        self.by = fields.get(next);
        self.way = Way::default();
    }

    /// Turns the order round.
    pub(crate) fn reverse(&mut self) {
        self.way = match self.way {
            Way::Down => Way::Up,
            Way::Up => Way::Down,
        };
    }

    /// Draws the rows around the selected one.
    pub(crate) fn render<R: Borrow<T>>(
        &self,
        rows: &[R],
        (look, focus): (&Look, Focus),
        area: Rect,
        buffer: &mut Buffer,
    ) {
        let fields = T::fields();
        let columns: Vec<_> = fields.iter().map(|field| field.column).collect();
        let heads: Vec<_> = fields.iter().map(|field| self.head(field, look)).collect();
        let height = table::rows_in(area, T::LINES);
        let index = self.index(rows);
        let top = self.scroll.around(index.unwrap_or(0), rows.len(), height);
        let seen = rows.iter().skip(top).take(height);
        let drawn: Vec<_> = seen
            .map(Borrow::borrow)
            .map(|row: &T| Row {
                mark: row.mark(look),
                cells: fields.iter().map(|field| (field.cell)(row, look)).collect(),
                note: row.note(look),
            })
            .collect();
        let selected = index.filter(|_| focus == Focus::Here).and_then(|at| at.checked_sub(top));
        let selected = selected.map(|at| (at, look.style(Role::Selected)));
        Table { columns: &columns, heads: &heads, rows: &drawn, lines: T::LINES, selected }
            .render(area, buffer);
    }

    /// The name of a column; a sign tells the one that is ordered by, and which way.
    fn head(&self, field: &'static Field<T>, look: &Look) -> Cell {
        let sign = match (self.by, self.way) {
            (Some(by), Way::Down) if std::ptr::eq(by, field) => "▼",
            (Some(by), Way::Up) if std::ptr::eq(by, field) => "▲",
            _ => "",
        };
        look.cell(Role::Dim, format!("{}{sign}", field.column.title))
    }
}
