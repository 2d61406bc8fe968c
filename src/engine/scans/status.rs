//! What there is to see of scans.

use std::fmt;
use std::sync::Arc;

use crate::incident::Workload;
use crate::posture::image::{ImageName, ScanSummary};
use crate::trivy::{FRESH, Freshness, Step};

/// Images, and what is known to be wrong with them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScansStatus {
    /// Why no image can be scanned, where none can.
    pub absent: Option<String>,
    /// The scan that goes on.
    pub at_work: Option<ScanProgress>,
    /// Images that wait for their turn, in order.
    pub waiting: Vec<ImageName>,
    /// Images that run, and those that somebody asked for by name since the start, of which at most 500
    /// that nobody runs are remembered: those in which the worst was found first, then those of which the
    /// scan failed, then the others by name.
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
    /// What is known to be wrong with it.
    pub state: ImageState,
}

/// A workload that runs an image: `Deployment shop/web`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// Its namespace.
    pub namespace: String,
    /// What manages its pods; a pod that nothing manages is its own.
    pub workload: Workload,
}

/// What is known to be wrong with an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageState {
    /// Nothing: nobody has scanned it.
    Unknown,
    /// It waits for its turn.
    Waiting,
    /// It is being scanned.
    Scanning(Step),
    /// What stands out of the newest report.
    Scanned {
        /// When Trivy looked, in µs since the epoch by the wall clock.
        scanned_us: i64,
        /// What it found.
        summary: Arc<ScanSummary>,
    },
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
            Self::Scanned { .. } => "scanned",
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
        let is_old = |scanned_us| {
            u128::try_from(now_us.saturating_sub(scanned_us))
                .is_ok_and(|age_us| age_us >= FRESH.as_micros())
        };
        !self.pods.is_empty()
            && match self.state {
                ImageState::Waiting | ImageState::Scanning(_) => false,
                ImageState::Scanned { scanned_us, .. } => {
                    freshness == Freshness::New || is_old(scanned_us)
                }
                ImageState::Unknown | ImageState::Failed(_) => true,
            }
    }
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
