//! Runs checks on objects.

use std::fmt;
use std::str::FromStr;

use super::check::{Check, Rule, Severity};
use super::checks;
use super::found::{Counts, Finding, Found, MOST_FINDINGS};
use super::ignore::{Ignore, Notice, annotated, unknown};
use super::manifests::{MOST_OBJECTS, Manifests};
use super::object::Object;
use super::pod::Pod;
use super::set::Set;

/// A version of Kubernetes, as far as it matters to an API: `1.33`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// What follows `1.`.
    pub minor: u16,
}

impl Default for Version {
    /// The one whose objects this program knows.
    fn default() -> Self {
        Self { minor: 33 }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.minor)
    }
}

impl FromStr for Version {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let minor = text.strip_prefix("1.").and_then(|rest| rest.split('.').next());
        let minor = minor.and_then(|minor| minor.parse().ok());
        minor.map(|minor| Self { minor }).ok_or("expected a version of Kubernetes such as 1.33")
    }
}

/// What is looked for, and what is let be.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The checks that are run.
    pub checks: Vec<&'static Check>,
    /// The version that manifests are applied to.
    pub kubernetes: Version,
    /// What settings let be.
    pub ignores: Vec<Ignore>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            checks: checks::all().collect(),
            kubernetes: Version::default(),
            ignores: Vec::new(),
        }
    }
}

impl Rules {
    /// The same without checks of objects beside others: for where not all others are known.
    #[must_use]
    pub fn alone(mut self) -> Self {
        self.checks.retain(|check| !matches!(check.rule, Rule::Across(..)));
        self
    }

    /// The same without checks that are less severe.
    #[must_use]
    pub fn at_least(mut self, severity: Severity) -> Self {
        self.checks.retain(|check| check.severity >= severity);
        self
    }
}

/// What came of a run.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// By source, line, column and check.
    pub findings: Vec<Finding>,
    /// What is wrong with ignores.
    pub notices: Vec<Notice>,
    /// Objects that were looked at.
    pub objects: usize,
    /// Findings that annotations or settings let be.
    pub ignored: usize,
}

impl Report {
    /// How many findings there are, by how bad they are.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for finding in &self.findings {
            *match finding.check.severity {
                Severity::Critical => &mut counts.critical,
                Severity::High => &mut counts.high,
                Severity::Medium => &mut counts.medium,
                Severity::Low => &mut counts.low,
            } += 1;
        }
        counts
    }
}

impl Manifests {
    /// Looks at every object; the same manifests and rules give the same report.
    #[must_use]
    pub fn scan(&self, rules: &Rules) -> Report {
        let mut objects = self.objects();
        let is_more = objects.len() > MOST_OBJECTS;
        objects.truncate(MOST_OBJECTS);
        let set = Set::new(&objects, rules.kubernetes);
        let mut report = Report { objects: objects.len(), ..Report::default() };
        report.notices.extend(unknown(&rules.ignores));
        if is_more {
            let message =
                format!("of more than {MOST_OBJECTS} objects only the first were looked at");
            report.notices.push(Notice::general(message));
        }
        for object in &objects {
            let pod = Pod::of(object);
            let let_off = annotated(object, pod.as_ref(), &mut report.notices);
            let before = report.findings.len();
            let mut ignored = 0;
            for check in &rules.checks {
                let from = report.findings.len();
                run(check, object, pod.as_ref(), &set, &mut report.findings);
                if let_off.contains(&check.id) {
                    ignored += report.findings.len() - from;
                    report.findings.truncate(from);
                }
            }
            report.ignored += ignored + self.let_be(&rules.ignores, before, &mut report.findings);
        }
        if report.findings.len() >= MOST_FINDINGS {
            let message = format!("only the first {MOST_FINDINGS} smells are told");
            report.notices.push(Notice::general(message));
        }
        if set.is_exhausted() {
            let message = "there are too many objects to compare all of them with one another: some \
                           of what only shows beside others is not told";
            report.notices.push(Notice::general(message.into()));
        }
        report.findings.sort_by(|a, b| {
            (a.source, a.at, a.check.id, &a.path).cmp(&(b.source, b.at, b.check.id, &b.path))
        });
        report
    }

    /// Takes out what settings let be, from some finding on; how many those were.
    fn let_be(&self, ignores: &[Ignore], from: usize, findings: &mut Vec<Finding>) -> usize {
        if ignores.is_empty() {
            return 0;
        }
        let before = findings.len();
        let own = findings.split_off(from);
        let name = |source: usize| self.sources.get(source).map_or("", |source| &source.name);
        let kept = |finding: &Finding| {
            !ignores.iter().any(|ignore| ignore.covers(finding, name(finding.source)))
        };
        findings.extend(own.into_iter().filter(kept));
        before - findings.len()
    }
}

/// Runs a check on an object.
fn run(
    check: &'static Check,
    object: &Object<'_>,
    pod: Option<&Pod<'_>>,
    set: &Set<'_>,
    findings: &mut Vec<Finding>,
) {
    let mut found = Found { findings, check, object, container: None };
    match check.rule {
        Rule::Object(kinds, look) if kinds.contains(&object.kind) => look(object, &mut found),
        Rule::Across(kinds, look) if kinds.contains(&object.kind) && !set.is_exhausted() => {
            let before = found.findings.len();
            look(object, set, &mut found);
            if set.is_exhausted() {
                found.findings.truncate(before);
            }
        }
        Rule::Object(..) | Rule::Across(..) => {}
        Rule::Pod(look) => {
            if let Some(pod) = pod {
                look(pod, &mut found);
            }
        }
        Rule::Container(look) => {
            for container in pod.iter().flat_map(|pod| pod.containers()) {
                found.container = Some(container.name());
                look(&container, &mut found);
            }
        }
    }
}
