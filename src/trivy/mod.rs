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
mod log;
mod reports;
mod scratch;
mod step;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use tracing::warn;

use call::Called;
pub use error::Error;
pub use reports::Reports;
pub use step::Step;

use crate::posture::image::{ImageName, ImageReport};

/// For how long a report is believed: what is known of vulnerabilities changes every few hours.
pub const FRESH: Duration = Duration::from_hours(24);

/// How old a database of vulnerabilities may become: one that is older does not know much that is known.
pub const STALE: Duration = Duration::from_hours(7 * 24);

/// How Trivy is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The program: a path, or a name that is looked for in `PATH`.
    pub program: PathBuf,
    /// The Trivy server that knows the vulnerabilities; none where Trivy has a database of its own.
    pub server: Option<String>,
    /// Where Trivy keeps that database, and what it knows of layers. None for where it does by itself:
    /// then nobody sees to it that the database has anything in it, nor knows how old it is.
    pub cache: Option<PathBuf>,
    /// The home folder of whoever runs it, where it and registries keep what they know of this user; none
    /// where it has none that it may enter.
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
    /// When the database was made in which Trivy looked things up, in µs since the epoch; none where a
    /// server did, where the report was there already, and where it is unknown.
    pub database_us: Option<i64>,
    /// Whether the report was there already.
    pub is_kept: bool,
    /// What Trivy found.
    pub report: ImageReport,
    /// The same in Trivy's own JSON.
    pub text: Vec<u8>,
}

impl Scan {
    /// The digest of what was scanned, where it is known: that which was asked for, else what Trivy says.
    #[must_use]
    pub fn digest(&self) -> Option<&str> {
        self.image.digest().or(self.report.digest.as_deref())
    }

    /// Whether it will do at `now_us`. One that was made later than that will not.
    #[must_use]
    pub fn is_fresh(&self, now_us: i64) -> bool {
        let age_us = now_us.checked_sub(self.scanned_us).and_then(|age| u128::try_from(age).ok());
        age_us.is_some_and(|age_us| age_us < FRESH.as_micros())
    }
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
        let kept = kept.and_then(|digest| self.kept(image, digest));
        if let Some(scan) = kept.filter(|scan| scan.is_fresh(now_us)) {
            return Ok(scan);
        }
        let Called { text, is_blank } = call::scan(&self.options, image, tell).await?;
        let mut report = ImageReport::parse(&text)?;
        let by_report = report.is_blank;
        report.is_blank = is_blank.unwrap_or(by_report) && report.vulnerabilities.is_empty();
        // What only the log says, one that is kept would not.
        let is_whole = report.is_blank == by_report;
        let scan = Scan {
            image: image.clone(),
            scanned_us: Timestamp::now().as_microsecond(),
            database_us: database::made_us(&self.options),
            is_kept: false,
            report,
            text,
        };
        // Under the digest that was asked for it is found again.
        if let (Some(reports), Some(digest)) = (&self.reports, scan.digest())
            && is_whole
            && let Err(error) = reports.keep(digest, &scan.text)
        {
            warn!(%image, %error, "the report on an image is not kept");
        }
        Ok(scan)
    }

    /// The report on `digest` that is kept, however old it is.
    #[must_use]
    pub fn kept(&self, image: &ImageName, digest: &str) -> Option<Scan> {
        let (text, kept_us) = self.reports.as_ref()?.find(digest)?;
        // One that cannot be read is made again.
        let report = ImageReport::parse(&text).ok()?;
        Some(Scan {
            image: image.clone(),
            scanned_us: report.created_us.unwrap_or(kept_us),
            database_us: None,
            is_kept: true,
            report,
            text,
        })
    }
}
