//! Findings as commands of GitHub's workflow runs, which shows them beside the lines of a pull request.
//!
//! <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>

use weir::posture::{Fault, Manifests, Report, Severity, Smell, Source};

/// A command for each finding, and one for each document that could not be read.
pub(super) fn lines(manifests: &Manifests, report: &Report) -> Vec<String> {
    let mut lines: Vec<_> = Smell::all(report, manifests).map(|smell| annotation(&smell)).collect();
    for source in manifests.sources() {
        lines.extend(source.faults.iter().map(|fault| unread(source, fault)));
    }
    lines
}

fn unread(source: &Source, Fault { at, message }: &Fault) -> String {
    let mut properties = vec![format!("file={}", property(&source.name))];
    if at.line > 0 {
        properties.push(format!("line={},col={}", at.line, at.column));
    }
    format!("::error {},title=unreadable::{}", properties.join(","), data(message))
}

/// `::error file=web.yaml,line=9,col=21,title=WEIR-101 …::…`.
fn annotation(smell: &Smell<'_>) -> String {
    let level = match smell.check.severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "notice",
    };
    let mut properties = vec![format!("file={}", property(smell.file))];
    properties.extend(smell.line.map(|line| format!("line={line}")));
    properties.extend(smell.column.map(|column| format!("col={column}")));
    properties
        .push(format!("title={}", property(&format!("{} {}", smell.check.id, smell.check.title))));
    let message = data(&format!("{}: {}", smell.whose(), smell.message));
    format!("::{level} {}::{message}", properties.join(","))
}

/// Text as a command takes it, so that what a manifest says is no command of its own.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Text as a property of a command takes it.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
