//! The page of smells: what was looked at, a cluster, a file or a folder, and the objects in it that
//! smell, the worst first.

mod row;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use weir::cluster::Link;
use weir::posture::{Counts, Fault, Notice, Source};

use super::listing::Listing;
use super::smell::SmellPage;
use super::{Focus, Scene, View, chrome};
use crate::console::{Motion, SmellsNews, SmellsPlace, SmellsWish};
use crate::format;
use crate::smells::findings::{Culprit, Findings, by_severity};
use crate::smells::{is_whole, placed};
use crate::text;
use crate::theme::Role;

/// Lines that the list keeps, the names of the columns among them, however much is said above it.
const LIST_LINES: u16 = 6;

/// How many things of one kind are said above the list.
const FEW: usize = 2;

/// Columns of the place in the title.
const PLACE_COLUMNS: usize = 32;

/// What was looked at last, and what came of that.
#[derive(Debug)]
struct Seen {
    place: SmellsPlace,
    outcome: Result<Arc<Findings>, String>,
}

/// The page.
#[derive(Debug, Default)]
pub(crate) struct Smells {
    /// What is being looked at.
    awaited: Option<SmellsWish>,
    seen: Option<Seen>,
    listing: Listing<Culprit>,
}

impl Smells {
    /// Waits for what comes of `wish`, and of nothing else any more.
    pub(crate) fn begin(&mut self, wish: SmellsWish) {
        // Until it is known what is there now, what was there before is better than nothing; but
        // what is elsewhere is not.
        if self.seen.as_ref().is_some_and(|seen| seen.place != wish.place) {
            self.seen = None;
            self.listing = Listing::default();
        }
        self.awaited = Some(wish);
    }

    /// Takes what came of a look, if that is what is waited for.
    pub(crate) fn take(&mut self, news: SmellsNews) {
        let awaited = self.awaited.take_if(|wish| wish.number == news.number);
        if let Some(SmellsWish { place, .. }) = awaited {
            self.seen = Some(Seen { place, outcome: news.outcome.map(Arc::new) });
        }
    }

    /// The path that is or was looked at.
    pub(crate) fn path(&self) -> Option<&str> {
        let seen = self.seen.as_ref().map(|seen| &seen.place);
        match self.awaited.as_ref().map(|wish| &wish.place).or(seen)? {
            SmellsPlace::Path(path) => Some(path),
            SmellsPlace::Cluster => None,
        }
    }

    fn findings(&self) -> Option<&Arc<Findings>> {
        self.seen.as_ref()?.outcome.as_ref().ok()
    }

    fn rows(&self) -> Vec<Arc<Culprit>> {
        let mut rows =
            self.findings().map(|findings| findings.culprits.clone()).unwrap_or_default();
        self.listing.arrange(&mut rows);
        rows
    }

    fn selected(&self) -> Option<Arc<Culprit>> {
        let rows = self.rows();
        self.listing.index(&rows).and_then(|at| rows.get(at).cloned())
    }

    /// What must be said before the list, or why there is none.
    fn words(&self, scene: &Scene) -> Vec<(Role, String)> {
        let looking = |wish: &SmellsWish| (Role::Title, format!("looking at {} …", wish.place));
        let mut words: Vec<_> = self.awaited.iter().map(looking).collect();
        match &self.seen {
            Some(Seen { place, outcome: Ok(findings) }) => words.extend(told(place, findings)),
            Some(Seen { place, outcome: Err(why) }) => {
                words.push((Role::Bad, format!("{place}: {}", text::clean(why))));
            }
            None if self.awaited.is_some() => {}
            None => words.extend(invitation(&scene.snapshot.cluster.link)),
        }
        words
    }

    /// Where the words stand, and below them the list.
    fn split(&self, words: &[(Role, String)], area: Rect) -> [Rect; 2] {
        let is_empty = self.findings().is_none_or(|findings| findings.culprits.is_empty());
        chrome::split_sentences(words, if is_empty { 0 } else { LIST_LINES }, area)
    }

    fn below(&self, scene: &Scene, area: Rect) -> Rect {
        let [_, below] = self.split(&self.words(scene), area);
        below
    }
}

/// What can be looked at, while nothing was.
fn invitation(link: &Link) -> Vec<(Role, String)> {
    let files = "`f` looks at a file or a folder of manifests";
    match link {
        Link::Absent(why) => vec![(Role::Dim, text::clean(why)), (Role::Text, files.into())],
        Link::Connecting | Link::Up | Link::Down { .. } => {
            vec![(Role::Text, format!("`c` looks at what runs in the cluster, {files}"))]
        }
    }
}

