//! The text of a policy while it is being written: numbered lines, what is wrong with it as it
//! stands, and what the API server said of it.
//!
//! It is checked when it is drawn and has changed since, so at most as often as the screen is.

mod sheet;

use std::cell::{Cell, OnceCell};

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde_json::Value;
use tui_textarea::{CursorMove, TextArea};
use weir::policy::{Guarded, Policy, PolicyMode, PolicyStatus, Problem, TEMPLATES};

use super::policy::harmless_yaml;
use super::proposal::Said;
use super::scroll::Scroll;
use super::{Focus, Scene, View};
use crate::text;
use crate::theme::Role;
use crate::widgets::wrap::wrapped;

/// Bytes that can be written; more is no policy.
const LONGEST: usize = 256 * 1024;

/// Which editor: what comes of what is asked in one is shown in no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EditorId(pub(crate) u64);

/// The page.
#[derive(Debug)]
pub(crate) struct PolicyEditor {
    id: EditorId,
    writing: TextArea<'static>,
    /// What it is about, for its title.
    about: String,
    /// What was there at first, or was applied last.
    saved: String,
    /// Which template comes next.
    template: usize,
    /// What the API server or the engine said of what is written now.
    said: Vec<Said>,
    checked: OnceCell<Result<Policy, Vec<Problem>>>,
    scroll: Cell<Scroll>,
}

impl PolicyEditor {
    /// An editor that begins with the first template.
    pub(crate) fn new(id: EditorId) -> Self {
        let mut editor = Self::with(id, "a new policy".into(), TEMPLATES[0].yaml);
        editor.template = 1;
        editor
    }

    /// An editor of a policy that the cluster has; none where only agents know of it.
    pub(crate) fn of(status: &PolicyStatus, id: EditorId) -> Option<Self> {
        let manifest = status.manifest.as_deref()?;
        Some(Self::with(id, text::clean(&status.name.to_string()), &harmless_yaml(manifest)))
    }

    fn with(id: EditorId, about: String, written: &str) -> Self {
        let mut writing = TextArea::from(written.lines());
        writing.set_tab_length(2);
        let saved = written.lines().collect::<Vec<_>>().join("\n");
        Self {
            id,
            writing,
            about,
            saved,
            template: 0,
            said: Vec::new(),
            checked: OnceCell::new(),
            scroll: Cell::default(),
        }
    }

    /// Which it is.
    pub(crate) const fn id(&self) -> EditorId {
        self.id
    }

    /// What is written.
    pub(crate) fn text(&self) -> String {
        self.writing.lines().join("\n")
    }

    /// Whether something is written that would be lost.
    pub(crate) fn is_changed(&self) -> bool {
        self.text() != self.saved
    }

    /// The policy that is written, else what is wrong with it.
    pub(crate) fn policy(&self) -> Result<&Policy, &[Problem]> {
        let checked = self.checked.get_or_init(|| Policy::from_yaml(&self.text()));
        checked.as_ref().map_err(Vec::as_slice)
    }

    /// The policy that is to be applied; where there is none, the cursor is at what is wrong.
    pub(crate) fn wanted(&mut self) -> Option<Policy> {
        match self.policy() {
            Ok(policy) => Some(policy.clone()),
            Err(problems) => {
                let at = problems.first().map_or((1, 1), |problem| (problem.line, problem.column));
                let place =
                    |number: usize| u16::try_from(number.saturating_sub(1)).unwrap_or(u16::MAX);
                self.writing.move_cursor(CursorMove::Jump(place(at.0), place(at.1)));
                None
            }
        }
    }

    /// `object` was applied; whether that is what stands here now.
    pub(crate) fn applied(&mut self, object: &Value) -> bool {
        let is_applied = self.policy().is_ok_and(|policy| policy.manifest() == object);
        if is_applied {
            self.saved = self.text();
        }
        is_applied
    }

    /// Shows what was said of the manifest `about`, which may have been changed since.
    pub(crate) fn tell(&mut self, said: Vec<Said>, about: Option<&Value>) {
        let is_here = |about: &Value| self.policy().is_ok_and(|here| here.manifest() == about);
        let is_past = about.is_some_and(|about| !is_here(about));
        self.said = said;
        if is_past {
            self.said
                .insert(0, Said::new(Role::Title, "of what stood here when it was asked:".into()));
        }
    }

    /// Takes a key that is bound to nothing.
    pub(crate) fn write(&mut self, key: KeyEvent) {
        let is_full = self.bytes() >= LONGEST;
        match key.code {
            KeyCode::Char(_) | KeyCode::Enter | KeyCode::Tab if is_full => return,
            // The next line of a list or a map begins where this one does.
            KeyCode::Enter => {
                let indent = self.indent();
                self.writing.insert_str(format!("\n{}", " ".repeat(indent)));
            }
            _ => {
                if !self.writing.input(key) {
                    return;
                }
            }
        }
        self.changed();
    }

    /// Takes pasted text, without what could harm a terminal.
    pub(crate) fn paste(&mut self, pasted: &str) {
        let pasted = pasted.replace("\r\n", "\n").replace(['\r'], "\n").replace('\t', "  ");
        let room = LONGEST.saturating_sub(self.bytes());
        let mut taken = text::harmless_lines(&pasted);
        if taken.len() > room {
            let end = (0..=room).rev().find(|at| taken.is_char_boundary(*at));
            taken.truncate(end.unwrap_or(0));
        }
        self.writing.insert_str(taken);
        self.changed();
    }

