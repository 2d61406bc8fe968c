//! The page of images that run, and of those that were scanned: what is known to be wrong with each,
//! the worst first.

mod columns;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use weir::cluster::{ClusterStatus, Link};
use weir::engine::{ImageState, ImageStatus, ScanProgress, Snapshot};

use self::columns::summary;
use super::image::ImagePage;
use super::listing::Listing;
use super::scan::{in_short, short_name, standing};
use super::{Focus, Scene, Subject, View, chrome};
use crate::console::Motion;
use crate::format;
use crate::text;
use crate::theme::Role;

/// The resource that says what runs, as RBAC names it.
const PODS: &str = "pods";

/// The page.
#[derive(Debug, Default)]
pub(crate) struct Images {
    listing: Listing<ImageStatus>,
}

impl Images {
    fn rows(&self, scene: &Scene) -> Vec<Arc<ImageStatus>> {
        let mut rows = scene.snapshot.scans.images.clone();
        self.listing.arrange(&mut rows);
        rows
    }

    fn selected(&self, scene: &Scene) -> Option<Arc<ImageStatus>> {
        let rows = self.rows(scene);
        self.listing.index(&rows).and_then(|at| rows.get(at).cloned())
    }

    /// What must be said before the list: why nothing is scanned, what is, or why there is no list.
    fn caution(snapshot: &Snapshot) -> Option<(String, Role)> {
        let scans = &snapshot.scans;
        if let Some(why) = &scans.absent {
            return Some((text::clean(why), Role::Warning));
        }
        if let Some(progress) = &scans.at_work {
            return Some((at_work(progress, scans.waiting.len()), Role::Title));
        }
        if scans.images.is_empty() {
            let why = nothing_runs(&snapshot.cluster);
            return Some((format!("{why}; `I` scans an image by its name"), Role::Dim));
        }
        if let Some(why) = snapshot.cluster.may_be_old(PODS) {
            let words = format!("what runs may be something else by now: {}", text::clean(why));
            return Some((words, Role::Warning));
        }
        let is_unknown =
            |row: &&Arc<ImageStatus>| row.found.is_none() && row.state == ImageState::Unknown;
        let (unknown, all) = (scans.images.iter().filter(is_unknown).count(), scans.images.len());
        let words = format!(
            "not scanned yet: {} of {}; `V` scans all of them, `v` the selected image, `I` one by its \
             name",
            format::count(unknown as u64),
            format::count(all as u64)
        );
        (unknown > 0).then_some((words, Role::Dim))
    }

    fn below(scene: &Scene, area: Rect) -> Rect {
        Self::caution(&scene.snapshot)
            .map_or(area, |(words, _)| chrome::below_sentence(&words, area))
    }
}

/// `scanning shop/web:1.4 since 14:01:57Z: fetching the image · 3 wait`.
fn at_work(progress: &ScanProgress, waiting: usize) -> String {
    let ScanProgress { image, step, since_us } = progress;
    let (image, since) = (short_name(image), format::clock(*since_us));
    let others = match waiting {
        0 => String::new(),
        1 => " · 1 waits".into(),
        others => format!(" · {} wait", format::count(others as u64)),
    };
    format!("scanning {image} since {since}: {}{others}", step.words())
}

/// Why no image is known that runs.
fn nothing_runs(cluster: &ClusterStatus) -> String {
    match (&cluster.link, cluster.may_be_old(PODS), cluster.listed(PODS)) {
        (Link::Absent(why), ..) => format!("it is not known what runs: {}", text::clean(why)),
        (Link::Connecting, ..) => "waiting for the API server to answer".into(),
        (_, Some(why), _) => format!("it is not known what runs: {}", text::clean(why)),
        (_, None, Err(_)) => "waiting for the API server to list pods".into(),
        (_, None, Ok(())) => "nothing runs in the cluster".into(),
    }
}

impl View for Images {
    fn title(&self, scene: &Scene) -> String {
        let images = &scene.snapshot.scans.images;
        let counted = |of: fn(&ImageStatus) -> bool, words: &str| {
            let count = images.iter().filter(|row| of(row)).count() as u64;
            (count > 0).then(|| format!(" · {} {words}", format::count(count)))
        };
        let parts = [
            counted(|row| summary(row).is_some_and(|one| one.exploited > 0), "exploited"),
            counted(|row| summary(row).is_some_and(|one| one.counts.critical > 0), "critical"),
            counted(|row| matches!(row.state, ImageState::Failed(_)), "FAILED"),
        ];
        let parts: String = parts.into_iter().flatten().collect();
        format!("Images ─ {}{parts}", format::count(images.len() as u64))
    }

    fn render(&self, scene: &Scene, focus: Focus, area: Rect, buffer: &mut Buffer) {
        let below = match Self::caution(&scene.snapshot) {
            Some((words, role)) => chrome::sentence(&words, role, &scene.look, area, buffer),
            None => area,
        };
        self.listing.render(&self.rows(scene), (&scene.look, focus), below, buffer);
    }

    fn step(&mut self, scene: &Scene, motion: Motion, area: Rect) {
        let rows = self.rows(scene);
        self.listing.step(&rows, motion, Self::below(scene, area));
    }

    fn point(&mut self, scene: &Scene, position: Position, area: Rect) {
        let rows = self.rows(scene);
        self.listing.point(&rows, position, Self::below(scene, area));
    }

    fn open(&self, scene: &Scene) -> Option<Box<dyn View>> {
        Some(Box::new(ImagePage::new(self.selected(scene)?)))
    }

    fn copy(&self, scene: &Scene) -> Option<String> {
        let row = self.selected(scene)?;
        let (image, (standing, _)) = (text::clean(row.image.as_str()), standing(&row));
        let more = summary(&row).map(|summary| format!(": {}", in_short(summary)));
        Some(format!("{image} {standing}{}\n", more.unwrap_or_default()))
    }

    fn lists_images(&self) -> bool {
        true
    }

    fn subject(&self, scene: &Scene) -> Option<Subject> {
        self.selected(scene).map(Subject::Image)
    }

    fn sort(&mut self) {
        self.listing.sort();
    }

    fn reverse(&mut self) {
        self.listing.reverse();
    }
}
