//! The table of bindings.

use crossterm::event::{KeyCode, KeyModifiers};

use super::{Action, Binding, Key, Mode};
use crate::console::{Motion, Pane};

const BROWSING: &[Mode] = &[Mode::Panes, Mode::Page];
const PANES: &[Mode] = &[Mode::Panes];
const PAGE: &[Mode] = &[Mode::Page];
const WRITING: &[Mode] =
    &[Mode::Filter, Mode::Palette, Mode::Mute, Mode::Limit, Mode::Path, Mode::Image, Mode::Word];
const PALETTE: &[Mode] = &[Mode::Palette];
const QUESTION: &[Mode] = &[Mode::Question];
const EDITOR: &[Mode] = &[Mode::Editor];

/// Every mode.
pub(super) const ALL: &[Mode] = &[
    Mode::Panes,
    Mode::Page,
    Mode::Filter,
    Mode::Palette,
    Mode::Mute,
    Mode::Limit,
    Mode::Path,
    Mode::Image,
    Mode::Question,
    Mode::Word,
    Mode::Editor,
];

const fn plain(code: KeyCode) -> Key {
    Key { code, modifiers: KeyModifiers::NONE }
}

const fn character(character: char) -> Key {
    plain(KeyCode::Char(character))
}

const fn control(character: char) -> Key {
    Key { code: KeyCode::Char(character), modifiers: KeyModifiers::CONTROL }
}

impl Binding {
    /// What `keys` do in `modes`.
    const fn new(
        keys: &'static [Key],
        action: Action,
        modes: &'static [Mode],
        help: &'static str,
    ) -> Self {
        Self { keys, action, modes, command: "", help, hint: None }
    }

    /// The binding with a name in the palette.
    const fn named(self, command: &'static str) -> Self {
        Self { command, ..self }
    }

    /// The binding with a word at the bottom; those of a higher rank go first.
    const fn hinted(self, word: &'static str, rank: u8) -> Self {
        Self { hint: Some((word, rank)), ..self }
    }
}

/// Turns to a pane.
const fn focus(
    keys: &'static [Key],
    pane: Pane,
    command: &'static str,
    help: &'static str,
) -> Binding {
    Binding::new(keys, Action::Focus(pane), BROWSING, help).named(command).hinted("pane", 5)
}

/// Moves within the view.
const fn step(keys: &'static [Key], motion: Motion, help: &'static str) -> Binding {
    Binding::new(keys, Action::Move(motion), BROWSING, help)
}

/// Keys of a step.
const UP: &[Key] = &[plain(KeyCode::Up), character('k')];
const DOWN: &[Key] = &[plain(KeyCode::Down), character('j')];
const PAGE_UP: &[Key] = &[plain(KeyCode::PageUp), control('b'), control('u')];
const PAGE_DOWN: &[Key] = &[plain(KeyCode::PageDown), control('f'), control('d')];
const OPEN: &[Key] = &[plain(KeyCode::Enter), plain(KeyCode::Right)];
const ESCAPE: &[Key] = &[plain(KeyCode::Esc)];
const BACK: &[Key] = &[plain(KeyCode::Esc), plain(KeyCode::Left), character('h')];

