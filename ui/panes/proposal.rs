//! What would be written to the cluster, object by object, for whoever is to agree to it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use weir::engine::{Applied, PolicyApplied, PolicyDeleted, Reverted, Written};
use weir::respond::Preview;

use super::scroll::Scroll;
use super::{Focus, Scene, View, chrome};
use crate::console::{Effect, Motion};
use crate::format;
use crate::text;
use crate::theme::Role;
use crate::widgets::wrap::wrapped;

/// Clients of a preview that are named.
const CLIENTS: usize = 8;

/// What a line that goes on begins with; as wide as the indent of YAML.
const GOES_ON: &str = "→ ";

/// Something that would be written, and the question whether it is to be.
#[derive(Debug)]
pub(crate) struct Proposal {
    /// The question, without its mark.
    pub(crate) question: String,
    /// What is to be done then.
    pub(crate) effect: Effect,
    /// What would be written, and what it would mean.
    pub(crate) lines: Vec<Said>,
}

/// A line of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said(Role, String);

impl Said {
    /// `words` that look as what they are.
    pub(crate) const fn new(role: Role, words: String) -> Self {
        Self(role, words)
    }

    /// How it looks.
    pub(crate) const fn role(&self) -> Role {
        self.0
    }

    /// The whole line, fit for a terminal.
    pub(crate) fn text(&self) -> String {
        text::harmless_lines(&self.1).replace('\n', " ")
    }
}

/// What setting a limit would write, and whom it would have refused.
pub(crate) fn of_limit(applied: &Applied) -> Vec<Said> {
    let mut lines = Vec::new();
    lines.extend(applied.preview.iter().flat_map(of_preview));
    lines.extend(applied.notes.iter().map(|note| Said(Role::Warning, note.clone())));
    lines.extend(applied.written.iter().flat_map(of_written));
    lines
}

/// What lifting one would write.
pub(crate) fn of_revert(reverted: &Reverted) -> Vec<Said> {
    let left = reverted.left.iter().map(|left| Said(Role::Warning, left.clone()));
    left.chain(reverted.written.iter().flat_map(of_written)).collect()
}

/// What applying a policy would change.
pub(crate) fn of_policy(applied: &PolicyApplied) -> Vec<Said> {
    let mut lines: Vec<_> =
        applied.notes.iter().map(|note| Said(Role::Warning, note.clone())).collect();
    let Written { object, how, .. } = &applied.written;
    lines.push(Said(Role::Title, format!("{how} {object}:")));
    lines.extend(of_diff(&applied.diff));
    lines
}

/// The lines of a diff, each looking as what it does.
fn of_diff(diff: &str) -> Vec<Said> {
    if diff.is_empty() {
        return vec![Said(Role::Dim, "nothing would change".into())];
    }
    let role = |line: &str| match line.as_bytes().first() {
        Some(b'+') => Role::Good,
        Some(b'-') => Role::Bad,
        Some(b'@') => Role::Dim,
        _ => Role::Text,
    };
    diff.lines().map(|line| Said(role(line), format!("  {line}"))).collect()
}

/// What deleting a policy would delete.
pub(crate) fn of_deleted(deleted: &PolicyDeleted) -> Vec<Said> {
    let notes = deleted.notes.iter().map(|note| Said(Role::Warning, note.clone()));
    notes.chain(of_written(&deleted.written)).collect()
}

/// Whom a limit would have refused.
pub(crate) fn of_preview(preview: &Preview) -> Vec<Said> {
    let span_us = preview.until_us.saturating_sub(preview.from_us);
    let mut lines = vec![Said(
        Role::Title,
        format!(
            "of {} requests in the last {}, {} would have been refused:",
            format::count(preview.asked()),
            format::span(span_us),
            format::count(preview.refused()),
        ),
    )];
    let refused = preview.clients.iter().filter(|client| client.refused > 0);
    lines.extend(refused.take(CLIENTS).map(|client| {
        let (refused, asked) = (format::count(client.refused), format::count(client.asked));
        Said(Role::Text, format!("  {}  {refused} of {asked}", client.client))
    }));
    lines.extend(preview.notes.iter().map(|note| Said(Role::Dim, note.clone())));
    lines.push(Said(Role::Text, String::new()));
    lines
}

/// An object as it is written.
pub(crate) fn of_written(written: &Written) -> Vec<Said> {
    let Written { object, how, body } = written;
    let mut lines = vec![Said(Role::Title, format!("{how} {object}:"))];
    // An object that cannot be written as YAML cannot be written as JSON either.
    let yaml = serde_yaml::to_string(body).unwrap_or_else(|error| error.to_string());
    lines.extend(yaml.lines().map(|line| Said(Role::Text, format!("  {line}"))));
    lines
}

/// The page that shows it.
#[derive(Debug)]
pub(crate) struct ProposalPage {
    lines: Vec<Said>,
    scroll: Scroll,
}

impl ProposalPage {
    /// A page of `lines`.
    pub(crate) fn new(lines: Vec<Said>) -> Self {
        Self { lines, scroll: Scroll::default() }
    }

    fn written(&self, columns: u16) -> Vec<(Role, String)> {
        let room = usize::from(columns.saturating_sub(2));
        let lines = self.lines.iter().flat_map(|line| {
            let Said(role, _) = line;
            let line = line.text();
            // What is indented is YAML, in which every blank counts.
            let parts =
                if line.starts_with(' ') { broken(&line, room) } else { wrapped(&line, room) };
            parts.into_iter().map(|part| (*role, part))
        });
        lines.collect()
    }
}

impl View for ProposalPage {
    fn title(&self, _scene: &Scene) -> String {
        "What would be written to the cluster".into()
    }

    fn render(&self, scene: &Scene, _focus: Focus, area: Rect, buffer: &mut Buffer) {
        let lines = self.written(area.width).into_iter();
        let lines: Vec<_> = lines
            .map(|(role, line)| Line::styled(format!(" {line}"), scene.look.style(role)))
            .collect();
        chrome::text(&lines, self.scroll.top(lines.len(), usize::from(area.height)), area, buffer);
    }

    fn step(&mut self, _scene: &Scene, motion: Motion, area: Rect) {
        let lines = self.written(area.width).len();
        self.scroll.step(motion, lines, usize::from(area.height));
    }

    fn copy(&self, _scene: &Scene) -> Option<String> {
        Some(self.lines.iter().map(|line| line.text() + "\n").collect())
    }
}

/// An indented `line` in parts of at most `columns`, none of it left out. Those that go on begin
/// with a mark where the line has its indent, and with what follows the last one at once.
fn broken(line: &str, columns: usize) -> Vec<String> {
    let room = columns.max(text::width(GOES_ON) + 2);
    let (mut parts, mut part, mut used) = (Vec::new(), String::new(), 0);
    for character in line.chars() {
        let wide = text::width(character.encode_utf8(&mut [0; 4]));
        if used + wide > room {
            parts.push(std::mem::replace(&mut part, GOES_ON.to_owned()));
            used = text::width(GOES_ON);
        }
        part.push(character);
        used += wide;
    }
    parts.push(part);
    parts
}
