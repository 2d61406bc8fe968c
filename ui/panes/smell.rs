//! The page of one object that smells: what is wrong, in which line, why that matters, and how it is
//! mended.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use weir::posture::{Finding, Manifests, Smell};

use super::facts::{self, Fact};
use super::scroll::Scroll;
use super::{Focus, Scene, View, chrome};
use crate::console::Motion;
use crate::format;
use crate::look::Look;
use crate::smells::excerpt::{Excerpt, quoted, role};
use crate::smells::findings::{Culprit, Findings, by_severity};
use crate::text;
use crate::theme::Role;

/// Smells of one object that are told.
const MOST: usize = 200;

/// Columns of the name of the object in the title.
const NAME_COLUMNS: usize = 48;

/// Columns of what stands before a line of a file, at most.
const MARGIN: usize = 12;

/// Characters of a line of a file that are copied.
const COPIED: usize = 200;

/// What stands before each line of YAML.
const INDENT: &str = "    ";

/// What is wrong, with what, and where.
fn facts(finding: &Finding, manifests: &Manifests) -> Vec<Fact> {
    let smell = Smell::new(finding, manifests);
    let check = smell.check;
    let title = format!("{} {}", check.id, check.title);
    let mut facts = vec![
        Fact::told(check.severity.name(), title, role(check.severity)),
        Fact::new("what", text::clean(smell.message)),
    ];
    facts.extend(smell.container.map(|name| Fact::new("container", text::clean(name))));
    if !smell.path.is_empty() {
        facts.push(Fact::new("field", text::clean(smell.path)));
    }
    let file = text::clean(smell.file);
    let place = match (smell.line, smell.column) {
        (Some(line), Some(column)) => format!("{file}:{line}:{column}"),
        _ => file,
    };
    facts.push(Fact::new("where", place));
    facts
}

/// All that is said of a finding, in lines of at most `columns`.
fn lines(
    finding: &Finding,
    manifests: &Manifests,
    columns: u16,
    look: &Look,
) -> Vec<Line<'static>> {
    let mut lines = facts::lines(&facts(finding, manifests), columns, look);
    let room = usize::from(columns).saturating_sub(MARGIN);
    let excerpt = quoted(finding, manifests, room).into_iter().flatten();
    lines.extend([Role::Text, Role::Mistake].into_iter().zip(excerpt).map(|(role, row)| {
        let Excerpt { margin, text } = row;
        Line::from_iter([
            Span::styled(margin, look.style(Role::Dim)),
            Span::styled(text, look.style(role)),
        ])
    }));
    lines.extend(facts::lines(&[Fact::new("why", finding.check.why)], columns, look));
    lines.push(Line::styled(" mend", look.style(Role::Dim)));
    let mend = finding.check.mend.lines();
    lines.extend(mend.map(|line| Line::styled(format!("{INDENT}{line}"), look.style(Role::Good))));
    lines
}

/// The same as text.
fn written(finding: &Finding, manifests: &Manifests) -> String {
    let excerpt = quoted(finding, manifests, COPIED).into_iter().flatten();
    let mend = finding.check.mend.lines();
    [facts::written(&facts(finding, manifests))]
        .into_iter()
        .chain(excerpt.map(|Excerpt { margin, text }| format!("{margin}{text}\n")))
        .chain([facts::written(&[Fact::new("why", finding.check.why)]), "mend:\n".into()])
        .chain(mend.map(|line| format!("{INDENT}{line}\n")))
        .collect()
}

/// The page.
#[derive(Debug)]
pub(crate) struct SmellPage {
    findings: Arc<Findings>,
    shown: Arc<Culprit>,
    scroll: Scroll,
}

impl SmellPage {
    /// The page of `shown`, one of those in whom something was found.
    pub(crate) fn new(findings: Arc<Findings>, shown: Arc<Culprit>) -> Self {
        Self { findings, shown, scroll: Scroll::default() }
    }

    fn lines(&self, look: &Look, columns: u16) -> Vec<Line<'static>> {
        let mut all = Vec::new();
        for finding in self.findings.of_object(&self.shown).take(MOST) {
            if !all.is_empty() {
                all.push(Line::default());
            }
            all.extend(lines(finding, &self.findings.manifests, columns, look));
        }
        if let Some(more) = self.more() {
            all.extend([Line::default(), Line::styled(more, look.style(Role::Warning))]);
        }
        all
    }

    /// How many smells are not told, if there are any.
    fn more(&self) -> Option<String> {
        let more = self.shown.counts.iter().sum::<usize>().saturating_sub(MOST) as u64;
        (more > 0).then(|| {
            let smells = format::counted(more, "more smell");
            format!(" and {smells}, which `weir smells` prints")
        })
    }
}

impl View for SmellPage {
    fn title(&self, _scene: &Scene) -> String {
        let name = text::clean(&self.shown.name.to_string());
        let name = text::clip_middle(&name, NAME_COLUMNS);
        format!("{name} ─ {}", by_severity(self.shown.counts))
    }

    fn render(&self, scene: &Scene, _focus: Focus, area: Rect, buffer: &mut Buffer) {
        let lines = self.lines(&scene.look, area.width);
        chrome::text(&lines, self.scroll.top(lines.len(), usize::from(area.height)), area, buffer);
    }

    fn step(&mut self, scene: &Scene, motion: Motion, area: Rect) {
        let lines = self.lines(&scene.look, area.width).len();
        self.scroll.step(motion, lines, usize::from(area.height));
    }

    fn copy(&self, _scene: &Scene) -> Option<String> {
        let smells = self.findings.of_object(&self.shown).take(MOST);
        let told =
            smells.map(|finding| format!("\n{}", written(finding, &self.findings.manifests)));
        let more = self.more().map(|more| format!("\n{}\n", more.trim_start()));
        let name = text::clean(&self.shown.name.to_string());
        Some([format!("{name}\n")].into_iter().chain(told).chain(more).collect())
    }
}
