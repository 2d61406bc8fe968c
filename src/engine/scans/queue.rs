//! Images that wait for their turn, and the one that is being scanned.

use std::collections::VecDeque;
use std::sync::Arc;

use tracing::info;

use super::{ImageState, ScanError, ScanProgress, Tell};
use crate::posture::image::ImageName;
use crate::trivy::{Freshness, Scan, Step};

/// Images that may wait; one more is turned away.
pub(super) const MOST: usize = 256;

/// An image that is to be scanned.
#[derive(Debug)]
pub(super) struct Job {
    /// As manifests, or whoever asked, name it.
    pub(super) image: ImageName,
    /// What of it is scanned.
    pub(super) target: ImageName,
    pub(super) freshness: Freshness,
    /// Whether somebody asked for it by name, who may have gone away since.
    pub(super) is_awaited: bool,
    /// All who wait for it.
    pub(super) tells: Vec<Tell>,
}

impl Job {
    /// Tells all who wait what came of it.
    pub(super) fn tell(self, told: &Result<Arc<Scan>, ScanError>) {
        for tell in self.tells {
            // Whoever has gone away needs no answer.
            tell.send(told.clone()).ok();
        }
    }

    /// Takes in another of the same image.
    fn join(&mut self, other: Self) {
        if other.freshness == Freshness::New {
            self.freshness = Freshness::New;
        }
        self.is_awaited |= other.is_awaited;
        self.tells.retain(|tell| !tell.is_closed());
        self.tells.extend(other.tells);
    }
}

/// The image that is being scanned.
#[derive(Debug)]
struct Work {
    job: Job,
    step: Step,
    since_us: i64,
}

/// Images that wait for their turn, and the one that is being scanned.
#[derive(Debug, Default)]
pub(super) struct Queue {
    work: Option<Work>,
    /// Those that somebody asked for by name, then the others.
    waiting: VecDeque<Job>,
}

impl Queue {
    /// Puts an image at the end, or before all that nobody asked for by name where somebody asks so for
    /// it; one that waits or is being scanned already is not put in twice. Where there is no room, the
    /// last that nobody asked for makes it, else this one is given back.
    pub(super) fn put(&mut self, job: Job) -> Result<(), Job> {
        if let Some(work) = self.work.as_mut().filter(|work| work.job.target == job.target) {
            work.job.join(job);
            return Ok(());
        }
        if let Some(known) = self.waiting.iter_mut().find(|known| known.target == job.target) {
            known.join(job);
            // A stable sort: order among each kind stays.
            self.waiting.make_contiguous().sort_by_key(|job| !job.is_awaited);
            return Ok(());
        }
        if self.waiting.len() >= MOST {
            let gives_way = |last: &&Job| job.is_awaited && !last.is_awaited;
            let Some(last) = self.waiting.back().filter(gives_way) else { return Err(job) };
            info!(image = %last.target, "an image gives way to one that somebody waits for");
            self.waiting.pop_back();
        }
        let at = self.waiting.partition_point(|other| other.is_awaited || !job.is_awaited);
        self.waiting.insert(at, job);
        Ok(())
    }

    /// Drops all that nobody asked for by name; says how many.
    pub(super) fn drop_unawaited(&mut self) -> usize {
        let before = self.waiting.len();
        self.waiting.retain(|job| job.is_awaited);
        before - self.waiting.len()
    }

    /// The first of those that wait is being scanned from now on: what of it, and how fresh it is to be.
    pub(super) fn begin(&mut self, now_us: i64) -> Option<(ImageName, Freshness)> {
        let job = self.waiting.pop_front()?;
        let begun = (job.target.clone(), job.freshness);
        self.work = Some(Work { job, step: Step::Started, since_us: now_us });
        Some(begun)
    }

    /// How far it is.
    pub(super) fn step(&mut self, step: Step) {
        if let Some(work) = &mut self.work {
            work.step = step;
        }
    }

    /// It is not being scanned any more.
    pub(super) fn end(&mut self) -> Option<Job> {
        self.work.take().map(|work| work.job)
    }

    /// Whether this waits or is being scanned.
    pub(super) fn has(&self, target: &ImageName) -> bool {
        self.state(target).is_some()
    }

