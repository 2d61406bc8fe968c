//! All objects of a run, for checks of one object beside the others.

use super::cursor::Cursor;
use super::object::Object;
use super::pod::Pod;
use super::scan::Version;

/// All objects of a run.
#[derive(Debug)]
pub(super) struct Set<'a> {
    pub(super) objects: &'a [Object<'a>],
    /// The pods and templates of pods among them.
    pods: Vec<Pod<'a>>,
    /// The version that they are applied to.
    pub(super) kubernetes: Version,
}

impl<'a> Set<'a> {
    pub(super) fn new(objects: &'a [Object<'a>], kubernetes: Version) -> Self {
        Self { objects, pods: objects.iter().filter_map(Pod::of).collect(), kubernetes }
    }

    /// The objects of some kind in a namespace.
    pub(super) fn of_kind<'s>(
        &'s self,
        kind: &'s str,
        namespace: &'s str,
    ) -> impl Iterator<Item = &'a Object<'a>> + use<'a, 's> {
        let own = self.objects.iter().filter(move |object| object.kind == kind);
        own.filter(move |object| is_same(object.namespace(), namespace))
    }

    /// The pods of a namespace.
    pub(super) fn pods<'s>(
        &'s self,
        namespace: &'s str,
    ) -> impl Iterator<Item = &'s Pod<'a>> + use<'a, 's> {
        self.pods.iter().filter(move |pod| is_same(pod.object.namespace(), namespace))
    }
}

/// Whether two objects are or may be in one namespace: where none is written, whoever applies it decides.
fn is_same(one: &str, other: &str) -> bool {
    one == other || one.is_empty() || other.is_empty()
}

/// Whether a label selector of Kubernetes selects what has these labels: `matchLabels` and
/// `matchExpressions`. An empty one selects everything, one that is not there nothing.
pub(super) fn selects(selector: &Cursor<'_>, labels: &Cursor<'_>) -> bool {
    let has = |key: &str| {
        labels.members().find(|(name, _)| *name == key).and_then(|(_, value)| value.scalar())
    };
    selector.exists()
        && has_all(&selector.get("matchLabels"), labels)
        && selector.get("matchExpressions").items().all(|wanted| {
            let value = has(wanted.get("key").word());
            let values: Vec<_> =
                wanted.get("values").items().filter_map(|value| value.scalar()).collect();
            match wanted.get("operator").word() {
                "In" => value.is_some_and(|value| values.contains(&value)),
                "NotIn" => value.is_none_or(|value| !values.contains(&value)),
                "Exists" => value.is_some(),
                "DoesNotExist" => value.is_none(),
                _ => false,
            }
        })
}

/// Whether labels have all that `wanted` names, as selectors of Services and `ReplicationControllers` ask.
pub(super) fn has_all(wanted: &Cursor<'_>, labels: &Cursor<'_>) -> bool {
    wanted.members().all(|(name, value)| {
        labels.members().any(|(own, has)| own == name && has.scalar() == value.scalar())
    })
}
