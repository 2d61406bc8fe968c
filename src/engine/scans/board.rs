//! What is known of images: which run and where, what was found in them, and which wait.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use tracing::{info, warn};

use super::queue::{Job, Queue};
use super::running::{RunningImage, running_images};
use super::{ImageState, ImageStatus, ScanAsk, ScanCounts, ScanError, ScansStatus, Tell};
use crate::cluster::World;
use crate::engine::keeper::with_causes;
use crate::posture::image::{ImageName, VulnerabilityCounts};
use crate::trivy::{self, Freshness, Scan, Step, Trivy};

/// Images that nobody runs and of which is remembered what was found.
const REMEMBERED: usize = 500;

/// Images of which reports are looked for before it is shown what was there.
const AT_ONCE: usize = 16;

/// What is said of an image with which Weir itself broke off.
const FAULT: &str = "Weir broke off by a fault of its own; the log says where";

/// What is known of images.
#[derive(Debug, Default)]
pub(super) struct Board {
    /// Images that run, each with what is scanned of it.
    running: Vec<(ImageName, RunningImage)>,
    /// What was found, by what was scanned.
    known: BTreeMap<ImageName, Known>,
    queue: Queue,
    /// What runs and is not known, though a report on it may be kept.
    unlooked: VecDeque<ImageName>,
    /// How often somebody asked for an image.
    asked: u64,
    done: ScanCounts,
}

/// What is known of an image.
#[derive(Debug)]
struct Known {
    /// As it was named.
    image: ImageName,
    digest: Option<String>,
    /// What was found last: nothing, a report, or why there is none.
    state: ImageState,
    /// When somebody asked for it by name, in the order of all who did.
    asked: Option<u64>,
}

impl Known {
    fn of(image: &ImageName) -> Self {
        Self { image: image.clone(), digest: None, state: ImageState::Unknown, asked: None }
    }

    fn found(&mut self, scan: &Scan) {
        let digest = scan.image.digest().or(scan.report.digest.as_deref());
        self.digest = digest.map(str::to_owned);
        let summary = Arc::new(scan.report.summary());
        self.state = ImageState::Scanned { scanned_us: scan.scanned_us, summary };
    }
}

impl Board {
    /// Takes what runs from now on.
    pub(super) fn take(&mut self, world: &World) {
        let running = running_images(world).images.into_iter();
        self.running = running.map(|image| (image.target(), image)).collect();
        self.forget();
        let targets = self.running.iter().map(|(target, _)| target);
        let unlooked = targets
            .filter(|target| target.digest().is_some() && !self.known.contains_key(*target))
            .cloned();
        self.unlooked = unlooked.collect();
    }

    /// Takes what somebody asks for. Whose report is there already does not wait.
    pub(super) fn ask(&mut self, ask: ScanAsk, trivy: &Trivy, now_us: i64) {
        match ask {
            ScanAsk::One { image, freshness, tell } => {
                self.one(&image, freshness, tell, trivy, now_us);
            }
            ScanAsk::Several(images, freshness) => {
                for status in images {
                    let (image, target) = (status.image.clone(), status.target());
                    // Nobody waits for one for which there is no room any more.
                    self.queue.put(Job { image, target, freshness, tells: Vec::new() }).ok();
                }
            }
        }
        self.forget();
    }

    fn one(
        &mut self,
        image: &ImageName,
        freshness: Freshness,
        tell: Tell,
        trivy: &Trivy,
        now_us: i64,
    ) {
        let target = self.target(image);
        self.asked += 1;
        let known = self.known.entry(target.clone()).or_insert_with(|| Known::of(image));
        (known.image, known.asked) = (image.clone(), Some(self.asked));
        if freshness == Freshness::Kept
            && let Some(scan) = kept(trivy, &target, now_us)
        {
            known.found(&scan);
            self.done.kept += 1;
            // Whoever has gone away needs no answer.
            tell.send(Ok(Arc::new(scan))).ok();
            return;
        }
        let job = Job { image: image.clone(), target, freshness, tells: vec![tell] };
        if let Err(job) = self.queue.put(job) {
            job.tell(&Err(ScanError::Busy));
        }
    }

    /// What is scanned of an image: what runs under this name, and where that is several, what most pods
    /// run.
    fn target(&self, image: &ImageName) -> ImageName {
        let of_it = self.running.iter().filter(|(_, running)| running.image == *image);
        let most = of_it.max_by_key(|(_, running)| running.pods.len());
        most.map_or_else(|| image.clone(), |(target, _)| target.clone())
    }

    /// Whether there are images that run of which no report was looked for yet.
    pub(super) fn has_unlooked(&self) -> bool {
        !self.unlooked.is_empty()
    }

    /// Whether there is enough news to be shown.
    pub(super) fn is_to_be_shown(&self) -> bool {
        self.unlooked.len().is_multiple_of(AT_ONCE)
    }

