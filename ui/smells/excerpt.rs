//! Findings for people: what is wrong, and the line in which it is.

use std::io;

use weir::posture::{Finding, Manifests, Report, Severity, Smell};

use crate::paper::Paper;
use crate::text;
use crate::theme::Role;

/// Columns of a line that are shown; more of it fits no terminal.
const SHOWN: usize = 120;

/// Prints every finding, and under it the line with a caret.
pub(super) fn print(manifests: &Manifests, report: &Report, paper: &mut Paper) -> io::Result<()> {
    for (finding, smell) in report.findings.iter().zip(Smell::all(report, manifests)) {
        head(&smell, paper)?;
        if let Some([line, caret]) = quoted(finding, manifests, SHOWN) {
            paper.spans(&[(Role::Dim, &line.margin), (Role::Text, &line.text)])?;
            paper.spans(&[(Role::Dim, &caret.margin), (Role::Mistake, &caret.text)])?;
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

/// A row of an excerpt.
#[derive(Debug)]
pub(crate) struct Excerpt {
    /// The number of the line, or what is as wide, and blanks.
    pub(crate) margin: String,
    /// What stands behind it, fit for a terminal.
    pub(crate) text: String,
}

/// The line in which something was found, and below it a caret under the column; none where there are
/// no lines. Of a line at most `shown` characters are shown, those around the column.
pub(crate) fn quoted(
    finding: &Finding,
    manifests: &Manifests,
    shown: usize,
) -> Option<[Excerpt; 2]> {
    let (number, column) = (finding.at.line, finding.at.column);
    let line = manifests.sources().get(finding.source)?.line(number)?;
    let before: String = line.chars().take(column.saturating_sub(1)).collect();
    let from = before.chars().count().saturating_sub(shown / 2);
    let seen: String = line.chars().skip(from).take(shown).collect();
    let blank = text::width(&text::clean(&before.chars().skip(from).collect::<String>()));
    let number = number.to_string();
    let margin = format!("  {} | {}", " ".repeat(number.len()), " ".repeat(blank));
    Some([
        Excerpt { margin: format!("  {number} | "), text: text::clean(&seen) },
        Excerpt { margin, text: "^".into() },
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
