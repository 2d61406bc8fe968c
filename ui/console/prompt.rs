//! The line in which a filter, a mute or the name of a command is written, or a question is answered.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_textarea::{CursorMove, TextArea};
use weir::incident::IncidentId;
use weir::posture::image::ImageName;

use super::limiting::{Draft, Limiting};
use super::muting::{Mistake, Muting};
use super::policing::WORD;
use super::scanning::image_of;
use super::{Effect, Motion, Sieve};
use crate::keymap::{Action, Binding, Mode};
use crate::panes::palette;
use crate::text;

/// Characters that can be written.
const LONGEST: usize = 256;

/// What is being written.
#[derive(Debug)]
pub(super) enum Purpose {
    /// The name of a command.
    Palette {
        /// Which of the commands that fit is chosen.
        chosen: usize,
    },
    /// A filter.
    Filter {
        /// The one that was in force before.
        before: Arc<Sieve>,
        /// What is wrong with what is written.
        mistake: Option<Mistake>,
    },
    /// A mute.
    Mute {
        /// What is wrong with what is written, once it was to be taken.
        mistake: Option<Mistake>,
    },
    /// A limit.
    Limit {
        /// The incident it answers.
        incident: Option<IncidentId>,
        /// What is wrong with what is written, once it was to be taken.
        mistake: Option<Mistake>,
    },
    /// The path of what is to be looked at for smells.
    Path,
    /// The name of an image.
    Image {
        /// What is wrong with what is written, once it was to be taken.
        mistake: Option<Mistake>,
    },
    /// Whether to do something.
    Question {
        /// What it is, in words.
        words: String,
        /// What it is.
        answer: Answer,
    },
    /// A word that says that somebody insists.
    Word {
        /// What is to be done then.
        effect: Effect,
        /// What is wrong with what is written, once it was to be taken.
        mistake: Option<Mistake>,
    },
}

/// What is done once a question is answered with yes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// This.
    Do(Effect),
    /// The editor is left.
    Leave,
    /// It begins with the next template.
    Template,
}

/// A line that is being written.
#[derive(Debug)]
pub(super) struct Prompt {
    purpose: Purpose,
    editor: TextArea<'static>,
}

impl Prompt {
    /// An empty line for the name of a command.
    pub(super) fn palette() -> Self {
        Self { purpose: Purpose::Palette { chosen: 0 }, editor: editor("") }
    }

    /// A line for a filter, which begins with the one in force.
    pub(super) fn filter(before: Arc<Sieve>) -> Self {
        let editor = editor(before.text());
        Self { purpose: Purpose::Filter { before, mistake: None }, editor }
    }

    /// A line for a mute, which begins with `draft`.
    pub(super) fn mute(draft: &str) -> Self {
        Self { purpose: Purpose::Mute { mistake: None }, editor: editor(draft) }
    }

    /// A line for a limit, which begins with `draft`.
    pub(super) fn limit(draft: &Draft) -> Self {
        let purpose = Purpose::Limit { incident: draft.incident, mistake: None };
        Self { purpose, editor: editor(&draft.text) }
    }

    /// A line for a path, which begins with the one before.
    pub(super) fn path(before: &str) -> Self {
        Self { purpose: Purpose::Path, editor: editor(before) }
    }

    /// An empty line for the name of an image.
    pub(super) fn image() -> Self {
        Self { purpose: Purpose::Image { mistake: None }, editor: editor("") }
    }

    /// A question whether to do what `words` say.
    pub(super) fn question(words: String, answer: Answer) -> Self {
        Self { purpose: Purpose::Question { words, answer }, editor: editor("") }
    }

    /// A line for the word that says that `effect` is wanted whatever it harms.
    pub(super) fn word(effect: Effect) -> Self {
        Self { purpose: Purpose::Word { effect, mistake: None }, editor: editor("") }
    }

    /// What keys do in it.
    pub(super) const fn mode(&self) -> Mode {
        match self.purpose {
            Purpose::Palette { .. } => Mode::Palette,
            Purpose::Filter { .. } => Mode::Filter,
            Purpose::Mute { .. } => Mode::Mute,
            Purpose::Limit { .. } => Mode::Limit,
            Purpose::Path => Mode::Path,
            Purpose::Image { .. } => Mode::Image,
            Purpose::Question { .. } => Mode::Question,
            Purpose::Word { .. } => Mode::Word,
        }
    }

    /// What stands before what is written.
    pub(super) fn label(&self) -> String {
        match &self.purpose {
            Purpose::Palette { .. } => " :".into(),
            Purpose::Filter { .. } => " /".into(),
            Purpose::Mute { .. } => " mute ".into(),
            Purpose::Limit { .. } => " limit ".into(),
            Purpose::Path => " look at ".into(),
            Purpose::Image { .. } => " scan ".into(),
            Purpose::Question { words, .. } => format!(" {words}? "),
            Purpose::Word { .. } => format!(" write `{WORD}` if it is to be done all the same: "),
        }
    }

    /// What it is for.
    pub(super) const fn purpose(&self) -> &Purpose {
        &self.purpose
    }

    /// Whether it is asked what becomes of what an editor holds.
    pub(super) const fn is_about_editor(&self) -> bool {
        matches!(self.purpose, Purpose::Question { answer: Answer::Leave | Answer::Template, .. })
    }

    /// What was written.
    pub(super) fn text(&self) -> &str {
        self.editor.lines().first().map_or("", String::as_str)
    }

