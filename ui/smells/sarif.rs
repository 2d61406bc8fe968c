//! Findings as SARIF 2.1.0 (OASIS), which code scanning reads.

use std::fmt::Write;

use serde_json::{Value, json};
use weir::posture::{self, Check, Manifests, Report, Severity, Smell};

/// The log of a run.
pub(super) fn log(manifests: &Manifests, report: &Report) -> Value {
    let rules: Vec<_> = posture::all().map(rule).collect();
    let results: Vec<_> = Smell::all(report, manifests).map(|smell| result(&smell)).collect();
    let faults = manifests.sources().iter().flat_map(|source| {
        source.faults.iter().map(|fault| {
            json!({
                "level": "error",
                "message": { "text": fault.message },
                "locations": [location(&source.name, written(fault.at.line), written(fault.at.column))],
            })
        })
    });
    let faults: Vec<_> = faults.collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "weir",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": faults.is_empty(),
                "toolExecutionNotifications": faults,
            }],
            "results": results,
        }],
    })
}

/// A line or column; none where there are none, as in a cluster.
fn written(number: usize) -> Option<usize> {
    (number > 0).then_some(number)
}

fn rule(check: &Check) -> Value {
    json!({
        "id": check.id,
        "shortDescription": { "text": check.title },
        "fullDescription": { "text": check.why },
        "help": {
            "text": format!("{}\n\n{}", check.why, check.mend),
            "markdown": format!("{}\n\n```yaml\n{}```\n", check.why, check.mend),
        },
        "defaultConfiguration": { "level": level(check.severity) },
        "properties": {
            "tags": ["kubernetes", check.category.name()],
            // What GitHub sorts by.
            "security-severity": score(check.severity),
        },
    })
}

fn result(smell: &Smell<'_>) -> Value {
    json!({
        "ruleId": smell.check.id,
        "level": level(smell.check.severity),
        "message": { "text": format!("{}: {}", smell.whose(), smell.message) },
        "locations": [location(smell.file, smell.line, smell.column)],
        "partialFingerprints": { "weir/v1": smell.fingerprint() },
    })
}

fn location(file: &str, line: Option<usize>, column: Option<usize>) -> Value {
    let mut place = json!({ "artifactLocation": { "uri": uri(file) } });
    if let (Some(line), Some(column)) = (line, column) {
        place["region"] = json!({ "startLine": line, "startColumn": column });
    }
    json!({ "physicalLocation": place })
}

/// A path as a reference by RFC 3986.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.trim_start_matches("./").bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            // Nothing fails that is written to a text.
            write!(uri, "%{byte:02X}").ok();
        }
    }
    uri
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    }
}

/// On the scale of CVSS.
const fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.0",
        Severity::Low => "2.0",
    }
}
