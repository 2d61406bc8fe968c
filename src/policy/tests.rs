//! Policies as they are written, rightly and wrongly.

mod dangers;
mod faults;
mod joined;
mod schema;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// A policy with these lines in its `spec`.
fn written(spec: &str) -> String {
    let spec = spec.lines().map(|line| format!("  {line}\n")).collect::<Vec<_>>().concat();
    format!(
        "apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\nmetadata:\n  name: t\nspec:\n{spec}"
    )
}

fn policy(spec: &str) -> Policy {
    Policy::from_yaml(&written(spec)).unwrap()
}

#[test]
fn a_policy_says_what_it_hooks_and_what_it_does() {
    let policy = policy(
        "loader: true
kprobes:
- call: tcp_connect
  syscall: no
  args: [{index: 0, type: sock}]
  selectors:
  - matchActions: [{action: Post}, {action: Sigkill}]
  - matchActions: [{action: Sigkill}, {action: Override, argError: -1}]
tracepoints:
- {subsystem: sock, event: inet_sock_set_state}
uprobes:
- {path: /bin/bash, symbols: [readline]}
usdts:
- {path: /usr/sbin/mysqld, provider: mysql, name: query__start}
lsmhooks:
- {hook: bprm_check_security}",
    );
    assert_eq!(policy.name().to_string(), "t");
    assert_eq!(
        policy.hooks(),
        [
            "kprobe tcp_connect",
            "lsm bprm_check_security",
            "tracepoint sock/inet_sock_set_state",
            "uprobe /bin/bash readline",
            "usdt /usr/sbin/mysqld mysql/query__start",
            "loader",
        ]
    );
    assert_eq!(policy.actions(), ["sigkill", "override"]);
    assert_eq!(policy.manifest()["spec"]["kprobes"][0]["syscall"], json!(false));
}

#[test]
fn the_mode_is_set_and_replaced_and_nothing_else_changes() {
    let plain = policy("kprobes:\n- call: tcp_connect");
    assert_eq!(plain.mode(), None);
    let monitor = plain.clone().with_mode(PolicyMode::Monitor);
    assert_eq!(monitor.mode(), Some(PolicyMode::Monitor));
    let enforce = monitor.clone().with_mode(PolicyMode::Enforce);
    assert_eq!(enforce.mode(), Some(PolicyMode::Enforce));
    assert_eq!(
        enforce.manifest()["spec"]["options"],
        json!([{ "name": "policy-mode", "value": "enforce" }])
    );
    assert_eq!(monitor.with_mode(PolicyMode::Enforce), enforce);

    let twice = policy(
        "options: [{name: policy-mode, value: monitor}, {name: disable-kprobe-multi, value: \"1\"}, {name: policy-mode, value: enforce}]",
    );
    assert_eq!(twice.mode(), Some(PolicyMode::Enforce), "an agent takes the last");
    assert_eq!(
        twice.with_mode(PolicyMode::Monitor).manifest()["spec"]["options"],
        json!([
            { "name": "policy-mode", "value": "monitor" },
            { "name": "disable-kprobe-multi", "value": "1" },
        ])
    );
}

#[test]
fn the_short_form_kills_by_name_or_by_path() {
    let by_name = Policy::killing("no-nc", "nc").unwrap();
    let selector = &by_name.manifest()["spec"]["kprobes"][0]["selectors"][0];
    assert_eq!(
        selector["matchArgs"],
        json!([{ "index": 0, "operator": "Postfix", "values": ["/nc"] }])
    );
    assert_eq!(selector["matchActions"], json!([{ "action": "Sigkill" }]));
    assert_eq!(by_name.actions(), ["sigkill"]);
    assert_eq!(Policy::from_json(by_name.manifest().clone()), Ok(by_name));

    let by_path = Policy::killing("no-nc", "/usr/bin/nc").unwrap();
    let arguments = &by_path.manifest()["spec"]["kprobes"][0]["selectors"][0]["matchArgs"];
    assert_eq!(arguments, &json!([{ "index": 0, "operator": "Equal", "values": ["/usr/bin/nc"] }]));

    for (policy, command, word) in [
        ("No-nc", "nc", "small letters"),
        ("", "nc", "small letters"),
        ("a", "", "no name of a file"),
        ("a", "..", "no name of a file"),
        ("a", "bin/nc", "part of a path"),
        ("a", "n\0c", "control characters"),
        ("a", "/usr//nc", "leave out"),
        ("a", "/usr/bin/../nc", "leave out"),
        ("a", "/usr/bin/", "leave out"),
        ("a", &"x".repeat(200), "longer than"),
    ] {
        let problem = Policy::killing(policy, command).unwrap_err();
        assert!(problem.message.contains(word), "{policy:?} {command:?}: {problem}");
        assert!(!problem.message.contains('\0'));
    }
}

