//! What a check is.

use super::found::Found;
use super::object::Object;
use super::pod::{Container, Pod};
use super::set::Set;

/// A check: what it looks for, why that matters, and how to mend it.
#[derive(Debug)]
pub struct Check {
    /// `WEIR-101`. Stays what it is for ever.
    pub id: &'static str,
    /// What is wrong where it finds something, as a sentence without its full stop.
    pub title: &'static str,
    /// What it is about.
    pub category: Category,
    /// How bad it is.
    pub severity: Severity,
    /// What comes of it, in one or two sentences.
    pub why: &'static str,
    /// How to mend it: a fragment of YAML.
    pub mend: &'static str,
    /// Whom else one may ask: the name of a linter, and what it calls the same check.
    pub references: &'static [(&'static str, &'static str)],
    /// A manifest in which it finds something.
    pub failing: &'static str,
    /// The same manifest, mended.
    pub passing: &'static str,
    pub(super) rule: Rule,
}

/// What a check looks at.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rule {
    /// Every object of these kinds, by itself.
    Object(&'static [&'static str], fn(&Object<'_>, &mut Found<'_>)),
    /// Every pod and every template of pods.
    Pod(fn(&Pod<'_>, &mut Found<'_>)),
    /// Every container of them.
    Container(fn(&Container<'_>, &mut Found<'_>)),
    /// Every object of these kinds, beside all others of the run.
    Across(&'static [&'static str], fn(&Object<'_>, &Set<'_>, &mut Found<'_>)),
}

/// What a check is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Category {
    /// What a process may do to its container and its node.
    Privilege,
    /// What of the node is within reach of a container.
    HostAccess,
    /// What the kernel refuses a container.
    Hardening,
    /// As whom a pod speaks to the API server.
    Identity,
    /// Who may do what in the cluster.
    Rbac,
    /// CPU and memory.
    Resources,
    /// Whether it goes on when something fails.
    Reliability,
    /// Who reaches whom.
    Network,
    /// What is run.
    Image,
    /// What nobody else may know.
    Secrets,
    /// What makes manifests hard to live with.
    Hygiene,
    /// Flags of the API server, the kubelet and their like.
    ControlPlane,
}

impl Category {
    /// As it is written everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Privilege => "privilege",
            Self::HostAccess => "host-access",
            Self::Hardening => "hardening",
            Self::Identity => "identity",
            Self::Rbac => "rbac",
            Self::Resources => "resources",
            Self::Reliability => "reliability",
            Self::Network => "network",
            Self::Image => "image",
            Self::Secrets => "secrets",
            Self::Hygiene => "hygiene",
            Self::ControlPlane => "control-plane",
        }
    }
}

/// How bad a finding is; the worst is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// A habit that saves trouble later.
    Low,
    /// One more mistake, and it hurts.
    Medium,
    /// Whoever gets into the container gets much further.
    High,
    /// Whoever gets into the container has the node or the cluster.
    Critical,
}

impl Severity {
    /// All of them, the worst first.
    pub const ALL: [Self; 4] = [Self::Critical, Self::High, Self::Medium, Self::Low];

    /// As it is written everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}
