//! Standard output as verbs print on it: tables, facts and lines, with the looks of the console.
//!
//! On a terminal a table fits its width and what is urgent stands out; elsewhere nothing is left out,
//! and there are columns of plain text. Nothing that could steer a terminal gets there.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

use crossterm::style::{ContentStyle, StyledContent};
use crossterm::terminal;
use jiff::Timestamp;
use ratatui::backend::IntoCrossterm;
use ratatui::style::{Color, Style};
use weir::settings::{Environment, Settings};

use crate::console::ConsoleOptions;
use crate::glyphs::{self, Glyphs};
use crate::look::Look;
use crate::panes::facts::{self, Fact};
use crate::text;
use crate::theme::Role;
use crate::widgets::table::{Align, Cell, Column, Row, Table};

/// Columns of a terminal that does not say how many it has.
const USUAL: u16 = 80;

/// Blanks between two columns.
const GAP: &str = "  ";

/// Says beside what is printed what there is to say of it. Standard error may be closed; what was asked
/// for is printed all the same.
pub(crate) fn aside(words: &str) {
    writeln!(io::stderr(), "weir: {}", text::harmless_lines(words)).ok();
}

/// Standard output.
#[derive(Debug)]
pub(crate) struct Paper {
    out: BufWriter<Stdout>,
    /// Columns of the terminal; none where it is no terminal.
    columns: Option<u16>,
    look: Look,
}

impl Paper {
    /// Standard output, as settings and terminal want it to look.
    pub(crate) fn new(settings: &Settings, environment: &Environment) -> Self {
        let ConsoleOptions { theme, glyphs, .. } = ConsoleOptions::new(settings, environment);
        let now_us = Timestamp::now().as_microsecond();
        let is_terminal = io::stdout().is_terminal();
        let columns =
            is_terminal.then(|| terminal::size().map_or(USUAL, |(columns, _)| columns.max(1)));
        Self { out: BufWriter::new(io::stdout()), columns, look: Look { theme, glyphs, now_us } }
    }

    /// How things look on it; ages are counted to the present.
    pub(crate) const fn look(&self) -> &Look {
        &self.look
    }

    /// Prints rows under the names of their columns.
    pub(crate) fn table(&mut self, columns: &[Column], rows: &[Row]) -> io::Result<()> {
        let heads: Vec<_> =
            columns.iter().map(|column| self.look.cell(Role::Title, column.title)).collect();
        let table = Table { columns, heads: &heads, rows, lines: 1, selected: None };
        // A table counts one blank between two columns.
        let gaps = u16::try_from(columns.len()).unwrap_or(u16::MAX);
        let room = self.columns.map_or(u16::MAX, |columns| columns.saturating_sub(gaps));
        let widths = table.widths(room);
        self.row(columns, &heads, &widths)?;
        rows.iter().try_for_each(|row| self.row(columns, &row.cells, &widths))
    }

    /// Prints names and values, one below the other.
    pub(crate) fn facts(&mut self, facts: &[Fact]) -> io::Result<()> {
        let columns = self.columns.unwrap_or(u16::MAX);
        for line in facts::lines(facts, columns, &self.look) {
            let mut spans = line.spans.into_iter().peekable();
            while let Some(span) = spans.next() {
                let content = span.content.into_owned();
                let is_last = spans.peek().is_none();
                self.put(if is_last { content.trim_end() } else { &content }, span.style)?;
            }
            writeln!(self.out)?;
        }
        Ok(())
    }

    /// Prints a line of text.
    pub(crate) fn line(&mut self, line: &str) -> io::Result<()> {
        self.put(&text::harmless_lines(line), Style::new())?;
        writeln!(self.out)
    }

    /// Prints a line of parts that look different.
    pub(crate) fn spans(&mut self, parts: &[(Role, &str)]) -> io::Result<()> {
        for (role, part) in parts {
            self.put(&text::harmless_lines(part), self.look.style(*role))?;
        }
        writeln!(self.out)
    }

    /// Prints a line of JSON.
    pub(crate) fn json(&mut self, value: &impl serde::Serialize) -> io::Result<()> {
        writeln!(self.out, "{}", text::json(&serde_json::to_string(value)?))
    }

    /// Prints a part of a line of JSON, which may end between two values alone.
    pub(crate) fn json_part(&mut self, part: &str) -> io::Result<()> {
        write!(self.out, "{}", text::json(part))
    }

    /// Sees to it that all is printed.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn row(
        &mut self,
        columns: &[Column],
        cells: &[Cell],
        widths: &[Option<u16>],
    ) -> io::Result<()> {
        let cells = columns.iter().zip(cells).zip(widths);
        let mut cells =
            cells.filter_map(|((column, cell), width)| Some((column, cell, (*width)?))).peekable();
        while let Some((column, cell, width)) = cells.next() {
            let shown = column.clipped(&cell.text, width);
            let blank = " ".repeat(usize::from(width).saturating_sub(text::width(&shown)));
            if column.align == Align::Right {
                self.out.write_all(blank.as_bytes())?;
            }
            self.put(&shown, cell.style)?;
            if cells.peek().is_some() {
                if column.align == Align::Left {
                    self.out.write_all(blank.as_bytes())?;
                }
                self.out.write_all(GAP.as_bytes())?;
            }
        }
        writeln!(self.out)
    }

    fn put(&mut self, shown: &str, style: Style) -> io::Result<()> {
        if self.columns.is_none() {
            return self.out.write_all(shown.as_bytes());
        }
        let shown = match self.look.glyphs {
            Glyphs::Unicode => shown.to_owned(),
            Glyphs::Ascii => glyphs::in_ascii(shown),
        };
        // The terminal's own colour needs no word.
        let fg = style.fg.filter(|colour| *colour != Color::Reset);
        let style: ContentStyle = Style { fg, ..style }.into_crossterm();
        if style == ContentStyle::default() {
            return self.out.write_all(shown.as_bytes());
        }
        write!(self.out, "{}", StyledContent::new(style, shown))
    }
}
