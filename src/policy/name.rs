//! What a policy is called, and whether it acts.

use std::fmt;

/// A policy: a `TracingPolicy` where it has no namespace, else a `TracingPolicyNamespaced`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyName {
    /// Its namespace; none means that it holds on whole nodes.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

/// As people name it: `weir-connections`, `shop/no-egress`.
impl fmt::Display for PolicyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{namespace}/{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// Whether what a policy says is done to processes is done (`policy-mode` in its options).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PolicyMode {
    /// It only tells.
    Monitor,
    /// It acts.
    Enforce,
}

impl PolicyMode {
    /// Its name everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Monitor => "monitor",
            Self::Enforce => "enforce",
        }
    }

    /// The mode of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Monitor, Self::Enforce].into_iter().find(|mode| mode.name() == name)
    }
}
