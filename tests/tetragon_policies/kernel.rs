//! What the agent would make of a policy as something happens: the same hooks, filters and actions,
//! worked on an event that tells of it. Only what the shipped policies use; anything else fails the
//! test that meets it.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value;

/// How a policy tells of something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Told {
    /// The hook, by its place in the policy.
    pub(crate) hook: usize,
    /// The selector that let it pass; none where the hook has none.
    pub(crate) selector: Option<usize>,
    /// Every action of it, as it is named there.
    pub(crate) actions: Vec<String>,
}

/// How `policy` would tell of what `event` says, if it would.
pub(crate) fn tell(policy: &Value, event: &Value) -> Option<Told> {
    let probe = &event["process_kprobe"];
    if !is_selected(policy, &probe["process"]) {
        return None;
    }
    let hooks = policy["spec"]["kprobes"].as_array().expect("kprobes");
    let hook = hooks.iter().position(|hook| symbol(hook) == text(&probe["function_name"]))?;
    assert_shape(&hooks[hook], probe);
    let selectors = hooks[hook]["selectors"].as_array().map_or(&[][..], Vec::as_slice);
    if selectors.is_empty() {
        return Some(Told { hook, selector: None, actions: vec!["Post".into()] });
    }
    let selector = selectors.iter().position(|selector| passes(selector, &hooks[hook], probe))?;
    let actions = selectors[selector]["matchActions"].as_array().map_or_else(
        || vec!["Post".into()],
        |actions| actions.iter().map(|action| text(&action["action"]).to_owned()).collect(),
    );
    Some(Told { hook, selector: Some(selector), actions })
}

/// What the kernel calls the function of a hook on a machine of this kind.
fn symbol(hook: &Value) -> String {
    let call = text(&hook["call"]);
    // In a policy that says nothing a function is a call of the system.
    if hook["syscall"] == false { call.to_owned() } else { format!("__x64_{call}") }
}

fn is_selected(policy: &Value, process: &Value) -> bool {
    let selector = &policy["spec"]["podSelector"];
    let Some(selector) = selector.as_object() else { return true };
    assert!(selector.keys().all(|key| key == "matchLabels"), "{selector:?}");
    let labels = selector["matchLabels"].as_object().expect("labels");
    labels.iter().all(|(name, value)| process["pod"]["pod_labels"][name] == *value)
}

/// The event has what the hook asks for, in its order.
#[track_caller]
fn assert_shape(hook: &Value, probe: &Value) {
    let asked = hook["args"].as_array().expect("arguments").iter();
    let asked: Vec<_> =
        asked.map(|one| text(&one["type"])).filter(|kind| *kind != "nop").map(member).collect();
    let given = probe["args"].as_array().map_or(&[][..], Vec::as_slice).iter();
    let given: Vec<_> = given.map(|one| only_key(one)).collect();
    assert_eq!(given, asked, "{hook}");
    let returned = probe.get("return").map(only_key);
    assert_eq!(returned, hook.get("returnArg").map(|one| member(text(&one["type"]))), "{hook}");
    assert_eq!(hook["return"] == true, returned.is_some(), "{hook}");
    assert_eq!(probe["message"], hook["message"]);
}

/// Where an event has an argument of this type.
fn member(kind: &str) -> &str {
    match kind {
        "sock" | "socket" => "sock_arg",
        "sockaddr" => "sockaddr_arg",
        "int" => "int_arg",
        "string" => "string_arg",
        "file" => "file_arg",
        "linux_binprm" => "linux_binprm_arg",
        "module" => "module_arg",
        "cap_effective" => "cap_effective_arg",
        other => panic!("arguments of type {other}"),
    }
}

fn passes(selector: &Value, hook: &Value, probe: &Value) -> bool {
    let filters = selector.as_object().expect("a selector").iter();
    filters.filter(|(name, _)| *name != "matchActions").all(|(name, filters)| {
        let mut filters = filters.as_array().expect("filters").iter();
        match name.as_str() {
            "matchNamespaces" => filters.all(|one| is_in_namespace(one, &probe["process"])),
            "matchCapabilities" => filters.all(|one| is_capable(one, &probe["process"])),
            "matchBinaries" => filters.all(|one| {
                let binary = text(&probe["process"]["binary"]);
                assert_eq!(one["operator"], "Postfix");
                values(one).any(|value| binary.ends_with(value))
            }),
            "matchArgs" => filters.all(|one| is_argument(one, hook, probe)),
            "matchReturnArgs" => filters.all(|one| compares(one, &probe["return"])),
            other => panic!("the filter {other}"),
        }
    })
}

fn is_in_namespace(filter: &Value, process: &Value) -> bool {
    assert_eq!((&filter["namespace"], values(filter).collect()), (&"Pid".into(), vec!["host_ns"]));
    let is_host = process["ns"]["pid"]["is_host"] == true;
    is_host == (filter["operator"] == "In")
}

fn is_capable(filter: &Value, process: &Value) -> bool {
    assert_eq!((&filter["type"], &filter["operator"]), (&"Effective".into(), &"NotIn".into()));
    let held = process["cap"]["effective"].as_array().map_or(&[][..], Vec::as_slice);
    values(filter).all(|value| held.iter().all(|one| one != value))
}

fn is_argument(filter: &Value, hook: &Value, probe: &Value) -> bool {
    let specified = hook["args"].as_array().expect("arguments");
    // Arguments of type nop are not in the event.
    let place = |at: usize| specified[..at].iter().filter(|one| one["type"] != "nop").count();
    if filter["operator"] == "CapabilitiesGained" {
        let sets = filter["args"].as_array().expect("two places").iter().map(|at| {
            let at = usize::try_from(at.as_u64().expect("a place")).expect("a place");
            let set = text(&probe["args"][place(at)]["cap_effective_arg"]);
            u64::from_str_radix(set, 16).expect("a set of capabilities")
        });
        let [new, old] = sets.collect::<Vec<_>>()[..] else { panic!("two sets") };
        return new & !old != 0;
    }
    let at = specified.iter().position(|one| one["index"] == filter["index"]);
    compares(filter, &probe["args"][place(at.expect("an argument of that index"))])
}

/// Whether an argument is what a filter asks for.
fn compares(filter: &Value, argument: &Value) -> bool {
    let given = &argument[only_key(argument)];
    let mut values = values(filter);
    match text(&filter["operator"]) {
        "Equal" => {
            let given = given.to_string();
            values.any(|value| given == value)
        }
        "Prefix" => values.any(|value| text(&given["path"]).starts_with(value)),
        "Postfix" => values.any(|value| text(&given["path"]).ends_with(value)),
        "Family" => values.any(|value| given["family"] == value),
        "State" => values.any(|value| given["state"] == value),
        // What has no address passes neither of these.
        "NotDAddr" => is_outside(&given["daddr"], values),
        "NotSAddr" => is_outside(&given["addr"], values),
        other => panic!("the operator {other}"),
    }
}

fn is_outside<'a>(address: &Value, mut networks: impl Iterator<Item = &'a str>) -> bool {
    let Some(address) = address.as_str().and_then(|text| text.parse::<IpAddr>().ok()) else {
        return false;
    };
    !networks.any(|network| network.parse::<IpNet>().expect("a network").contains(&address))
}

fn values(filter: &Value) -> impl Iterator<Item = &str> {
    filter["values"].as_array().expect("values").iter().map(text)
}

#[track_caller]
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

#[track_caller]
fn only_key(object: &Value) -> &str {
    let members = object.as_object().expect("an object");
    assert_eq!(members.len(), 1, "{object}");
    members.keys().next().expect("one")
}
