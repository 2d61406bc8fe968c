//! From bytes to documents, within limits.

use std::fmt;
use std::str;

use serde_saphyr::Spanned;

use super::{Kind, Node, Place};

/// Characters of what a fault quotes.
const LONGEST_WORDS: usize = 200;

/// Faults of a text: each may have cost as much as a whole document.
const MOST_FAULTS: usize = 100;

/// Anchors of a document, and aliases.
const MOST_ANCHORS: usize = 1_000;

/// How much is read; what is more is a fault.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// What is read, in words: `a policy`.
    pub what: &'static str,
    /// Bytes of the whole text.
    pub bytes: usize,
    /// Documents of the text.
    pub documents: usize,
    /// Lists and maps that may stand in one another.
    pub depth: usize,
    /// Values of all documents together, those that aliases repeat among them.
    pub values: usize,
}

impl Limits {
    /// As Kubernetes reads YAML: `yes` is true, `0755` is octal, a member stands once.
    fn options(&self, values: usize) -> serde_saphyr::Options {
        serde_saphyr::options! {
            budget: serde_saphyr::budget! {
                // The second one is told of in words of ours.
                max_documents: 2,
                max_depth: self.depth,
                flow_nesting_limit: self.depth,
                max_nodes: values,
                max_events: values.saturating_mul(3),
                max_aliases: MOST_ANCHORS,
                max_anchors: MOST_ANCHORS,
                max_total_scalar_bytes: self.bytes.saturating_mul(2),
            },
            alias_limits: serde_saphyr::alias_limits! {
                max_total_replayed_events: values.min(10 * MOST_ANCHORS),
                max_replay_stack_depth: 16,
            },
            legacy_octal_numbers: true,
            with_snippet: false,
        }
    }
}

/// Why a text cannot be read, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where it shows.
    pub at: Place,
    /// What is wrong, and how to mend it, in one line.
    pub message: String,
}

/// As compilers say it: `line 3, column 5: …`.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.at.line, self.at.column, self.message)
    }
}

impl std::error::Error for Fault {}

/// The text of a file: UTF-8 without NUL; a byte order mark is left out.
pub fn text(bytes: &[u8]) -> Result<&str, Fault> {
    let fault = |message: &str| Err(Place::START.fault(message.into()));
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return fault(
            "this is UTF-16, and Kubernetes reads UTF-8: convert it with `iconv -f utf-16 -t utf-8`",
        );
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let (end, message) = match (str::from_utf8(bytes), bytes.iter().position(|byte| *byte == 0)) {
        (Ok(text), None) => return Ok(text),
        (_, Some(end)) => (end, "here is a NUL byte, which no YAML and no JSON may hold"),
        (Err(error), None) => (error.valid_up_to(), "this is not UTF-8"),
    };
    let before = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default());
    let line = before.split('\n').next_back().unwrap_or_default();
    let at = Place { line: before.split('\n').count(), column: 1 + line.chars().count() };
    Err(at.fault(message.into()))
}

/// The one document of `text`.
pub fn one(text: &str, limits: &Limits) -> Result<Node, Fault> {
    fits(text, limits)?;
    document(text, limits, limits.values)
}

/// Each document of `text` that says anything. One that cannot be read keeps none of the others from it.
#[must_use]
pub fn each(text: &str, limits: &Limits) -> Vec<Result<Node, Fault>> {
    if let Err(fault) = fits(text, limits) {
        return vec![Err(fault)];
    }
    let mut found = Vec::new();
    let (mut left, mut faults) = (limits.values, 0);
    for (count, (line, part)) in parts(text).enumerate() {
        if count >= limits.documents {
            let at = Place { line, column: 1 };
            let message = format!(
                "{} holds at most {} documents: write them to several files",
                limits.what, limits.documents
            );
            found.push(Err(at.fault(message)));
            break;
        }
        if faults == MOST_FAULTS {
            let message = "there are too many faults above: what follows is not read".into();
            found.push(Err(Place { line, column: 1 }.fault(message)));
            break;
        }
        match document(part, limits, left) {
            Ok(Node { kind: Kind::Null, .. }) => {}
            Ok(mut node) => {
                left = left.saturating_sub(moved(&mut node, line - 1));
                found.push(Ok(node));
            }
            Err(Fault { at: Place { line: own, column }, message }) => {
                faults += 1;
                found.push(Err(Place { line: line - 1 + own, column }.fault(message)));
            }
        }
    }
    found
}

