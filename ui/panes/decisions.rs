//! The page of what was decided about attacks, the newest first: what was done, and why not more.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use weir::respond::{Decision, DecisionKind};

use super::scroll::Scroll;
use super::{Focus, Scene, View, chrome};
use crate::console::Motion;
use crate::format;
use crate::look::Look;
use crate::text;
use crate::theme::Role;
use crate::widgets::wrap::wrapped;

/// The page.
#[derive(Debug, Default)]
pub(crate) struct Decisions {
    scroll: Scroll,
}

/// How what was decided looks.
pub(super) const fn role(kind: DecisionKind) -> Role {
    match kind {
        DecisionKind::Failed => Role::Bad,
        DecisionKind::Overridden | DecisionKind::Recommended | DecisionKind::Loosened => {
            Role::Warning
        }
        DecisionKind::Applied | DecisionKind::Lifted | DecisionKind::Expired => Role::Good,
        DecisionKind::Checked | DecisionKind::Refused => Role::Text,
    }
}

/// When, what and where stand on one line, why below it.
fn of(decision: &Decision, columns: u16, look: &Look) -> Vec<Line<'static>> {
    let place = decision.ingress.as_ref().map(|ingress| text::clean(&ingress.to_string()));
    let class = decision.class.map(weir::detect::Class::name);
    let incident = decision.incident.map(|id| id.to_string());
    let about: Vec<String> =
        [place, class.map(str::to_owned), incident].into_iter().flatten().collect();
    let head = Line::from_iter([
        Span::styled(format!(" {}  ", format::clock(decision.at_us)), look.style(Role::Dim)),
        Span::styled(format!("{:<12}", decision.kind.name()), look.style(role(decision.kind))),
        Span::styled(about.join("  "), look.style(Role::Title)),
    ]);
    let room = usize::from(columns.saturating_sub(6));
    let why = wrapped(&text::clean(&decision.text), room).into_iter();
    let why = why.map(|line| Line::styled(format!("     {line}"), look.style(Role::Text)));
    [head].into_iter().chain(why).collect()
}

fn lines(scene: &Scene, columns: u16) -> Vec<Line<'static>> {
    let decisions = scene.snapshot.response.decisions.iter();
    decisions.flat_map(|decision| of(decision, columns, &scene.look)).collect()
}

impl View for Decisions {
    fn title(&self, scene: &Scene) -> String {
        let response = &scene.snapshot.response;
        let count = format::count(response.decisions.len() as u64);
        format!("Decisions ─ {count} · mode {}", response.mode.name())
    }

    fn render(&self, scene: &Scene, _focus: Focus, area: Rect, buffer: &mut Buffer) {
        let lines = lines(scene, area.width);
        if lines.is_empty() {
            let words =
                "nothing was decided yet: no incident called for a limit, and nobody set one";
            chrome::sentence(words, Role::Dim, &scene.look, area, buffer);
            return;
        }
        let top = self.scroll.top(lines.len(), usize::from(area.height));
        chrome::text(&lines, top, area, buffer);
    }

    fn step(&mut self, scene: &Scene, motion: Motion, area: Rect) {
        let lines = lines(scene, area.width).len();
        self.scroll.step(motion, lines, usize::from(area.height));
    }

    fn copy(&self, scene: &Scene) -> Option<String> {
        let decisions = scene.snapshot.response.decisions.iter().map(|decision| {
            let (at, kind) = (format::moment(decision.at_us), decision.kind.name());
            let place = decision.ingress.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("{at} {kind} {} {}\n", text::clean(&place), text::clean(&decision.text))
        });
        Some(decisions.collect())
    }
}
