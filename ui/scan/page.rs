//! What was found, for people.

use std::io;

use weir::posture::image::{
    ScanSummary, Vulnerability, VulnerabilityCounts, VulnerabilitySeverity,
};

use super::outcome::{Outcome, Scanned};
use crate::format::{count, counted};
use crate::look::Look;
use crate::panes::facts::Fact;
use crate::panes::scan::{BLANK, old_database, role};
use crate::paper::Paper;
use crate::text::clean;
use crate::theme::Role;
use crate::when;
use crate::widgets::table::{Clip, Column, Row};

/// Vulnerabilities of an image that are listed.
const LISTED: usize = 50;

/// Workloads of an image that are named.
const NAMED: usize = 8;

/// Digits of a digest that are enough to tell images apart.
const DIGITS: usize = 12;

const COLUMNS: [Column; 6] = [
    Column::text("SEVERITY", 8, Clip::End, 0),
    Column::text("ID", 14, Clip::Middle, 1),
    Column::text("PACKAGE", 10, Clip::Middle, 2),
    Column::text("INSTALLED", 9, Clip::Middle, 4),
    Column::text("FIXED", 9, Clip::Middle, 3),
    Column::text("TITLE", 12, Clip::End, 4),
];

/// Prints every image with its vulnerabilities, as far as these are as severe as `least`, and of several
/// what came of all.
pub(super) fn print(
    outcome: &Outcome,
    least: Option<VulnerabilitySeverity>,
    paper: &mut Paper,
) -> io::Result<()> {
    for (number, image) in outcome.images.iter().enumerate() {
        if number > 0 {
            paper.line("")?;
        }
        paper.spans(&[(Role::Title, image.name.as_str())])?;
        let look = *paper.look();
        paper.facts(&facts(image, &look))?;
        table(image, least, paper)?;
    }
    if outcome.all == 1 {
        return Ok(());
    }
    if !outcome.images.is_empty() {
        paper.line("")?;
    }
    paper.line(&summary(outcome))
}

/// What there is to say of an image besides its vulnerabilities.
fn facts(image: &Scanned, look: &Look) -> Vec<Fact> {
    let Scanned { workloads, scan, summary, .. } = image;
    let mut facts = Vec::new();
    facts.extend(image.digest().map(|digest| Fact::new("digest", short(digest))));
    facts.push(system(summary));
    let at = when::written(scan.scanned_us);
    let kept = format!(", {} ago: a report that was kept", look.ago(scan.scanned_us));
    facts.push(Fact::new("scanned", if scan.is_kept { at + &kept } else { at }));
    facts.extend(old_database(scan.database_us, look.now_us));
    for (number, running) in workloads.iter().take(NAMED).enumerate() {
        let name = if number == 0 { "runs in" } else { "" };
        facts.push(Fact::new(name, clean(&running.to_string())));
    }
    if workloads.len() > NAMED {
        facts.push(Fact::new("", format!("and {} more", workloads.len() - NAMED)));
    }
    facts.extend(found(summary));
    facts
}

/// `sha256:3e23e8160039`.
fn short(digest: &str) -> String {
    let (algorithm, digits) = digest.split_once(':').unwrap_or(("", digest));
    clean(&format!("{algorithm}:{}", digits.chars().take(DIGITS).collect::<String>()))
}

/// The operating system in it.
fn system(summary: &ScanSummary) -> Fact {
    match &summary.os {
        Some(os) if summary.is_end_of_life => {
            let shown = format!("{}, end of life: nobody mends it any more", clean(os));
            Fact::told("system", shown, Role::Warning)
        }
        Some(os) => Fact::new("system", clean(os)),
        None => Fact::new("system", "none that Trivy knows"),
    }
}

