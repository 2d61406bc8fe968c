//! Every key and what it does: one table, from which keys are looked up and from which help, the
//! palette and the line at the bottom are made.

mod bindings;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

pub(crate) use self::bindings::BINDINGS;
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
    /// Take the selected incident on.
    Acknowledge,
    /// Say that the selected incident is over.
    Resolve,
    /// Write a filter on incidents that no sink is to be told of.
    Mute,
    /// End the selected mute, or lift the selected limit.
    Undo,
    /// Write a limit of the selected Ingress, or against the selected incident.
    Limit,
    /// Show what was decided about attacks.
    Decisions,
    /// Show what leads where, and what flows along it.
    Map,
    /// Show images, and what is known to be wrong with them.
    Images,
    /// Scan the selected image.
    Scan,
    /// Scan all images that run and have no fresh report.
    ScanAll,
    /// Write the name of an image that is to be scanned.
    ScanNamed,
    /// Show what manifests allow that they should not.
    Smells,
    /// Look at what runs in the cluster for smells.
    SmellsOfCluster,
    /// Ask for a file or a folder to look at for smells.
    SmellsOfPath,
    /// Show policies, and how they stand.
    Policies,
    /// Write a policy.
    NewPolicy,
    /// Write on the selected policy.
    EditPolicy,
    /// Delete the selected policy.
    DeletePolicy,
    /// Have the selected policy act, or only tell.
    SwitchPolicy,
    /// Ask the API server whether it would take what is written.
    CheckPolicy,
    /// Apply what is written.
    ApplyPolicy,
    /// Begin with the next template.
    Template,
    /// Try again what a sink has refused.
    Retry,
    /// Show what is to be told.
    Outbox,
    /// Show what is muted.
    Mutes,
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
    /// The line in which a mute is written.
    Mute,
    /// The line in which a limit is written.
    Limit,
    /// The line in which a path is written.
    Path,
    /// The line in which the name of an image is written.
    Image,
    /// The line that asks whether to do it.
    Question,
    /// The line in which a word is written that says that somebody insists.
    Word,
    /// The text of a policy.
    Editor,
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
            KeyCode::PageUp => "pgup".into(),
            KeyCode::PageDown => "pgdn".into(),
            code => code.to_string().to_lowercase().replace(' ', ""),
        };
        if self.modifiers == KeyModifiers::CONTROL { format!("ctrl-{name}") } else { name }
    }
}

#[cfg(test)]
mod tests {
    use super::bindings::ALL;
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
