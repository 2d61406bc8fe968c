//! Names of Ingresses as Kubernetes takes them.

use std::fmt;

use serde::de::{Deserializer, Error as _};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use super::Refusal;

/// Which Ingress.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IngressName {
    namespace: String,
    name: String,
}

impl IngressName {
    /// The Ingress `name` in `namespace`, where both are names that Kubernetes takes: a DNS label
    /// for the namespace (RFC 1123, 63 bytes), a DNS subdomain for the name (253 bytes).
    pub fn new(namespace: &str, name: &str) -> Result<Self, Refusal> {
        if !is_label(namespace) {
            return Err(Refusal::Name { what: "namespace", text: namespace.into() });
        }
        if name.len() > 253 || !name.split('.').all(is_label) {
            return Err(Refusal::Name { what: "Ingress", text: name.into() });
        }
        Ok(Self { namespace: namespace.into(), name: name.into() })
    }

    /// The Ingress written as `NAMESPACE/NAME`.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let (namespace, name) = text
            .split_once('/')
            .ok_or_else(|| Refusal::Name { what: "NAMESPACE/NAME", text: text.into() })?;
        Self::new(namespace, name)
    }

    /// Its namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for IngressName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// As `NAMESPACE/NAME`.
impl Serialize for IngressName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for IngressName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// A DNS label, RFC 1123 section 2.1.
fn is_label(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(is_inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}