    /// Characters before the cursor.
    pub(super) fn cursor(&self) -> usize {
        self.editor.cursor().1
    }

    /// What is wrong with what is written.
    pub(super) const fn mistake(&self) -> Option<&Mistake> {
        match &self.purpose {
            Purpose::Filter { mistake, .. }
            | Purpose::Mute { mistake }
            | Purpose::Limit { mistake, .. }
            | Purpose::Image { mistake }
            | Purpose::Word { mistake, .. } => mistake.as_ref(),
            Purpose::Palette { .. } | Purpose::Path | Purpose::Question { .. } => None,
        }
    }

    /// The mute that is written; where there is none, what is wrong is on the screen from now on.
    pub(super) fn muting(&mut self) -> Option<Muting> {
        let parsed = Muting::parse(self.text());
        let Purpose::Mute { mistake } = &mut self.purpose else { return None };
        parsed.map_err(|wrong| *mistake = Some(wrong)).ok()
    }

    /// The limit that is written, as [`Prompt::muting`].
    pub(super) fn limiting(&mut self) -> Option<Limiting> {
        let text = self.editor.lines().first().map_or("", String::as_str);
        let Purpose::Limit { incident, mistake } = &mut self.purpose else { return None };
        Limiting::parse(text, *incident).map_err(|wrong| *mistake = Some(wrong)).ok()
    }

    /// The image that is named, as [`Prompt::muting`].
    pub(super) fn named_image(&mut self) -> Option<ImageName> {
        let named = image_of(self.text());
        let Purpose::Image { mistake } = &mut self.purpose else { return None };
        named.map_err(|wrong| *mistake = Some(wrong)).ok()
    }

    /// What is wanted, where the word is written that says so.
    pub(super) fn insisted(&mut self) -> Option<Effect> {
        let text = self.editor.lines().first().map_or("", String::as_str);
        let Purpose::Word { effect, mistake } = &mut self.purpose else { return None };
        if text.trim() == WORD {
            return Some(effect.clone());
        }
        let message = format!("write `{WORD}`, or leave it with esc");
        *mistake = Some(Mistake { message, span: 0..text.len() });
        None
    }

    /// Takes a key that is bound to nothing; answers with the filter that is now to be in force.
    pub(super) fn write(&mut self, key: KeyEvent) -> Option<Sieve> {
        if matches!(self.purpose, Purpose::Question { .. }) {
            return None;
        }
        let is_full = self.text().chars().count() >= LONGEST;
        if key.code == KeyCode::Char('u') && key.modifiers == KeyModifiers::CONTROL {
            // As in a shell; the editor would undo.
            self.editor.delete_line_by_head();
        } else if !(is_full && matches!(key.code, KeyCode::Char(_))) {
            self.editor.input(key);
        }
        self.written()
    }

    /// Takes pasted text: one line of it, without what could harm a terminal.
    pub(super) fn paste(&mut self, pasted: &str) -> Option<Sieve> {
        if matches!(self.purpose, Purpose::Question { .. }) {
            return None;
        }
        let room = LONGEST.saturating_sub(self.text().chars().count());
        let taken: String = text::clean(pasted).chars().take(room).collect();
        self.editor.insert_str(taken);
        self.written()
    }

    /// Looks at what is written now. Of a filter with a mistake, what stands before that is taken.
    fn written(&mut self) -> Option<Sieve> {
        let text = self.editor.lines().first().map_or("", String::as_str);
        match &mut self.purpose {
            Purpose::Palette { chosen } => {
                *chosen = 0;
                None
            }
            Purpose::Path | Purpose::Question { .. } => None,
            Purpose::Word { mistake, .. } => {
                *mistake = None;
                None
            }
            Purpose::Mute { mistake } => {
                // While it is being mended it is as wrong as it was.
                if mistake.is_some() {
                    *mistake = Muting::parse(text).err();
                }
                None
            }
            Purpose::Limit { incident, mistake } => {
                if mistake.is_some() {
                    *mistake = Limiting::parse(text, *incident).err();
                }
                None
            }
            Purpose::Image { mistake } => {
                if mistake.is_some() {
                    *mistake = image_of(text).err();
                }
                None
            }
            Purpose::Filter { mistake, .. } => match Sieve::parse(text) {
                Ok(sieve) => {
                    *mistake = None;
                    Some(sieve)
                }
                Err(error) => {
                    let before = Sieve::before(text, error.span.start);
                    *mistake = Some(Mistake { message: error.message, span: error.span });
                    before
                }
            },
        }
    }

    /// Chooses another command.
    pub(super) fn step(&mut self, motion: Motion) {
        let count = palette::matching(self.text()).len();
        if let Purpose::Palette { chosen } = &mut self.purpose {
            *chosen = motion.from(*chosen, 1).min(count.saturating_sub(1));
        }
    }

    /// Writes the whole name of the chosen command.
    pub(super) fn complete(&mut self) {
        if let Some(binding) = self.fitting() {
            self.editor = editor(binding.command);
            self.written();
        }
    }

    /// What the chosen command does.
    pub(super) fn chosen(&self) -> Option<Action> {
        self.fitting().map(|binding| binding.action)
    }

    fn fitting(&self) -> Option<&'static Binding> {
        let Purpose::Palette { chosen } = self.purpose else { return None };
        palette::matching(self.text()).get(chosen).copied()
    }
}

/// An editor behind the last character of `text`.
fn editor(text: &str) -> TextArea<'static> {
    let mut editor = TextArea::from([text]);
    editor.move_cursor(CursorMove::End);
    editor
}
