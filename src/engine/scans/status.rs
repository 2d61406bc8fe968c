//! What there is to see of scans.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::incident::Workload;
use crate::posture::image::{ImageName, ScanSummary};
use crate::trivy::{FRESH, Freshness, STALE, Scan, Step};

/// Images, and what is known to be wrong with them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScansStatus {
    /// Why no image can be scanned, where none can.
    pub absent: Option<String>,
    /// The scan that goes on.
    pub at_work: Option<ScanProgress>,
    /// Images that wait for their turn, in order: those that somebody asked for by name, then the others.
    pub waiting: Vec<ImageName>,
    /// Images that run, and those that somebody asked for by name since the start, of which at most 500
    /// that nobody runs are remembered: those in which something was found, the worst first, then those of
    /// which the scan failed, then the others by name.
    pub images: Vec<Arc<ImageStatus>>,
    /// What came of scans since the start.
    pub done: ScanCounts,
}

/// What came of scans.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ScanCounts {
    /// Images that Trivy looked at.
    pub scanned: u64,
    /// Reports that were asked for and there already.
    pub kept: u64,
    /// Scans that failed.
    pub failed: u64,
}

/// A scan that goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanProgress {
    /// The image, as manifests name it.
    pub image: ImageName,
    /// How far it is.
    pub step: Step,
    /// Since when, in µs since the epoch by the wall clock.
    pub since_us: i64,
}

/// An image, who runs it, and what was found in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageStatus {
    /// As manifests name it.
    pub image: ImageName,
    /// The digest of what runs, where its node says it (`sha256:…`); of an image that nobody runs, that
    /// of what was scanned.
    pub digest: Option<String>,
    /// Which workloads run it; sorted, without doubles.
    pub workloads: Vec<Running>,
    /// Pods that run it, by namespace and name; sorted.
    pub pods: Vec<(String, String)>,
    /// How its scan stands.
    pub state: ImageState,
    /// What was found in it last, however its scan stands now.
    pub found: Option<Found>,
}

/// What was found in an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// When Trivy looked, in µs since the epoch by the wall clock.
    pub scanned_us: i64,
    /// When the database was made in which it looked; none where that is not known.
    pub database_us: Option<i64>,
    /// What stands out of the report.
    pub summary: Arc<ScanSummary>,
}

/// A workload that runs an image: `Deployment shop/web`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// Its namespace.
    pub namespace: String,
    /// What manages its pods; a pod that nothing manages is its own.
    pub workload: Workload,
}

/// How the scan of an image stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageState {
    /// Nobody has scanned it.
    Unknown,
    /// It waits for its turn.
    Waiting,
    /// It is being scanned.
    Scanning(Step),
    /// There is a report on it, and its last scan did not fail.
    Scanned,
    /// Why the last scan failed.
    Failed(Arc<str>),
}

impl ImageState {
    /// Its name everywhere.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Waiting => "waiting",
            Self::Scanning(_) => "scanning",
            Self::Scanned => "scanned",
            Self::Failed(_) => "failed",
        }
    }
}

impl ScansStatus {
    /// Images of a pod.
    pub fn of_pod<'a>(
        &'a self,
        namespace: &'a str,
        pod: &'a str,
    ) -> impl Iterator<Item = &'a Arc<ImageStatus>> + 'a {
        self.images.iter().filter(move |image| image.runs_in(namespace, pod))
    }
}

impl ImageStatus {
    /// Whether a pod runs it.
    #[must_use]
    pub fn runs_in(&self, namespace: &str, pod: &str) -> bool {
        let wanted = (namespace, pod);
        self.pods.binary_search_by(|(of, name)| (of.as_str(), name.as_str()).cmp(&wanted)).is_ok()
    }

    /// What of it is scanned: what runs, where that is known.
    #[must_use]
    pub fn target(&self) -> ImageName {
        target(&self.image, self.digest.as_deref())
    }

