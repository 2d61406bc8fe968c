//! What manifests allow that they should not, as programs read it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::posture::{Counts, Fault, Manifests, Report, Smell};

/// What was found in manifests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Smells)]
pub struct SmellsShape {
    /// What was found, by file, line and column.
    smells: Vec<SmellShape>,
    /// How much was found, by how bad it is.
    counts: CountsShape,
    /// Objects that were looked at.
    #[schema(example = 3)]
    objects: usize,
    /// Findings that annotations or settings let be.
    #[schema(example = 0)]
    ignored: usize,
    /// Documents that could not be read.
    unread: Vec<UnreadShape>,
    /// Documents that are no objects of Kubernetes.
    passed_over: Vec<UnreadShape>,
    /// What is wrong with ignores, and what was left out because there is too much.
    notices: Vec<String>,
    /// The same in a sentence.
    #[schema(example = "2 smells were found")]
    message: String,
}

/// A smell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Smell)]
struct SmellShape {
    /// The check that found it.
    #[schema(example = "WEIR-101")]
    id: &'static str,
    /// `critical`, `high`, `medium` or `low`.
    #[schema(example = "critical")]
    severity: &'static str,
    /// What it is about.
    #[schema(example = "privilege")]
    category: &'static str,
    /// What the check looks for.
    #[schema(example = "A container is privileged")]
    title: &'static str,
    /// What is wrong here.
    #[schema(example = "it is privileged")]
    message: String,
    /// The file, as it was named.
    #[schema(example = "web.yaml")]
    file: String,
    /// Its line, counted from 1; null where there are no lines, as in a cluster.
    #[schema(example = 12)]
    line: Option<usize>,
    /// Its column in characters, counted from 1.
    #[schema(example = 21)]
    column: Option<usize>,
    /// The kind of the object.
    #[schema(example = "Deployment")]
    kind: String,
    /// Its namespace; null where none is written.
    #[schema(example = "shop")]
    namespace: Option<String>,
    /// Its name.
    #[schema(example = "web")]
    name: String,
    /// The container; null where it is about the object.
    #[schema(example = "web")]
    container: Option<String>,
    /// The field of the object.
    #[schema(example = "spec.template.spec.containers[0].securityContext.privileged")]
    path: String,
    /// What comes of it.
    why: &'static str,
    /// How to mend it, as YAML.
    mend: &'static str,
}

/// Smells by how bad they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SmellCounts)]
struct CountsShape {
    critical: usize,
    high: usize,
    medium: usize,
    low: usize,
}

/// A document that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = UnreadManifest)]
struct UnreadShape {
    /// The file, as it was named.
    file: String,
    /// Where in it.
    line: usize,
    /// Where in the line.
    column: usize,
    /// Why.
    message: String,
}

impl SmellsShape {
    /// A report on these manifests.
    #[must_use]
    pub fn new(report: &Report, manifests: &Manifests) -> Self {
        let sources = || manifests.sources().iter();
        let told = |name: &str, faults: &[Fault]| -> Vec<_> {
            faults.iter().map(|fault| UnreadShape::new(name, fault)).collect()
        };
        let unread: Vec<_> = sources().flat_map(|one| told(&one.name, &one.faults)).collect();
        let passed_over = sources().flat_map(|one| told(&one.name, &one.others)).collect();
        let Counts { critical, high, medium, low } = report.counts();
        let mut message = match (report.findings.len(), report.objects) {
            (0, 0) => "there is no object of Kubernetes in it".into(),
            (0, _) => "no smells were found".into(),
            (1, _) => "1 smell was found".into(),
            (count, _) => format!("{count} smells were found"),
        };
        if !unread.is_empty() {
            message.push_str(" in what could be read");
        }
        Self {
            smells: Smell::all(report, manifests).map(|smell| SmellShape::from(&smell)).collect(),
            counts: CountsShape { critical, high, medium, low },
            objects: report.objects,
            ignored: report.ignored,
            unread,
            passed_over,
            notices: report.notices.iter().map(|notice| notice.message.clone()).collect(),
            message,
        }
    }
}

impl From<&Smell<'_>> for SmellShape {
    fn from(smell: &Smell<'_>) -> Self {
        Self {
            id: smell.check.id,
            severity: smell.check.severity.name(),
            category: smell.check.category.name(),
            title: smell.check.title,
            message: smell.message.into(),
            file: smell.file.into(),
            line: smell.line,
            column: smell.column,
            kind: smell.kind.into(),
            namespace: smell.namespace.map(Into::into),
            name: smell.name.into(),
            container: smell.container.map(Into::into),
            path: smell.path.into(),
            why: smell.check.why,
            mend: smell.check.mend,
        }
    }
}

impl UnreadShape {
    fn new(file: &str, fault: &Fault) -> Self {
        let Fault { at, message } = fault;
        Self { file: file.into(), line: at.line, column: at.column, message: message.clone() }
    }
}
