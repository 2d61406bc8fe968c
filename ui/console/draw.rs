//! The whole picture.

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use weir::incident::Status;
use weir::store::EntryState;

use super::areas::{self, Areas, SMALLEST};
use super::prompt::{Prompt, Purpose};
use super::{Console, Pane, Rights, Zoom};
use crate::glyphs::{self, Glyphs};
use crate::keymap::{self, Action, Mode};
use crate::look::Look;
use crate::panes::status::{self, Besides};
use crate::panes::{Focus, Subject, alerts, chrome, palette};
use crate::text;
use crate::theme::Role;
use crate::widgets::input::InputLine;

/// Columns between two keys at the bottom.
const GAP: usize = 2;

impl Console {
    /// Draws everything onto `buffer`, which has the size of the terminal.
    pub(crate) fn draw(&self, buffer: &mut Buffer) {
        if areas::is_too_small(self.size) {
            self.draw_too_small(buffer);
        } else {
            self.draw_all(buffer);
        }
        if self.glyphs == Glyphs::Ascii {
            glyphs::to_ascii(buffer);
        }
    }

    fn draw_too_small(&self, buffer: &mut Buffer) {
        let Size { width, height } = self.size;
        let words = format!(
            "weir needs {}×{}; this terminal is {width}×{height}",
            SMALLEST.width, SMALLEST.height
        );
        let area = Rect::new(0, 0, width, height);
        chrome::sentence(&words, Role::Text, &self.look(0), area, buffer);
    }

    fn draw_all(&self, buffer: &mut Buffer) {
        let look = self.look(self.snapshot.now_us);
        let Areas { status, body, prompt, keys } = self.areas();
        self.draw_status(&look, status, buffer);
        self.draw_body(body, buffer);
        if let Some(written) = &self.prompt {
            draw_prompt(written, &look, prompt, body, buffer);
        }
        self.draw_keys(&look, keys, buffer);
    }

    /// Whether a pane shows the incidents as they are now.
    fn shows_alerts(&self) -> bool {
        let shows_panes = self.frozen.is_none() && self.views.cover().is_none();
        shows_panes && self.panes().iter().any(|(pane, _)| *pane == Pane::Alerts)
    }

    /// The state of the source is always the newest, even where the panes stand still.
    fn draw_status(&self, look: &Look, area: Rect, buffer: &mut Buffer) {
        let besides = Besides {
            frozen_us: self.frozen.as_ref().map(|frozen| frozen.now_us),
            unseen: if self.shows_alerts() { 0 } else { alerts::open(&self.snapshot) },
        };
        status::render(&self.snapshot, besides, look, area, buffer);
    }

    fn draw_body(&self, body: Rect, buffer: &mut Buffer) {
        let scene = self.scene();
        if let Some(view) = self.views.cover() {
            chrome::frame(&view.title(&scene), Focus::Here, &scene.look, body, buffer);
            view.render(&scene, Focus::Here, chrome::inside(body), buffer);
            return;
        }
        for (pane, area) in self.panes() {
            let focus = if pane == self.focus { Focus::Here } else { Focus::Elsewhere };
            let view = self.views.pane(pane);
            chrome::frame(&view.title(&scene), focus, &scene.look, area, buffer);
            view.render(&scene, focus, chrome::inside(area), buffer);
        }
    }

    /// The line at the bottom: what is wrong with what is written, what the last key did, else which
    /// keys there are.
    fn draw_keys(&self, look: &Look, area: Rect, buffer: &mut Buffer) {
        let columns = usize::from(area.width);
        let mistake = self.prompt.as_ref().and_then(Prompt::mistake);
        let mistake = mistake.map(|mistake| (text::clean(&mistake.message), Role::Bad));
        let notice = self.notice.as_ref().map(|notice| (notice.clone(), Role::Title));
        let unread = self.is_unread.then(|| ("read this first".to_owned(), Role::Title));
        if let Some((words, role)) = mistake.or(notice).or(unread) {
            let words = text::clip(&format!(" {words}"), columns);
            buffer.set_stringn(area.x, area.y, words, columns, look.style(role));
            return;
        }
        let mut x = area.x + 1;
        for (keys, word) in fitting(self.hints(look), columns.saturating_sub(1)) {
            let room = usize::from(area.right().saturating_sub(x));
            (x, _) = buffer.set_stringn(x, area.y, keys, room, look.style(Role::Key));
            let room = usize::from(area.right().saturating_sub(x));
            (x, _) =
                buffer.set_stringn(x, area.y, format!(" {word}"), room, look.style(Role::Text));
            x += 2;
        }
    }