#[test]
fn every_template_is_a_policy_in_monitor_mode() {
    for template in TEMPLATES {
        let policy = Policy::from_yaml(template.yaml)
            .unwrap_or_else(|problems| panic!("{}: {problems:?}", template.name));
        assert_eq!(policy.mode(), Some(PolicyMode::Monitor), "{}", template.name);
        assert_eq!(policy.dangers(&Guarded::default()), Vec::<String>::new());
        assert!(!policy.hooks().is_empty());
    }
}

#[test]
fn what_servers_add_is_taken_out() {
    let object = json!({
        "apiVersion": "cilium.io/v1alpha1",
        "kind": "TracingPolicyNamespaced",
        "metadata": {
            "name": "a",
            "namespace": "shop",
            "uid": "1",
            "resourceVersion": "7",
            "generation": 2,
            "creationTimestamp": null,
            "managedFields": [{ "fieldsV1": { "f:spec": { "f:kprobes": {} } } }],
            "annotations": { "kubectl.kubernetes.io/last-applied-configuration": "{}" },
            "labels": { "app": "x" },
        },
        "spec": { "kprobes": [{ "call": "tcp_connect" }] },
        "status": { "x": 1 },
    });
    let policy = Policy::from_json(object).unwrap();
    assert_eq!(
        policy.manifest()["metadata"],
        json!({ "name": "a", "namespace": "shop", "labels": { "app": "x" } })
    );
    assert!(policy.manifest().get("status").is_none());
    assert_eq!(policy.name().to_string(), "shop/a");
}

#[test]
fn yaml_comes_in_the_order_in_which_it_is_read_and_reads_back() {
    let policy = policy(
        "kprobes:
- selectors:
  - matchArgs: [{index: 0, values: ['yes', '0755', '1:30', '~', '=', \"a\\nb\", ''], operator: Equal}]
  args: [{type: string, index: 0}]
  message: '# no comment'
  call: sys_open",
    );
    let yaml = policy.yaml();
    assert!(yaml.starts_with("apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\nmetadata:\n"));
    let place = |word: &str| yaml.find(word).unwrap_or_else(|| panic!("{word} in {yaml}"));
    assert!(place("call:") < place("args:") && place("args:") < place("selectors:"), "{yaml}");
    assert_eq!(Policy::from_yaml(&yaml), Ok(policy), "{yaml}");
}

#[test]
fn a_diff_shows_what_changes_and_nothing_else() {
    let monitor = policy("kprobes:\n- call: tcp_connect").with_mode(PolicyMode::Monitor);
    let enforce = monitor.clone().with_mode(PolicyMode::Enforce);
    let diff = diff(Some(monitor.manifest()), Some(enforce.manifest()));
    let changed: Vec<_> = diff
        .lines()
        .filter(|line| line.starts_with(['+', '-']))
        .map(|line| (line.get(..1).unwrap(), line.get(1..).unwrap().trim()))
        .collect();
    assert_eq!(
        changed,
        [("-", "-- before"), ("+", "++ after"), ("-", "value: monitor"), ("+", "value: enforce")]
    );

    let mut read_back = monitor.manifest().clone();
    read_back["metadata"]["uid"] = json!("1");
    assert_eq!(super::diff(Some(&read_back), Some(monitor.manifest())), "");
    assert!(super::diff(None, Some(monitor.manifest())).starts_with("--- nothing\n+++ after\n"));
    assert!(super::diff(Some(monitor.manifest()), None).contains("-apiVersion"));
}

#[test]
fn a_diff_is_neither_endless_nor_silent_about_what_it_leaves_out() {
    let of = |first: u32| {
        let hooks: Vec<_> =
            (first..first + 20_000).map(|n| json!({ "call": n.to_string() })).collect();
        json!({ "kind": "TracingPolicy", "spec": { "kprobes": hooks } })
    };
    let diff = diff(Some(&of(0)), Some(&of(1_000_000)));
    assert_eq!(diff.lines().count(), 5_001);
    let last = diff.lines().last().unwrap();
    assert!(last.contains(" more lines of this diff are left out"), "{last}");
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "[-~:#? yesnotrue0-9._=]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-zA-Z:/. -]{1,8}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_is_written_as_yaml_is_read_back_the_same(value in any_value()) {
        let text = yaml(&value);
        let read = document::one(&text, &LIMITS).map(Node::value);
        prop_assert_eq!(read, Ok(value), "{}", text);
    }

    #[test]
    fn nothing_that_is_written_makes_it_panic(text in "[ -~\n\t:{}\\[\\]&*!|>-]{0,200}") {
        drop(Policy::from_yaml(&text));
    }

    #[test]
    fn no_object_makes_it_panic(spec in any_value(), metadata in any_value()) {
        let object = json!({
            "apiVersion": "cilium.io/v1alpha1",
            "kind": "TracingPolicy",
            "metadata": metadata,
            "spec": spec,
        });
        if let Ok(policy) = Policy::from_json(object) {
            let _ = (policy.dangers(&Guarded::default()), policy.yaml(), policy.actions());
        }
    }
}
