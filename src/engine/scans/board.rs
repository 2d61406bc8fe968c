//! What is known of images: which run and where, what was found in them, and which wait.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tracing::{info, warn};

use super::queue::{Job, Queue};
use super::running::{RunningImage, running_images};
use super::status::age;
use super::{Found, ImageState, ImageStatus, ScanAsk, ScanCounts, ScanError, ScansStatus, Tell};
use crate::cluster::World;
use crate::engine::keeper::with_causes;
use crate::posture::image::{ImageName, VulnerabilityCounts};
use crate::trivy::{self, Freshness, Scan, Step, Trivy};

/// Images that nobody runs and of which is remembered what was found.
const REMEMBERED: usize = 500;

/// Images of which reports are looked for before it is shown what was there.
const AT_ONCE: usize = 16;

/// For how long a tag is taken to mean what it meant when it was scanned here.
const LATELY: Duration = Duration::from_mins(15);

/// What is said of an image with which Weir itself broke off.
const FAULT: &str = "Weir broke off by a fault of its own; the log says where";

/// What is known of images.
#[derive(Debug, Default)]
pub(super) struct Board {
    /// Images that run, each with what is scanned of it.
    running: Vec<(ImageName, RunningImage)>,
    /// What is known of images, by what of them is scanned.
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
    /// What was found last, however the scans ended since.
    found: Option<Found>,
    /// Why the last scan failed, where it did.
    failed: Option<Arc<str>>,
    /// When Trivy looked at it for this engine last, in µs since the epoch by the wall clock.
    scanned_us: Option<i64>,
    /// When somebody asked for it by name, in the order of all who did.
    asked: Option<u64>,
}

impl Known {
    fn of(image: &ImageName) -> Self {
        Self {
            image: image.clone(),
            digest: None,
            found: None,
            failed: None,
            scanned_us: None,
            asked: None,
        }
    }

    /// Takes what was found, unless a report that is kept says nothing newer; whether it is news.
    fn take(&mut self, scan: &Scan) -> bool {
        let is_newer = |found: &Found| !scan.is_kept || found.scanned_us < scan.scanned_us;
        let is_news = self.found.as_ref().is_none_or(is_newer);
        if is_news {
            self.digest = scan.digest().map(str::to_owned);
            self.found = Some(Found::of(scan));
        }
        is_news
    }

    /// The digest of what was found in it, if that was here and a moment ago.
    fn lately(&self, now_us: i64) -> Option<&str> {
        let age = self.scanned_us.and_then(|scanned_us| age(scanned_us, now_us));
        self.digest.as_deref().filter(|_| age.is_some_and(|age| age < LATELY))
    }

    fn state(&self) -> ImageState {
        match (&self.failed, &self.found) {
            (Some(why), _) => ImageState::Failed(Arc::clone(why)),
            (None, Some(_)) => ImageState::Scanned,
            (None, None) => ImageState::Unknown,
        }
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
                    let tells = Vec::new();
                    let job = Job { image, target, freshness, is_awaited: false, tells };
                    // Nobody waits for one for which there is no room any more.
                    self.queue.put(job).ok();
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
        let kept = self.kept(&target, trivy, now_us);
        self.asked += 1;
        let known = self.known.entry(target.clone()).or_insert_with(|| Known::of(image));
        (known.image, known.asked) = (image.clone(), Some(self.asked));
        if let Some(scan) = kept {
            let is_news = known.take(&scan);
            if freshness == Freshness::Kept && scan.is_fresh(now_us) {
                if is_news {
                    known.failed = None;
                }
                self.done.kept += 1;
                // Whoever has gone away needs no answer.
                tell.send(Ok(Arc::new(scan))).ok();
                return;
            }
        }
        let (image, tells) = (image.clone(), vec![tell]);
        let job = Job { image, target, freshness, is_awaited: true, tells };
        if let Err(job) = self.queue.put(job) {
            job.tell(&Err(ScanError::Busy));
        }
    }

