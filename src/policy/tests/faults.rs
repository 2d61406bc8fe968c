//! Policies that are wrong: where, and in which words.

use serde_json::json;

use super::{policy, written};
use crate::policy::{Policy, Problem};

fn problems(text: &str) -> Vec<Problem> {
    Policy::from_yaml(text).unwrap_err()
}

/// Asserts that `text` has one fault, at this place and in words with these in them.
#[track_caller]
fn one(text: &str, line: usize, column: usize, words: &[&str]) {
    let problems = problems(text);
    assert_eq!(problems.len(), 1, "{problems:#?}");
    let problem = &problems[0];
    assert_eq!((problem.line, problem.column), (line, column), "{problem}");
    for words in words {
        assert!(problem.message.contains(words), "`{words}` in: {problem}");
    }
    assert!(!problem.message.contains('\n'), "{problem}");
}

#[test]
fn all_faults_are_told_in_order_of_lines() {
    let text = "\
apiVersion: cilium.io/v1
kind: TracingPolicy
metadata:
  name: Bad_Name
spec:
  kprobs: []
  kprobes:
  - call: tcp_connect
    syscall: maybe
    args:
    - index: -1
      type: sock
    selectors:
    - matchActions:
      - action: Sigkil
";
    let problems = problems(text);
    let places: Vec<_> = problems.iter().map(|problem| (problem.line, problem.column)).collect();
    assert_eq!(places, [(1, 13), (4, 9), (6, 3), (9, 14), (11, 14), (15, 17)]);
    let words: Vec<_> = problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(words[0], "apiVersion is `cilium.io/v1alpha1` for policies of Tetragon");
    assert!(words[1].starts_with("metadata.name cannot be `Bad_Name`: a name has small letters"));
    assert_eq!(words[2], "spec has no member `kprobs`; did you mean `kprobes`?");
    assert_eq!(words[3], "spec.kprobes[0].syscall takes true or false, not a text");
    assert_eq!(words[4], "spec.kprobes[0].args[0].index is at least 0, not -1");
    assert_eq!(
        words[5],
        "spec.kprobes[0].selectors[0].matchActions[0].action cannot be `Sigkil`; did you mean \
         `Sigkill`?"
    );
    assert_eq!(problems[0].to_string().split(": ").next(), Some("line 1, column 13"));
}

#[test]
fn what_is_no_yaml_is_told_where_it_stops_being_one() {
    one("a: [1, 2\nb: 3\n", 2, 2, &["cannot be read as YAML"]);
    one("a: 1\na: 2\n", 2, 1, &["`a` is written a second time"]);
    one(&written("kprobes:\n\t- call: x"), 7, 4, &["cannot be read as YAML"]);
    one("a: 1\n---\nb: 2\n", 3, 1, &["another document"]);
    one("*nothing\n", 1, 1, &["cannot be read as YAML"]);
}

#[test]
fn nothing_and_what_is_no_object_is_told() {
    for text in ["", "# a comment\n", "- a\n", "text", "~"] {
        one(text, 1, 1, &["the policy is an object", "apiVersion: cilium.io/v1alpha1"]);
    }
    let problems = problems("{}");
    let words: Vec<_> = problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(words.len(), 4, "{words:?}");
    for (words, name) in words.iter().zip(["apiVersion", "kind", "metadata", "spec"]) {
        assert!(words.contains(&format!("lacks `{name}`: add")), "{words}");
    }
}

#[test]
fn a_namespace_belongs_to_one_kind_alone() {
    let head = "apiVersion: cilium.io/v1alpha1\nkind: ";
    let spec = "spec: {}\n";
    one(
        &format!("{head}TracingPolicy\nmetadata:\n  name: a\n  namespace: shop\n{spec}"),
        5,
        3,
        &["does not belong here", "TracingPolicyNamespaced"],
    );
    one(
        &format!("{head}TracingPolicyNamespaced\nmetadata:\n  name: a\n{spec}"),
        4,
        3,
        &["lacks `namespace`"],
    );
    one(
        &format!("{head}TracingPolicyNamespaced\nmetadata: {{name: a, namespace: a.b}}\n{spec}"),
        3,
        32,
        &["cannot be `a.b`"],
    );
    one(
        &format!("{head}tracingpolicy\nmetadata: {{name: a}}\n{spec}"),
        2,
        7,
        &["did you mean `TracingPolicy`?"],
    );
    one(&format!("{head}TracingPolicy\nmetadata: {{name: 12}}\n{spec}"), 3, 18, &["in quotes"]);
    one(
        &format!("{head}TracingPolicy\nmetadata: {{name: a, lables: {{}}}}\n{spec}"),
        3,
        21,
        &["did you mean `labels`?"],
    );
}

