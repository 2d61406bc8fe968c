//! What checks find.

use std::sync::Arc;

use super::check::Check;
use super::cursor::Cursor;
use super::object::{LONGEST, Name, Object, cut};
use crate::document::Place;

/// Findings of a run.
pub(super) const MOST_FINDINGS: usize = 100_000;

/// Characters of a message, and of a path.
const LONGEST_WORDS: usize = 1_000;

/// A smell: which check found it, in which field of which object, and where that is written.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Who found it.
    pub check: &'static Check,
    /// The number of the source, in the order in which they were given.
    pub source: usize,
    /// Where it is written; zeroes where there are no lines, as in a cluster.
    pub at: Place,
    /// The object.
    pub object: Arc<Name>,
    /// The field, from the object on: `spec.containers[0].image`.
    pub path: String,
    /// The container whose field it is.
    pub container: Option<String>,
    /// What is wrong there, in one line.
    pub message: String,
}

/// Where a check puts what it finds in one object, pod or container.
#[derive(Debug)]
pub(super) struct Found<'a> {
    pub(super) findings: &'a mut Vec<Finding>,
    pub(super) check: &'static Check,
    pub(super) object: &'a Object<'a>,
    pub(super) container: Option<&'a str>,
}

impl Found<'_> {
    /// A field is not as it should be.
    pub(super) fn at(&mut self, field: &Cursor<'_>, message: impl Into<String>) {
        if self.findings.len() >= MOST_FINDINGS {
            return;
        }
        self.findings.push(Finding {
            check: self.check,
            source: self.object.source,
            at: field.place(),
            object: Arc::clone(&self.object.name),
            path: cut(&field.path(), LONGEST_WORDS),
            container: self.container.map(|name| cut(name, LONGEST)),
            message: cut(&message.into(), LONGEST_WORDS),
        });
    }
}

/// Findings by how bad they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Critical ones.
    pub critical: usize,
    /// High ones.
    pub high: usize,
    /// Medium ones.
    pub medium: usize,
    /// Low ones.
    pub low: usize,
}