    /// The report that is kept on this digest, or on that of which a tag was a name when it was scanned
    /// here a moment ago; of any age.
    fn kept(&self, target: &ImageName, trivy: &Trivy, now_us: i64) -> Option<Scan> {
        let lately = || self.known.get(target).and_then(|known| known.lately(now_us));
        trivy.kept(target, target.digest().or_else(lately)?)
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

    /// Looks for a report on the next of them, of any age.
    pub(super) fn look(&mut self, trivy: &Trivy) {
        let Some(target) = self.unlooked.pop_front() else { return };
        let kept = target.digest().and_then(|digest| trivy.kept(&target, digest));
        let known = self.known.entry(target.clone()).or_insert_with(|| Known::of(&target));
        if let Some(scan) = kept {
            known.take(&scan);
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

    /// What came of it. Where no other image can be scanned either, those that nobody waits for do not
    /// wait any more.
    pub(super) fn end(&mut self, scanned: Result<Scan, trivy::Error>) {
        let Some(job) = self.queue.end() else { return };
        let known = self.known.entry(job.target.clone()).or_insert_with(|| Known::of(&job.image));
        let told = match scanned {
            Ok(scan) => {
                known.take(&scan);
                known.failed = None;
                if !scan.is_kept {
                    known.scanned_us = Some(scan.scanned_us);
                }
                let count = if scan.is_kept { &mut self.done.kept } else { &mut self.done.scanned };
                *count += 1;
                info!(image = %job.target, is_kept = scan.is_kept, "an image was scanned");
                Ok(Arc::new(scan))
            }
            Err(error) => {
                let why = with_causes(&error);
                warn!(image = %job.target, error = why, "an image was not scanned");
                known.failed = Some(why.into());
                self.done.failed += 1;
                let dropped =
                    if error.is_the_same_for_all() { self.queue.drop_unawaited() } else { 0 };
                if dropped > 0 {
                    warn!(
                        dropped,
                        "no other image can be scanned either: those in line are dropped"
                    );
                }
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
        known.failed = Some(FAULT.into());
        self.done.failed += 1;
    }

    /// Forgets what neither runs nor waits, but for what somebody asked for by name lately.
    fn forget(&mut self) {
        let running: BTreeSet<_> = self.running.iter().map(|(target, _)| target).collect();
        let queue = &self.queue;
        let is_live = |target: &ImageName| running.contains(target) || queue.has(target);
        let mut others = Vec::new();
        self.known.retain(|target, known| {
            let was_asked = known.asked.filter(|_| known.state() != ImageState::Unknown);
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
        let running =
            self.running.iter().map(|(target, image)| (target, self.shown(target, image.clone())));
        let targets: BTreeSet<_> = self.running.iter().map(|(target, _)| target).collect();
        let others = self.known.iter().filter(|(target, _)| !targets.contains(*target));
        let others = others.map(|(target, known)| {
            let (image, digest) = (known.image.clone(), known.digest.clone());
            let (workloads, pods) = (Vec::new(), Vec::new());
            (target, self.shown(target, RunningImage { image, digest, workloads, pods }))
        });
        let ranked = running
            .chain(others)
            .map(|(target, status)| (rank(self.known.get(target)), Arc::new(status)));
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

    /// What there is to see of an image of which `target` is scanned.
    fn shown(&self, target: &ImageName, image: RunningImage) -> ImageStatus {
        let RunningImage { image, digest, workloads, pods } = image;
        let known = self.known.get(target);
        let state = self.queue.state(target).or_else(|| known.map(Known::state));
        let found = known.and_then(|known| known.found.clone());
        let state = state.unwrap_or(ImageState::Unknown);
        ImageStatus { image, digest, workloads, pods, state, found }
    }
}

/// Where an image stands of which this is known: what was found in it, then that its scan failed. What
/// waits again stays in its place.
fn rank(known: Option<&Known>) -> (u8, Reverse<[usize; 7]>) {
    let summary = known.and_then(|known| known.found.as_ref()).map(|found| &found.summary);
    match summary {
        Some(summary) if summary.worst().is_some() || summary.secrets > 0 => {
            let VulnerabilityCounts { critical, high, medium, low, unknown } = summary.counts;
            let (first, last) = (summary.exploited, summary.secrets);
            (0, Reverse([first, critical, high, medium, low, unknown, last]))
        }
        _ if known.is_some_and(|known| known.failed.is_some()) => (1, Reverse([0; 7])),
        _ => (2, Reverse([0; 7])),
    }
}
