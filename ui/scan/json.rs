//! What was found, as programs read it.

use std::io;

use serde::Serialize;
use serde::ser::{Error as _, Serializer};
use serde_json::Value;
use weir::engine::Running;
use weir::incident::rfc3339;
use weir::posture::image::{ScanSummary, VulnerabilitySeverity};

use super::outcome::{Failure, Outcome, Scanned};
use crate::paper::Paper;
use crate::words::with_causes;

/// Prints what came of all images, and lists no vulnerabilities that are less severe than `least`. A
/// cluster has many images with long reports, so that no two of them are in memory as JSON at once.
pub(super) fn print(
    outcome: &Outcome,
    least: Option<VulnerabilitySeverity>,
    paper: &mut Paper,
) -> io::Result<()> {
    let Outcome { images, failures, .. } = outcome;
    paper.json_part("{\"images\":[")?;
    for (number, image) in images.iter().enumerate() {
        if number > 0 {
            paper.json_part(",")?;
        }
        paper.json_part(&serde_json::to_string(&ImageShape::new(image, least))?)?;
    }
    let failures: Vec<_> = failures.iter().map(FailureShape::from).collect();
    paper.json_part(&format!("],\"failures\":{}", serde_json::to_string(&failures)?))?;
    paper.line("}")
}

/// An image that was scanned. Every member is always there; what is not known is null.
#[derive(Debug, Serialize)]
struct ImageShape<'a> {
    image_name: &'a str,
    digest: Option<&'a str>,
    scanned_at: String,
    is_kept: bool,
    /// When Trivy's database was made.
    database_at: Option<String>,
    /// Of all that was found; but what is named in it is severe enough.
    summary: ScanSummary,
    /// Vulnerabilities that are not listed.
    left_out: usize,
    workloads: Vec<WorkloadShape<'a>>,
    report: RawReport<'a>,
}

/// What runs it.
#[derive(Debug, Serialize)]
struct WorkloadShape<'a> {
    namespace: &'a str,
    kind: &'a str,
    name: &'a str,
}

/// An image that could not be scanned.
#[derive(Debug, Serialize)]
struct FailureShape<'a> {
    image_name: &'a str,
    error: String,
}

impl<'a> ImageShape<'a> {
    fn new(scanned: &'a Scanned, least: Option<VulnerabilitySeverity>) -> Self {
        let Scanned { name, workloads, scan, summary } = scanned;
        let mut summary = summary.clone();
        summary.urgent.retain(|one| least.is_none_or(|least| one.severity >= least));
        Self {
            image_name: name.as_str(),
            digest: scanned.digest(),
            scanned_at: rfc3339(scan.scanned_us),
            is_kept: scan.is_kept,
            database_at: scan.database_us.map(rfc3339),
            summary,
            left_out: scanned.left_out(least),
            workloads: workloads.iter().map(WorkloadShape::from).collect(),
            report: RawReport { text: &scan.text, least },
        }
    }
}

impl<'a> From<&'a Running> for WorkloadShape<'a> {
    fn from(Running { namespace, workload }: &'a Running) -> Self {
        Self { namespace, kind: &workload.kind, name: &workload.name }
    }
}

impl<'a> From<&'a Failure> for FailureShape<'a> {
    fn from(Failure { name, error }: &'a Failure) -> Self {
        Self { image_name: name.as_str(), error: with_causes(error) }
    }
}

/// Trivy's own JSON, which is taken apart no sooner than it is printed.
#[derive(Debug)]
struct RawReport<'a> {
    text: &'a [u8],
    least: Option<VulnerabilitySeverity>,
}

impl Serialize for RawReport<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut report: Value = serde_json::from_slice(self.text).map_err(S::Error::custom)?;
        if let Some(least) = self.least {
            leave_out_below(least, &mut report);
        }
        report.serialize(serializer)
    }
}

fn leave_out_below(least: VulnerabilitySeverity, report: &mut Value) {
    let is_meant = |one: &Value| {
        let severity = one.get("Severity").and_then(Value::as_str).unwrap_or_default();
        VulnerabilitySeverity::named(severity) >= least
    };
    let parts = report.get_mut("Results").and_then(Value::as_array_mut);
    for part in parts.into_iter().flatten() {
        let list = part.get_mut("Vulnerabilities").and_then(Value::as_array_mut);
        if let Some(list) = list {
            list.retain(is_meant);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_report_is_left_as_it_is_but_for_what_is_less_severe() {
        let text = json!({
            "SchemaVersion": 2,
            "Results": [
                { "Target": "one", "Vulnerabilities": [{ "Severity": "HIGH" }, { "Severity": "LOW" }] },
                { "Target": "two", "Vulnerabilities": [{ "Other": 1 }] },
                { "Target": "three", "Secrets": [] },
            ],
        });
        let bytes = serde_json::to_vec(&text).unwrap();
        let printed = |least| serde_json::to_value(RawReport { text: &bytes, least }).unwrap();
        assert_eq!(printed(None), text);
        let expected = json!({
            "SchemaVersion": 2,
            "Results": [
                { "Target": "one", "Vulnerabilities": [{ "Severity": "HIGH" }] },
                { "Target": "two", "Vulnerabilities": [] },
                { "Target": "three", "Secrets": [] },
            ],
        });
        assert_eq!(printed(Some(VulnerabilitySeverity::Medium)), expected);
    }
}
