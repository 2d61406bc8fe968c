//! Findings with the names of where they were found, as faces show them.

use sha2::{Digest, Sha256};

use super::check::Check;
use super::found::Finding;
use super::manifests::Manifests;
use super::scan::Report;

/// A finding, and where it was found.
#[derive(Debug, Clone)]
pub struct Smell<'a> {
    /// Which check found it.
    pub check: &'static Check,
    /// What is wrong here, in one line.
    pub message: &'a str,
    /// The file, as it was named.
    pub file: &'a str,
    /// Its line, counted from 1; none where there are no lines.
    pub line: Option<usize>,
    /// Its column in characters, counted from 1.
    pub column: Option<usize>,
    /// The kind of the object.
    pub kind: &'a str,
    /// Its namespace; none where none is written.
    pub namespace: Option<&'a str>,
    /// Its name.
    pub name: &'a str,
    /// The container.
    pub container: Option<&'a str>,
    /// The field of the object.
    pub path: &'a str,
}

impl<'a> Smell<'a> {
    /// What is said of a finding in one of these manifests.
    #[must_use]
    pub fn new(finding: &'a Finding, manifests: &'a Manifests) -> Self {
        let Finding { check, source, at, object, path, container, message } = finding;
        let has_lines = at.line > 0;
        Self {
            check,
            message,
            file: manifests.sources().get(*source).map_or("", |source| &source.name),
            line: has_lines.then_some(at.line),
            column: has_lines.then_some(at.column),
            kind: &object.kind,
            namespace: (!object.namespace.is_empty()).then_some(object.namespace.as_str()),
            name: &object.name,
            container: container.as_deref(),
            path,
        }
    }

    /// What is said of all findings of a report on these manifests, in its order.
    pub fn all(
        report: &'a Report,
        manifests: &'a Manifests,
    ) -> impl Iterator<Item = Self> + use<'a> {
        report.findings.iter().map(|finding| Self::new(finding, manifests))
    }

    /// The object and the container: `Deployment shop/web, container web`.
    #[must_use]
    pub fn whose(&self) -> String {
        let namespace = self.namespace.map(|namespace| format!("{namespace}/")).unwrap_or_default();
        let container =
            self.container.map(|name| format!(", container {name}")).unwrap_or_default();
        format!("{} {namespace}{}{container}", self.kind, self.name)
    }

    /// The same for the same smell of the same object, wherever it stands: SHA-256 in hexadecimal digits.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let Self { check, kind, namespace, name, path, .. } = self;
        let parts = [check.id, kind, namespace.unwrap_or_default(), name, path];
        format!("{:x}", Sha256::digest(parts.join("\0")))
    }
}
