//! What stands out of a report.

use serde::{Deserialize, Serialize};

use super::{ImageReport, Vulnerability, VulnerabilitySeverity};

/// Vulnerabilities that are named in it.
const NAMED: usize = 50;

/// What stands out of a report: it is kept and shown where the whole report would be too much.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanSummary {
    /// The operating system in the image: `alpine 3.19.1`.
    pub os: Option<String>,
    /// Whether nobody mends that system any more.
    pub is_end_of_life: bool,
    /// Whether nothing was found in the image that could be looked up: it may be anything but clean.
    #[serde(default)]
    pub is_blank: bool,
    /// Vulnerabilities by how bad they are.
    pub counts: VulnerabilityCounts,
    /// Of these, those of which a newer package is free.
    pub fixable: VulnerabilityCounts,
    /// Of these, those that are known to be exploited.
    pub exploited: usize,
    /// Secrets that lie in the image.
    pub secrets: usize,
    /// The most urgent vulnerabilities, at most 50: those that are exploited first, then the worse ones,
    /// of these those that can be mended.
    pub urgent: Vec<Vulnerability>,
}

/// Vulnerabilities by how bad they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VulnerabilityCounts {
    /// Critical ones.
    pub critical: usize,
    /// High ones.
    pub high: usize,
    /// Medium ones.
    pub medium: usize,
    /// Low ones.
    pub low: usize,
    /// Those of which nobody says.
    pub unknown: usize,
}

impl VulnerabilityCounts {
    /// So many of all.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.critical + self.high + self.medium + self.low + self.unknown
    }

    /// So many of one severity.
    #[must_use]
    pub const fn of(&self, severity: VulnerabilitySeverity) -> usize {
        match severity {
            VulnerabilitySeverity::Critical => self.critical,
            VulnerabilitySeverity::High => self.high,
            VulnerabilitySeverity::Medium => self.medium,
            VulnerabilitySeverity::Low => self.low,
            VulnerabilitySeverity::Unknown => self.unknown,
        }
    }

    fn count(&mut self, severity: VulnerabilitySeverity) {
        *match severity {
            VulnerabilitySeverity::Critical => &mut self.critical,
            VulnerabilitySeverity::High => &mut self.high,
            VulnerabilitySeverity::Medium => &mut self.medium,
            VulnerabilitySeverity::Low => &mut self.low,
            VulnerabilitySeverity::Unknown => &mut self.unknown,
        } += 1;
    }
}

impl ScanSummary {
    pub(super) fn of(report: &ImageReport) -> Self {
        let ImageReport { os, is_end_of_life, vulnerabilities, secrets, is_blank, .. } = report;
        let mut summary = Self {
            os: os.clone(),
            is_end_of_life: *is_end_of_life,
            secrets: *secrets,
            is_blank: *is_blank,
            urgent: vulnerabilities.iter().take(NAMED).cloned().collect(),
            ..Self::default()
        };
        for one in vulnerabilities {
            summary.counts.count(one.severity);
            if one.fixed.is_some() {
                summary.fixable.count(one.severity);
            }
            summary.exploited += usize::from(one.is_exploited);
        }
        summary
    }

    /// The worst that was found; none where nothing was.
    #[must_use]
    pub fn worst(&self) -> Option<VulnerabilitySeverity> {
        VulnerabilitySeverity::ALL.into_iter().find(|severity| self.counts.of(*severity) > 0)
    }

    /// Critical vulnerabilities and those that are exploited, as far as they are named.
    pub fn critical(&self) -> impl Iterator<Item = &Vulnerability> {
        let is_critical = |one: &&Vulnerability| {
            one.is_exploited || one.severity == VulnerabilitySeverity::Critical
        };
        self.urgent.iter().filter(is_critical)
    }
}
