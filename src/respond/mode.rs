//! How far Weir goes by itself.

use serde::{Deserialize, Serialize};

/// How far Weir goes by itself, least first.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// It says what it would do.
    #[default]
    Observe,
    /// It has the API server check it too.
    DryRun,
    /// It does it.
    Enforce,
}

impl Mode {
    /// Every mode, least first.
    pub const ALL: [Self; 3] = [Self::Observe, Self::DryRun, Self::Enforce];

    /// Its name everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::DryRun => "dry-run",
            Self::Enforce => "enforce",
        }
    }

    /// The mode of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }
}
