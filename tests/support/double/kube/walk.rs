//! Walks along objects: which fields they have, how two differ, how one is laid over the other.
//!
//! The rules are those of the API server's structured merge, against whose own code
//! `tests/kube_double.rs` holds them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::fields::{FieldSet, Path};
use super::schema::{Shape, shape, step};

/// How two objects differ.
#[derive(Debug, Default)]
pub struct Difference {
    /// In the second alone.
    pub added: FieldSet,
    /// In both, and not the same.
    pub modified: FieldSet,
    /// In the first alone.
    pub removed: FieldSet,
}

impl Difference {
    /// From `old` to `new`.
    pub fn of(old: &Value, new: &Value) -> Self {
        let mut difference = Self::default();
        difference.walk(&mut Path::new(), Some(old), Some(new));
        difference
    }

    /// Without `tops` and all that is below them.
    pub fn without_below(&self, tops: &[&str]) -> Self {
        Self {
            added: self.added.without_below(tops),
            modified: self.modified.without_below(tops),
            removed: self.removed.without_below(tops),
        }
    }

    fn walk(&mut self, path: &mut Path, old: Option<&Value>, new: Option<&Value>) {
        match (old, new) {
            (None, _) => self.added.insert(path),
            (_, None) => self.removed.insert(path),
            _ => {}
        }
        match common_shape(path, old, new) {
            Shape::Leaf => {
                if let (Some(old), Some(new)) = (old, new)
                    && old != new
                {
                    self.modified.insert(path);
                }
            }
            shape => {
                for (step, (old, new)) in zipped(shape, old, new) {
                    path.push(step);
                    self.walk(path, old, new);
                    path.pop();
                }
            }
        }
    }
}

/// `config` laid over `live`.
pub fn merged(live: &Value, config: &Value) -> Value {
    merge(&mut Path::new(), Some(live), Some(config)).unwrap_or_default()
}

fn merge(path: &mut Path, live: Option<&Value>, config: Option<&Value>) -> Option<Value> {
    let shape = common_shape(path, live, config);
    if shape == Shape::Leaf {
        return config.or(live).cloned();
    }
    let mut children = zipped(shape, live, config);
    let mut merge_one = |step: String, (live, config): Pair<'_>| {
        path.push(step);
        let one = merge(path, live, config);
        path.pop();
        one
    };
    if shape == Shape::Map {
        let mut members = Map::new();
        for (step, pair) in children {
            let name = step.strip_prefix("f:").unwrap_or(&step).to_owned();
            members.extend(merge_one(step, pair).map(|one| (name, one)));
        }
        return (!members.is_empty()).then_some(members.into());
    }
    let mut items = Vec::new();
    // The live ones first, each list in its own order.
    for item in list(live).iter().chain(list(config)) {
        let step = step(shape, item);
        if let Some(pair) = children.remove(&step) {
            items.extend(merge_one(step, pair));
        }
    }
    (!items.is_empty()).then_some(items.into())
}

/// The fields that an object has.
pub fn fields(object: &Value) -> FieldSet {
    let mut set = FieldSet::default();
    collect(&mut set, &mut Path::new(), object);
    set
}

fn collect(set: &mut FieldSet, path: &mut Path, value: &Value) {
    let shape = shape(path, value);
    match (shape, value) {
        (Shape::Map, Value::Object(members)) => {
            if members.is_empty() {
                set.insert(path);
            }
            for (name, member) in members {
                path.push(format!("f:{name}"));
                collect(set, path, member);
                path.pop();
            }
        }
        (Shape::Keyed(_) | Shape::Set, Value::Array(items)) => {
            for item in items {
                path.push(step(shape, item));
                set.insert(path);
                collect(set, path, item);
                path.pop();
            }
        }
        _ => set.insert(path),
    }
}

/// `object` without some fields; null where nothing is left.
pub fn without(object: &Value, gone: &FieldSet) -> Value {
    cut(&mut Path::new(), object, gone)
}

fn cut(path: &mut Path, value: &Value, gone: &FieldSet) -> Value {
    let shape = shape(path, value);
    let mut child = |step: String, value: &Value| {
        path.push(step);
        let kept = if gone.has(path) {
            None
        } else if gone.has_below(path) {
            Some(cut(path, value, gone))
        } else {
            Some(value.clone())
        };
        path.pop();
        kept
    };
    match (shape, value) {
        (Shape::Map, Value::Object(members)) => {
            let kept = members
                .iter()
                .filter_map(|(name, one)| Some((name.clone(), child(format!("f:{name}"), one)?)));
            let kept: Map<_, _> = kept.collect();
            if kept.is_empty() { Value::Null } else { kept.into() }
        }
        (Shape::Keyed(_) | Shape::Set, Value::Array(items)) => {
            let kept: Vec<_> =
                items.iter().filter_map(|one| child(step(shape, one), one)).collect();
            if kept.is_empty() { Value::Null } else { kept.into() }
        }
        (_, Value::Object(_) | Value::Array(_)) => Value::Null,
        _ => value.clone(),
    }
}

/// What stands at one place in two objects.
type Pair<'a> = (Option<&'a Value>, Option<&'a Value>);

/// What two are merged as; two that hold nothing, or are of different kinds, as wholes.
fn common_shape(path: &Path, old: Option<&Value>, new: Option<&Value>) -> Shape {
    let shape_of = |value: &Value| shape(path, value);
    let is_blank = |value: Option<&Value>| match value {
        None | Some(Value::Null) => true,
        Some(Value::Object(members)) => members.is_empty(),
        Some(Value::Array(items)) => items.is_empty(),
        Some(_) => false,
    };
    let full = |value: Option<&Value>| value.filter(|value| !value.is_null()).map(shape_of);
    match (full(old), full(new)) {
        _ if is_blank(old) && is_blank(new) => Shape::Leaf,
        (Some(old), Some(new)) if old != new => Shape::Leaf,
        (Some(shape), _) | (None, Some(shape)) => shape,
        (None, None) => Shape::Leaf,
    }
}

/// What stands at each step below two.
fn zipped<'a>(
    shape: Shape,
    old: Option<&'a Value>,
    new: Option<&'a Value>,
) -> BTreeMap<String, Pair<'a>> {
    let mut pairs = BTreeMap::<String, Pair<'a>>::new();
    if shape == Shape::Map {
        let members =
            |value: Option<&'a Value>| value.and_then(Value::as_object).into_iter().flatten();
        for (name, one) in members(old) {
            pairs.entry(format!("f:{name}")).or_default().0 = Some(one);
        }
        for (name, one) in members(new) {
            pairs.entry(format!("f:{name}")).or_default().1 = Some(one);
        }
    } else {
        for one in list(old) {
            pairs.entry(step(shape, one)).or_default().0 = Some(one);
        }
        for one in list(new) {
            pairs.entry(step(shape, one)).or_default().1 = Some(one);
        }
    }
    pairs
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
