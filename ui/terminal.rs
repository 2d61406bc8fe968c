//! The terminal: taken by a guard, given back whole however the program ends.
//!
//! Only differences between two pictures are written, in one piece, and nothing where there are
//! none. What the picture is belongs to [`crate::console`], what is typed to [`input`].

pub(crate) mod input;

use std::io::{self, IsTerminal, Stdout, Write};
use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::queue;
use crossterm::style::{Print, ResetColor};
use crossterm::terminal::{self, Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen};
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Rect, Size};

/// Buttons and the wheel, in coordinates of any size; the pointer's way is of no interest.
const TAKE_MOUSE: &str = "\x1b[?1000h\x1b[?1006h";
const LEAVE_MOUSE: &str = "\x1b[?1006l\x1b[?1000l";

/// Bytes of a move of the cursor, about.
const MOVE_BYTES: usize = 7;

/// Who gets the mouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mouse {
    /// The console.
    Taken,
    /// The terminal, so that it can mark text.
    Left,
}

/// A taken terminal; dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Screen {
    out: Stdout,
    taken: Arc<AtomicBool>,
    mouse: Mouse,
    /// What the terminal shows.
    shown: Buffer,
    /// What it is to show next.
    next: Buffer,
}

impl Screen {
    /// Takes the terminal. A panic in any thread gives it back before its message is printed.
    pub(crate) fn enter(mouse: Mouse) -> io::Result<Self> {
        let out = io::stdout();
        if !out.is_terminal() || !io::stdin().is_terminal() {
            return Err(io::ErrorKind::NotConnected.into());
        }
        let taken = Arc::new(AtomicBool::new(false));
        restore_on_panic(Arc::clone(&taken));
        let empty = Buffer::empty(Rect::default());
        let mut screen = Self { out, taken, mouse, shown: empty.clone(), next: empty };
        screen.take()?;
        Ok(screen)
    }

    /// Takes the terminal again, whatever the shell has done to it meanwhile.
    pub(crate) fn take(&mut self) -> io::Result<()> {
        self.give_back();
        self.taken.store(true, Ordering::Relaxed);
        terminal::enable_raw_mode()?;
        let mut bytes = Vec::new();
        queue!(bytes, EnterAlternateScreen, Hide, EnableBracketedPaste)?;
        self.write(&bytes)?;
        self.set_mouse(self.mouse)?;
        self.clear()
    }

    /// Gives the terminal back; it can be taken again.
    pub(crate) fn give_back(&self) {
        restore(&self.taken);
    }

    /// Whether it is still taken; a panic elsewhere may have given it back.
    pub(crate) fn is_taken(&self) -> bool {
        self.taken.load(Ordering::Relaxed)
    }

    /// How large it is.
    pub(crate) fn size() -> io::Result<Size> {
        let (width, height) = terminal::size()?;
        Ok(Size { width, height })
    }

    /// Shows what `paint` draws onto a picture of `size`.
    pub(crate) fn draw(&mut self, size: Size, paint: impl FnOnce(&mut Buffer)) -> io::Result<()> {
        let area = Rect::from((ratatui::layout::Position::ORIGIN, size));
        if self.shown.area != area {
            self.shown = Buffer::empty(area);
            self.next = Buffer::empty(area);
            self.clear()?;
        }
        self.next.reset();
        paint(&mut self.next);
        let bytes = difference(&self.shown, &self.next)?;
        std::mem::swap(&mut self.shown, &mut self.next);
        self.write(&bytes)
    }

    /// Sends `text` to the clipboard of whoever sits at the terminal, however far away (OSC 52).
    pub(crate) fn copy(&mut self, text: &str) -> io::Result<()> {
        self.write(format!("\x1b]52;c;{}\x1b\\", STANDARD.encode(text)).as_bytes())
    }

    /// Takes the mouse, or leaves it to the terminal.
    pub(crate) fn set_mouse(&mut self, mouse: Mouse) -> io::Result<()> {
        self.mouse = mouse;
        let bytes = match mouse {
            Mouse::Taken => TAKE_MOUSE,
            Mouse::Left => LEAVE_MOUSE,
        };
        self.write(bytes.as_bytes())
    }

