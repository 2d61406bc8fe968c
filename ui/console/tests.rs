//! The console as its operator uses it.

mod behaviour;
mod deeds;
mod editor;
mod events;
mod filter;
mod images;
mod keys;
mod limits;
mod map;
mod policies;
mod processes;
mod screens;
mod smells;

use std::sync::Arc;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Rect, Size};
use ratatui::style::{Color, Modifier};
use weir::engine::Snapshot;

use super::{Console, ConsoleOptions, Effect, Message, Rights, fixture};
use crate::glyphs::Glyphs;
use crate::terminal::Mouse;
use crate::theme::Theme;

const OPTIONS: ConsoleOptions = ConsoleOptions {
    theme: Theme::Dark,
    glyphs: Glyphs::Unicode,
    mouse: Mouse::Taken,
    rights: Rights::Act,
};

/// A console on a terminal of this size, and what its operator does.
struct Session(Console);

impl Session {
    fn of(snapshot: Snapshot, (width, height): (u16, u16)) -> Self {
        Self(Console::new(Arc::new(snapshot), OPTIONS, Size { width, height }))
    }

    fn at(size: (u16, u16)) -> Self {
        Self::of(fixture::snapshot(), size)
    }

    fn press(&mut self, code: KeyCode) -> Option<Effect> {
        self.0.update(Message::Input(Event::Key(KeyEvent::new(code, KeyModifiers::NONE))))
    }

    /// Presses the keys of `text` one after the other; a line feed is the enter key.
    fn type_in(&mut self, text: &str) -> &mut Self {
        for character in text.chars() {
            self.press(if character == '\n' { KeyCode::Enter } else { KeyCode::Char(character) });
        }
        self
    }

    fn see(&mut self, snapshot: Snapshot) {
        self.0.update(Message::Snapshot(Arc::new(snapshot)));
    }

    fn picture(&self) -> Buffer {
        let mut picture =
            Buffer::empty(Rect::from((ratatui::layout::Position::ORIGIN, self.0.size())));
        self.0.draw(&mut picture);
        picture
    }

    /// How it looks, a character a cell: [`look_of`] it.
    fn looks(&self) -> String {
        let picture = self.picture();
        let rows = picture.content.chunks(usize::from(picture.area.width));
        let lines = rows.map(|row| row.iter().map(look_of).collect::<String>());
        lines.map(|line| line.trim_end_matches('.').to_owned() + "\n").collect()
    }

    /// What stands on the screen, line by line.
    fn text(&self) -> String {
        let picture = self.picture();
        let mut text = String::new();
        for row in picture.content.chunks(usize::from(picture.area.width)) {
            // The second half of a wide character is not a character.
            let mut skip = 0;
            let mut line = String::new();
            for cell in row {
                if skip == 0 {
                    line.push_str(cell.symbol());
                    skip = crate::text::width(cell.symbol()).max(1);
                }
                skip -= 1;
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// A letter for a colour: r(e)d, (y)ellow, (g)reen, b(l)ue, (c)yan, gr(a)y; in the colour of the
/// terminal (r)eversed, (d)im, (b)old or plain. A capital letter is bold too.
fn look_of(cell: &Cell) -> char {
    let is_bold = cell.modifier.contains(Modifier::BOLD);
    let colour = match cell.fg {
        Color::LightRed | Color::Red => 'e',
        Color::LightYellow | Color::Magenta => 'y',
        Color::LightGreen | Color::Green => 'g',
        Color::LightBlue | Color::Blue => 'l',
        Color::LightCyan => 'c',
        Color::DarkGray | Color::Gray => 'a',
        _ if cell.modifier.contains(Modifier::REVERSED) => 'r',
        _ if cell.modifier.contains(Modifier::DIM) => 'd',
        _ if is_bold => return 'b',
        _ => return '.',
    };
    if is_bold { colour.to_ascii_uppercase() } else { colour }
}

/// The line on which `words` stand.
fn line(text: &str, words: &str) -> String {
    text.lines()
        .find(|line| line.contains(words))
        .unwrap_or_else(|| panic!("{words}: {text}"))
        .into()
}
