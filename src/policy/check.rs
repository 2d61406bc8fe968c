//! Holds what was written against the schema, and makes the object of it.

use serde_json::{Map, Number, Value};

use super::schema::{Member, Object, Rule, Shape};
use super::{Problem, name};
use crate::document::{Key, Kind, Node, Place};
use crate::filter::distance::closest;

/// Faults that are told of: whoever has mended these will see the rest.
const MOST: usize = 100;

/// Characters of a wrong word that are repeated.
const QUOTED: usize = 60;

/// Words that a message lists.
const LISTED: usize = 12;

/// What is being looked at, and what was wrong so far.
#[derive(Debug, Default)]
pub(super) struct Check {
    problems: Vec<Problem>,
    /// Where in the object: `spec.kprobes[0]`.
    path: String,
}

impl Check {
    /// What was wrong, in order of lines.
    pub(super) fn into_problems(mut self) -> Vec<Problem> {
        self.problems.sort_by_key(|problem| (problem.line, problem.column));
        self.problems
    }

    /// Notes a fault at `at` in what is being looked at.
    pub(super) fn wrong(&mut self, at: Place, words: &str) {
        if self.problems.len() < MOST {
            let path = if self.path.is_empty() { "the policy" } else { &self.path };
            self.problems.push(at.fault(format!("{path} {words}")).into());
        }
    }

    /// Looks at a member under its name.
    pub(super) fn below<T>(&mut self, name: &str, look: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.len();
        if length > 0 {
            self.path.push('.');
        }
        self.path.push_str(&quoted(name));
        let seen = look(self);
        self.path.truncate(length);
        seen
    }

    /// The value of `node` as `shape` wants it; null where it is wrong.
    pub(super) fn value(&mut self, node: Node, shape: &Shape) -> Value {
        let Node { at, kind } = node;
        match (shape, kind) {
            (Shape::Text, Kind::Text(text)) => Value::String(text),
            (Shape::Flag, Kind::Flag(flag)) => Value::Bool(flag),
            (Shape::Whole(least), Kind::Number(number)) => self.whole(at, &number, *least),
            (Shape::Choice(words), Kind::Text(text)) => {
                if !words.contains(&&*text) {
                    self.wrong(
                        at,
                        &format!("cannot be `{}`{}", quoted(&text), meant(&text, words)),
                    );
                }
                Value::String(text)
            }
            (Shape::List(of, most), Kind::List(items)) => self.list(at, items, of, *most),
            (Shape::Labels, Kind::Map(members)) => self.named(members, Self::label),
            (Shape::Map(of), Kind::Map(members)) => {
                self.named(members, |check, node| check.value(node, of))
            }
            (Shape::Object(object), Kind::Map(members)) => self.object(at, members, object),
            (shape, kind) => {
                self.wrong(at, &format!("takes {}, not {}", wanted(shape), kind.words()));
                Value::Null
            }
        }
    }

    fn whole(&mut self, at: Place, number: &Number, least: Option<i64>) -> Value {
        // As the API server, which takes 1.0 for 1.
        let whole = number.as_i64().or_else(|| {
            let float = number.as_f64().filter(|float| float.fract() == 0.0);
            float.and_then(|float| format!("{float:.0}").parse().ok())
        });
        match (whole, least) {
            (None, _) => self.wrong(at, &format!("takes a whole number, not {number}")),
            (Some(whole), Some(least)) if whole < least => {
                self.wrong(at, &format!("is at least {least}, not {whole}"));
            }
            (Some(whole), _) => return whole.into(),
        }
        Value::Null
    }

