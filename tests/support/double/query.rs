//! Queries of a Realtime Database: what they sort by, and what they leave out.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::http::Request;
use super::tree::place;

/// What children are sorted by.
#[derive(Debug, PartialEq, Eq)]
pub enum OrderBy {
    /// Their keys.
    Key,
    /// Themselves.
    Value,
    /// A member of theirs, by its path.
    Child(String),
}

/// A query.
#[derive(Debug)]
pub struct Query {
    /// What it sorts by.
    pub order_by: OrderBy,
    start_at: Option<Value>,
    end_at: Option<Value>,
    equal_to: Option<Value>,
    first: Option<usize>,
    last: Option<usize>,
}

impl Query {
    /// What `request` asks for; none where it asks for all, and what is wrong with it otherwise.
    pub fn of(request: &Request) -> Result<Option<Self>, &'static str> {
        let json = |name: &str| match request.parameter(name) {
            Some(text) => serde_json::from_str::<Value>(&text).map(Some),
            None => Ok(None),
        };
        let bound =
            |name| json(name).map_err(|_| "Constraint index field must be a JSON primitive");
        let limit = |name| {
            let limit = json(name).ok().flatten();
            let count = limit.as_ref().and_then(Value::as_u64).filter(|count| *count > 0);
            match count.and_then(|count| usize::try_from(count).ok()) {
                None if request.parameter(name).is_some() => Err("limit must be a positive number"),
                count => Ok(count),
            }
        };
        let order_by = json("orderBy").map_err(|_| "orderBy must be a valid JSON encoded path")?;
        let (start_at, end_at, equal_to) = (bound("startAt")?, bound("endAt")?, bound("equalTo")?);
        let (first, last) = (limit("limitToFirst")?, limit("limitToLast")?);
        let is_plain = [&start_at, &end_at, &equal_to].iter().all(|bound| bound.is_none())
            && first.or(last).is_none();
        let order_by = match order_by.as_ref().map(Value::as_str) {
            None if is_plain => return Ok(None),
            None => return Err("orderBy must be defined when other query parameters are defined"),
            Some(Some("$key")) => OrderBy::Key,
            Some(Some("$value")) => OrderBy::Value,
            Some(Some(child)) if !child.starts_with('$') => OrderBy::Child(child.into()),
            Some(_) => return Err("orderBy must be a valid JSON encoded path"),
        };
        if first.is_some() && last.is_some() {
            return Err("Only one of limitToFirst and limitToLast may be specified");
        }
        Ok(Some(Self { order_by, start_at, end_at, equal_to, first, last }))
    }

    /// The children that it lets through.
    pub fn answer(&self, all: &Value) -> Value {
        let children: Vec<(String, &Value)> = match all {
            Value::Object(members) => members.iter().map(|(key, one)| (key.clone(), one)).collect(),
            Value::Array(list) => {
                list.iter().enumerate().map(|(at, one)| (at.to_string(), one)).collect()
            }
            _ => return Value::Null,
        };
        let mut sorted: Vec<_> = children
            .into_iter()
            .map(|(key, one)| (self.index(&key, one), key, one))
            .filter(|(index, ..)| self.is_within(index))
            .collect();
        sorted.sort_by(|a, b| compare(&a.0, &b.0).then_with(|| by_key(&a.1, &b.1)));
        let skipped = self.last.map_or(0, |last| sorted.len().saturating_sub(last));
        let taken = self.first.unwrap_or(usize::MAX);
        let left = sorted.into_iter().skip(skipped).take(taken);
        Value::Object(left.map(|(_, key, one)| (key, one.clone())).collect::<Map<_, _>>())
    }

    fn index(&self, key: &str, one: &Value) -> Value {
        match &self.order_by {
            OrderBy::Key => key.into(),
            OrderBy::Value => one.clone(),
            OrderBy::Child(path) => {
                path.split('/').fold(one, |at, key| at.get(key).unwrap_or(&Value::Null)).clone()
            }
        }
    }

    fn is_within(&self, index: &Value) -> bool {
        let order = |a: &Value, b: &Value| match (&self.order_by, a.as_str(), b.as_str()) {
            (OrderBy::Key, Some(a), Some(b)) => by_key(a, b),
            _ => compare(a, b),
        };
        let is = |bound: &Option<Value>, wanted: &[Ordering]| {
            bound.as_ref().is_none_or(|bound| wanted.contains(&order(index, bound)))
        };
        is(&self.start_at, &[Ordering::Greater, Ordering::Equal])
            && is(&self.end_at, &[Ordering::Less, Ordering::Equal])
            && is(&self.equal_to, &[Ordering::Equal])
    }
}

/// Nulls, false, true, numbers, texts, branches (Firebase, "How query data is ordered").
fn compare(a: &Value, b: &Value) -> Ordering {
    let rank = |value: &Value| match value {
        Value::Null => 0,
        Value::Bool(false) => 1,
        Value::Bool(true) => 2,
        Value::Number(_) => 3,
        Value::String(_) => 4,
        Value::Array(_) | Value::Object(_) => 5,
    };
    rank(a).cmp(&rank(b)).then_with(|| match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Equal)
        }
        (Value::String(a), Value::String(b)) => a.cmp(b),
        _ => Ordering::Equal,
    })
}

/// Keys that are numbers by their value, before all others.
fn by_key(a: &str, b: &str) -> Ordering {
    match (place(a), place(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.cmp(b),
    }
}
