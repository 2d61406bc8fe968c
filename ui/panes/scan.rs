//! What scans of images say, in words: of one image in short, and of those of an incident.

use std::sync::Arc;

use weir::engine::{Found, ImageState, ImageStatus, Snapshot};
use weir::incident::{Incident, WhoKind};
use weir::posture::image::{ImageName, ScanSummary, Vulnerability, VulnerabilitySeverity};
use weir::trivy::STALE;

use super::facts::Fact;
use crate::format;
use crate::text;
use crate::theme::Role;

/// Pods of an incident whose images are looked at.
const PODS: usize = 8;

/// Images of an incident that are shown.
const IMAGES: usize = 8;

/// Vulnerabilities of each of them that are named.
const NAMED: usize = 5;

/// The name of an image without its digest, which is as long as a line.
pub(crate) fn short_name(image: &ImageName) -> String {
    let name = image.as_str();
    text::clean(name.split_once('@').map_or(name, |(name, _)| name))
}

/// How a severity looks.
pub(crate) const fn role(severity: VulnerabilitySeverity) -> Role {
    match severity {
        VulnerabilitySeverity::Critical => Role::Critical,
        VulnerabilitySeverity::High => Role::Bad,
        VulnerabilitySeverity::Medium => Role::Warning,
        VulnerabilitySeverity::Low | VulnerabilitySeverity::Unknown => Role::Text,
    }
}

/// How an image stands, in a word or two, and how that looks: what was found last, whatever goes on now,
/// else why nothing is known.
pub(super) fn standing(row: &ImageStatus) -> (&'static str, Role) {
    match (&row.found, &row.state) {
        (Some(found), _) => verdict(&found.summary),
        (None, ImageState::Unknown | ImageState::Scanned) => ("not scanned", Role::Dim),
        (None, ImageState::Waiting) => ("waits", Role::Text),
        (None, ImageState::Scanning(_)) => ("scanning", Role::Text),
        (None, ImageState::Failed(_)) => ("FAILED", Role::Bad),
    }
}

/// The worst that was found. What nobody mends any more is not well only because nobody tells of it, nor
/// is what holds secrets.
fn verdict(summary: &ScanSummary) -> (&'static str, Role) {
    match summary.worst() {
        Some(VulnerabilitySeverity::Critical) => ("CRITICAL", Role::Critical),
        Some(VulnerabilitySeverity::Unknown) => ("unrated", Role::Text),
        Some(severity) => (severity.name(), role(severity)),
        None if summary.secrets > 0 => ("secrets", Role::Bad),
        None if summary.is_blank => ("unreadable", Role::Warning),
        None if summary.is_end_of_life => ("end of life", Role::Warning),
        None => ("none known", Role::Good),
    }
}

/// What goes on with an image of which it is known what was found before: that it waits or is scanned
/// anew, or that the last scan failed and why.
pub(super) fn anew(row: &ImageStatus) -> Option<(String, Role)> {
    row.found.as_ref()?;
    match &row.state {
        ImageState::Waiting => Some(("waits to be scanned anew".into(), Role::Text)),
        ImageState::Scanning(step) => {
            Some((format!("is scanned anew: {}", step.words()), Role::Text))
        }
        ImageState::Failed(why) => {
            Some((format!("the last scan FAILED: {}", text::clean(why)), Role::Bad))
        }
        ImageState::Unknown | ImageState::Scanned => None,
    }
}

/// That Trivy's database was old at `at_us`, where it was.
pub(crate) fn old_database(database_us: Option<i64>, at_us: i64) -> Option<Fact> {
    let made_us = database_us?;
    let age_us = u128::try_from(at_us.saturating_sub(made_us)).ok()?;
    let made = format::day(made_us);
    let words = format!("of {made}: what became known since is not in it");
    (age_us > STALE.as_micros()).then(|| Fact::told("database", words, Role::Warning))
}

/// What is said of an image in which Trivy found nothing that it could look up.
pub(crate) const BLANK: &str = "no packages were found in it: it may be anything but clean";

