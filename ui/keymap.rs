//! Every key and what it does: one table, from which keys are looked up and from which help, the
//! palette and the line at the bottom are made.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::console::{Motion, Pane};
use crate::glyphs::Glyphs;

/// What a key or a command asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Leave the console.
    Quit,
    /// Stop the process until the shell lets it go on.
    Suspend,
    /// Show or hide the help.
    Help,
    /// Write a filter.
    Filter,
    /// Write the name of a command.
    Palette,
    /// Stop and go on following the packets.
    Freeze,
    /// Show the selected row in detail.
    Open,
    /// Leave what was opened last.
    Back,
    /// Turn to a pane.
    Focus(Pane),
    /// Turn to the next pane.
    NextPane,
    /// Turn to the pane before.
    PreviousPane,
    /// Move within a pane.
    Move(Motion),
    /// Let a pane fill the screen, and back.
    Zoom,
    /// Order by the next column.
    Sort,
    /// Turn the order round.
    ReverseSort,
    /// Copy the selected row, or the detail shown.
    Copy,
    /// Take the mouse, or leave it to the terminal.
    Mouse,
    /// Use the next theme.
    Theme,
    /// Take what was written.
    Accept,
    /// Complete what was begun.
    Complete,
}

/// What keys act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The panes.
    Panes,
    /// A view opened from a pane, or the help.
    Page,
    /// The line in which a filter is written.
    Filter,
    /// The line in which a command is written.
    Palette,
}

/// A key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
}

/// What a key does in some modes.
#[derive(Debug)]
pub(crate) struct Binding {
    /// The keys, the one to be shown first.
    pub(crate) keys: &'static [Key],
    /// What they do.
    pub(crate) action: Action,
    /// Where they do it.
    pub(crate) modes: &'static [Mode],
    /// Its name in the palette; what cannot be called by name has none.
    pub(crate) command: &'static str,
    /// What it does, in a few words.
    pub(crate) help: &'static str,
    /// A word for the line at the bottom, and how early it goes when there is little room.
    pub(crate) hint: Option<(&'static str, u8)>,
}

const BROWSING: &[Mode] = &[Mode::Panes, Mode::Page];
const PANES: &[Mode] = &[Mode::Panes];
const WRITING: &[Mode] = &[Mode::Filter, Mode::Palette];
const PALETTE: &[Mode] = &[Mode::Palette];
const ALL: &[Mode] = &[Mode::Panes, Mode::Page, Mode::Filter, Mode::Palette];

const fn plain(code: KeyCode) -> Key {
    Key { code, modifiers: KeyModifiers::NONE }
}

const fn character(character: char) -> Key {
    plain(KeyCode::Char(character))
}

const fn control(character: char) -> Key {
    Key { code: KeyCode::Char(character), modifiers: KeyModifiers::CONTROL }
}

/// A binding that the line at the bottom does not show.
const fn silent(
    keys: &'static [Key],
    action: Action,
    modes: &'static [Mode],
    command: &'static str,
    help: &'static str,
) -> Binding {
    Binding { keys, action, modes, command, help, hint: None }
}

impl Binding {
    const fn hinted(self, word: &'static str, rank: u8) -> Self {
        Self { hint: Some((word, rank)), ..self }
    }
}

/// Every binding, in the order in which help shows them.
pub(crate) const BINDINGS: &[Binding] = &[
    silent(&[character('1')], Action::Focus(Pane::Flows), BROWSING, "flows", "the flows pane")
        .hinted("pane", 5),
    silent(&[character('2')], Action::Focus(Pane::Scores), BROWSING, "scores", "the score pane")
        .hinted("pane", 5),
    silent(&[character('3')], Action::Focus(Pane::Alerts), BROWSING, "alerts", "the alerts pane")
        .hinted("pane", 5),
    silent(&[character('4')], Action::Focus(Pane::Events), BROWSING, "events", "the Tetragon pane")
        .hinted("pane", 5),
    silent(&[character('5')], Action::Focus(Pane::Limits), BROWSING, "limits", "the limits pane")
        .hinted("pane", 5),
    silent(&[plain(KeyCode::Tab)], Action::NextPane, PANES, "next", "the next pane")
        .hinted("next", 7),
    silent(&[plain(KeyCode::BackTab)], Action::PreviousPane, PANES, "previous", "the pane before"),
    silent(
        &[plain(KeyCode::Up), character('k')],
        Action::Move(Motion::Up),
        BROWSING,
        "",
        "one row up",
    ),
    silent(
        &[plain(KeyCode::Down), character('j')],
        Action::Move(Motion::Down),
        BROWSING,
        "",
        "one row down",
    ),
    silent(
        &[plain(KeyCode::PageUp), control('b'), control('u')],
        Action::Move(Motion::PageUp),
        BROWSING,
        "",
        "one screen up",
    ),
    silent(
        &[plain(KeyCode::PageDown), control('f'), control('d')],
        Action::Move(Motion::PageDown),
        BROWSING,
        "",
        "one screen down",
    ),
    silent(
        &[character('g'), plain(KeyCode::Home)],
        Action::Move(Motion::First),
        BROWSING,
        "first",
        "the first row",
    ),
    silent(
        &[character('G'), plain(KeyCode::End)],
        Action::Move(Motion::Last),
        BROWSING,
        "last",
        "the last row",
    ),
    silent(
        &[plain(KeyCode::Enter), plain(KeyCode::Right), character('l')],
        Action::Open,
        BROWSING,
        "open",
        "the selected row in detail",
    )
    .hinted("detail", 3),
    silent(
        &[plain(KeyCode::Esc), plain(KeyCode::Left), character('h')],
        Action::Back,
        BROWSING,
        "back",
        "back; then no zoom, then no filter",
    )
    .hinted("back", 4),
    silent(&[plain(KeyCode::Esc)], Action::Back, WRITING, "", "leave what was there before")
        .hinted("cancel", 1),
    silent(&[plain(KeyCode::Enter)], Action::Accept, WRITING, "", "take what was written")
        .hinted("accept", 2),
    silent(&[plain(KeyCode::Tab)], Action::Complete, PALETTE, "", "complete the name")
        .hinted("complete", 3),
    silent(&[plain(KeyCode::Up)], Action::Move(Motion::Up), PALETTE, "", "the command above"),
    silent(&[plain(KeyCode::Down)], Action::Move(Motion::Down), PALETTE, "", "the command below"),
    silent(
        &[character('/')],
        Action::Filter,
        PANES,
        "filter",
        "show only what a filter lets through",
    )
    .hinted("filter", 4),
    silent(&[character(':')], Action::Palette, BROWSING, "", "call a command by its name")
        .hinted("command", 6),
    silent(
        &[character(' ')],
        Action::Freeze,
        BROWSING,
        "freeze",
        "hold the picture still, and let it go on",
    )
    .hinted("freeze", 6),
    silent(
        &[character('z')],
        Action::Zoom,
        PANES,
        "zoom",
        "fill the screen with the pane, and back",
    ),
    silent(&[character('s')], Action::Sort, BROWSING, "sort", "order by the next column"),
    silent(&[character('S')], Action::ReverseSort, BROWSING, "reverse", "turn the order round"),
    silent(&[character('y')], Action::Copy, BROWSING, "copy", "copy the row or the detail"),
    silent(
        &[character('m')],
        Action::Mouse,
        BROWSING,
        "mouse",
        "take the mouse, or leave it to the terminal",
    ),
    silent(&[character('T')], Action::Theme, BROWSING, "theme", "dark, light or without colours"),
    silent(&[control('z')], Action::Suspend, ALL, "suspend", "back to the shell until `fg`"),
    silent(&[character('?'), plain(KeyCode::F(1))], Action::Help, BROWSING, "help", "this help")
        .hinted("help", 1),
    silent(&[character('q')], Action::Quit, BROWSING, "quit", "leave").hinted("quit", 2),
    silent(&[control('c')], Action::Quit, ALL, "", "leave, whatever is open"),
];

/// What `key` asks for in `mode`.
pub(crate) fn action(mode: Mode, key: &KeyEvent) -> Option<Action> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    // Of a character, shift is part already.
    let modifiers = key.modifiers - KeyModifiers::SHIFT;
    let pressed = Key { code: key.code, modifiers };
    let bound = |binding: &&Binding| binding.keys.contains(&pressed);
    of_mode(mode).find(bound).map(|binding| binding.action)
}

