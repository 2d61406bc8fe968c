//! What a policy would break where it acts: nodes, the cluster, Weir itself.
//!
//! A selector is feared where it would kill, signal or fail calls on whole nodes, or in a namespace
//! that Weir and the cluster need, and nothing in it says whose processes are meant. Filters of a
//! selector must all fit, so one that names something harmless is enough. What is only excluded
//! (`NotIn`, `NotDAddr`) says nothing of what is left.

mod needed;
mod reach;
mod scope;

use serde_json::Value;

use self::reach::Reach;
use self::scope::Scope;
use super::read::{self, Hook, HookKind};
use super::{Policy, PolicyMode};

/// Sentences that are said.
const MOST: usize = 20;

/// Namespaces that the cluster and Weir need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guarded {
    namespaces: Vec<String>,
}

impl Guarded {
    /// `kube-system`, and `namespaces`: that of Weir, those of Tetragon's agents.
    #[must_use]
    pub fn new(namespaces: impl IntoIterator<Item = String>) -> Self {
        let mut namespaces: Vec<_> = namespaces.into_iter().collect();
        namespaces.push("kube-system".into());
        namespaces.sort();
        namespaces.dedup();
        Self { namespaces }
    }

    /// Whether `namespace` is one of them.
    #[must_use]
    pub fn holds(&self, namespace: &str) -> bool {
        self.namespaces.iter().any(|guarded| guarded == namespace)
    }

    /// All of them.
    #[must_use]
    pub fn namespaces(&self) -> &[String] {
        &self.namespaces
    }
}

/// `kube-system` alone.
impl Default for Guarded {
    fn default() -> Self {
        Self::new([])
    }
}

/// What `policy` would break, each in a sentence.
pub(super) fn dangers(policy: &Policy, guarded: &Guarded) -> Vec<String> {
    let manifest = policy.manifest();
    if policy.mode() == Some(PolicyMode::Monitor) {
        return Vec::new();
    }
    let spec = read::spec(manifest);
    let scope = scope::of_policy(policy.name(), spec, guarded);
    let mut sentences: Vec<String> = Vec::new();
    for hook in read::all(manifest) {
        for (index, selector) in hook.selectors.iter().enumerate() {
            let selector = with_macros(selector, spec);
            let Some(sentence) = danger(&hook, index, &selector, spec, scope, guarded) else {
                continue;
            };
            if sentences.len() < MOST && !sentences.contains(&sentence) {
                sentences.push(sentence);
            }
        }
    }
    sentences
}

/// What one selector of one hook would break.
fn danger(
    hook: &Hook<'_>,
    index: usize,
    selector: &Value,
    spec: &Value,
    scope: Scope,
    guarded: &Guarded,
) -> Option<String> {
    let mut acts: Vec<_> = read::acts(selector).map(deed).collect();
    acts.dedup();
    if acts.is_empty() {
        return None;
    }
    let scope = scope::narrowed(scope, selector, guarded);
    if scope == Scope::Harmless {
        return None;
    }
    let named = match reach::of(selector) {
        Reach::Harmless => return None,
        Reach::Needed(named) => Some(named),
        Reach::Everything => None,
    };
    let what = match hook.kind {
        HookKind::Uprobe | HookKind::Usdt => match needed::file(hook.place) {
            Some(what) => format!("uses `{}`, {what}", super::check::quoted(hook.place)),
            None => return None,
        },
        HookKind::Function | HookKind::Lsm | HookKind::Tracepoint => {
            needed::calls(&called(hook, selector, spec))?.into()
        }
    };
    let place = if hook.selectors.len() > 1 {
        format!("{} (selector {})", hook.words, index + 1)
    } else {
        hook.words.clone()
    };
    let whose = scope.words();
    let named = named.map(|named| format!(", and what narrows it names {named}"));
    let named = named.unwrap_or_default();
    Some(format!(
        "{place} would {} every process {whose} that {what}{named}: {}, or set `policy-mode` to \
         `monitor`",
        acts.join(" and "),
        scope.mend(),
    ))
}

/// What an action does to a process.
fn deed(act: &'static str) -> &'static str {
    match act {
        "sigkill" => "kill",
        "signal" => "signal",
        "override" => "fail the call of",
        "set" => "change the memory of",
        _ => "have the enforcer stop",
    }
}

/// The functions, system calls or events at which a selector acts: what `list:` stands for is
/// looked up.
fn called<'a>(hook: &Hook<'a>, selector: &'a Value, spec: &'a Value) -> Vec<&'a str> {
    let arguments = read::list(selector, "matchArgs").iter();
    let in_map = arguments.filter(|argument| read::text(argument, "operator") == "InMap");
    let mut lists: Vec<&str> = in_map
        .flat_map(|argument| read::list(argument, "values"))
        .filter_map(Value::as_str)
        .filter_map(|value| value.strip_prefix("list:"))
        .collect();
    lists.extend(hook.place.strip_prefix("list:"));
    if lists.is_empty() {
        return vec![hook.place];
    }
    let mut calls = Vec::new();
    for list in read::list(spec, "lists") {
        if lists.contains(&read::text(list, "name")) {
            calls.extend(read::list(list, "values").iter().filter_map(Value::as_str));
            // What a pattern or the kernel itself fills in is not known.
            if read::list(list, "values").is_empty() {
                calls.push("raw_syscalls");
            }
        }
    }
    if calls.is_empty() { vec![hook.place] } else { calls }
}

/// `selector` with the filters of the macros that it names.
fn with_macros(selector: &Value, spec: &Value) -> Value {
    let mut whole = selector.clone();
    let Some(members) = whole.as_object_mut() else { return whole };
    for name in read::list(selector, "macros").iter().filter_map(Value::as_str) {
        let filters = spec.get("selectorsMacros").and_then(|macros| macros.get(name));
        for (filter, value) in filters.and_then(Value::as_object).into_iter().flatten() {
            match (members.get_mut(filter), value) {
                (Some(Value::Array(own)), Value::Array(more)) => own.extend(more.iter().cloned()),
                (Some(_), _) => {}
                (None, value) => {
                    members.insert(filter.clone(), value.clone());
                }
            }
        }
    }
    whole
}