#[test]
fn rules_between_members_are_those_of_the_definitions() {
    one(&written("kprobes:\n- call: x\n  return: true"), 7, 5, &["add `returnArg`"]);
    one(
        &written("uprobes:\n- path: /x\n  symbols: [a]\n  offsets: [1]"),
        7,
        5,
        &["only one of `symbols`, `offsets`"],
    );
    one(&written("hostSelector: {matchLabels: {a: b}}"), 6, 17, &["takes `{}`"]);
    one(&written("podSelector: {matchLabels: {a: b c}}"), 6, 34, &["is a label"]);
    one(&written("kprobes:\n- syscall: true"), 7, 5, &["lacks `call`"]);
    one(
        &written(
            "kprobes:\n- call: x\n  selectors:\n  - matchBinaries:\n    - {operator: In, values: [a]}\n    - {operator: In, values: [b]}",
        ),
        10,
        9,
        &["has 2 entries and takes 1"],
    );
    one(
        &written("options:\n- {name: policy-mode, value: 1}"),
        7,
        32,
        &["takes a text", "a number"],
    );
    one(&written("kprobes: {call: x}"), 6, 12, &["takes a list"]);
}

#[test]
fn what_the_definitions_take_is_taken() {
    for spec in [
        "{}",
        "kprobes: []",
        // What is empty is left out, as the API server does.
        "kprobes:\n- call: x\n  selectors:\n  message: ~",
        "hostSelector: {}",
        "kprobes:\n- call: x\n  syscall: yes\n  return: off",
        "kprobes:\n- call: x\n  args: [{index: 1.0, type: auto}]",
        "kprobes:\n- &a\n  call: x\n- *a\n- {<<: *a, call: z}",
        "kprobes:\n- call: x\n  args: [{index: 4294967295, type: auto}]",
    ] {
        let spec = if spec == "{}" { "# nothing" } else { spec };
        let text = if spec.starts_with('#') {
            "apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\nmetadata: {name: t}\nspec: {}\n"
                .into()
        } else {
            written(spec)
        };
        if let Err(problems) = Policy::from_yaml(&text) {
            panic!("{text}: {problems:?}");
        }
    }
    let read = policy("kprobes:\n- call: x\n  selectors:\n  args: [{index: 1.0, type: auto}]");
    assert_eq!(
        read.manifest()["spec"]["kprobes"][0],
        json!({ "call": "x", "args": [{ "index": 1, "type": "auto" }] })
    );
}

#[test]
fn a_fault_of_json_says_where_in_the_object_it_is() {
    let object = json!({
        "apiVersion": "cilium.io/v1alpha1",
        "kind": "TracingPolicy",
        "metadata": { "name": "a" },
        "spec": { "kprobes": [{ "cal": "tcp_connect", "call": 7 }] },
    });
    let problems = Policy::from_json(object).unwrap_err();
    let words: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(words.len(), 2, "{words:?}");
    assert!(words.contains(&"spec.kprobes[0] has no member `cal`; did you mean `call`?".into()));
    assert!(words.iter().any(|words| words.starts_with("spec.kprobes[0].call takes a text")));
}

#[test]
fn what_is_meant_to_choke_the_reader_does_not() {
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    let nested = (0..2_000).map(|depth| format!("{}a:\n", " ".repeat(depth)));
    let nested = nested.collect::<Vec<_>>().concat();
    let mut laughs = vec!["a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned()];
    for level in 1..12 {
        let below = format!("*a{}", level - 1);
        laughs.push(format!("a{level}: &a{level} [{}]\n", vec![below; 10].join(", ")));
    }
    let long = format!("a: {}", "x".repeat(300 * 1024));
    for text in [deep, nested, laughs.concat(), long, "\u{0}".into(), "a: \u{7}".into()] {
        let problems = problems(&text);
        assert!(!problems.is_empty());
        assert!(!problems[0].message.contains(" { "), "{problems:?}");
        assert!(problems.iter().all(|problem| problem.message.len() < 600), "{problems:?}");
        assert!(problems.iter().all(|problem| !problem.message.contains(char::is_control)));
    }
    let many = (0..5_000).map(|n| format!("  x{n}: 1\n")).collect::<Vec<_>>().concat();
    let text = format!(
        "apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\nmetadata: {{name: a}}\nspec:\n{many}"
    );
    assert_eq!(problems(&text).len(), 100);
}