    /// That this waits or is being scanned, if so.
    pub(super) fn state(&self, target: &ImageName) -> Option<ImageState> {
        if let Some(work) = self.work.as_ref().filter(|work| work.job.target == *target) {
            return Some(ImageState::Scanning(work.step));
        }
        let is_waiting = self.waiting.iter().any(|job| job.target == *target);
        is_waiting.then_some(ImageState::Waiting)
    }

    /// The scan that goes on.
    pub(super) fn progress(&self) -> Option<ScanProgress> {
        let Work { job, step, since_us } = self.work.as_ref()?;
        Some(ScanProgress { image: job.image.clone(), step: *step, since_us: *since_us })
    }

    /// Images that wait, in order, as manifests name them.
    pub(super) fn waiting(&self) -> Vec<ImageName> {
        self.waiting.iter().map(|job| job.image.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    fn job(number: usize, freshness: Freshness) -> Job {
        let image: ImageName = format!("shop/web:{number}").parse().unwrap();
        Job { target: image.clone(), image, freshness, is_awaited: false, tells: Vec::new() }
    }

    fn awaited(number: usize) -> Job {
        Job { is_awaited: true, ..job(number, Freshness::Kept) }
    }

    #[test]
    fn an_image_that_waits_already_is_not_put_in_twice_and_is_as_fresh_as_anybody_wants_it() {
        let mut queue = Queue::default();
        for freshness in [Freshness::Kept, Freshness::New, Freshness::Kept] {
            queue.put(job(1, freshness)).unwrap();
        }
        assert_eq!(queue.waiting().len(), 1);
        let (target, freshness) = queue.begin(7).unwrap();
        assert_eq!((target.as_str(), freshness), ("shop/web:1", Freshness::New));
        queue.put(job(1, Freshness::New)).unwrap();
        assert!(queue.waiting().is_empty(), "it is being scanned");
        assert_eq!(queue.state(&target), Some(ImageState::Scanning(Step::Started)));
        assert_eq!(queue.progress().unwrap().since_us, 7);
        assert!(queue.end().is_some() && !queue.has(&target));
    }

    #[test]
    fn one_more_than_there_is_room_for_is_turned_away_unless_it_waits_already() {
        let mut queue = Queue::default();
        for number in 0..MOST {
            queue.put(job(number, Freshness::Kept)).unwrap();
        }
        assert!(queue.put(job(MOST, Freshness::Kept)).is_err());
        queue.put(job(7, Freshness::Kept)).unwrap();
        queue.begin(0);
        queue.put(job(MOST, Freshness::Kept)).unwrap();
    }

    #[test]
    fn what_somebody_waits_for_goes_first_and_keeps_its_order() {
        let mut queue = Queue::default();
        for number in 1..=3 {
            queue.put(job(number, Freshness::Kept)).unwrap();
        }
        // The second is asked for after others were.
        for number in [4, 5, 2, 4] {
            queue.put(awaited(number)).unwrap();
        }
        queue.put(job(5, Freshness::Kept)).unwrap();
        let numbers = [4, 5, 2, 1, 3].map(|number| job(number, Freshness::Kept).image);
        assert_eq!(queue.waiting(), numbers);
        assert_eq!(queue.drop_unawaited(), 2);
        assert_eq!(queue.waiting(), numbers[..3]);
    }

    #[test]
    fn what_nobody_waits_for_makes_room_for_what_somebody_waits_for() {
        let mut queue = Queue::default();
        for number in 0..MOST {
            queue.put(job(number, Freshness::Kept)).unwrap();
        }
        for number in MOST..2 * MOST {
            queue.put(awaited(number)).unwrap();
        }
        assert_eq!(queue.waiting().len(), MOST);
        assert!(queue.put(awaited(2 * MOST)).is_err());
    }

    #[test]
    fn those_who_have_gone_away_take_no_room() {
        let mut queue = Queue::default();
        for _ in 0..100 {
            let (tell, _) = oneshot::channel();
            queue.put(Job { tells: vec![tell], ..job(1, Freshness::Kept) }).unwrap();
        }
        queue.begin(0);
        assert_eq!(queue.end().unwrap().tells.len(), 1);
    }
}
