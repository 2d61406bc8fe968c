//! Images that are to be scanned, and what came of it.

use std::cmp::Reverse;

use weir::engine::Running;
use weir::posture::image::{ImageName, ScanSummary, VulnerabilityCounts, VulnerabilitySeverity};
use weir::trivy::{self, Scan};

use super::Error;

/// An image that is to be scanned.
#[derive(Debug)]
pub(super) struct Wanted {
    /// As it was named.
    pub(super) name: ImageName,
    /// The same at the digest that runs, where that is known.
    pub(super) target: ImageName,
    /// What runs it, as far as that was asked.
    pub(super) workloads: Vec<Running>,
}

/// One that was named by whoever called.
impl From<ImageName> for Wanted {
    fn from(name: ImageName) -> Self {
        Self { target: name.clone(), name, workloads: Vec::new() }
    }
}

/// An image that was scanned.
#[derive(Debug)]
pub(super) struct Scanned {
    pub(super) name: ImageName,
    pub(super) workloads: Vec<Running>,
    pub(super) scan: Scan,
    pub(super) summary: ScanSummary,
}

impl Scanned {
    /// The digest of what was scanned, where it is known.
    pub(super) fn digest(&self) -> Option<&str> {
        self.scan.digest()
    }

    /// How many vulnerabilities are less severe than what is to be listed.
    pub(super) fn left_out(&self, least: Option<VulnerabilitySeverity>) -> usize {
        let Some(least) = least else { return 0 };
        let all = VulnerabilitySeverity::ALL.into_iter();
        all.filter(|severity| *severity < least)
            .map(|severity| self.summary.counts.of(severity))
            .sum()
    }

    /// What makes one image come before another. A secret is as bad as what is high.
    fn urgency(&self) -> impl Ord + use<> {
        let ScanSummary { exploited, counts, secrets, .. } = &self.summary;
        let VulnerabilityCounts { critical, high, medium, low, unknown } = *counts;
        (*exploited, critical, high + secrets, medium, low, unknown)
    }
}

/// An image that could not be scanned.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) name: ImageName,
    pub(super) error: trivy::Error,
}

/// What came of all images.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Those that were to be scanned.
    pub(super) all: usize,
    pub(super) images: Vec<Scanned>,
    /// Those that could not be scanned; where nobody could have scanned the others either, these are
    /// left out.
    pub(super) failures: Vec<Failure>,
}

impl Outcome {
    /// How many were not scanned.
    pub(super) const fn unscanned(&self) -> usize {
        self.all - self.images.len()
    }

    /// How many have a vulnerability that is as severe as this.
    pub(super) fn images_with(&self, least: VulnerabilitySeverity) -> usize {
        let is_meant = |one: &&Scanned| one.summary.worst().is_some_and(|worst| worst >= least);
        self.images.iter().filter(is_meant).count()
    }

    /// Puts the most urgent image first; of those that are as urgent the order stays.
    pub(super) fn sort(&mut self) {
        self.images.sort_by_key(|one| Reverse(one.urgency()));
    }

    /// Nothing, if all images were scanned.
    pub(super) fn end(self) -> Result<(), Error> {
        let (all, unscanned) = (self.all, self.unscanned());
        match self.failures.into_iter().next() {
            None => Ok(()),
            Some(Failure { error, .. }) if all == 1 => Err(Error::Trivy(error)),
            Some(Failure { error: first, .. }) => Err(Error::Unscanned { unscanned, all, first }),
        }
    }
}