    /// Looks for a report on the next of them.
    pub(super) fn look(&mut self, trivy: &Trivy, now_us: i64) {
        let Some(target) = self.unlooked.pop_front() else { return };
        let known = self.known.entry(target.clone()).or_insert_with(|| Known::of(&target));
        if known.state == ImageState::Unknown
            && let Some(scan) = kept(trivy, &target, now_us)
        {
            known.found(&scan);
        }
    }

    /// The next image is being scanned from now on, if one waits: what of it, and how fresh it is to be.
    pub(super) fn begin(&mut self, now_us: i64) -> Option<(ImageName, Freshness)> {
        self.queue.begin(now_us)
    }

    /// How far it is.
    pub(super) fn step(&mut self, step: Step) {
        self.queue.step(step);
    }

    /// What came of it.
    pub(super) fn end(&mut self, scanned: Result<Scan, trivy::Error>) {
        let Some(job) = self.queue.end() else { return };
        let known = self.known.entry(job.target.clone()).or_insert_with(|| Known::of(&job.image));
        let told = match scanned {
            Ok(scan) => {
                known.found(&scan);
                let count = if scan.is_kept { &mut self.done.kept } else { &mut self.done.scanned };
                *count += 1;
                info!(image = %job.target, is_kept = scan.is_kept, "an image was scanned");
                Ok(Arc::new(scan))
            }
            Err(error) => {
                let why = with_causes(&error);
                warn!(image = %job.target, error = why, "an image was not scanned");
                known.state = ImageState::Failed(why.into());
                self.done.failed += 1;
                Err(ScanError::Trivy(Arc::new(error)))
            }
        };
        job.tell(&told);
        self.forget();
    }

    /// Gives up what was being scanned when the task before this one broke off.
    pub(super) fn give_up(&mut self) {
        let Some(job) = self.queue.end() else { return };
        let known = self.known.entry(job.target).or_insert_with(|| Known::of(&job.image));
        known.state = ImageState::Failed(FAULT.into());
        self.done.failed += 1;
    }

    /// Forgets what neither runs nor waits, but for what somebody asked for by name lately.
    fn forget(&mut self) {
        let running: BTreeSet<_> = self.running.iter().map(|(target, _)| target).collect();
        let queue = &self.queue;
        let is_live = |target: &ImageName| running.contains(target) || queue.has(target);
        let mut others = Vec::new();
        self.known.retain(|target, known| {
            let was_asked = known.asked.filter(|_| known.state != ImageState::Unknown);
            let is_live = is_live(target);
            others.extend(was_asked.filter(|_| !is_live));
            is_live || was_asked.is_some()
        });
        let Some(surplus) = others.len().checked_sub(REMEMBERED + 1) else { return };
        others.sort_unstable();
        let last = others.get(surplus).copied();
        self.known.retain(|target, known| is_live(target) || known.asked > last);
    }

    /// What there is to see.
    pub(super) fn status(&self) -> ScansStatus {
        let running = self.running.iter().map(|(target, image)| {
            let RunningImage { image, digest, workloads, pods } = image.clone();
            (target, ImageStatus { image, digest, workloads, pods, state: self.state(target) })
        });
        let targets: BTreeSet<_> = self.running.iter().map(|(target, _)| target).collect();
        let others = self.known.iter().filter(|(target, _)| !targets.contains(*target));
        let others = others.map(|(target, known)| {
            let (image, digest) = (known.image.clone(), known.digest.clone());
            let state = self.state(target);
            let (workloads, pods) = (Vec::new(), Vec::new());
            (target, ImageStatus { image, digest, workloads, pods, state })
        });
        let ranked = running.chain(others).map(|(target, status)| {
            let rank = rank(self.known.get(target).map(|known| &known.state));
            (rank, Arc::new(status))
        });
        let mut ranked: Vec<_> = ranked.collect();
        ranked.sort_unstable_by(|(rank, one), (of_other, other)| {
            let of_names = || (&one.image, &one.digest).cmp(&(&other.image, &other.digest));
            rank.cmp(of_other).then_with(of_names)
        });
        ScansStatus {
            absent: None,
            at_work: self.queue.progress(),
            waiting: self.queue.waiting(),
            images: ranked.into_iter().map(|(_, status)| status).collect(),
            done: self.done,
        }
    }

    fn state(&self, target: &ImageName) -> ImageState {
        let known = || self.known.get(target).map(|known| known.state.clone());
        self.queue.state(target).or_else(known).unwrap_or(ImageState::Unknown)
    }
}

/// The report on this that is kept and fresh.
fn kept(trivy: &Trivy, target: &ImageName, now_us: i64) -> Option<Scan> {
    trivy.kept(target, target.digest()?, now_us)
}

/// Where an image stands of which this was found last; what waits again stays in its place.
fn rank(found: Option<&ImageState>) -> (u8, Reverse<[usize; 6]>) {
    match found {
        Some(ImageState::Scanned { summary, .. }) if summary.worst().is_some() => {
            let VulnerabilityCounts { critical, high, medium, low, unknown } = summary.counts;
            (0, Reverse([summary.exploited, critical, high, medium, low, unknown]))
        }
        Some(ImageState::Failed(_)) => (1, Reverse([0; 6])),
        _ => (2, Reverse([0; 6])),
    }
}
