//! Reports that Trivy has made: its own golden files, and those of real images.

use std::fs;

use serde_json::Value;
use weir::posture::image::{ImageReport, NotAReport, VulnerabilitySeverity};

use crate::support::data::shared;

/// Vulnerabilities in a report, by Trivy's words.
fn listed(report: &Value) -> impl Iterator<Item = &Value> {
    let parts = report["Results"].as_array().into_iter().flatten();
    parts.flat_map(|part| part["Vulnerabilities"].as_array().into_iter().flatten())
}

#[test]
fn every_report_is_read_whole_and_other_documents_are_named() {
    let Some(folder) = shared("trivy") else { return };
    let mut reports = 0;
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let shown = path.display();
        let text = fs::read(&path).expect("a readable file");
        let written: Value = serde_json::from_slice(&text).expect("JSON");
        let read = ImageReport::parse(&text);
        if written["SchemaVersion"] != 2 {
            assert!(matches!(read, Err(NotAReport::Other(_))), "{shown}: {read:?}");
            continue;
        }
        reports += 1;
        let report = read.unwrap_or_else(|error| panic!("{shown}: {error}"));
        let summary = report.summary();
        assert_eq!(report.vulnerabilities.len(), listed(&written).count(), "{shown}");
        for severity in VulnerabilitySeverity::ALL {
            let is_meant = |one: &&Value| {
                one["Severity"]
                    .as_str()
                    .is_some_and(|name| name.eq_ignore_ascii_case(severity.name()))
            };
            let expected = listed(&written).filter(is_meant).count();
            assert_eq!(summary.counts.of(severity), expected, "{shown}: {}", severity.name());
        }
        let is_fixed = |one: &&Value| one["FixedVersion"].as_str().is_some_and(|at| !at.is_empty());
        assert_eq!(summary.fixable.total(), listed(&written).filter(is_fixed).count(), "{shown}");
    }
    assert!(reports > 0, "no report in ../shared/data/trivy");
}
