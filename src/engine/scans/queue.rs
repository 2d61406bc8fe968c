//! Images that wait for their turn, and the one that is being scanned.

use std::collections::VecDeque;
use std::sync::Arc;

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
    waiting: VecDeque<Job>,
}

impl Queue {
    /// Puts an image at the end; one that waits or is being scanned already is not put in twice. Gives
    /// it back where there is no room.
    pub(super) fn put(&mut self, job: Job) -> Result<(), Job> {
        let at_work = self.work.iter_mut().map(|work| &mut work.job);
        let mut known = at_work.chain(&mut self.waiting);
        if let Some(known) = known.find(|known| known.target == job.target) {
            known.join(job);
        } else if self.waiting.len() < MOST {
            self.waiting.push_back(job);
        } else {
            return Err(job);
        }
        Ok(())
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
        Job { target: image.clone(), image, freshness, tells: Vec::new() }
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
