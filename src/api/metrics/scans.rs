//! What is counted of images that run, of what is wrong with them, and of scans.

use super::Page;
use crate::engine::{ImageState, ScanCounts, ScansStatus, Snapshot};
use crate::posture::image::VulnerabilitySeverity;

/// What is known of images, in the order of [`standing`].
const STANDINGS: [&str; 4] = ["scanned", "waiting", "failed", "unknown"];

impl Page {
    pub(super) fn scans(&mut self, snapshot: &Snapshot) {
        let ScansStatus { images, done, .. } = &snapshot.scans;
        let running = images.iter().filter(|image| !image.pods.is_empty());
        let running: Vec<_> = running.collect();
        let name = "weir_images";
        self.gauge(name, "Images that run in the cluster, by how their scan stands.");
        for (at, word) in STANDINGS.into_iter().enumerate() {
            let stand = running.iter().filter(|image| standing(&image.state) == at).count();
            self.labelled(name, &[("state", word)], stand);
        }
        let name = "weir_image_vulnerabilities";
        self.gauge(name, "Vulnerabilities found last in the images that run, by severity.");
        for severity in VulnerabilitySeverity::ALL {
            let found = running.iter().filter_map(|image| image.found.as_ref());
            let found: usize = found.map(|found| found.summary.counts.of(severity)).sum();
            self.labelled(name, &[("severity", severity.name())], found);
        }
        let name = "weir_image_scans_total";
        self.counter(name, "What came of scans; kept is a report that was there already.");
        let ScanCounts { scanned, kept, failed } = *done;
        for (outcome, count) in [("scanned", scanned), ("kept", kept), ("failed", failed)] {
            self.labelled(name, &[("outcome", outcome)], count);
        }
    }
}

/// Which of [`STANDINGS`] a state is.
const fn standing(state: &ImageState) -> usize {
    match state {
        ImageState::Scanned => 0,
        ImageState::Waiting | ImageState::Scanning(_) => 1,
        ImageState::Failed(_) => 2,
        ImageState::Unknown => 3,
    }
}
