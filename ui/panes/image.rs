//! The page of one image: what runs it, what is known to be wrong with it, and what mends that.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use weir::engine::{Found, ImageState, ImageStatus, Snapshot};
use weir::posture::image::{ScanSummary, Vulnerability, VulnerabilitySeverity};

use super::facts::{self, Fact};
use super::scan::{
    BLANK, anew, mendable, old_database, role, short_name, standing, unmended, vulnerability,
};
use super::scroll::Scroll;
use super::{Focus, Scene, Subject, View, chrome};
use crate::console::Motion;
use crate::format;
use crate::look::Look;
use crate::text;
use crate::theme::Role;

/// Workloads and pods that are named.
const NAMED: usize = 20;

/// What is so of an image, whatever is wrong with it.
fn facts(row: &ImageStatus) -> Vec<Fact> {
    let ImageStatus { image, digest, workloads, pods, state, found } = row;
    let (words, role) = standing(row);
    let mut facts = vec![Fact::new("image", text::clean(image.as_str()))];
    facts.extend(digest.as_deref().map(|digest| Fact::new("digest", text::clean(digest))));
    facts.push(Fact::told("state", words, role));
    match (found, state) {
        (Some(Found { scanned_us, database_us, summary }), _) => {
            facts.extend(anew(row).map(|(words, role)| Fact::told("now", words, role)));
            facts.push(Fact::new("scanned", format::moment(*scanned_us)));
            facts.extend(old_database(*database_us, *scanned_us));
            facts.extend(in_it(summary));
        }
        (None, ImageState::Scanning(step)) => facts.push(Fact::new("doing", step.words())),
        (None, ImageState::Failed(why)) => {
            facts.push(Fact::told("why", text::clean(why), Role::Bad));
        }
        (None, ImageState::Unknown | ImageState::Waiting | ImageState::Scanned) => {}
    }
    let workloads: Vec<_> =
        workloads.iter().map(|running| text::clean(&running.to_string())).collect();
    facts.push(Fact::new("workloads", some(&workloads)));
    let name = |(namespace, pod): &(String, String)| text::clean(&format!("{namespace}/{pod}"));
    let pods: Vec<_> = pods.iter().map(name).collect();
    facts.push(Fact::new("pods", some(&pods)));
    facts
}

/// How many there are, and the names of the first.
fn some(names: &[String]) -> String {
    if names.is_empty() {
        return "none that is known".into();
    }
    let shown: Vec<_> = names.iter().take(NAMED).map(String::as_str).collect();
    let more = if names.len() > shown.len() { ", …" } else { "" };
    format!("{}: {}{more}", format::count(names.len() as u64), shown.join(", "))
}

/// What was found, by how bad it is.
fn in_it(summary: &ScanSummary) -> Vec<Fact> {
    let ScanSummary { os, is_end_of_life, counts, exploited, secrets, is_blank, .. } = summary;
    let mut facts = Vec::new();
    facts.extend(is_blank.then(|| Fact::told("unreadable", BLANK, Role::Warning)));
    facts.extend(os.as_deref().map(|os| Fact::new("system", text::clean(os))));
    facts.extend(
        is_end_of_life.then(|| Fact::told("end of life", unmended(summary), Role::Warning)),
    );
    if *exploited > 0 {
        let words = format!("{} known to be exploited", format::count(*exploited as u64));
        facts.push(Fact::told("exploited", words, Role::Critical));
    }
    let found = |severity: VulnerabilitySeverity| {
        let count = counts.of(severity);
        let words = format!("{}{}", format::count(count as u64), mendable(summary, severity));
        (count > 0).then(|| Fact::told(severity.name(), words, role(severity)))
    };
    facts.extend(VulnerabilitySeverity::ALL.into_iter().filter_map(found));
    if *secrets > 0 {
        let words = format!("{} in its files", format::counted(*secrets as u64, "secret"));
        facts.push(Fact::told("secrets", words, Role::Bad));
    }
    facts
}

/// The most urgent vulnerabilities, and where the others are told of.
fn urgent(row: &ImageStatus) -> Vec<Fact> {
    let Some(Found { summary, .. }) = &row.found else { return Vec::new() };
    let mut facts: Vec<_> = summary.urgent.iter().flat_map(described).collect();
    let more = summary.counts.total().saturating_sub(summary.urgent.len());
    if more > 0 {
        let (more, image) = (format::count(more as u64), text::clean(row.image.as_str()));
        let words = format!(
            "{more}, which are less urgent: `weir scan {image} --format json` and the API give the \
             whole report"
        );
        facts.push(Fact::told("more", words, Role::Dim));
    }
    facts
}

/// What a vulnerability is, and where; what is not said of it is left out.
fn described(one: &Vulnerability) -> Vec<Fact> {
    let look = if one.is_exploited { Role::Critical } else { role(one.severity) };
    let mut facts = vec![Fact::told(one.severity.name(), vulnerability(one), look)];
    let texts = [&one.title, &one.target, &one.url].into_iter().filter(|text| !text.is_empty());
    facts.extend(texts.map(|words| Fact::told("", text::clean(words), Role::Dim)));
    facts
}

/// The page. It keeps what it shows, should newer snapshots no longer have it.
#[derive(Debug)]
pub(crate) struct ImagePage {
    shown: Arc<ImageStatus>,
    scroll: Scroll,
}

impl ImagePage {
    /// All of `shown`.
    pub(crate) fn new(shown: Arc<ImageStatus>) -> Self {
        Self { shown, scroll: Scroll::default() }
    }

    fn lines(&self, look: &Look, columns: u16) -> Vec<Line<'static>> {
        let mut lines = facts::lines(&facts(&self.shown), columns, look);
        let urgent = urgent(&self.shown);
        if !urgent.is_empty() {
            lines.push(Line::default());
            lines.push(Line::styled(" The most urgent vulnerabilities", look.style(Role::Title)));
            lines.extend(facts::lines(&urgent, columns, look));
        }
        lines
    }
}

impl View for ImagePage {
    fn title(&self, _scene: &Scene) -> String {
        let (words, _) = standing(&self.shown);
        let found = self.shown.found.as_ref();
        let at = found.map(|found| format!(", scanned {}", format::minute(found.scanned_us)));
        format!("Image {} ─ {words}{}", short_name(&self.shown.image), at.unwrap_or_default())
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
        let (facts, urgent) = (facts(&self.shown), urgent(&self.shown));
        Some(format!("{}\n{}", facts::written(&facts), facts::written(&urgent)))
    }

    fn subject(&self, _scene: &Scene) -> Option<Subject> {
        Some(Subject::Image(Arc::clone(&self.shown)))
    }

    fn refresh(&mut self, snapshot: &Snapshot) {
        let is_same = |row: &&Arc<ImageStatus>| {
            row.image == self.shown.image && row.digest == self.shown.digest
        };
        if let Some(newer) = snapshot.scans.images.iter().find(is_same) {
            self.shown = Arc::clone(newer);
        }
    }
}
