//! The edge towards Trivy: what is known to be wrong with images.
//!
//! Trivy is a program beside Weir; it fetches an image from its registry, reads which packages are in
//! it, and looks them up in a database of vulnerabilities, its own or that of a Trivy server. It is
//! called without a shell, and an image's name is an argument that no program takes for an option.
//! Reports are kept by the digest of the image, so that one that is known is not fetched again.
//!
//! What a report says is read by [`crate::posture::image`]; which images run where, and in which order they
//! are scanned, is up to whoever calls.

mod call;
mod database;
mod error;
mod failure;
mod reports;
mod scratch;
mod step;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use tracing::warn;

pub use error::Error;
pub use reports::Reports;
pub use step::Step;

use crate::posture::image::{ImageName, ImageReport};

/// For how long a report is believed: what is known of vulnerabilities changes every few hours.
pub const FRESH: Duration = Duration::from_hours(24);

/// How Trivy is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The program: a path, or a name that is looked for in `PATH`.
    pub program: PathBuf,
    /// The Trivy server that knows the vulnerabilities; none where Trivy has a database of its own.
    pub server: Option<String>,
    /// Where Trivy keeps that database, and what it knows of layers; none for where it does by itself.
    pub cache: Option<PathBuf>,
    /// The home folder of whoever runs it, where it and registries keep what they know of this user; none
    /// for the one of this process.
    pub home: Option<PathBuf>,
    /// Whether it is to fetch no newer database, and to ask nobody but the registry.
    pub is_offline: bool,
    /// How long a scan may take.
    pub limit: Duration,
}

/// Whether a report that is kept will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// One of the last 24 hours.
    Kept,
    /// Only a new one.
    New,
}

/// An image that was scanned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// As it was named.
    pub image: ImageName,
    /// When Trivy looked, in µs since the epoch by the wall clock.
    pub scanned_us: i64,
    /// Whether the report was there already.
    pub is_kept: bool,
    /// What Trivy found.
    pub report: ImageReport,
    /// The same in Trivy's own JSON.
    pub text: Vec<u8>,
}

/// Trivy, and the reports that it has made.
#[derive(Debug)]
pub struct Trivy {
    options: Options,
    reports: Option<Reports>,
}

impl Trivy {
    /// One that is called by `options`, and keeps nothing.
    #[must_use]
    pub const fn new(options: Options) -> Self {
        Self { options, reports: None }
    }

    /// The same, which keeps what it finds in `reports`.
    #[must_use]
    pub fn with_reports(self, reports: Reports) -> Self {
        Self { reports: Some(reports), ..self }
    }

    /// How it is called.
    #[must_use]
    pub const fn options(&self) -> &Options {
        &self.options
    }

    /// Reports that are kept; none where none are.
    #[must_use]
    pub const fn reports(&self) -> Option<&Reports> {
        self.reports.as_ref()
    }

    /// Scans an image; `tell` hears how far it is, and must not wait. Dropped, it ends Trivy. Reads and
    /// writes files where it is polled.
    pub async fn scan(
        &self,
        image: &ImageName,
        freshness: Freshness,
        tell: &(dyn Fn(Step) + Sync),
    ) -> Result<Scan, Error> {
        let now_us = Timestamp::now().as_microsecond();
        let kept = image.digest().filter(|_| freshness == Freshness::Kept);
        if let Some(scan) = kept.and_then(|digest| self.kept(image, digest, now_us)) {
            return Ok(scan);
        }
        let text = call::scan(&self.options, image, tell).await?;
        let report = ImageReport::parse(&text)?;
        let scanned_us = Timestamp::now().as_microsecond();
        // Under the digest that was asked for it is found again.
        let digest = image.digest().or(report.digest.as_deref());
        if let (Some(reports), Some(digest)) = (&self.reports, digest)
            && let Err(error) = reports.keep(digest, &text)
        {
            warn!(%image, %error, "the report on an image is not kept");
        }
        Ok(Scan { image: image.clone(), scanned_us, is_kept: false, report, text })
    }

    /// The report on `digest` that is kept, if it is fresh at `now_us`.
    #[must_use]
    pub fn kept(&self, image: &ImageName, digest: &str, now_us: i64) -> Option<Scan> {
        let (text, scanned_us) = self.reports.as_ref()?.find(digest)?;
        let age_us = u128::try_from(now_us.saturating_sub(scanned_us)).unwrap_or(0);
        if age_us >= FRESH.as_micros() {
            return None;
        }
        // One that cannot be read is made again.
        let report = ImageReport::parse(&text).ok()?;
        Some(Scan { image: image.clone(), scanned_us, is_kept: true, report, text })
    }
}