    fn list(&mut self, at: Place, items: Vec<Node>, of: &Shape, most: Option<usize>) -> Value {
        if let Some(most) = most.filter(|most| items.len() > *most) {
            let words = format!("has {} entries and takes {most} at most", items.len());
            self.wrong(at, &words);
        }
        let length = self.path.len();
        let mut values = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            self.path.extend(["[", &index.to_string(), "]"]);
            values.push(self.value(item, of));
            self.path.truncate(length);
        }
        Value::Array(values)
    }

    /// Members under names of the writer's.
    fn named(
        &mut self,
        members: Vec<(Key, Node)>,
        mut look: impl FnMut(&mut Self, Node) -> Value,
    ) -> Value {
        let members = members.into_iter().filter(|(_, node)| node.kind != Kind::Null);
        let members: Map<_, _> = members
            .map(|(key, node)| {
                let value = self.below(&key.name, |check| look(check, node));
                (key.name, value)
            })
            .collect();
        Value::Object(members)
    }

    fn label(&mut self, node: Node) -> Value {
        if let Kind::Text(text) = &node.kind
            && !name::is_label_value(text)
        {
            self.wrong(node.at, "is a label: letters, digits, `-`, `_` and `.`, 63 at most");
        }
        self.value(node, &Shape::Text)
    }

    /// The members of `object`. A member that is null is left out, as the API server does.
    pub(super) fn object(
        &mut self,
        at: Place,
        written: Vec<(Key, Node)>,
        object: &'static Object,
    ) -> Value {
        let mut members = Map::new();
        for (key, node) in written {
            match object.member(&key.name) {
                None => self.unknown(&key, object.members),
                Some(_) if node.kind == Kind::Null => {}
                Some(member) => {
                    let value = self.below(member.name, |check| check.value(node, &member.shape));
                    members.insert(key.name, value);
                }
            }
        }
        let required = object.members.iter().filter(|member| member.is_required);
        for Member { name, shape, .. } in required {
            if !members.contains_key(*name) {
                self.wrong(at, &format!("lacks `{name}`: add {}", wanted(shape)));
            }
        }
        for rule in object.rules {
            self.rule(at, &members, *rule);
        }
        Value::Object(members)
    }

    fn rule(&mut self, at: Place, members: &Map<String, Value>, rule: Rule) {
        match rule {
            Rule::Needs(first, second) => {
                let is_set = members.get(first).and_then(Value::as_bool) == Some(true);
                if is_set && !members.contains_key(second) {
                    self.wrong(at, &format!("has `{first}: true`: add `{second}` too"));
                }
            }
            Rule::OneOf(names) => {
                let there: Vec<_> =
                    names.iter().filter(|name| members.contains_key(**name)).copied().collect();
                if there.len() > 1 {
                    self.wrong(at, &format!("takes only one of {}", listed(&there)));
                }
            }
            Rule::Empty if members.is_empty() => {}
            Rule::Empty => self.wrong(at, "takes `{}` and nothing in it, or is left out"),
        }
    }

    /// Notes a member of which nobody knows.
    pub(super) fn unknown(&mut self, key: &Key, members: &[Member]) {
        let names: Vec<&'static str> = members.iter().map(|member| member.name).collect();
        let words = format!("has no member `{}`{}", quoted(&key.name), meant(&key.name, &names));
        self.wrong(key.at, &words);
    }
}

/// What a member takes, in words.
fn wanted(shape: &Shape) -> String {
    match shape {
        Shape::Text => "a text (in quotes where it looks like a number)".into(),
        Shape::Flag => "true or false".into(),
        Shape::Whole(_) => "a whole number".into(),
        Shape::Choice(words) => format!("one of {}", listed(words)),
        Shape::List(..) => "a list (entries begin with `- `)".into(),
        Shape::Labels | Shape::Map(_) => "names and values".into(),
        Shape::Object(object) => {
            let names: Vec<_> = object.members.iter().map(|member| member.name).collect();
            format!("members such as {}", listed(&names))
        }
    }
}

/// The word that was probably meant, else those that there are.
pub(super) fn meant(written: &str, known: &[&'static str]) -> String {
    let same = known.iter().find(|name| name.eq_ignore_ascii_case(written)).copied();
    match same.or_else(|| closest(written, known.iter().copied())) {
        Some(name) => format!("; did you mean `{name}`?"),
        None => format!("; there are {}", listed(known)),
    }
}

/// Words one after the other; of many the first ones.
fn listed(words: &[&str]) -> String {
    let mut text = words.iter().take(LISTED).map(|word| format!("`{word}`")).collect::<Vec<_>>();
    if words.len() > LISTED {
        text.push(format!("{} more", words.len() - LISTED));
    }
    text.join(", ")
}

/// Text of a stranger's, short and without what a terminal obeys.
pub(super) fn quoted(text: &str) -> String {
    text.chars().take(QUOTED).map(|c| if c.is_control() { '?' } else { c }).collect()
}
