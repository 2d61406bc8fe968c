//! What somebody has looked at and lets be.

use std::fmt;

use serde::de::{Deserializer, Error as _};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use super::checks::named;
use super::cursor::Cursor;
use super::found::Finding;
use super::object::{Object, cut};
use super::pod::Pod;
use crate::document::Place;

/// The annotation that names the checks an object is let off: `WEIR-101,WEIR-205`.
pub(super) const ANNOTATION: &str = "weir.dev/ignore";

/// The one that says why.
const REASON: &str = "weir.dev/ignore-reason";

/// Characters of a wrong id that are repeated.
const LONGEST_ID: usize = 60;

/// What separates where a rule holds from why.
const BECAUSE: &str = " because ";

/// What settings let be: a check, in whatever else is said, and why. Written
/// `WEIR-205 namespace=logging kind=DaemonSet because it reads the logs of the node`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ignore {
    /// The id of the check.
    pub check: String,
    /// Only in sources whose name contains this.
    pub file: Option<String>,
    /// Only in objects of this kind.
    pub kind: Option<String>,
    /// Only in this namespace.
    pub namespace: Option<String>,
    /// Only in objects of this name.
    pub name: Option<String>,
    /// Why.
    pub reason: String,
}

impl Ignore {
    /// Whether it speaks of this finding, in a source of this name.
    pub(super) fn covers(&self, finding: &Finding, source: &str) -> bool {
        let is = |wanted: &Option<String>, has: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == has)
        };
        self.check.eq_ignore_ascii_case(finding.check.id)
            && self.file.as_deref().is_none_or(|part| source.contains(part))
            && is(&self.kind, &finding.object.kind)
            && is(&self.namespace, &finding.object.namespace)
            && is(&self.name, &finding.object.name)
    }

    fn parse(text: &str) -> Option<Self> {
        let (what, reason) = text.split_once(BECAUSE)?;
        let mut words = what.split_whitespace();
        let mut ignore = Self {
            check: words.next()?.to_owned(),
            reason: reason.trim().to_owned(),
            ..Self::default()
        };
        for word in words {
            let (key, value) = word.split_once('=')?;
            let field = match key {
                "file" => &mut ignore.file,
                "kind" => &mut ignore.kind,
                "namespace" => &mut ignore.namespace,
                "name" => &mut ignore.name,
                _ => return None,
            };
            *field = Some(value.to_owned());
        }
        (!ignore.reason.is_empty()).then_some(ignore)
    }
}

impl fmt::Display for Ignore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { check, file, kind, namespace, name, reason } = self;
        f.write_str(check)?;
        let parts = [("file", file), ("kind", kind), ("namespace", namespace), ("name", name)];
        for (key, value) in parts {
            if let Some(value) = value {
                write!(f, " {key}={value}")?;
            }
        }
        write!(f, "{BECAUSE}{reason}")
    }
}

impl Serialize for Ignore {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Ignore {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).ok_or_else(|| {
            D::Error::custom(
                "expected rules such as \"WEIR-205 namespace=logging because it reads the logs\", with \
                 namespace, kind, name or file",
            )
        })
    }
}

/// Something about the run itself that somebody should know: an ignore that names no check, or says no reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The number of the source that it is about; none where it is about settings.
    pub source: Option<usize>,
    /// Where in it.
    pub at: Place,
    /// What is to know, in one line.
    pub message: String,
}

impl Notice {
    /// Something about the whole run.
    pub(super) const fn general(message: String) -> Self {
        Self { source: None, at: Place { line: 0, column: 0 }, message }
    }
}

/// The checks that annotations let an object off, and what is wrong with these annotations.
pub(super) fn annotated(
    object: &Object<'_>,
    pod: Option<&Pod<'_>>,
    notices: &mut Vec<Notice>,
) -> Vec<&'static str> {
    let own = object.metadata().get("annotations");
    let template = pod.map(|pod| pod.metadata.get("annotations"));
    let mut found = Vec::new();
    let mut read = |annotations: &Cursor<'_>| {
        let ids = annotations.get(ANNOTATION);
        let Some(text) = ids.text() else { return };
        let mut notice = |message| {
            notices.push(Notice { source: Some(object.source), at: ids.place(), message });
        };
        let mut unknown = text.split([',', ' ']).filter(|id| !id.is_empty()).filter(|id| {
            found.extend(named(id).map(|check| check.id));
            named(id).is_none()
        });
        if let Some(id) = unknown.next() {
            let (id, others) = (cut(id, LONGEST_ID), unknown.count());
            let more = if others > 0 { format!(" and {others} more") } else { String::new() };
            notice(format!("`{ANNOTATION}` names `{id}`{more}, and there is no such check"));
        }
        if annotations.get(REASON).is_empty() {
            notice(format!("`{ANNOTATION}` gives no reason: add `{REASON}`"));
        }
    };
    read(&own);
    // Of a pod both are the same.
    if let Some(template) = template.filter(|template| template.path() != own.path()) {
        read(&template);
    }
    found
}

/// Rules of settings that name no check.
pub(super) fn unknown(ignores: &[Ignore]) -> impl Iterator<Item = Notice> + '_ {
    let unknown = ignores.iter().filter(|ignore| named(&ignore.check).is_none());
    unknown.map(|ignore| {
        let id = &ignore.check;
        Notice::general(format!("`smells-ignore` names `{id}`, and there is no such check"))
    })
}
