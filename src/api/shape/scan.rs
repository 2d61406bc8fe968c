//! Images, and what is known to be wrong with them.

use serde::Serialize;
use utoipa::ToSchema;

use super::vulnerability::{ScanSummaryShape, VulnerabilityCountsShape, VulnerabilityShape};
use crate::engine::{Found, ImageState, ImageStatus, Running, ScansStatus};
use crate::incident::{Incident, Who, WhoKind, rfc3339};
use crate::posture::image::ImageName;
use crate::trivy::Scan;

/// A workload that runs an image.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImageWorkload)]
pub struct ImageWorkloadShape {
    /// Its namespace.
    #[schema(example = "shop")]
    pub namespace: String,
    /// `Deployment`, `StatefulSet`, `DaemonSet`, `Job`, `CronJob` or whatever owns the pods; `Pod` where
    /// nothing does.
    #[schema(example = "Deployment")]
    pub kind: String,
    /// Its name.
    #[schema(example = "web")]
    pub name: String,
}

impl From<&Running> for ImageWorkloadShape {
    fn from(Running { namespace, workload }: &Running) -> Self {
        let (kind, name) = (workload.kind.clone(), workload.name.clone());
        Self { namespace: namespace.clone(), kind, name }
    }
}

/// What was found in an image.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImageScan)]
pub struct ScanShape {
    /// The image, as it was asked for.
    #[schema(example = "ghcr.io/shop/web:1.4")]
    pub image_name: String,
    /// The digest of what was scanned; null where neither a node nor the report says it.
    #[schema(required = true, nullable)]
    pub digest: Option<String>,
    /// When Trivy looked.
    #[schema(format = DateTime)]
    pub scanned_at: String,
    /// When the database was made in which it looked; null where that is not known: a Trivy server has
    /// it, or the report was there already.
    #[schema(format = DateTime, required = true, nullable)]
    pub database_at: Option<String>,
    /// Whether Trivy looked more than 24 hours ago, or in a database that was older than 7 days.
    pub is_old: bool,
    /// Whether the report was there already.
    pub is_kept: bool,
    /// What stands out of it.
    pub summary: ScanSummaryShape,
    /// What runs it in the cluster.
    pub workloads: Vec<ImageWorkloadShape>,
    /// The report in Trivy's own JSON, of schema version 2.
    #[schema(value_type = Object)]
    report: Spliced,
}

/// A member whose text is put in later: null until then.
#[derive(Debug, Serialize)]
struct Spliced;

impl ScanShape {
    /// What `scan` found in `image`, which `status` may know to run, as it is told at `now_us`.
    #[must_use]
    pub fn new(image: &ImageName, scan: &Scan, status: &ScansStatus, now_us: i64) -> Self {
        let found = Found::of(scan);
        let of_it = status.images.iter().filter(|one| one.target() == scan.image);
        Self {
            image_name: image.to_string(),
            digest: scan.digest().map(str::to_owned),
            scanned_at: rfc3339(found.scanned_us),
            database_at: found.database_us.map(rfc3339),
            is_old: found.is_old(now_us),
            is_kept: scan.is_kept,
            summary: (&*found.summary).into(),
            workloads: of_it.flat_map(|one| &one.workloads).map(ImageWorkloadShape::from).collect(),
            report: Spliced,
        }
    }

    /// The same in JSON with Trivy's `report`. That is put in as the text that it is: taken apart, it
    /// would take many times the memory.
    pub fn json(&self, report: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
        const HOLE: &[u8] = b"null}";
        let mut json = serde_json::to_vec(self)?;
        json.truncate(json.len() - HOLE.len());
        json.extend_from_slice(report);
        json.push(b'}');
        Ok(json)
    }
}

/// An image that runs, or that somebody has asked for, and what is known to be wrong with it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Image)]
pub struct ImageShape {
    /// The image, as manifests name it.
    #[schema(example = "ghcr.io/shop/web:1.4")]
    pub image_name: String,
    /// The digest of what runs, or was scanned; null where nobody says it.
    #[schema(required = true, nullable)]
    pub digest: Option<String>,
    /// `unknown` (nobody has scanned it), `waiting`, `scanning`, `scanned` or `failed`.
    #[schema(example = "scanned")]
    pub state: &'static str,
    /// How far a scan is, in words; null where none goes on.
    #[schema(required = true, nullable)]
    pub step: Option<&'static str>,
    /// Why the last scan failed; null where it did not.
    #[schema(required = true, nullable)]
    pub error: Option<String>,
    /// When Trivy looked last and found what follows, however its scan stands now; all of it is null
    /// where there is no report.
    #[schema(format = DateTime, required = true, nullable)]
    pub scanned_at: Option<String>,
    /// When the database was made in which it looked; null where that is not known: a Trivy server has
    /// it, or the report was there already.
    #[schema(format = DateTime, required = true, nullable)]
    pub database_at: Option<String>,
    /// Whether Trivy looked more than 24 hours ago, or in a database that was older than 7 days.
    #[schema(required = true, nullable)]
    pub is_old: Option<bool>,
    /// Vulnerabilities by how bad they are.
    #[schema(required = true, nullable)]
    pub counts: Option<VulnerabilityCountsShape>,
    /// Of these, those of which a newer package is free.
    #[schema(required = true, nullable)]
    pub fixable: Option<VulnerabilityCountsShape>,
    /// Of these, those that are known to be exploited.
    #[schema(required = true, nullable)]
    pub exploited: Option<usize>,
    /// Secrets that lie in the image.
    #[schema(required = true, nullable)]
    pub secrets: Option<usize>,
    /// The operating system in it.
    #[schema(required = true, nullable)]
    pub os: Option<String>,
    /// Whether nobody mends that system any more.
    #[schema(required = true, nullable)]
    pub is_end_of_life: Option<bool>,
    /// Whether nothing was found in it that could be looked up: it may be anything but clean.
    #[schema(required = true, nullable)]
    pub is_blank: Option<bool>,
    /// What runs it in the cluster.
    pub workloads: Vec<ImageWorkloadShape>,
    /// How many pods run it.
    pub pods: usize,
}

