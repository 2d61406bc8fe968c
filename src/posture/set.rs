//! All objects of a run, for checks of one object beside the others.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::cursor::Cursor;
use super::object::Object;
use super::pod::Pod;
use super::scan::Version;

/// Objects that are looked at beside others, all checks together: some seconds' worth.
const MOST_STEPS: u32 = 10_000_000;

/// All objects of a run.
#[derive(Debug)]
pub(super) struct Set<'a> {
    by_kind: BTreeMap<&'a str, Vec<&'a Object<'a>>>,
    /// The pods and templates of pods among them.
    pods: Vec<Pod<'a>>,
    /// The version that they are applied to.
    pub(super) kubernetes: Version,
    /// How many more may be looked at.
    left: Cell<u32>,
}

impl<'a> Set<'a> {
    pub(super) fn new(objects: &'a [Object<'a>], kubernetes: Version) -> Self {
        let mut by_kind = BTreeMap::<_, Vec<_>>::new();
        for object in objects {
            by_kind.entry(object.kind).or_default().push(object);
        }
        let pods = objects.iter().filter_map(Pod::of).collect();
        Self { by_kind, pods, kubernetes, left: Cell::new(MOST_STEPS) }
    }

    /// The objects of some kind in a namespace.
    pub(super) fn of_kind<'s>(
        &'s self,
        kind: &'s str,
        namespace: &'s str,
    ) -> impl Iterator<Item = &'a Object<'a>> + use<'a, 's> {
        let own = self.by_kind.get(kind).into_iter().flatten().copied();
        let own = own.take_while(|_| self.may_go_on());
        own.filter(move |object| is_same(object.namespace, namespace))
    }

    /// The pods of a namespace.
    pub(super) fn pods<'s>(
        &'s self,
        namespace: &'s str,
    ) -> impl Iterator<Item = &'s Pod<'a>> + use<'a, 's> {
        let own = self.pods.iter().take_while(|_| self.may_go_on());
        own.filter(move |pod| is_same(pod.object.namespace, namespace))
    }

    /// Whether so much was compared that what was found last is not to be relied on.
    pub(super) const fn is_exhausted(&self) -> bool {
        self.left.get() == 0
    }

    fn may_go_on(&self) -> bool {
        self.left.set(self.left.get().saturating_sub(1));
        self.left.get() > 0
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