/// Every binding, in the order in which help shows them.
pub(crate) const BINDINGS: &[Binding] = &[
    focus(&[character('1')], Pane::Flows, "flows", "the flows pane"),
    focus(&[character('2')], Pane::Scores, "scores", "the score pane"),
    focus(&[character('3')], Pane::Alerts, "alerts", "the alerts pane"),
    focus(&[character('4')], Pane::Events, "events", "the Tetragon pane"),
    focus(&[character('5')], Pane::Limits, "limits", "the limits pane"),
    Binding::new(&[plain(KeyCode::Tab)], Action::NextPane, PANES, "the next pane")
        .named("next")
        .hinted("next", 7),
    Binding::new(&[plain(KeyCode::BackTab)], Action::PreviousPane, PANES, "the pane before")
        .named("previous"),
    step(UP, Motion::Up, "one row up"),
    step(DOWN, Motion::Down, "one row down"),
    step(PAGE_UP, Motion::PageUp, "one screen up"),
    step(PAGE_DOWN, Motion::PageDown, "one screen down"),
    step(&[character('g'), plain(KeyCode::Home)], Motion::First, "the first row").named("first"),
    step(&[character('G'), plain(KeyCode::End)], Motion::Last, "the last row").named("last"),
    Binding::new(OPEN, Action::Open, BROWSING, "the selected row in detail")
        .named("open")
        .hinted("detail", 3),
    Binding::new(BACK, Action::Back, PAGE, "back to where it was opened")
        .named("back")
        .hinted("back", 4),
    Binding::new(ESCAPE, Action::Back, PANES, "no zoom; then no filter").hinted("back", 4),
    Binding::new(ESCAPE, Action::Back, WRITING, "as it was before").hinted("cancel", 1),
    Binding::new(&[plain(KeyCode::Enter)], Action::Accept, WRITING, "take what was written")
        .hinted("accept", 2),
    Binding::new(&[plain(KeyCode::Tab)], Action::Complete, PALETTE, "complete the name")
        .hinted("complete", 3),
    Binding::new(&[plain(KeyCode::Up)], Action::Move(Motion::Up), PALETTE, "the command above"),
    Binding::new(&[plain(KeyCode::Down)], Action::Move(Motion::Down), PALETTE, "the command below"),
    Binding::new(&[character('/')], Action::Filter, PANES, "show only what a filter lets through")
        .named("filter")
        .hinted("filter", 4),
    Binding::new(&[character(':')], Action::Palette, BROWSING, "call a command by its name")
        .hinted("command", 6),
    Binding::new(&[character(' ')], Action::Freeze, BROWSING, "hold the picture still, or go on")
        .named("freeze")
        .hinted("freeze", 6),
    Binding::new(&[character('z')], Action::Zoom, PANES, "fill the screen with the pane, or not")
        .named("zoom")
        .hinted("zoom", 9),
    Binding::new(&[character('s')], Action::Sort, BROWSING, "order by the next column")
        .named("sort")
        .hinted("sort", 8),
    Binding::new(&[character('S')], Action::ReverseSort, BROWSING, "turn the order round")
        .named("reverse"),
    Binding::new(&[character('a')], Action::Acknowledge, BROWSING, "take the alert on")
        .named("ack")
        .hinted("ack", 5),
    Binding::new(&[character('r')], Action::Resolve, BROWSING, "say that the alert is over")
        .named("resolve")
        .hinted("resolve", 8),
    Binding::new(&[character('M')], Action::Mute, BROWSING, "tell nobody of alerts like this one")
        .named("mute")
        .hinted("mute", 9),
    Binding::new(
        &[character('l')],
        Action::Limit,
        BROWSING,
        "limit the Ingress, or against the alert",
    )
    .named("limit")
    .hinted("limit", 6),
    Binding::new(&[character('u')], Action::Undo, BROWSING, "lift the limit, or end the mute")
        .named("undo")
        .hinted("undo", 7),
    Binding::new(
        &[character('d')],
        Action::Decisions,
        BROWSING,
        "what was done about attacks, and why not",
    )
    .named("decisions")
    .hinted("decisions", 9),
    Binding::new(
        &[character('w')],
        Action::Map,
        BROWSING,
        "what leads where, and what flows there",
    )
    .named("map")
    .hinted("map", 10),
    Binding::new(&[character('p')], Action::Policies, BROWSING, "policies, and how they stand")
        .named("policies")
        .hinted("policies", 11),
    Binding::new(&[character('n')], Action::NewPolicy, BROWSING, "write a policy")
        .named("new-policy")
        .hinted("new", 6),
    Binding::new(&[character('e')], Action::EditPolicy, BROWSING, "write on the policy")
        .named("edit-policy")
        .hinted("edit", 5),
    Binding::new(
        &[character('E')],
        Action::SwitchPolicy,
        BROWSING,
        "have the policy act, or only tell",
    )
    .named("switch-policy")
    .hinted("monitor/enforce", 5),
    Binding::new(&[character('D')], Action::DeletePolicy, BROWSING, "delete the policy")
        .named("delete-policy")
        .hinted("delete", 7),
    Binding::new(
        &[character('i')],
        Action::Images,
        BROWSING,
        "images that run, and what is wrong with them",
    )
    .named("images"),
    Binding::new(&[character('v')], Action::Scan, BROWSING, "scan the image for vulnerabilities")
        .named("scan")
        .hinted("scan", 3),
    Binding::new(&[character('V')], Action::ScanAll, BROWSING, "scan all images that run")
        .named("scan-all")
        .hinted("scan all", 4),
    Binding::new(&[character('I')], Action::ScanNamed, BROWSING, "scan an image by its name")
        .named("scan-named")
        .hinted("scan by name", 5),
    Binding::new(
        &[character('P')],
        Action::Smells,
        BROWSING,
        "what manifests allow that they should not",
    )
    .named("smells"),
    Binding::new(
        &[character('c')],
        Action::SmellsOfCluster,
        BROWSING,
        "look for smells in the cluster",
    )
    .named("smells-cluster")
    .hinted("cluster", 4),
    Binding::new(
        &[character('f')],
        Action::SmellsOfPath,
        BROWSING,
        "look for smells in a file or a folder",
    )
    .named("smells-path")
    .hinted("file", 4),
    Binding::new(&[control('d')], Action::CheckPolicy, EDITOR, "ask the API server, write nothing")
        .hinted("dry run", 2),
    Binding::new(&[control('s')], Action::ApplyPolicy, EDITOR, "show what changes, then apply it")
        .hinted("apply", 2),
    Binding::new(&[control('t')], Action::Template, EDITOR, "begin with the next template")
        .hinted("template", 3),
    Binding::new(ESCAPE, Action::Back, EDITOR, "leave the editor").hinted("leave", 1),
    Binding::new(&[character('t')], Action::Retry, BROWSING, "try again what a sink has refused")
        .named("retry")
        .hinted("try again", 5),
    Binding::new(&[character('o')], Action::Outbox, BROWSING, "sinks, and what they wait for")
        .named("outbox")
        .hinted("outbox", 9),
    Binding::new(&[character('O')], Action::Mutes, BROWSING, "what is muted").named("mutes"),
    Binding::new(&[character('y'), plain(KeyCode::Enter)], Action::Accept, QUESTION, "yes")
        .hinted("yes", 1),
    Binding::new(&[character('n'), plain(KeyCode::Esc)], Action::Back, QUESTION, "no")
        .hinted("no", 2),
    Binding::new(&[character('y')], Action::Copy, BROWSING, "copy the row or the detail")
        .named("copy")
        .hinted("copy", 10),
    Binding::new(&[character('m')], Action::Mouse, BROWSING, "take the mouse, or leave it alone")
        .named("mouse"),
    Binding::new(&[character('T')], Action::Theme, BROWSING, "dark, light or without colours")
        .named("theme"),
    Binding::new(&[control('z')], Action::Suspend, ALL, "back to the shell until `fg`")
        .named("suspend"),
    Binding::new(&[character('?'), plain(KeyCode::F(1))], Action::Help, BROWSING, "this help")
        .named("help")
        .hinted("help", 1),
    Binding::new(&[character('q')], Action::Quit, BROWSING, "leave")
        .named("quit")
        .hinted("quit", 2),
    Binding::new(&[control('c')], Action::Quit, ALL, "leave, whatever is open"),
];
