//! What was found in manifests, by object, the worst first.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use weir::posture::{Finding, Manifests, Name, Report, Rules, Severity};

/// Manifests, and what was found in them.
#[derive(Debug)]
pub(crate) struct Findings {
    pub(crate) manifests: Manifests,
    pub(crate) report: Report,
    /// The objects that smell, the worst first.
    pub(crate) culprits: Vec<Arc<Culprit>>,
    /// Whether there are manifests that were too many to be read.
    pub(crate) is_cut: bool,
}

/// An object that smells.
#[derive(Debug)]
pub(crate) struct Culprit {
    /// Tells it from the others, whenever it is looked at again.
    pub(crate) id: u64,
    /// Which object it is.
    pub(crate) name: Arc<Name>,
    /// The file, as it was named.
    pub(crate) file: String,
    /// How many smells it has, by how bad they are, as in [`Severity::ALL`].
    pub(crate) counts: [usize; 4],
    /// Which findings of the report are its own, the worst first.
    own: Vec<usize>,
}

impl Findings {
    /// What these rules find in these manifests.
    pub(crate) fn of(manifests: Manifests, rules: &Rules) -> Self {
        let report = manifests.scan(rules);
        let culprits = culprits(&manifests, &report);
        Self { manifests, report, culprits, is_cut: false }
    }

    /// What was found in an object, the worst first.
    pub(crate) fn of_object<'a>(
        &'a self,
        culprit: &'a Culprit,
    ) -> impl Iterator<Item = &'a Finding> {
        culprit.own.iter().filter_map(|at| self.report.findings.get(*at))
    }
}

impl Culprit {
    fn new(mut own: Vec<usize>, manifests: &Manifests, report: &Report) -> Option<Self> {
        let finding = |at: &usize| report.findings.get(*at);
        let first = own.first().and_then(finding)?;
        let source = manifests.sources().get(first.source);
        let file = source.map(|source| source.name.clone()).unwrap_or_default();
        let Name { kind, namespace, name } = &*first.object;
        let mut hasher = DefaultHasher::new();
        (kind, namespace, name, &file, first.at.line).hash(&mut hasher);
        let severity = |at: &usize| finding(at).map(|finding| finding.check.severity);
        let count = |one: Severity| own.iter().filter(|at| severity(at) == Some(one)).count();
        let counts = Severity::ALL.map(count);
        let (id, name) = (hasher.finish(), Arc::clone(&first.object));
        own.sort_by_key(|at| Reverse(severity(at)));
        Some(Self { id, name, file, counts, own })
    }

    /// How many of its smells are as bad as this.
    pub(crate) fn count(&self, severity: Severity) -> usize {
        let mut counted = Severity::ALL.into_iter().zip(self.counts);
        counted.find(|(one, _)| *one == severity).map_or(0, |(_, count)| count)
    }

    /// How bad the worst of its smells is.
    pub(crate) fn worst(&self) -> Severity {
        let mut counted = Severity::ALL.into_iter().zip(self.counts);
        counted.find(|(_, count)| *count > 0).map_or(Severity::Low, |(severity, _)| severity)
    }
}

/// `1 critical, 3 high`; counts are as in [`Severity::ALL`].
pub(crate) fn by_severity(counts: [usize; 4]) -> String {
    let counted = Severity::ALL.into_iter().zip(counts).filter(|(_, count)| *count > 0);
    let words = counted.map(|(severity, count)| format!("{count} {}", severity.name()));
    words.collect::<Vec<_>>().join(", ")
}

/// The objects in which something was found. All findings of one object share its name, and no other
/// object does, even if it is called the same.
fn culprits(manifests: &Manifests, report: &Report) -> Vec<Arc<Culprit>> {
    let mut by_object = HashMap::<_, Vec<usize>>::new();
    for (at, finding) in report.findings.iter().enumerate() {
        by_object.entry(Arc::as_ptr(&finding.object)).or_default().push(at);
    }
    let mut groups: Vec<_> = by_object.into_values().collect();
    groups.sort_unstable();
    let all = groups.into_iter().filter_map(|own| Culprit::new(own, manifests, report));
    let mut all: Vec<_> = all.map(Arc::new).collect();
    all.sort_by_key(|one| Reverse(one.counts));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const PODS: &str = "\
apiVersion: v1
kind: Pod
metadata: { name: calm, namespace: shop }
spec:
  containers:
    - name: web
      image: shop/web:1.4
---
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop }
spec:
  containers:
    - name: web
      image: shop/web:1.4
      securityContext: { privileged: true }
";

    #[test]
    fn the_worst_object_and_the_worst_of_its_smells_come_first() {
        let mut manifests = Manifests::default();
        manifests.add("pods.yaml", PODS.as_bytes());
        let findings = Findings::of(manifests, &Rules::default());
        let names: Vec<_> = findings.culprits.iter().map(|one| one.name.to_string()).collect();
        assert_eq!(names, ["Pod shop/web", "Pod shop/calm"]);
        let web = &findings.culprits[0];
        let severities: Vec<_> = findings.of_object(web).map(|one| one.check.severity).collect();
        assert!(severities.is_sorted_by(|one, other| one >= other), "{severities:?}");
        assert_eq!((web.worst(), web.file.as_str()), (Severity::Critical, "pods.yaml"));
        assert_eq!(web.counts.iter().sum::<usize>(), severities.len());
    }

    #[test]
    fn objects_of_one_name_are_told_apart() {
        let mut manifests = Manifests::default();
        for file in ["base.yaml", "overlay.yaml"] {
            manifests.add(file, format!("{PODS}---\n{PODS}").as_bytes());
        }
        let culprits = Findings::of(manifests, &Rules::default()).culprits;
        assert_eq!(culprits.len(), 8);
        let mut ids: Vec<_> = culprits.iter().map(|one| one.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 8);
    }

    #[test]
    fn only_what_is_there_is_counted() {
        assert_eq!(by_severity([1, 0, 3, 0]), "1 critical, 3 medium");
        assert_eq!(by_severity([0; 4]), "");
    }
}
