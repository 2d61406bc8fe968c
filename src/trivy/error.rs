//! Why an image was not scanned.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::Step;
use crate::posture::image::{ImageName, NotAReport};

/// Why an image was not scanned.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no Trivy.
    #[error(
        "scan an image: there is no program `{}`; install Trivy (https://trivy.dev), or say in \
         `trivy` where it is",
        program.display()
    )]
    Missing {
        /// The program that was looked for.
        program: PathBuf,
    },
    /// Trivy could not be started.
    #[error("start `{}`", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no folder that Trivy could work in.
    #[error(
        "make a folder for what Trivy unpacks in `{}`, which is where `TMPDIR` says",
        std::env::temp_dir().display()
    )]
    Scratch {
        /// What the system said.
        source: io::Error,
    },
    /// Trivy has no database of vulnerabilities.
    #[error(
        "scan {image}: Trivy has no database of vulnerabilities that it could use: {why}; {}",
        database(*is_offline)
    )]
    NoDatabase {
        /// The image.
        image: ImageName,
        /// Trivy's own words.
        why: String,
        /// Whether it was not to fetch one.
        is_offline: bool,
    },
    /// Trivy has no place to work in.
    #[error(
        "scan {image}: Trivy cannot write where it keeps what it knows: {why}; name a folder in \
         `trivy-cache` that has room, and into which this user may write"
    )]
    Cache {
        /// The image.
        image: ImageName,
        /// Trivy's own words.
        why: String,
    },
    /// The Trivy server cannot be used.
    #[error(
        "scan {image}: the Trivy server {server} does not do its part: {why}; see that it runs \
         (`trivy server --listen`), and what `trivy-server` says"
    )]
    Server {
        /// The image.
        image: ImageName,
        /// The server.
        server: String,
        /// Trivy's own words.
        why: String,
    },
    /// The registry does not hand it out.
    #[error(
        "scan {image}: its registry refuses it: {why}; log in to it (`docker login`, or \
         TRIVY_USERNAME and TRIVY_PASSWORD) as the user that Weir runs as"
    )]
    Refused {
        /// The image.
        image: ImageName,
        /// The registry's own words.
        why: String,
    },
    /// The registry has handed out too much.
    #[error(
        "scan {image}: its registry lets nobody pull so often: {why}; log in, or try again later"
    )]
    Limited {
        /// The image.
        image: ImageName,
        /// The registry's own words.
        why: String,
    },
    /// There is no such image, or none for the platform that is looked at.
    #[error("scan {image}: its registry does not have it: {why}; {}", sought(why))]
    NotFound {
        /// The image.
        image: ImageName,
        /// The registry's own words.
        why: String,
    },
    /// The registry does not answer.
    #[error("scan {image}: its registry cannot be reached: {why}")]
    Unreachable {
        /// The image.
        image: ImageName,
        /// What was tried last, and why it failed.
        why: String,
    },
    /// It took too long.
    #[error(
        "scan {image}: not done within {} s while {}: its registry may be slow, a large image may \
         need more (`trivy-timeout`), and another Trivy may hold the same cache (`trivy-cache`)",
        limit.as_secs_f64(),
        step.words()
    )]
    TimedOut {
        /// The image.
        image: ImageName,
        /// How long it may take.
        limit: Duration,
        /// How far it was.
        step: Step,
    },
    /// The report is endless.
    #[error("scan {image}: the report has more than {most} bytes")]
    Long {
        /// The image.
        image: ImageName,
        /// How many it may have.
        most: usize,
    },
    /// Trivy failed in another way.
    #[error("scan {image}: Trivy says: {why}")]
    Failed {
        /// The image.
        image: ImageName,
        /// Trivy's own words.
        why: String,
    },
    /// What Trivy printed is no report.
    #[error("read what Trivy printed")]
    Report(#[from] NotAReport),
}

/// What to look at where there is no such image.
fn sought(why: &str) -> &'static str {
    if why.contains("no child with platform") {
        "of an image for several platforms that for linux/amd64 is looked at"
    } else {
        "look at the repository and the tag"
    }
}

impl Error {
    /// Whether no other image can be scanned either.
    #[must_use]
    pub const fn is_the_same_for_all(&self) -> bool {
        matches!(
            self,
            Self::Missing { .. }
                | Self::Start { .. }
                | Self::Scratch { .. }
                | Self::Cache { .. }
                | Self::NoDatabase { .. }
                | Self::Server { .. }
        )
    }
}

/// How a database is come by.
const fn database(is_offline: bool) -> &'static str {
    if is_offline {
        "`trivy-offline` is set, so that none is fetched: fetch one where there is a network \
         (`trivy image --download-db-only`), and say in `trivy-cache` where it is"
    } else {
        "see that the registry it comes from can be reached, or fetch one \
         elsewhere (`trivy image --download-db-only`) and set `trivy-cache` and `trivy-offline`"
    }
}