/// How much was found.
fn found(summary: &ScanSummary) -> Vec<Fact> {
    let ScanSummary { counts, fixable, exploited, secrets, .. } = summary;
    let mut facts = vec![match summary.worst() {
        None if summary.is_blank => Fact::told("found", BLANK, Role::Warning),
        None if *secrets > 0 => Fact::told("found", "no vulnerabilities, but secrets", Role::Bad),
        None => Fact::told("found", "no vulnerabilities", Role::Good),
        Some(worst) => Fact::told("found", in_words(counts), role(worst)),
    }];
    if counts.total() > 0 {
        let fixable = if fixable.total() > 0 { in_words(fixable) } else { "none".into() };
        facts.push(Fact::new("mendable", fixable));
    }
    if *exploited > 0 {
        let shown = format!("{}, by CISA's catalogue", count(*exploited as u64));
        facts.push(Fact::told("exploited", shown, Role::Critical));
    }
    if *secrets > 0 {
        facts.push(Fact::told("secrets", count(*secrets as u64), Role::Bad));
    }
    facts
}

/// `43: 2 critical, 5 high, 36 low`.
fn in_words(counts: &VulnerabilityCounts) -> String {
    let of = |severity: VulnerabilitySeverity| (counts.of(severity), severity.name());
    let parts = VulnerabilitySeverity::ALL.into_iter().map(of).filter(|(number, _)| *number > 0);
    let parts: Vec<_> =
        parts.map(|(number, name)| format!("{} {name}", count(number as u64))).collect();
    format!("{}: {}", count(counts.total() as u64), parts.join(", "))
}

/// The most urgent vulnerabilities, and how many there are that are not listed.
fn table(
    image: &Scanned,
    least: Option<VulnerabilitySeverity>,
    paper: &mut Paper,
) -> io::Result<()> {
    let is_meant = |one: &&Vulnerability| least.is_none_or(|least| one.severity >= least);
    let all: Vec<_> = image.scan.report.vulnerabilities.iter().filter(is_meant).collect();
    if !all.is_empty() {
        let look = *paper.look();
        let rows: Vec<_> = all.iter().take(LISTED).map(|one| row(one, &look)).collect();
        paper.table(&COLUMNS, &rows)?;
    }
    if all.len() > LISTED {
        let more = count((all.len() - LISTED) as u64);
        paper.line(&format!("and {more} more, less urgent: `--format json` has all of them"))?;
    }
    match image.left_out(least) {
        0 => Ok(()),
        others => paper.line(&format!("{} less severe left out", count(others as u64))),
    }
}

fn row(one: &Vulnerability, look: &Look) -> Row {
    let role = if one.is_exploited { Role::Critical } else { role(one.severity) };
    let exploited = if one.is_exploited { ", exploited" } else { "" };
    let fixed = one.fixed.as_deref().unwrap_or("none");
    let cells = vec![
        look.cell(role, format!("{}{exploited}", one.severity.name())),
        look.cell(Role::Text, clean(&one.id)),
        look.cell(Role::Text, clean(&one.package)),
        look.cell(Role::Text, clean(&one.installed)),
        look.cell(Role::Text, clean(fixed)),
        look.cell(Role::Dim, clean(&one.title)),
    ];
    Row { cells, ..Row::default() }
}

/// `12 images, 3 with critical vulnerabilities (2 of them mendable), 1 could not be scanned`.
fn summary(outcome: &Outcome) -> String {
    let of = |is_meant: fn(&ScanSummary) -> bool| {
        outcome.images.iter().filter(|one| is_meant(&one.summary)).count()
    };
    let critical = of(|summary| summary.counts.critical > 0);
    let mut parts = vec![counted(outcome.all as u64, "image")];
    parts.push(match of(|summary| summary.fixable.critical > 0) {
        _ if critical == 0 => "none with critical vulnerabilities".into(),
        0 => format!("{critical} with critical vulnerabilities (none of them mendable)"),
        mendable => {
            format!("{critical} with critical vulnerabilities ({mendable} of them mendable)")
        }
    });
    let exploited = of(|summary| summary.exploited > 0);
    if exploited > 0 {
        parts.push(format!("{exploited} with vulnerabilities that are exploited"));
    }
    if outcome.unscanned() > 0 {
        parts.push(format!("{} could not be scanned", outcome.unscanned()));
    }
    parts.join(", ")
}
