//! The console: what the operator sees and does.
//!
//! A message changes the state, the state is drawn, and what is to happen outside comes back as an
//! effect: [`Console::update`] never waits, never draws and never fails. All data comes from
//! snapshots of the engine. The terminal belongs to [`crate::terminal`], what stands on it to
//! [`crate::panes`], the loop around it all to [`session`].

mod act;
mod areas;
mod deed;
mod deeds;
mod draw;
mod limiting;
mod motion;
mod muting;
mod options;
mod pace;
mod pane;
mod pointer;
mod policing;
mod prompt;
mod scanning;
mod scout;
mod session;
mod sieve;
mod smelling;
mod views;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crossterm::event::{Event, KeyEvent, KeyEventKind};
use ratatui::layout::Size;
use weir::engine::{Command, Snapshot, SourceState};
use weir::respond::{IngressName, LimitRequest};

pub(crate) use self::limiting::Limiting;
pub(crate) use self::motion::Motion;
pub(crate) use self::muting::Muting;
pub(crate) use self::options::{ConsoleOptions, Rights};
pub(crate) use self::pane::Pane;
pub(crate) use self::policing::{Asker, PolicyNews, PolicyWish};
use self::prompt::Prompt;
pub(crate) use self::scanning::ScanWish;
pub(crate) use self::scout::ScoutOptions;
pub(crate) use self::session::{Error, run};
pub(crate) use self::sieve::Sieve;
pub(crate) use self::smelling::{SmellsNews, SmellsPlace, SmellsWish};
use self::views::Views;
use crate::glyphs::Glyphs;
use crate::keymap::{self, Action, Mode};
use crate::look::Look;
use crate::panes::proposal::Proposal;
use crate::panes::{Scene, View};
use crate::terminal::Mouse;
use crate::theme::Theme;

/// What happened.
#[derive(Debug)]
pub(crate) enum Message {
    /// The engine has a newer snapshot.
    Snapshot(Arc<Snapshot>),
    /// The engine has ended; no other snapshot will come.
    EngineEnded,
    /// The terminal was touched.
    Input(Event),
    /// The process cannot be stopped for a while: nobody could let it go on.
    NoShell,
    /// What came of what was to be done, in words.
    Told(String),
    /// What would be written to the cluster, and is to be agreed to.
    Proposed(Box<Proposal>),
    /// What came of what was to be done about a policy, for whoever asked for it.
    Policy(Box<PolicyNews>, Asker),
    /// What came of a look for smells.
    Smelled(Box<SmellsNews>),
}

/// What is to be done about a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LimitWish {
    /// Say what setting it would write.
    ProposeApply(Box<Limiting>),
    /// Set it.
    Apply(Box<LimitRequest>),
    /// Say what lifting it would write.
    ProposeRevert(IngressName),
    /// Lift it.
    Revert(IngressName),
}

/// What is to be done outside of the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Leave.
    Quit,
    /// Stop the process until the shell lets it go on.
    Suspend,
    /// Put a text onto the operator's clipboard.
    Copy(String),
    /// Take the mouse, or leave it.
    Mouse(Mouse),
    /// Have the engine do something.
    Act(Command),
    /// Have it mute incidents for a while from now on.
    Mute(Muting),
    /// Have it do something about a limit.
    Limit(LimitWish),
    /// Have it do something about a policy, and tell whoever asked.
    Policy(PolicyWish, Asker),
    /// Look at something for smells.
    Smells(SmellsWish),
    /// Have images scanned.
    Scan(ScanWish),
}

/// Whether a pane shares the screen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Zoom {
    /// It does, where there is room.
    #[default]
    Shared,
    /// It fills the screen.
    Filled,
}

/// Everything the operator sees and has chosen.
#[derive(Debug)]
pub(crate) struct Console {
    /// The newest.
    snapshot: Arc<Snapshot>,
    /// What the panes show while they stand still.
    frozen: Option<Arc<Snapshot>>,
    size: Size,
    focus: Pane,
    zoom: Zoom,
    views: Views,
    prompt: Option<Prompt>,
    /// Whether the prompt asks what nobody can have read yet: no key answers that.
    is_unread: bool,
    /// Editors that were opened so far.
    editors: u64,
    /// Looks for smells that were begun so far.
    looks: u64,
    sieve: Arc<Sieve>,
    theme: Theme,
    glyphs: Glyphs,
    mouse: Mouse,
    rights: Rights,
    /// What the last key did, where that cannot be seen; until the next one.
    notice: Option<String>,
}

