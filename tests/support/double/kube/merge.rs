//! Server-side apply: what an object is after a write, who owns its fields then, and who is in the way.
//!
//! Pure. What the object is besides (versions, times, rules of its kind) is [`super::write`]'s.

use serde_json::Value;

use super::fields::{FieldSet, Path, shown};
use super::managers::{Manager, Managers, Operation, Owned};
use super::object::drop_nulls;
use super::status::{Cause, Status};
use super::walk::{Difference, fields, merged, without};

/// What no manager owns: the API server keeps it itself.
const UNOWNED: &[&[&str]] = &[
    &["f:apiVersion"],
    &["f:kind"],
    &["f:metadata"],
    &["f:metadata", "f:name"],
    &["f:metadata", "f:namespace"],
    &["f:metadata", "f:creationTimestamp"],
    &["f:metadata", "f:selfLink"],
    &["f:metadata", "f:uid"],
    &["f:metadata", "f:clusterName"],
    &["f:metadata", "f:generation"],
    &["f:metadata", "f:managedFields"],
    &["f:metadata", "f:resourceVersion"],
];

/// Whether fields of others are taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Force {
    Yes,
    No,
}

/// Who writes, and where.
#[derive(Debug, Clone, Copy)]
pub struct Writer<'a> {
    /// Its field manager.
    pub manager: &'a str,
    /// Empty for the object itself.
    pub subresource: &'a str,
    /// What the objects are.
    pub api_version: &'a str,
    /// What it cannot write here, as the first steps of paths.
    pub ignored: &'a [&'a str],
    /// Now, as it is written.
    pub time: &'a str,
}

/// A field that somebody else owns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    /// Who.
    pub manager: Manager,
    /// What.
    pub path: Path,
}

/// What an apply under `writer` makes of `live`. Neither holds `managedFields`.
pub fn apply(
    live: &Value,
    config: &Value,
    mut managers: Managers,
    writer: Writer<'_>,
    force: Force,
) -> Result<(Value, Managers), Vec<Conflict>> {
    let me = Manager::new(Operation::Apply, writer.manager, writer.subresource, writer.api_version);
    let last = managers.0.get(&me).cloned().unwrap_or_default();
    let owned = Owned {
        fields: fields(config).without_below(writer.ignored),
        api_version: writer.api_version.into(),
        time: last.time.clone(),
    };
    managers.0.insert(me.clone(), owned);
    let object = merged(live, config);
    let mut object = pruned(&object, &managers, &last.fields);
    let difference = Difference::of(live, &object).without_below(writer.ignored);
    yield_to(&mut managers, &difference, &me, force)?;
    drop_nulls(&mut object);
    let is_same = [&difference.added, &difference.modified, &difference.removed]
        .into_iter()
        .all(FieldSet::is_empty);
    if let Some(owned) = managers.0.get_mut(&me) {
        owned.fields = stripped(&owned.fields);
        if !is_same || owned.time.is_empty() || owned.fields != last.fields {
            owned.time = writer.time.into();
        }
    }
    managers.0.retain(|_, owned| !owned.fields.is_empty());
    Ok((object, managers))
}

/// Who owns what after `live` was replaced by `new` under `writer`. Neither holds `managedFields`.
pub fn update(live: &Value, new: &Value, mut managers: Managers, writer: Writer<'_>) -> Managers {
    let me =
        Manager::new(Operation::Update, writer.manager, writer.subresource, writer.api_version);
    let difference = Difference::of(live, new).without_below(writer.ignored);
    // An update takes what it changes.
    yield_to(&mut managers, &difference, &me, Force::Yes).ok();
    let owned = managers.0.entry(me).or_default();
    let before = owned.fields.clone();
    let fields = before.union(&difference.modified).union(&difference.added);
    owned.fields = stripped(&fields.difference(&difference.removed));
    owned.api_version = writer.api_version.into();
    if owned.fields != before || !difference.modified.is_empty() {
        owned.time = writer.time.into();
    }
    managers.0.retain(|_, owned| !owned.fields.is_empty());
    managers
}

/// Takes from all but `me` what has changed, or says whom that would hurt.
fn yield_to(
    managers: &mut Managers,
    difference: &Difference,
    me: &Manager,
    force: Force,
) -> Result<(), Vec<Conflict>> {
    let changed = difference.modified.union(&difference.added);
    let mut conflicts = Vec::new();
    for (manager, owned) in managers.0.iter().filter(|(manager, _)| *manager != me) {
        let hurt = owned.fields.intersection(&changed).0;
        conflicts.extend(hurt.into_iter().map(|path| Conflict { manager: manager.clone(), path }));
    }
    if force == Force::No && !conflicts.is_empty() {
        return Err(conflicts);
    }
    for (_, owned) in managers.0.iter_mut().filter(|(manager, _)| *manager != me) {
        owned.fields = owned.fields.difference(&changed).difference(&difference.removed);
    }
    managers.0.retain(|manager, owned| manager == me || !owned.fields.is_empty());
    Ok(())
}

/// `object` without what the applier owned `last`, owns no longer, and nobody else does.
fn pruned(object: &Value, managers: &Managers, last: &FieldSet) -> Value {
    if last.is_empty() {
        return object.clone();
    }
    let last = last.with_holders();
    let all = fields(object).with_holders();
    let without_last = without(object, &last);
    let owned = managers.0.values().fold(FieldSet::default(), |all, one| all.union(&one.fields));
    let kept = fields(&without_last).with_holders().union(&owned.with_holders());
    let with_owned = without(object, &all.difference(&kept));
    let gone = all.difference(&fields(&with_owned).with_holders()).intersection(&last);
    without(object, &gone)
}

fn stripped(fields: &FieldSet) -> FieldSet {
    let is_owned = |path: &&Path| !UNOWNED.iter().any(|unowned| path == unowned);
    FieldSet(fields.0.iter().filter(is_owned).cloned().collect())
}

/// What the API server says to whoever is in the way.
pub fn refusal(conflicts: &[Conflict]) -> Status {
    let cause = |conflict: &Conflict| Cause {
        reason: "FieldManagerConflict",
        message: format!("conflict with {}", conflict.manager.shown()),
        field: shown(&conflict.path),
    };
    let causes: Vec<_> = conflicts.iter().map(cause).collect();
    if let [one] = &*causes {
        let message = format!("Apply failed with 1 conflict: {}: {}", one.message, one.field);
        return Status::apply_conflict(message, &causes);
    }
    let mut lines = Vec::new();
    let mut managers: Vec<_> = conflicts.iter().map(|conflict| conflict.manager.shown()).collect();
    managers.sort();
    managers.dedup();
    for manager in managers {
        lines.push(format!("conflicts with {manager}:"));
        let of_it = conflicts.iter().filter(|conflict| conflict.manager.shown() == manager);
        lines.extend(of_it.map(|conflict| format!("- {}", shown(&conflict.path))));
    }
    let message = format!("Apply failed with {} conflicts: {}", causes.len(), lines.join("\n"));
    Status::apply_conflict(message, &causes)
}
