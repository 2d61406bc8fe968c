//! What each action does.

use std::sync::Arc;

use ratatui::layout::Rect;

use super::areas::{self, Areas};
use super::prompt::{Answer, Prompt, Purpose};
use super::{Console, Effect, LimitWish, Motion, Pane, Zoom};
use crate::keymap::{Action, Mode};
use crate::panes::View;
use crate::panes::chrome;
use crate::panes::decisions::Decisions;
use crate::panes::images::Images;
use crate::panes::map::Map;
use crate::panes::mutes::Mutes;
use crate::panes::outbox::Outbox;
use crate::panes::policies::Policies;
use crate::terminal::Mouse;
use crate::text;

impl Console {
    /// Does what `action` asks for.
    pub(super) fn act(&mut self, action: Action) -> Option<Effect> {
        match action {
            Action::Acknowledge
            | Action::Resolve
            | Action::Mute
            | Action::Undo
            | Action::Limit
            | Action::Retry
            | Action::NewPolicy
            | Action::EditPolicy
            | Action::DeletePolicy
            | Action::SwitchPolicy => return self.deed(action),
            Action::CheckPolicy | Action::ApplyPolicy | Action::Template => {
                return self.edit(action);
            }
            Action::Scan | Action::ScanAll | Action::ScanNamed => return self.scan(action),
            Action::Images => self.lay(Images::default()),
            Action::Smells => return self.show_smells(),
            Action::SmellsOfCluster => return self.smell_cluster(),
            Action::SmellsOfPath => self.ask_path(),
            Action::Policies => self.lay(Policies::default()),
            Action::Decisions => self.lay(Decisions::default()),
            Action::Map => self.lay(Map::default()),
            Action::Outbox => self.lay(Outbox::default()),
            Action::Mutes => self.lay(Mutes::default()),
            Action::Quit => return Some(Effect::Quit),
            Action::Suspend => return Some(Effect::Suspend),
            Action::Copy => return self.copy(),
            Action::Mouse => return Some(self.toggle_mouse()),
            Action::Help => self.views.toggle_help(),
            Action::Filter => self.prompt = Some(Prompt::filter(self.sieve.clone())),
            Action::Palette => self.prompt = Some(Prompt::palette()),
            Action::Freeze => self.toggle_freeze(),
            Action::Open => self.open(),
            Action::Back => self.back(),
            Action::Focus(pane) => self.focus_on(pane),
            Action::NextPane => self.focus_on(self.focus.next()),
            Action::PreviousPane => self.focus_on(self.focus.previous()),
            Action::Move(motion) => self.step(motion),
            Action::Zoom => {
                self.zoom = if self.zoom == Zoom::Filled { Zoom::Shared } else { Zoom::Filled };
            }
            Action::Sort => self.top_mut().sort(),
            Action::ReverseSort => self.top_mut().reverse(),
            Action::Theme => {
                self.theme = self.theme.next();
                self.notice = Some(format!("theme {}", self.theme.name()));
            }
            Action::Accept => return self.accept(),
            Action::Complete => {
                if let Some(prompt) = &mut self.prompt {
                    prompt.complete();
                }
            }
        }
        None
    }

    /// Turns to a pane, away from whatever was opened.
    pub(super) fn focus_on(&mut self, pane: Pane) {
        self.views.uncover();
        self.focus = pane;
    }

    fn step(&mut self, motion: Motion) {
        if let Some(prompt) = &mut self.prompt {
            prompt.step(motion);
            return;
        }
        let (scene, area) = (self.scene(), self.top_area());
        self.top_mut().step(&scene, motion, area);
    }

    /// Lays a page over what is seen, or says why it cannot be.
    pub(super) fn lay(&mut self, page: impl View + 'static) {
        self.lay_any(Box::new(page));
    }

    /// As [`Console::lay`]; says whether it could be.
    pub(super) fn lay_any(&mut self, page: Box<dyn View>) -> bool {
        let is_laid = self.views.open(page);
        if !is_laid {
            self.notice = Some("too many pages lie one over the other: leave some with esc".into());
        }
        is_laid
    }

    fn open(&mut self) {
        if let Some(page) = self.top().open(&self.scene()) {
            self.lay_any(page);
        }
    }