impl ImageShape {
    /// What `status` says, as it is told at `now_us`.
    #[must_use]
    pub fn new(status: &ImageStatus, now_us: i64) -> Self {
        let ImageStatus { image, digest, workloads, pods, state, found } = status;
        let (step, error) = match state {
            ImageState::Unknown | ImageState::Waiting | ImageState::Scanned => (None, None),
            ImageState::Scanning(step) => (Some(step.words()), None),
            ImageState::Failed(why) => (None, Some(why.to_string())),
        };
        let found = found.as_ref();
        let summary = found.map(|found| &found.summary);
        Self {
            image_name: image.to_string(),
            digest: digest.clone(),
            state: state.name(),
            step,
            error,
            scanned_at: found.map(|found| rfc3339(found.scanned_us)),
            database_at: found.and_then(|found| found.database_us).map(rfc3339),
            is_old: found.map(|found| found.is_old(now_us)),
            counts: summary.map(|summary| summary.counts.into()),
            fixable: summary.map(|summary| summary.fixable.into()),
            exploited: summary.map(|summary| summary.exploited),
            secrets: summary.map(|summary| summary.secrets),
            os: summary.and_then(|summary| summary.os.clone()),
            is_end_of_life: summary.map(|summary| summary.is_end_of_life),
            is_blank: summary.map(|summary| summary.is_blank),
            workloads: workloads.iter().map(ImageWorkloadShape::from).collect(),
            pods: pods.len(),
        }
    }
}

/// An image of what runs now under the names of pods that an incident names.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AlertImage)]
pub struct AlertImageShape {
    /// The image, as manifests name it.
    #[schema(example = "ghcr.io/shop/web:1.4")]
    pub image_name: String,
    /// The digest of what runs; null where nobody says it.
    #[schema(required = true, nullable)]
    pub digest: Option<String>,
    /// Those of the incident's pods, by namespace and name, under whose name it runs now: a pod of a
    /// `StatefulSet` that was started again may run another than it did.
    #[schema(example = json!(["shop/web-7f9c"]))]
    pub pods: Vec<String>,
    /// When Trivy looked last.
    #[schema(format = DateTime)]
    pub scanned_at: String,
    /// When the database was made in which it looked; null where that is not known: a Trivy server has
    /// it, or the report was there already.
    #[schema(format = DateTime, required = true, nullable)]
    pub database_at: Option<String>,
    /// Whether Trivy looked more than 24 hours ago, or in a database that was older than 7 days.
    pub is_old: bool,
    /// Why the last scan failed, which was after that; null where it did not.
    #[schema(required = true, nullable)]
    pub error: Option<String>,
    /// Critical vulnerabilities.
    pub critical: usize,
    /// Of these, those of which a newer package is free.
    pub critical_fixable: usize,
    /// Vulnerabilities that are known to be exploited.
    pub exploited: usize,
    /// The critical ones and those that are exploited, the most urgent first, at most 50.
    pub urgent: Vec<VulnerabilityShape>,
}

impl AlertImageShape {
    /// Images of what runs at `now_us` under the names of the pods that `incident` names, as far as Trivy
    /// has looked; the worst first.
    #[must_use]
    pub fn of(incident: &Incident, status: &ScansStatus, now_us: i64) -> Vec<Self> {
        let named = incident.names.iter().map(|(_, who)| who);
        let pods: Vec<_> = named.filter(|who| who.kind == WhoKind::Pod).collect();
        status.images.iter().filter_map(|image| Self::among(&pods, image, now_us)).collect()
    }

    /// The image, if some of `pods` run it and there is a report on it.
    fn among(pods: &[&Who], status: &ImageStatus, now_us: i64) -> Option<Self> {
        let found = status.found.as_ref()?;
        let summary = &found.summary;
        let error = match &status.state {
            ImageState::Failed(why) => Some(why.to_string()),
            _ => None,
        };
        let mut pods: Vec<_> = pods
            .iter()
            .filter(|pod| status.runs_in(&pod.namespace, &pod.name))
            .map(ToString::to_string)
            .collect();
        pods.sort_unstable();
        // A pod has an address of each kind.
        pods.dedup();
        (!pods.is_empty()).then(|| Self {
            image_name: status.image.to_string(),
            digest: status.digest.clone(),
            pods,
            scanned_at: rfc3339(found.scanned_us),
            database_at: found.database_us.map(rfc3339),
            is_old: found.is_old(now_us),
            error,
            critical: summary.counts.critical,
            critical_fixable: summary.fixable.critical,
            exploited: summary.exploited,
            urgent: summary.critical().map(VulnerabilityShape::from).collect(),
        })
    }
}
