//! What a policy says, read without asking whether all of it is well-formed: objects of a cluster
//! may be older or newer than the schema that this version knows.

use serde_json::{Map, Value, json};

use super::PolicyMode;

/// The option that says whether a policy acts.
const MODE: &str = "policy-mode";

/// Actions that are done to processes, by the names of the schema and of ours.
const ACTS: [(&str, &str); 5] = [
    ("Sigkill", "sigkill"),
    ("Signal", "signal"),
    ("Override", "override"),
    ("NotifyEnforcer", "notify-enforcer"),
    ("Set", "set"),
];

/// Where a policy hooks in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HookKind {
    Function,
    Lsm,
    Tracepoint,
    Uprobe,
    Usdt,
}

/// One hook of a policy.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Hook<'a> {
    pub(super) kind: HookKind,
    /// As people name it: `kprobe tcp_connect`.
    pub(super) words: String,
    /// The function, the event, or the file.
    pub(super) place: &'a str,
    pub(super) selectors: &'a [Value],
}

/// What stands under `name`, as a list; empty where there is none.
pub(super) fn list<'a>(object: &'a Value, name: &str) -> &'a [Value] {
    object.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// What stands under `name`, as a text; empty where there is none.
pub(super) fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The `spec` of an object.
pub(super) fn spec(object: &Value) -> &Value {
    object.get("spec").unwrap_or(&Value::Null)
}

/// All hooks of a policy.
pub(super) fn all(object: &Value) -> Vec<Hook<'_>> {
    let spec = spec(object);
    let mut hooks = Vec::new();
    let mut add = |section: &str, kind, words: &dyn Fn(&Value) -> String, place: &'static str| {
        hooks.extend(list(spec, section).iter().map(|entry| Hook {
            kind,
            words: words(entry),
            place: text(entry, place),
            selectors: list(entry, "selectors"),
        }));
    };
    let named = |what: &'static str, member: &'static str| {
        move |entry: &Value| format!("{what} {}", text(entry, member))
    };
    add("kprobes", HookKind::Function, &named("kprobe", "call"), "call");
    add("fentries", HookKind::Function, &named("fentry", "call"), "call");
    add("lsmhooks", HookKind::Lsm, &named("lsm", "hook"), "hook");
    let event =
        |entry: &Value| format!("tracepoint {}/{}", text(entry, "subsystem"), text(entry, "event"));
    add("tracepoints", HookKind::Tracepoint, &event, "event");
    add("uprobes", HookKind::Uprobe, &uprobe, "path");
    let usdt = |entry: &Value| {
        let (path, provider) = (text(entry, "path"), text(entry, "provider"));
        format!("usdt {path} {provider}/{}", text(entry, "name"))
    };
    add("usdts", HookKind::Usdt, &usdt, "path");
    hooks
}

fn uprobe(entry: &Value) -> String {
    let symbols: Vec<_> = list(entry, "symbols").iter().filter_map(Value::as_str).collect();
    match symbols.as_slice() {
        [] => format!("uprobe {}", text(entry, "path")),
        symbols => format!("uprobe {} {}", text(entry, "path"), symbols.join(",")),
    }
}

/// The names of all hooks.
pub(super) fn hooks(object: &Value) -> Vec<String> {
    let mut hooks: Vec<_> = all(object).into_iter().map(|hook| hook.words).collect();
    if spec(object).get("loader").and_then(Value::as_bool) == Some(true) {
        hooks.push("loader".into());
    }
    hooks
}

/// What a selector, or a macro of selectors, does to processes.
pub(super) fn acts(selector: &Value) -> impl Iterator<Item = &'static str> {
    let actions = list(selector, "matchActions").iter();
    actions.chain(list(selector, "matchReturnActions")).filter_map(|entry| {
        let action = text(entry, "action");
        ACTS.iter().find(|(name, _)| *name == action).map(|(_, word)| *word)
    })
}

/// What a policy does to processes where it acts, each once.
pub(super) fn actions(object: &Value) -> Vec<String> {
    let hooks = all(object);
    let selectors = hooks.iter().flat_map(|hook| hook.selectors);
    let macros = spec(object).get("selectorsMacros").and_then(Value::as_object);
    let mut actions: Vec<String> = Vec::new();
    for act in selectors.chain(macros.into_iter().flat_map(Map::values)).flat_map(acts) {
        if !actions.iter().any(|known| known == act) {
            actions.push(act.into());
        }
    }
    actions
}

/// The mode that a policy asks for, as an agent reads it: the last one that it names.
pub(super) fn mode(object: &Value) -> Option<PolicyMode> {
    let options = list(spec(object), "options").iter();
    let mode = options.rev().find(|option| text(option, "name") == MODE)?;
    PolicyMode::named(text(mode, "value"))
}

/// Has a policy ask for `mode`, once.
pub(super) fn set_mode(object: &mut Value, mode: PolicyMode) {
    let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) else { return };
    let options = spec.entry("options").or_insert_with(|| json!([]));
    let Some(options) = options.as_array_mut() else { return };
    let wanted = json!({ "name": MODE, "value": mode.name() });
    let first = options.iter().position(|option| text(option, "name") == MODE);
    options.retain(|option| text(option, "name") != MODE);
    // What stands in its place keeps a diff short.
    options.insert(first.unwrap_or(options.len()).min(options.len()), wanted);
}