/// What is to be known of what was found, or that nothing was.
fn told(place: &SmellsPlace, findings: &Findings) -> Vec<(Role, String)> {
    let Findings { manifests, report, is_cut, .. } = findings;
    let sources = || manifests.sources().iter();
    let unread = sources().flat_map(|one| one.faults.iter().map(move |why| blamed(one, why)));
    let others = sources().flat_map(|one| one.others.iter().map(move |why| blamed(one, why)));
    let notices = report.notices.iter().map(|Notice { source, at, message }| {
        match source.and_then(|number| manifests.sources().get(number)) {
            Some(source) => format!("{}: {message}", placed(source, *at)),
            None => message.clone(),
        }
    });
    let mut words = few(Role::Bad, "not read: ", unread);
    let is_whole = is_whole(manifests) && !is_cut;
    if *place == SmellsPlace::Cluster && !is_whole {
        let lost = "so nothing is told that only shows beside other objects";
        words.push((Role::Bad, lost.into()));
    }
    words.extend(few(Role::Dim, "passed over: ", others));
    words.extend(few(Role::Warning, "note: ", notices));
    if report.ignored > 0 {
        let smells = format::counted(report.ignored as u64, "smell");
        words.push((Role::Dim, format!("{smells} let be by annotations or settings")));
    }
    let objects = format::counted(report.objects as u64, "object");
    if report.objects == 0 {
        words.push((Role::Warning, "nothing was found to look at: no object of Kubernetes".into()));
    } else if report.findings.is_empty() && is_whole {
        words.push((Role::Good, format!("no smells in {objects}")));
    } else if report.findings.is_empty() {
        words.push((Role::Warning, format!("no smells in {objects}, which are not all")));
    }
    words
}

fn blamed(source: &Source, Fault { at, message }: &Fault) -> String {
    format!("{}: {message}", placed(source, *at))
}

/// The first of `all`, and how many more there are.
fn few(role: Role, head: &str, mut all: impl Iterator<Item = String>) -> Vec<(Role, String)> {
    let first = all.by_ref().take(FEW).map(|one| (role, text::clean(&format!("{head}{one}"))));
    let mut words: Vec<_> = first.collect();
    let more = all.count() as u64;
    if more > 0 {
        words.push((role, format!("{head}{} more", format::count(more))));
    }
    words
}

impl View for Smells {
    fn title(&self, _scene: &Scene) -> String {
        let (Some(seen), Some(findings)) = (&self.seen, self.findings()) else {
            return "Smells".into();
        };
        let place = text::clip_middle(&seen.place.to_string(), PLACE_COLUMNS);
        let objects = format::counted(findings.report.objects as u64, "object");
        let smells = format::counted(findings.report.findings.len() as u64, "smell");
        let Counts { critical, high, medium, low } = findings.report.counts();
        let counts = match by_severity([critical, high, medium, low]) {
            counts if counts.is_empty() => counts,
            counts => format!(": {counts}"),
        };
        format!("Smells ─ {place} · {objects} · {smells}{counts}")
    }

    fn render(&self, scene: &Scene, focus: Focus, area: Rect, buffer: &mut Buffer) {
        let words = self.words(scene);
        let [above, below] = self.split(&words, area);
        chrome::sentences(&words, &scene.look, above, buffer);
        let rows = self.rows();
        if !rows.is_empty() {
            self.listing.render(&rows, (&scene.look, focus), below, buffer);
        }
    }

    fn step(&mut self, scene: &Scene, motion: Motion, area: Rect) {
        let (rows, below) = (self.rows(), self.below(scene, area));
        self.listing.step(&rows, motion, below);
    }

    fn point(&mut self, scene: &Scene, position: Position, area: Rect) {
        let (rows, below) = (self.rows(), self.below(scene, area));
        self.listing.point(&rows, position, below);
    }

    fn open(&self, _scene: &Scene) -> Option<Box<dyn View>> {
        let findings = Arc::clone(self.findings()?);
        Some(Box::new(SmellPage::new(findings, self.selected()?)))
    }

    fn copy(&self, _scene: &Scene) -> Option<String> {
        let row = self.selected()?;
        let (worst, counts) = (row.worst().name(), by_severity(row.counts));
        let (name, file) = (text::clean(&row.name.to_string()), text::clean(&row.file));
        Some(format!("{worst} {name} ({counts}) {file}\n"))
    }

    fn smells(&self) -> Option<&Smells> {
        Some(self)
    }

    fn smells_mut(&mut self) -> Option<&mut Smells> {
        Some(self)
    }

    fn sort(&mut self) {
        self.listing.sort();
    }

    fn reverse(&mut self) {
        self.listing.reverse();
    }
}