/// The bindings of `mode`.
pub(crate) fn of_mode(mode: Mode) -> impl Iterator<Item = &'static Binding> {
    BINDINGS.iter().filter(move |binding| binding.modes.contains(&mode))
}

impl Key {
    /// As it is written on a keyboard.
    pub(crate) fn label(self, glyphs: Glyphs) -> String {
        let name = match self.code {
            KeyCode::Enter if glyphs == Glyphs::Unicode => "⏎".into(),
            KeyCode::Up if glyphs == Glyphs::Unicode => "↑".into(),
            KeyCode::Down if glyphs == Glyphs::Unicode => "↓".into(),
            KeyCode::Left if glyphs == Glyphs::Unicode => "←".into(),
            KeyCode::Right if glyphs == Glyphs::Unicode => "→".into(),
            KeyCode::Char(' ') => "space".into(),
            KeyCode::Char(character) => character.to_string(),
            KeyCode::BackTab => "shift-tab".into(),
            code => code.to_string().to_lowercase().replace(' ', ""),
        };
        if self.modifiers == KeyModifiers::CONTROL { format!("ctrl-{name}") } else { name }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_is_bound_twice_in_a_mode() {
        for mode in ALL {
            let keys: Vec<_> = of_mode(*mode).flat_map(|binding| binding.keys).collect();
            let is_new =
                |(at, key): (usize, &&Key)| !keys.iter().take(at).any(|other| other == key);
            assert!(keys.iter().enumerate().all(is_new), "{mode:?}");
        }
    }

    #[test]
    fn no_two_commands_have_one_name() {
        let names =
            || BINDINGS.iter().map(|binding| binding.command).filter(|name| !name.is_empty());
        assert!(names().all(|name| names().filter(|other| *other == name).count() == 1));
    }

    #[test]
    fn ctrl_c_leaves_whatever_is_open() {
        let key = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert!(ALL.iter().all(|mode| action(*mode, &key) == Some(Action::Quit)));
    }

    #[test]
    fn a_key_with_alt_or_let_go_does_nothing() {
        let alt = KeyEvent::new(KeyCode::Char('q'), KeyModifiers::ALT);
        assert_eq!(action(Mode::Panes, &alt), None);
        let release = KeyEventKind::Release;
        let released = KeyEvent::new_with_kind(KeyCode::Char('q'), KeyModifiers::NONE, release);
        assert_eq!(action(Mode::Panes, &released), None);
    }

    #[test]
    fn capitals_are_found_with_shift() {
        let key = KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT);
        assert_eq!(action(Mode::Panes, &key), Some(Action::Move(Motion::Last)));
    }
}