    /// Begins with the next template.
    pub(crate) fn next_template(&mut self) {
        let template = &TEMPLATES[self.template % TEMPLATES.len()];
        let saved = std::mem::take(&mut self.saved);
        let template_at = self.template + 1;
        let about = std::mem::take(&mut self.about);
        *self = Self::with(self.id, about, template.yaml);
        self.template = template_at;
        // A template over a policy of the cluster is a change of it.
        if TEMPLATES.iter().all(|one| one.yaml.trim_end() != saved) {
            self.saved = saved;
        }
        self.said = vec![Said::new(Role::Title, format!("{}: {}", template.name, template.about))];
    }

    /// Whether what is written is a template as it came.
    pub(crate) fn is_template(&self) -> bool {
        let written = self.text();
        TEMPLATES.iter().any(|one| one.yaml.trim_end() == written)
    }

    fn changed(&mut self) {
        self.checked = OnceCell::new();
        self.said.clear();
    }

    fn bytes(&self) -> usize {
        self.writing.lines().iter().map(|line| line.len() + 1).sum()
    }

    /// Blanks at the beginning of the line, as far as the cursor.
    fn indent(&self) -> usize {
        let (row, column) = self.cursor();
        let line = self.writing.lines().get(row).map_or("", String::as_str);
        line.chars().take(column).take_while(|character| *character == ' ').count()
    }

    fn cursor(&self) -> (usize, usize) {
        let cursor = self.writing.cursor();
        (cursor.0, cursor.1)
    }

    /// What stands below the text: what was said of it, else what is wrong, else what it would do.
    fn words(&self) -> Vec<Said> {
        if !self.said.is_empty() {
            return self.said.clone();
        }
        match self.policy() {
            Ok(policy) => of_policy(policy),
            Err(problems) => {
                let more = match problems.len() {
                    0 | 1 => String::new(),
                    count => format!(" (and {} more)", count - 1),
                };
                let first = problems.first().map(|problem| format!("{problem}{more}"));
                first.map(|words| Said::new(Role::Bad, words)).into_iter().collect()
            }
        }
    }

    fn footer(&self, columns: u16, height: u16) -> Vec<(Role, String)> {
        let room = usize::from(columns.saturating_sub(2));
        let most = usize::from(height / 3).max(1);
        let lines = self.words().into_iter().flat_map(move |said| {
            let (role, words) = (said.role(), said.text());
            wrapped(&words, room).into_iter().map(move |line| (role, line))
        });
        lines.take(most).collect()
    }
}

/// What a policy that is in order would do.
fn of_policy(policy: &Policy) -> Vec<Said> {
    let name = text::clean(&policy.name().to_string());
    let does = match (policy.actions().as_slice(), policy.mode()) {
        ([], _) => "only tells".to_owned(),
        (acts, Some(PolicyMode::Monitor)) => {
            format!("only tells what it would do ({})", acts.join(" "))
        }
        (acts, _) => format!("ACTS ({})", acts.join(" ")),
    };
    let mut said = vec![Said::new(Role::Good, format!("nothing is wrong; {name} {does}"))];
    // The engine knows of more that is needed; this is what is always so.
    let dangers = policy.dangers(&Guarded::default());
    said.extend(dangers.into_iter().take(1).map(|words| Said::new(Role::Warning, words)));
    said
}

impl View for PolicyEditor {
    fn title(&self, _scene: &Scene) -> String {
        let (row, column) = self.cursor();
        let state = if self.is_changed() { "not applied" } else { "unchanged" };
        format!("Write {} ─ {state} · line {}, column {}", self.about, row + 1, column + 1)
    }

    fn render(&self, scene: &Scene, _focus: Focus, area: Rect, buffer: &mut Buffer) {
        let footer = self.footer(area.width, area.height);
        let used = u16::try_from(footer.len()).unwrap_or(0).min(area.height);
        let sheet = Rect { height: area.height - used, ..area };
        let height = usize::from(sheet.height);
        let (row, column) = self.cursor();
        let lines = self.writing.lines();
        let mut scroll = self.scroll.get();
        scroll.follow(row, lines.len(), height);
        self.scroll.set(scroll);
        let problems = self.policy().err().unwrap_or_default();
        sheet::Sheet {
            lines,
            top: scroll.top(lines.len(), height),
            cursor: (row, column),
            problems,
        }
        .render(&scene.look, sheet, buffer);
        for ((role, words), y) in footer.iter().zip(sheet.bottom()..area.bottom()) {
            let columns = usize::from(area.width.saturating_sub(1));
            buffer.set_stringn(area.x + 1, y, words, columns, scene.look.style(*role));
        }
    }

    fn copy(&self, _scene: &Scene) -> Option<String> {
        Some(self.text() + "\n")
    }

    fn editor(&self) -> Option<&PolicyEditor> {
        Some(self)
    }

    fn editor_mut(&mut self) -> Option<&mut PolicyEditor> {
        Some(self)
    }
}