/// What stands out of a report: `3 critical (2 mendable), 1 exploited, 2 secrets`.
pub(crate) fn in_short(summary: &ScanSummary) -> String {
    let ScanSummary { counts, exploited, secrets, is_end_of_life, is_blank, .. } = summary;
    let blank = is_blank.then(|| BLANK.to_owned());
    let worst = summary.worst().map(|severity| {
        let count = format::count(counts.of(severity) as u64);
        format!("{count} {}{}", severity.name(), mendable(summary, severity))
    });
    let exploited =
        (*exploited > 0).then(|| format!("{} exploited", format::count(*exploited as u64)));
    let secrets = (*secrets > 0).then(|| format::counted(*secrets as u64, "secret"));
    let age = is_end_of_life.then(|| unmended(summary));
    let parts: Vec<_> = [worst, blank, exploited, secrets, age].into_iter().flatten().collect();
    if parts.is_empty() { "nothing is known against it".into() } else { parts.join(", ") }
}

/// How many of a severity a newer package mends: ` (2 mendable)`; nothing where none does.
pub(super) fn mendable(summary: &ScanSummary, severity: VulnerabilitySeverity) -> String {
    match summary.fixable.of(severity) {
        0 => String::new(),
        count => format!(" ({} mendable)", format::count(count as u64)),
    }
}

/// That nobody mends the operating system any more.
pub(super) fn unmended(summary: &ScanSummary) -> String {
    let os = summary.os.as_deref().map_or_else(|| "its operating system".to_owned(), text::clean);
    format!("nobody mends {os} any more")
}

/// `CVE-2024-3094, exploited: xz 5.6.0 → 5.6.1`.
pub(super) fn vulnerability(one: &Vulnerability) -> String {
    let Vulnerability { id, package, installed, fixed, is_exploited, .. } = one;
    let [id, package, installed] = [id, package, installed].map(|part| text::clean(part));
    let exploited = if *is_exploited { ", exploited" } else { "" };
    let fixed = fixed.as_deref().map(|version| format!("→ {}", text::clean(version)));
    let fixed = fixed.unwrap_or_else(|| "(not mended yet)".into());
    format!("{id}{exploited}: {package} {installed} {fixed}")
}

/// What is known to be wrong with the images of pods that an incident is about or that it reaches.
/// Pods that are gone have none.
pub(super) fn of_incident(row: &Incident, snapshot: &Snapshot) -> Vec<Fact> {
    let scans = &snapshot.scans;
    let addresses = [row.pivot].into_iter().chain(row.targets.listed.iter().copied());
    let pods = addresses
        .filter_map(|address| row.names.get(address))
        .filter(|who| who.kind == WhoKind::Pod)
        .take(PODS);
    let mut images: Vec<&Arc<ImageStatus>> = Vec::new();
    for image in pods.flat_map(|pod| scans.of_pod(&pod.namespace, &pod.name)) {
        if !images.iter().any(|known| Arc::ptr_eq(known, image)) {
            images.push(image);
        }
    }
    let absent = scans.absent.as_deref();
    images.into_iter().take(IMAGES).map(|image| of_image(image, absent)).collect()
}

/// `absent` says why no image can be scanned, where none can.
fn of_image(row: &ImageStatus, absent: Option<&str>) -> Fact {
    let (words, role) = match &row.found {
        Some(Found { summary, .. }) => (critical(summary), standing(row).1),
        None => unscanned(&row.state, absent),
    };
    Fact::told("image", format!("{}: {words}", text::clean(row.image.as_str())), role)
}

/// Why nothing is known of an image.
fn unscanned(state: &ImageState, absent: Option<&str>) -> (String, Role) {
    match (state, absent) {
        (ImageState::Unknown | ImageState::Scanned, Some(why)) => {
            (format!("not scanned: {}", text::clean(why)), Role::Dim)
        }
        (ImageState::Unknown | ImageState::Scanned, None) => {
            ("not scanned: press `v` on the page of images (`i`)".into(), Role::Dim)
        }
        (ImageState::Waiting, _) => ("waits to be scanned".into(), Role::Text),
        (ImageState::Scanning(step), _) => {
            (format!("is being scanned: {}", step.words()), Role::Text)
        }
        (ImageState::Failed(why), _) => {
            (format!("could not be scanned: {}", text::clean(why)), Role::Warning)
        }
    }
}

/// What stands out of a report, and which vulnerabilities are critical or exploited.
fn critical(summary: &ScanSummary) -> String {
    let named: Vec<_> = summary.critical().take(NAMED).map(vulnerability).collect();
    let more = if summary.critical().count() > NAMED { "; …" } else { "" };
    match named.as_slice() {
        [] => in_short(summary),
        named => format!("{}: {}{more}", in_short(summary), named.join("; ")),
    }
}
