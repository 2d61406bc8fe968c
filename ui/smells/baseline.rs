//! The findings that there were already, in a file: only what is new is told of.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use weir::posture::{Finding, Report};

/// Which form the file has.
const FORMAT: u32 = 1;

/// Bytes of a baseline.
const MOST_BYTES: u64 = 256 << 20;

/// Why a baseline is of no use.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// It cannot be read.
    #[error("read the baseline {}; `--update-baseline` makes one", .0.display())]
    Read(PathBuf, #[source] io::Error),
    /// It is none.
    #[error("read the baseline {}: {why}; `--update-baseline` makes it anew", path.display())]
    Invalid {
        /// Which.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// It cannot be written.
    #[error("write the baseline {}", .0.display())]
    Write(PathBuf, #[source] io::Error),
}

/// How many times each finding was there. Neither file nor line belong to it: both change when
/// manifests are moved.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Baseline {
    format: u32,
    findings: BTreeMap<String, usize>,
}

impl Baseline {
    /// What was found now.
    pub(super) fn of(report: &Report) -> Self {
        let mut findings = BTreeMap::new();
        for finding in &report.findings {
            *findings.entry(key(finding)).or_default() += 1;
        }
        Self { format: FORMAT, findings }
    }

    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let failed = |error| Error::Read(path.to_owned(), error);
        let invalid = |why| Error::Invalid { path: path.to_owned(), why };
        if fs::metadata(path).map_err(failed)?.len() > MOST_BYTES {
            return Err(invalid(format!("it has more than {MOST_BYTES} bytes")));
        }
        let bytes = fs::read(path).map_err(failed)?;
        let baseline: Self =
            serde_json::from_slice(&bytes).map_err(|error| invalid(error.to_string()))?;
        if baseline.format == FORMAT {
            Ok(baseline)
        } else {
            Err(invalid(format!("its format is {} and not {FORMAT}", baseline.format)))
        }
    }

    pub(super) fn write(&self, path: &Path) -> Result<(), Error> {
        let failed = |error| Error::Write(path.to_owned(), error);
        let json = serde_json::to_string_pretty(self).map_err(|error| failed(error.into()))?;
        fs::write(path, json + "\n").map_err(failed)
    }

    /// Takes out of a report what it holds; how many findings those were.
    pub(super) fn hide(mut self, report: &mut Report) -> usize {
        let before = report.findings.len();
        report.findings.retain(|finding| match self.findings.get_mut(&key(finding)) {
            Some(left @ 1..) => {
                *left -= 1;
                false
            }
            _ => true,
        });
        before - report.findings.len()
    }
}

fn key(finding: &Finding) -> String {
    format!("{} {} {}", finding.check.id, finding.object, finding.path)
}
