//! Findings as `JUnit`'s XML: a suite for each file, a case for each finding, and one that passes where
//! there is none. What servers of continuous integration read is told by `junit-10.xsd` of Jenkins'
//! xUnit plugin.

use weir::posture::{Finding, Manifests, Report, Smell, Source};

/// The lines of the document.
pub(super) fn lines(manifests: &Manifests, report: &Report) -> impl Iterator<Item = String> {
    let smells: Vec<_> = Smell::all(report, manifests).collect();
    let faults: usize = manifests.sources().iter().map(|source| source.faults.len()).sum();
    let mut lines = vec![
        r#"<?xml version="1.0" encoding="UTF-8"?>"#.to_owned(),
        format!(
            r#"<testsuites name="weir smells" tests="{}" failures="{}" errors="{faults}">"#,
            cases(manifests, &report.findings),
            smells.len()
        ),
    ];
    for (number, source) in manifests.sources().iter().enumerate() {
        let own =
            report.findings.iter().zip(&smells).filter(|(finding, _)| finding.source == number);
        let own: Vec<_> = own.map(|(_, smell)| smell).collect();
        let name = escaped(&source.name);
        let (tests, errors) = ((own.len() + source.faults.len()).max(1), source.faults.len());
        lines.push(format!(
            r#"  <testsuite name="{name}" tests="{tests}" failures="{}" errors="{errors}">"#,
            own.len()
        ));
        lines.extend(own.iter().flat_map(|smell| failure(smell)));
        for fault in &source.faults {
            let message = escaped(&fault.to_string());
            lines.push(format!(r#"    <testcase name="read" classname="{name}">"#));
            lines.push(format!(r#"      <error message="{message}" type="unreadable"/>"#));
            lines.push("    </testcase>".into());
        }
        if own.is_empty() && errors == 0 {
            lines.push(format!(r#"    <testcase name="smells" classname="{name}"/>"#));
        }
        lines.push("  </testsuite>".into());
    }
    lines.push("</testsuites>".into());
    lines.into_iter()
}

fn cases(manifests: &Manifests, findings: &[Finding]) -> usize {
    let of = |(number, source): (usize, &Source)| {
        let own = findings.iter().filter(|finding| finding.source == number).count();
        (own + source.faults.len()).max(1)
    };
    manifests.sources().iter().enumerate().map(of).sum()
}

fn failure(smell: &Smell<'_>) -> [String; 3] {
    let name = escaped(&format!("{} {} {}", smell.check.id, smell.whose(), smell.path));
    let place = smell.line.map(|line| format!("line {line}: ")).unwrap_or_default();
    [
        format!(r#"    <testcase name="{name}" classname="{}">"#, escaped(smell.file)),
        format!(
            r#"      <failure message="{}" type="{}">{}</failure>"#,
            escaped(smell.check.title),
            smell.check.severity.name(),
            escaped(&format!("{place}{}: {}. {}", smell.whose(), smell.message, smell.check.why))
        ),
        "    </testcase>".into(),
    ]
}

/// Text within XML; what no XML may hold is left out (XML 1.0, production 2).
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' | '\r' => escaped.push(' '),
            '\u{fffe}' | '\u{ffff}' => {}
            character if character.is_control() => {}
            character => escaped.push(character),
        }
    }
    escaped
}
