//! How far Weir goes by itself.

use serde::{Deserialize, Serialize};

use super::{ResponseRule, Scope};
use crate::detect::Class;

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

    /// How far Weir goes about an attack of `class` at an Ingress in `namespace`: as far as the least
    /// of the `rules` that fit allows, or as far as this where none does.
    #[must_use]
    pub fn for_case(self, rules: &[ResponseRule], namespace: &str, class: Class) -> Self {
        let fits = |rule: &&ResponseRule| match &rule.scope {
            Scope::Namespace(name) => name == namespace,
            Scope::Class(of) => *of == class,
        };
        rules.iter().filter(fits).map(|rule| rule.mode).min().unwrap_or(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_rules_that_fit_the_least_far_counts() {
        let rules = [
            (Scope::Namespace("shop".into()), Mode::Enforce),
            (Scope::Class(Class::BruteForce), Mode::DryRun),
        ];
        let rules = rules.map(|(scope, mode)| ResponseRule { scope, mode });
        let mode = |namespace, class| Mode::Observe.for_case(&rules, namespace, class);
        assert_eq!(mode("shop", Class::DosFlood), Mode::Enforce);
        assert_eq!(mode("shop", Class::BruteForce), Mode::DryRun);
        assert_eq!(mode("blog", Class::BruteForce), Mode::DryRun);
        assert_eq!(mode("blog", Class::DosFlood), Mode::Observe);
    }
}
