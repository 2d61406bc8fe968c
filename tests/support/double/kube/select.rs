//! Label and field selectors.

use serde_json::Value;

use super::kinds::Kind;
use super::status::Status;

/// Which objects of a kind are meant.
#[derive(Debug, Clone, Default)]
pub struct Selector {
    /// Empty means every namespace.
    pub namespace: String,
    labels: Vec<Requirement>,
    fields: Vec<Requirement>,
}

#[derive(Debug, Clone)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Debug, Clone)]
enum Test {
    In(Vec<String>),
    NotIn(Vec<String>),
    There,
    NotThere,
}

/// The fields that may be asked for besides name and namespace.
const FIELDS: &[(&str, &str)] = &[
    ("pods", "spec.nodeName"),
    ("pods", "status.phase"),
    ("pods", "status.podIP"),
    ("pods", "spec.serviceAccountName"),
    ("events", "involvedObject.name"),
    ("events", "involvedObject.namespace"),
    ("events", "involvedObject.kind"),
    ("events", "involvedObject.uid"),
    ("events", "reason"),
    ("events", "type"),
];

impl Selector {
    /// What the selectors of a request ask for.
    pub fn of(kind: &Kind, namespace: &str, labels: &str, fields: &str) -> Result<Self, Status> {
        let unable = |text: &str| {
            Status::bad_request(format!("unable to parse requirement: {text:?} is no selector"))
        };
        let labels = parts(labels).map(|part| label(&part).ok_or_else(|| unable(&part)));
        let fields = parts(fields).map(|part| field(&part).ok_or_else(|| unable(&part)));
        let selector = Self {
            namespace: namespace.into(),
            labels: labels.collect::<Result<_, _>>()?,
            fields: fields.collect::<Result<_, _>>()?,
        };
        for Requirement { key, .. } in &selector.fields {
            let is_known = matches!(&**key, "metadata.name" | "metadata.namespace")
                || FIELDS.contains(&(kind.resource, key));
            if !is_known {
                return Err(Status::bad_request(format!("field label not supported: {key}")));
            }
        }
        Ok(selector)
    }

    /// Whether it means `object`.
    pub fn matches(&self, object: &Value) -> bool {
        let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
        let label = |key: &str| object["metadata"]["labels"].get(key).and_then(Value::as_str);
        let field = |key: &str| {
            let value = key.split('.').try_fold(object, |at, name| at.get(name));
            Some(value.and_then(Value::as_str).unwrap_or_default())
        };
        (self.namespace.is_empty() || self.namespace == namespace)
            && self.labels.iter().all(|one| one.test.holds(label(&one.key)))
            && self.fields.iter().all(|one| one.test.holds(field(&one.key)))
    }
}

impl Test {
    fn holds(&self, value: Option<&str>) -> bool {
        match self {
            Self::In(values) => value.is_some_and(|value| values.iter().any(|one| one == value)),
            Self::NotIn(values) => value.is_none_or(|value| values.iter().all(|one| one != value)),
            Self::There => value.is_some(),
            Self::NotThere => value.is_none(),
        }
    }
}

/// What stands between commas that are not in brackets.
fn parts(text: &str) -> impl Iterator<Item = String> {
    let mut parts = vec![String::new()];
    let mut depth = 0;
    for one in text.chars() {
        match one {
            ',' if depth == 0 => parts.push(String::new()),
            _ => {
                depth += i32::from(one == '(') - i32::from(one == ')');
                parts.last_mut().expect("one").push(one);
            }
        }
    }
    parts.into_iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty())
}

fn field(part: &str) -> Option<Requirement> {
    let one = |key: &str, test| Some(Requirement { key: key.into(), test });
    if let Some((key, value)) = part.split_once("!=") {
        return one(key, Test::NotIn(vec![value.into()]));
    }
    let (key, value) = part.split_once("==").or_else(|| part.split_once('='))?;
    one(key, Test::In(vec![value.into()]))
}

fn label(part: &str) -> Option<Requirement> {
    if part.contains('=') {
        return field(part);
    }
    let listed = |list: &str| -> Option<Vec<String>> {
        let list = list.trim().strip_prefix('(')?.strip_suffix(')')?;
        Some(list.split(',').map(|one| one.trim().to_owned()).collect())
    };
    let words: Vec<_> = part.splitn(2, char::is_whitespace).collect();
    let (key, test) = match *words {
        [key] => match key.strip_prefix('!') {
            Some(key) => (key, Test::NotThere),
            None => (key, Test::There),
        },
        [key, rest] => match rest.trim().split_once('(') {
            Some(("in" | "in ", _)) => (key, Test::In(listed(rest.trim().strip_prefix("in")?)?)),
            Some(("notin" | "notin ", _)) => {
                (key, Test::NotIn(listed(rest.trim().strip_prefix("notin")?)?))
            }
            _ => return None,
        },
        _ => return None,
    };
    Some(Requirement { key: key.into(), test })
}