    /// Undoes the last of what hides something else.
    fn back(&mut self) {
        if let Some(prompt) = self.prompt.take() {
            match prompt.purpose() {
                Purpose::Filter { before, .. } => self.sieve = before.clone(),
                Purpose::Question {
                    answer: Answer::Do(Effect::Limit(_) | Effect::Policy(..)),
                    ..
                }
                | Purpose::Word { .. } => {
                    // What was not agreed to is not to be looked at any longer.
                    self.views.close();
                }
                _ => {}
            }
        } else if self.views.editor().is_some() {
            self.leave_editor();
        } else if self.views.close() {
            // That is what was to go.
        } else if self.zoom == Zoom::Filled {
            self.zoom = Zoom::Shared;
        } else {
            self.sieve = Arc::default();
        }
    }

    fn toggle_freeze(&mut self) {
        self.frozen = match self.frozen {
            Some(_) => None,
            None => Some(self.snapshot.clone()),
        };
        self.views.refresh(&self.shown());
    }

    fn toggle_mouse(&mut self) -> Effect {
        self.mouse = match self.mouse {
            Mouse::Taken => Mouse::Left,
            Mouse::Left => Mouse::Taken,
        };
        self.notice = Some(match self.mouse {
            Mouse::Taken => "the mouse selects and scrolls".into(),
            Mouse::Left => "the mouse is left to the terminal".into(),
        });
        Effect::Mouse(self.mouse)
    }

    fn copy(&mut self) -> Option<Effect> {
        let copied = self.top().copy(&self.scene());
        self.notice = Some(match &copied {
            Some(copied) => format!("sent {} lines to the clipboard", copied.lines().count()),
            None => "there is nothing to copy here".into(),
        });
        copied.map(Effect::Copy)
    }

    fn accept(&mut self) -> Option<Effect> {
        if self.mode() == Mode::Mute {
            // What is wrong with it is on the screen from now on; it can be mended.
            let muting = self.prompt.as_mut().and_then(Prompt::muting)?;
            self.prompt = None;
            return Some(Effect::Mute(muting));
        }
        if self.mode() == Mode::Limit {
            let limiting = self.prompt.as_mut().and_then(Prompt::limiting)?;
            self.prompt = None;
            self.notice = Some("asking the API server what this would write".into());
            return Some(Effect::Limit(LimitWish::ProposeApply(Box::new(limiting))));
        }
        if self.mode() == Mode::Image {
            return self.scan_written();
        }
        if self.mode() == Mode::Path {
            return self.smell_path();
        }
        if self.mode() == Mode::Word {
            let effect = self.prompt.as_mut().and_then(Prompt::insisted)?;
            self.prompt = None;
            self.views.close();
            return Some(effect);
        }
        // What is wrong with a filter is on the screen already.
        let prompt = self.prompt.take_if(|prompt| prompt.mistake().is_none())?;
        match prompt.purpose() {
            Purpose::Filter { .. } => return None,
            Purpose::Question { answer, .. } => return self.answer(answer.clone()),
            Purpose::Palette { .. }
            | Purpose::Mute { .. }
            | Purpose::Limit { .. }
            | Purpose::Path
            | Purpose::Image { .. }
            | Purpose::Word { .. } => {}
        }
        if let Some(action) = prompt.chosen() {
            return self.act(action);
        }
        // What a fault of the program does to the terminal can be tried, but not in a release.
        assert!(!cfg!(debug_assertions) || prompt.text() != "panic", "asked for by name");
        let written = text::clip(prompt.text(), 30);
        self.notice = Some(format!("no command is called `{written}`"));
        None
    }

    /// Does what was asked about and agreed to.
    fn answer(&mut self, answer: Answer) -> Option<Effect> {
        match answer {
            Answer::Do(effect) => {
                if matches!(effect, Effect::Limit(_) | Effect::Policy(..)) {
                    self.views.close();
                }
                return Some(effect);
            }
            Answer::Leave => {
                self.views.close();
            }
            Answer::Template => {
                if let Some(editor) = self.views.editor_mut() {
                    editor.next_template();
                }
            }
        }
        None
    }

    /// The parts of the screen as it is.
    pub(super) fn areas(&self) -> Areas {
        Areas::new(self.size, u16::from(self.prompt.is_some()))
    }

    /// The panes that are seen, and where.
    pub(super) fn panes(&self) -> Vec<(Pane, Rect)> {
        areas::panes(self.areas().body, self.size, self.focus, self.zoom)
    }

    /// Where the view that keys go to is drawn, inside its frame.
    pub(super) fn top_area(&self) -> Rect {
        let body = self.areas().body;
        if self.views.cover().is_some() {
            return chrome::inside(body);
        }
        let focused = self.panes().into_iter().find(|(pane, _)| *pane == self.focus);
        chrome::inside(focused.map_or(body, |(_, area)| area))
    }
}