    /// Empties the terminal, whose contents are unknown.
    fn clear(&mut self) -> io::Result<()> {
        self.shown.reset();
        let mut bytes = Vec::new();
        queue!(bytes, ResetColor, Clear(ClearType::All))?;
        self.write(&bytes)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.out.write_all(bytes)?;
        self.out.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.give_back();
    }
}

/// The bytes that turn one picture into another of the same size; none if they are equal.
fn difference(shown: &Buffer, next: &Buffer) -> io::Result<Vec<u8>> {
    let changes = shown.diff(next);
    let mut bytes = Vec::new();
    if changes.is_empty() {
        return Ok(bytes);
    }
    CrosstermBackend::new(&mut bytes).draw(bridged(&changes, next).into_iter())?;
    Ok(bytes)
}

/// A change: where, and to what.
type Change<'a> = (u16, u16, &'a Cell);

/// The changes with what lies between two that are close: to write a few characters again takes
/// fewer bytes than to move over them.
fn bridged<'a>(changes: &[Change<'a>], next: &'a Buffer) -> Vec<Change<'a>> {
    let mut bridged: Vec<Change<'a>> = Vec::with_capacity(changes.len() * 2);
    for change @ (x, y, cell) in changes {
        if let Some((last_x, last_y, last)) = bridged.last().copied() {
            let gap = last_x.saturating_add(1)..*x;
            let is_near = last_y == *y && gap.len() < MOVE_BYTES;
            let between =
                || gap.clone().filter_map(|x| next.cell((x, *y)).map(|cell| (x, *y, cell)));
            let is_alike = |(_, _, other): Change<'_>| {
                other.symbol().len() == 1
                    && [last, *cell].iter().all(|end| end.style() == other.style())
            };
            if is_near && between().all(is_alike) {
                bridged.extend(between());
            }
        }
        bridged.push(*change);
    }
    bridged
}

/// Puts a hook before the present one that gives the terminal back.
fn restore_on_panic(taken: Arc<AtomicBool>) {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        restore(&taken);
        print(panic);
    }));
}

/// Best effort: we may be unwinding, or the terminal may be gone, and there is no one to tell.
fn restore(taken: &AtomicBool) {
    if !taken.swap(false, Ordering::Relaxed) {
        return;
    }
    let mut bytes = Vec::new();
    let queued = queue!(
        bytes,
        Print(LEAVE_MOUSE),
        DisableBracketedPaste,
        ResetColor,
        LeaveAlternateScreen,
        Show
    );
    let mut out = io::stdout();
    queued.and_then(|()| out.write_all(&bytes)).and_then(|()| out.flush()).ok();
    terminal::disable_raw_mode().ok();
}

#[cfg(test)]
mod tests {
    use ratatui::style::Style;

    use super::*;

    fn picture(text: &str) -> Buffer {
        let mut picture = Buffer::empty(Rect::new(0, 0, 20, 2));
        picture.set_string(0, 1, text, Style::new());
        picture
    }

    #[test]
    fn nothing_is_written_where_nothing_changed() {
        assert!(difference(&picture("14:02:11Z"), &picture("14:02:11Z")).unwrap().is_empty());
    }

    #[test]
    fn what_lies_between_two_changes_is_written_again_if_it_is_little() {
        let near = difference(&picture("1  2"), &picture("3  4")).unwrap();
        assert!(String::from_utf8(near).unwrap().contains("3  4"));
        let far = difference(&picture("1          2"), &picture("3          4")).unwrap();
        assert!(String::from_utf8(far).unwrap().contains("3\x1b[2;12H4"));
        let wide = difference(&picture("1東2"), &picture("3東4")).unwrap();
        assert!(String::from_utf8(wide).unwrap().contains("3\x1b[2;4H4"));
    }

    #[test]
    fn a_tick_of_the_clock_costs_few_bytes() {
        let bytes = difference(&picture("14:02:11Z"), &picture("14:02:12Z")).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains("\x1b[2;8H2"), "{text:?}");
        assert!(text.len() < 40, "{text:?}");
    }
}
