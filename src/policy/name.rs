//! What a policy is called, and whether it acts.

use std::fmt;

use super::Problem;
use super::check::quoted;

/// What the name of an object must be.
pub(super) const SUBDOMAIN: &str = "a name has small letters, digits, `-` and `.`, begins and ends with a letter or digit, and is at most 253 long";

/// What the name of a namespace must be.
pub(super) const LABEL: &str = "a namespace has small letters, digits and `-`, begins and ends with a letter or digit, and is at most 63 long";

/// A policy: a `TracingPolicy` where it has no namespace, else a `TracingPolicyNamespaced`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyName {
    /// Its namespace; none means that it holds on whole nodes.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

impl PolicyName {
    /// The policy `name`, where both are names that Kubernetes takes: a DNS label for the namespace
    /// (RFC 1123, 63 bytes), a DNS subdomain for the name (253 bytes).
    pub fn new(namespace: Option<&str>, name: &str) -> Result<Self, Problem> {
        let wrong = |what: &str, text: &str, rule: &str| {
            Problem::nowhere(format!("{what} cannot be `{}`: {rule}", quoted(text)))
        };
        if !is_subdomain(name) {
            return Err(wrong("the name of a policy", name, SUBDOMAIN));
        }
        if let Some(namespace) = namespace.filter(|namespace| !is_label(namespace)) {
            return Err(wrong("the namespace of a policy", namespace, LABEL));
        }
        Ok(Self { namespace: namespace.map(Into::into), name: name.into() })
    }

    /// The policy written as `NAME` or `NAMESPACE/NAME`.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        match text.split_once('/') {
            Some((namespace, name)) => Self::new(Some(namespace), name),
            None => Self::new(None, text),
        }
    }

    /// The kind of its object.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self.namespace {
            Some(_) => super::head::KIND_NAMESPACED,
            None => super::head::KIND,
        }
    }
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

/// A DNS label, RFC 1123 section 2.1.
pub(super) fn is_label(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(is_inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// A DNS subdomain, RFC 1123 section 2.1; its parts may be longer than those of a label.
pub(super) fn is_subdomain(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(is_part)
}

/// The value of a label as Kubernetes takes it.
pub(super) fn is_label_value(text: &str) -> bool {
    let is_edge = |byte: Option<u8>| byte.is_none_or(|byte| byte.is_ascii_alphanumeric());
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
        && is_edge(bytes.first().copied())
        && is_edge(bytes.last().copied())
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

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Monitor => Self::Enforce,
            Self::Enforce => Self::Monitor,
        }
    }
}
