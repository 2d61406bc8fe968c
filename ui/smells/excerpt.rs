//! Findings for people: what is wrong, and the line in which it is.

use std::io;

use weir::posture::{Manifests, Report, Severity, Smell};

use crate::paper::Paper;
use crate::text;
use crate::theme::Role;

/// Columns of a line that are shown; more of it fits no terminal.
const SHOWN: usize = 120;

/// Prints every finding, and under it the line with a caret.
pub(super) fn print(manifests: &Manifests, report: &Report, paper: &mut Paper) -> io::Result<()> {
    for (finding, smell) in report.findings.iter().zip(Smell::all(report, manifests)) {
        head(&smell, paper)?;
        let source = manifests.sources().get(finding.source);
        let lines = source.and_then(|source| source.line(finding.at.line));
        if let Some(line) = lines {
            quote(finding.at.line, finding.at.column, line, paper)?;
        }
    }
    Ok(())
}

/// `deploy/web.yaml:12:9: high WEIR-101 Deployment shop/web, container web: it is privileged`.
fn head(smell: &Smell<'_>, paper: &mut Paper) -> io::Result<()> {
    let place = match (smell.line, smell.column) {
        (Some(line), Some(column)) => format!("{}:{line}:{column}: ", smell.file),
        _ => String::new(),
    };
    let severity = format!("{} {}", smell.check.severity.name(), smell.check.id);
    paper.spans(&[
        (Role::Text, &place),
        (role(smell.check.severity), &severity),
        (Role::Text, &format!(" {}: {}", smell.whose(), smell.message)),
    ])
}

/// A line of a file, and a caret under its column.
fn quote(number: usize, column: usize, line: &str, paper: &mut Paper) -> io::Result<()> {
    let before: String = line.chars().take(column.saturating_sub(1)).collect();
    let from = before.chars().count().saturating_sub(SHOWN / 2);
    let shown: String = line.chars().skip(from).take(SHOWN).collect();
    let blank = text::width(&text::clean(&before.chars().skip(from).collect::<String>()));
    let gutter = number.to_string();
    let margin = " ".repeat(gutter.len());
    paper.spans(&[(Role::Dim, &format!("  {gutter} | ")), (Role::Text, &text::clean(&shown))])?;
    paper.spans(&[
        (Role::Dim, &format!("  {margin} | ")),
        (Role::Mistake, &format!("{}^", " ".repeat(blank))),
    ])
}

/// How a severity looks.
pub(crate) const fn role(severity: Severity) -> Role {
    match severity {
        Severity::Critical => Role::Critical,
        Severity::High => Role::Bad,
        Severity::Medium => Role::Warning,
        Severity::Low => Role::Text,
    }
}