    /// Whether `action` would do anything as things stand.
    fn is_of_use(&self, action: Action) -> bool {
        match action {
            Action::Open => self.top().open(&self.scene()).is_some(),
            Action::Back => {
                self.mode() != Mode::Panes || self.zoom == Zoom::Filled || !self.sieve.is_empty()
            }
            Action::Acknowledge
            | Action::Resolve
            | Action::Mute
            | Action::Limit
            | Action::Undo
            | Action::Retry
            | Action::NewPolicy
            | Action::EditPolicy
            | Action::DeletePolicy
            | Action::SwitchPolicy => self.rights == Rights::Act && self.takes(action),
            Action::Scan | Action::ScanAll | Action::ScanNamed => {
                self.snapshot.scans.absent.is_none() && self.takes(action)
            }
            Action::SmellsOfCluster => self.top().smells().is_some() && self.has_cluster(),
            Action::SmellsOfPath => self.top().smells().is_some(),
            _ => true,
        }
    }

    /// Whether `action` can be done about the selected row.
    fn takes(&self, action: Action) -> bool {
        match (action, self.top().subject(&self.scene())) {
            (Action::Acknowledge, Some(Subject::Incident(incident))) => {
                incident.status == Status::Open
            }
            (Action::Resolve, Some(Subject::Incident(incident))) => {
                incident.status != Status::Resolved
            }
            (Action::Retry, Some(Subject::Entry(entry))) => entry.state == EntryState::Parked,
            (Action::Mute | Action::Limit, Some(Subject::Incident(_)))
            | (Action::Undo, Some(Subject::Mute(_)))
            | (Action::DeletePolicy | Action::SwitchPolicy, Some(Subject::Policy(_)))
            | (Action::Scan, Some(Subject::Image(_))) => true,
            (Action::Limit, Some(Subject::Limit(status))) => status.controller.is_ok(),
            (Action::Undo, Some(Subject::Limit(status))) => status.held.is_some(),
            (Action::EditPolicy, Some(Subject::Policy(status))) => status.manifest.is_some(),
            (Action::NewPolicy, _) => self.top().lists_policies(),
            (Action::ScanAll | Action::ScanNamed, _) => self.top().lists_images(),
            _ => false,
        }
    }

    /// Keys, what they do, and how early they go when there is little room.
    fn hints(&self, look: &Look) -> Vec<Hint> {
        let mut hints: Vec<Hint> = Vec::new();
        for binding in keymap::of_mode(self.mode()).filter(|one| self.is_of_use(one.action)) {
            let (Some((word, rank)), Some(key)) = (binding.hint, binding.keys.first()) else {
                continue;
            };
            let key = key.label(look.glyphs);
            match hints.last_mut() {
                // Neighbours that do the same are one range of keys.
                Some(last) if last.word == word => {
                    let first = last.keys.chars().next().map(String::from).unwrap_or_default();
                    last.keys = format!("{first}-{key}");
                }
                _ => hints.push(Hint { keys: key, word, rank }),
            }
        }
        hints
    }
}

/// Keys and what they do, in a word.
#[derive(Debug)]
struct Hint {
    keys: String,
    word: &'static str,
    rank: u8,
}

/// The hints that fit into `room` together, in their order.
fn fitting(mut hints: Vec<Hint>, room: usize) -> Vec<(String, &'static str)> {
    let width = |hints: &[Hint]| -> usize {
        let one = |hint: &Hint| text::width(&hint.keys) + 1 + text::width(hint.word) + GAP;
        hints.iter().map(one).sum()
    };
    while width(&hints) > room + GAP {
        let last = hints.iter().enumerate().max_by_key(|(at, hint)| (hint.rank, *at));
        let Some(at) = last.map(|(at, _)| at) else { break };
        hints.remove(at);
    }
    hints.into_iter().map(|hint| (hint.keys, hint.word)).collect()
}

/// Draws the line that is being written, and above it what it could become.
fn draw_prompt(prompt: &Prompt, look: &Look, line: Rect, body: Rect, buffer: &mut Buffer) {
    if let Purpose::Palette { chosen } = prompt.purpose() {
        palette::render(prompt.text(), *chosen, look, body, buffer);
    }
    let mistake = prompt.mistake();
    let marked = mistake.map(|mistake| (mistake.span.clone(), look.style(Role::Mistake)));
    InputLine {
        prompt: &prompt.label(),
        text: prompt.text(),
        cursor: prompt.cursor(),
        marked: marked.as_slice(),
        style: look.style(Role::Text),
    }
    .render(line, buffer);
}