impl Console {
    /// A console that shows `snapshot` on a terminal of `size`.
    pub(crate) fn new(snapshot: Arc<Snapshot>, options: ConsoleOptions, size: Size) -> Self {
        let ConsoleOptions { theme, glyphs, mouse, rights } = options;
        Self {
            snapshot,
            frozen: None,
            size,
            focus: Pane::Flows,
            zoom: Zoom::default(),
            views: Views::default(),
            prompt: None,
            is_unread: false,
            editors: 0,
            looks: 0,
            sieve: Arc::default(),
            theme,
            glyphs,
            mouse,
            rights,
            notice: None,
        }
    }

    /// Applies `message`.
    pub(crate) fn update(&mut self, message: Message) -> Option<Effect> {
        match message {
            Message::Snapshot(snapshot) => {
                self.snapshot = snapshot;
                self.views.refresh(&self.shown());
            }
            Message::EngineEnded => self.lose_engine(),
            Message::NoShell => self.notice = Some("there is no shell to go back to".into()),
            Message::Told(words) => self.notice = Some(words),
            Message::Proposed(proposal) => self.propose(*proposal),
            Message::Policy(news, asker) => self.learn(*news, asker),
            Message::Smelled(news) => self.smelled(*news),
            Message::Input(Event::Resize(width, height)) => self.size = Size { width, height },
            Message::Input(Event::Key(key)) => return self.press(key),
            Message::Input(Event::Mouse(event)) => self.pointed(event),
            Message::Input(Event::Paste(_)) if self.is_unread => {}
            Message::Input(Event::Paste(pasted)) => {
                if let (None, Some(editor)) = (&self.prompt, self.views.editor_mut()) {
                    editor.paste(&pasted);
                }
                let written = self.prompt.as_mut().and_then(|prompt| prompt.paste(&pasted));
                self.sift(written);
            }
            Message::Input(Event::FocusGained | Event::FocusLost) => {}
        }
        None
    }

    /// No packets come any more, whatever the last snapshot said.
    fn lose_engine(&mut self) {
        let source = &mut Arc::make_mut(&mut self.snapshot).source;
        if source.state == SourceState::Running {
            source.state = SourceState::Failed("the engine has ended".into());
        }
    }

    /// Whether a question is on the screen that nobody can have read yet.
    pub(crate) fn shows_unread(&self) -> bool {
        self.is_unread && !areas::is_too_small(self.size)
    }

    /// The question has been on the screen for long enough: keys answer it from now on.
    pub(crate) fn let_answer(&mut self) {
        self.is_unread = false;
    }

    /// How large the picture is to be.
    pub(crate) const fn size(&self) -> Size {
        self.size
    }

    /// The newest snapshot, whatever the panes show.
    pub(crate) fn newest(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The snapshot that the panes show.
    fn shown(&self) -> Arc<Snapshot> {
        Arc::clone(self.frozen.as_ref().unwrap_or(&self.snapshot))
    }

    /// What the panes show, and how.
    fn scene(&self) -> Scene {
        let snapshot = self.shown();
        let look = self.look(snapshot.now_us);
        Scene { snapshot, sieve: Arc::clone(&self.sieve), look }
    }

    fn look(&self, now_us: i64) -> Look {
        Look { theme: self.theme, glyphs: self.glyphs, now_us }
    }

    fn mode(&self) -> Mode {
        match &self.prompt {
            Some(prompt) => prompt.mode(),
            None if self.views.editor().is_some() => Mode::Editor,
            None if self.views.cover().is_some() => Mode::Page,
            None => Mode::Panes,
        }
    }

    fn press(&mut self, key: KeyEvent) -> Option<Effect> {
        if key.kind == KeyEventKind::Release {
            return None;
        }
        let action = keymap::action(self.mode(), &key);
        if self.is_unread && action != Some(Action::Quit) {
            return None;
        }
        self.notice = None;
        if let Some(action) = action {
            return self.act(action);
        }
        if self.mode() == Mode::Editor {
            if let Some(editor) = self.views.editor_mut() {
                editor.write(key);
            }
            return None;
        }
        let written = self.prompt.as_mut().and_then(|prompt| prompt.write(key));
        self.sift(written);
        None
    }

    /// Puts a filter in force, if there is a new one.
    fn sift(&mut self, sieve: Option<Sieve>) {
        if let Some(sieve) = sieve {
            self.sieve = Arc::new(sieve);
        }
    }

    /// The view that keys go to.
    fn top(&self) -> &dyn View {
        self.views.cover().unwrap_or_else(|| self.views.pane(self.focus))
    }

    /// As [`Console::top`], to change what was chosen in it.
    fn top_mut(&mut self) -> &mut dyn View {
        self.views.top_mut(self.focus)
    }
}