fn fits(text: &str, limits: &Limits) -> Result<(), Fault> {
    if text.len() <= limits.bytes {
        return Ok(());
    }
    let message = format!(
        "it is {} KiB long, and {} has at most {}: leave something out",
        text.len() / 1024,
        limits.what,
        limits.bytes / 1024
    );
    Err(Place::START.fault(message))
}

/// The documents of a text, with the lines that they begin on.
///
/// At the beginning of a line `---` and `...` are markers wherever they stand, in block scalars and
/// quotes too (YAML 1.2.2, rule 206, `c-forbidden`), so that no reader is needed to tell where a
/// document ends.
fn parts(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut bounds = vec![(1, 0)];
    let (mut at, mut says_something) = (0, false);
    for (before, line) in text.split_inclusive('\n').enumerate() {
        let is = |marker| {
            line.strip_prefix(marker)
                .is_some_and(|rest| rest.trim_start().len() < rest.len() || rest.is_empty())
        };
        // Comments and directives belong to the document that follows.
        if is("---") && says_something {
            bounds.push((before + 1, at));
        }
        at += line.len();
        says_something |= !line.trim_start().is_empty() && !line.starts_with(['#', '%']);
        if is("...") {
            bounds.push((before + 2, at));
            says_something = false;
        }
    }
    let ends: Vec<_> = bounds.iter().skip(1).map(|(_, at)| *at).chain([text.len()]).collect();
    let parts = bounds.into_iter().zip(ends);
    parts.filter_map(move |((line, from), to)| Some((line, text.get(from..to)?)))
}

fn document(text: &str, limits: &Limits, values: usize) -> Result<Node, Fault> {
    serde_saphyr::from_str_with_options::<Spanned<Kind>>(text, limits.options(values))
        .map(Node::from)
        .map_err(|error| unreadable(&error, limits))
}

/// Moves a document down by some lines; how many values it has.
fn moved(node: &mut Node, lines: usize) -> usize {
    node.at.line += lines;
    1 + match &mut node.kind {
        Kind::List(items) => items.iter_mut().map(|item| moved(item, lines)).sum::<usize>(),
        Kind::Map(members) => {
            let member = |(key, node): &mut (super::Key, Node)| {
                key.at.line += lines;
                moved(node, lines)
            };
            members.iter_mut().map(member).sum()
        }
        _ => 0,
    }
}

/// Why a text is no YAML, in the words of its reader, and where.
fn unreadable(error: &serde_saphyr::Error, limits: &Limits) -> Fault {
    let error = error.without_snippet();
    // Of what is wrong within an alias it is told where it is used.
    let error_itself = match error {
        serde_saphyr::Error::AliasError { error, .. } => &**error,
        error => error,
    };
    let at = error.location().map_or(Place::START, Place::from);
    if matches!(error_itself, serde_saphyr::Error::MultipleDocuments { .. }) {
        let message =
            format!("here begins another document: write {} at a time", one_of(limits.what));
        return at.fault(message);
    }
    let words = error_itself.to_string();
    // The parser below has no name of its own for it here.
    if is_too_much(error_itself) || words.starts_with("recursion limit exceeded") {
        let message = format!(
            "this is more than {} may hold: at most {} lists and maps in one another, {} values, \
             and few aliases",
            limits.what, limits.depth, limits.values
        );
        return at.fault(message);
    }
    if let serde_saphyr::Error::DuplicateMappingKey { key, .. } = error_itself {
        let name = key.as_deref().map(|key| format!(" `{}`", shown(key))).unwrap_or_default();
        return at.fault(format!("the member{name} is written a second time: keep one of them"));
    }
    // The place is said once.
    let words = words.rsplit_once(" at line ").map_or(&*words, |(words, _)| words);
    at.fault(format!("this cannot be read as YAML: {}", shown(words)))
}

/// Words that quote what was read, in one line and not endless.
fn shown(words: &str) -> String {
    words.chars().take(LONGEST_WORDS).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// `a policy` as `one policy`.
fn one_of(what: &str) -> String {
    format!("one {}", what.split_once(' ').map_or(what, |(_, what)| what))
}

/// Whether a text was left unread for its size, its depth or its aliases.
const fn is_too_much(error: &serde_saphyr::Error) -> bool {
    use serde_saphyr::Error as E;
    matches!(
        error,
        E::Budget { .. }
            | E::AliasReplayCounterOverflow { .. }
            | E::AliasReplayLimitExceeded { .. }
            | E::AliasExpansionLimitExceeded { .. }
            | E::AliasReplayStackDepthExceeded { .. }
    )
}