    /// Whether it runs and is to be scanned, if `freshness` is wanted at `now_us`.
    pub(super) fn is_due(&self, freshness: Freshness, now_us: i64) -> bool {
        let is_under_way = matches!(self.state, ImageState::Waiting | ImageState::Scanning(_));
        let is_fresh = self.found.as_ref().is_some_and(|found| found.is_fresh(now_us));
        !self.pods.is_empty() && !is_under_way && (freshness == Freshness::New || !is_fresh)
    }
}

impl Found {
    /// What `scan` found.
    #[must_use]
    pub fn of(scan: &Scan) -> Self {
        let summary = Arc::new(scan.report.summary());
        Self { scanned_us: scan.scanned_us, database_us: scan.database_us, summary }
    }

    /// Whether Trivy looked less than 24 hours before `now_us`.
    #[must_use]
    pub fn is_fresh(&self, now_us: i64) -> bool {
        age(self.scanned_us, now_us).is_some_and(|age| age < FRESH)
    }

    /// Whether more may be known by now: Trivy looked 24 hours before `now_us` or longer ago, or in a
    /// database that was older than 7 days.
    #[must_use]
    pub fn is_old(&self, now_us: i64) -> bool {
        let database_age = self.database_us.and_then(|made_us| age(made_us, self.scanned_us));
        !self.is_fresh(now_us) || database_age.is_some_and(|age| age > STALE)
    }
}

/// How long after `from_us` it was at `until_us`; none where it was before.
pub(super) fn age(from_us: i64, until_us: i64) -> Option<Duration> {
    u64::try_from(until_us.saturating_sub(from_us)).ok().map(Duration::from_micros)
}

/// What of an image is scanned: the manifest of this digest, where it is known.
pub(super) fn target(image: &ImageName, digest: Option<&str>) -> ImageName {
    digest.map_or_else(|| image.clone(), |digest| image.at(digest))
}

impl Running {
    /// By which they are sorted.
    pub(super) fn key(&self) -> (&str, &str, &str) {
        (&self.namespace, &self.workload.name, &self.workload.kind)
    }
}

impl fmt::Display for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { namespace, workload } = self;
        write!(f, "{} {namespace}/{}", workload.kind, workload.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_US: i64 = 24 * 60 * 60 * 1_000_000;

    fn found(database_us: Option<i64>) -> Found {
        Found { scanned_us: 20 * DAY_US, database_us, summary: Arc::default() }
    }

    #[test]
    fn what_was_found_is_fresh_for_a_day_and_not_before_it_was_found() {
        let is_fresh = |now_us| found(None).is_fresh(now_us);
        assert!(is_fresh(20 * DAY_US) && is_fresh(21 * DAY_US - 1));
        assert!(!is_fresh(21 * DAY_US) && !is_fresh(20 * DAY_US - 1));
    }

    #[test]
    fn what_was_found_in_a_database_of_more_than_a_week_is_old() {
        let is_old = |made_us| found(made_us).is_old(20 * DAY_US);
        assert!(is_old(Some(13 * DAY_US - 1)));
        assert!(!is_old(Some(13 * DAY_US)) && !is_old(Some(21 * DAY_US)) && !is_old(None));
    }

    #[test]
    fn an_image_that_failed_is_due_unless_what_was_found_in_it_is_fresh() {
        let status = |found| ImageStatus {
            image: "shop/web:1".parse().unwrap(),
            digest: None,
            workloads: Vec::new(),
            pods: vec![("shop".into(), "web".into())],
            state: ImageState::Failed("denied".into()),
            found,
        };
        assert!(status(None).is_due(Freshness::Kept, 20 * DAY_US));
        assert!(!status(Some(found(None))).is_due(Freshness::Kept, 20 * DAY_US));
        assert!(status(Some(found(None))).is_due(Freshness::Kept, 21 * DAY_US));
        assert!(status(Some(found(None))).is_due(Freshness::New, 20 * DAY_US));
    }
}
