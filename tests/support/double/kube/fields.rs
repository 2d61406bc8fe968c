//! Sets of fields, and how `managedFields` writes them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Map, Value};

/// A field: its steps from the top, each as `fieldsV1` writes it (`f:spec`, `k:{"name":"web"}`,
/// `v:"x"`).
pub type Path = Vec<String>;

/// A set of fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldSet(pub BTreeSet<Path>);

impl FieldSet {
    /// Reads `fieldsV1`; none where it is none.
    pub fn of(fields: &Value) -> Option<Self> {
        let mut set = Self::default();
        set.read(fields.as_object()?, &mut Path::new())?;
        Some(set)
    }

    fn read(&mut self, fields: &Map<String, Value>, path: &mut Path) -> Option<()> {
        for (step, below) in fields {
            let below = below.as_object()?;
            if step == "." {
                self.0.insert(path.clone());
                continue;
            }
            if !["f:", "k:", "v:", "i:"].iter().any(|kind| step.starts_with(kind)) {
                return None;
            }
            path.push(step.clone());
            if below.is_empty() {
                self.0.insert(path.clone());
            } else {
                self.read(below, path)?;
            }
            path.pop();
        }
        Some(())
    }

    /// As `fieldsV1` has it.
    pub fn fields_v1(&self) -> Value {
        let mut top = Map::new();
        for path in &self.0 {
            let mut at = &mut top;
            for step in path {
                let below = at.entry(step.clone()).or_insert_with(|| Map::new().into());
                at = below.as_object_mut().expect("made one");
            }
            // A member of which others are parts says so itself; those come later in order.
            at.insert(".".into(), Map::new().into());
        }
        bare(&mut top);
        top.into()
    }

    /// Adds a field.
    pub fn insert(&mut self, path: &[String]) {
        // Nobody owns a whole object.
        if !path.is_empty() {
            self.0.insert(path.to_vec());
        }
    }

    /// What is in either.
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    /// What is in this one alone.
    pub fn difference(&self, other: &Self) -> Self {
        Self(self.0.difference(&other.0).cloned().collect())
    }

    /// What is in both.
    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }

    /// Without `tops` and all that is below them.
    pub fn without_below(&self, tops: &[&str]) -> Self {
        let is_kept = |path: &&Path| path.first().is_none_or(|first| !tops.contains(&&**first));
        Self(self.0.iter().filter(is_kept).cloned().collect())
    }

    /// With each named field that holds one of them.
    pub fn with_holders(&self) -> Self {
        let holders = |path: &Path| {
            let holders = (1..path.len()).map(|length| path[..length].to_vec());
            holders.filter(|holder| holder[holder.len() - 1].starts_with("f:")).collect::<Vec<_>>()
        };
        Self(self.0.iter().flat_map(holders).chain(self.0.iter().cloned()).collect())
    }

    /// Whether `path` is in it.
    pub fn has(&self, path: &[String]) -> bool {
        self.0.contains(path)
    }

    /// Whether something below `path` is in it.
    pub fn has_below(&self, path: &[String]) -> bool {
        let next = self
            .0
            .range::<[String], _>((std::ops::Bound::Excluded(path), std::ops::Bound::Unbounded))
            .next();
        next.is_some_and(|next| next.starts_with(path))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Takes away the marks of members that have no parts.
fn bare(fields: &mut Map<String, Value>) {
    for below in fields.values_mut().filter_map(Value::as_object_mut) {
        if below.len() == 1 && below.contains_key(".") {
            below.clear();
        }
        bare(below);
    }
}

/// A field as messages name it: `.metadata.annotations.x`, `.spec.containers[name="web"].image`.
pub fn shown(path: &[String]) -> String {
    let mut text = String::new();
    for step in path {
        let (kind, rest) = step.split_at(2);
        match (kind, serde_json::from_str(rest)) {
            ("k:", Ok(Value::Object(key))) => {
                let pairs: Vec<_> =
                    key.iter().map(|(name, value)| format!("{name}={value}")).collect();
                write!(text, "[{}]", pairs.join(",")).expect("a text grows");
            }
            ("v:", _) => write!(text, "[={rest}]").expect("a text grows"),
            ("i:", _) => write!(text, "[{rest}]").expect("a text grows"),
            _ => write!(text, ".{rest}").expect("a text grows"),
        }
    }
    text
}
