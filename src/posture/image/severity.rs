//! How bad vulnerabilities are.

use serde::{Deserialize, Serialize};

/// How bad a vulnerability is, as whoever maintains the package says, else the NVD; the worst is the
/// greatest.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum VulnerabilitySeverity {
    /// Nobody says.
    #[default]
    Unknown,
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
    /// Critical.
    Critical,
}

impl VulnerabilitySeverity {
    /// All of them, the worst first.
    pub const ALL: [Self; 5] = [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Unknown];

    /// As it is written everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The one of this name, however it is written; [`Self::Unknown`] where there is none.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let is_meant = |severity: &Self| severity.name().eq_ignore_ascii_case(name);
        Self::ALL.into_iter().find(is_meant).unwrap_or_default()
    }
}
