//! Texts as they come from outside.

use super::*;

const LIMITS: Limits =
    Limits { what: "a file", bytes: 1 << 20, documents: 5, depth: 20, values: 10_000 };

/// The place of the value that these names lead to.
fn place(node: &Node, names: &[&str]) -> (usize, usize) {
    let mut node = node;
    for name in names {
        node = match &node.kind {
            Kind::Map(members) => &members.iter().find(|(key, _)| key.name == *name).unwrap().1,
            Kind::List(items) => &items[name.parse::<usize>().unwrap()],
            kind => panic!("{name} in {kind:?}"),
        };
    }
    (node.at.line, node.at.column)
}

fn read(text: &str) -> Vec<Node> {
    each(text, &LIMITS).into_iter().collect::<Result<_, _>>().unwrap()
}

/// Why the first document that cannot be read cannot.
fn fault(text: &str) -> String {
    each(text, &LIMITS).into_iter().find_map(Result::err).expect("a fault").to_string()
}

const COMMENTED: &str = "\
# what this is
a: 1 # one
--- # the next
# said of b
b:
  # and of c
  - c: yes
...
---
d: { e: 0755 }
";

#[test]
fn values_stand_where_they_are_written_in_whatever_document() {
    for text in [COMMENTED.to_owned(), COMMENTED.replace('\n', "\r\n")] {
        let nodes = read(&text);
        assert_eq!(nodes.len(), 3);
        assert_eq!(place(&nodes[0], &["a"]), (2, 4));
        assert_eq!(place(&nodes[1], &["b", "0", "c"]), (7, 8));
        assert_eq!(place(&nodes[2], &["d", "e"]), (10, 9));
    }
}

#[test]
fn text_is_read_by_the_rules_of_yaml_1_1() {
    let values: Vec<_> = read(COMMENTED).into_iter().map(Node::value).collect();
    assert_eq!(values[1], serde_json::json!({ "b": [{ "c": true }] }));
    assert_eq!(values[2], serde_json::json!({ "d": { "e": 493 } }));
}

#[test]
fn anchors_and_merge_keys_are_followed() {
    let nodes = read("a: &x { k: 1 }\nb: *x\nc:\n  <<: *x\n  l: 2\n");
    let expected = serde_json::json!({ "a": { "k": 1 }, "b": { "k": 1 }, "c": { "k": 1, "l": 2 } });
    assert_eq!(nodes[0].clone().value(), expected);
    assert_eq!(place(&nodes[0], &["b"]).0, 2, "where it is used");
}

#[test]
fn json_is_read_with_its_places() {
    let nodes = read("{\n\t\"a\": [\n\t\t1,\n\t\t{\"b\": \"x\"}\n\t]\n}\n");
    assert_eq!(place(&nodes[0], &["a", "1", "b"]).0, 4);
}

#[test]
fn one_document_that_cannot_be_read_keeps_no_other_from_it() {
    let found = each("a: 1\n---\nb: [\n---\nc: 3\n", &LIMITS);
    let read: Vec<_> = found.iter().map(Result::is_ok).collect();
    assert_eq!(read, [true, false, true]);
    let fault = found[1].as_ref().unwrap_err();
    assert!(fault.at.line >= 3, "{fault}");
}

#[test]
fn markers_within_block_scalars_are_no_documents() {
    assert_eq!(read("a: |\n  ---\n  b: 1\n").len(), 1);
    assert_eq!(read("---\n---\n# nothing\n---\n").len(), 0);
    assert_eq!(read("%YAML 1.1\n---\na: 1\n").len(), 1);
}

#[test]
fn what_is_hostile_is_refused_in_words() {
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n\
                d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n";
    let cases = [
        (bomb.to_owned(), "more than a file may hold"),
        ("[".repeat(100_000), "more than a file may hold"),
        (format!("a: [{}]", "0,".repeat(20_000)), "more than a file may hold"),
        ("a: 1\na: 2\n".into(), "line 2"),
        ("a:\n\tb: 1\n".into(), "line 2"),
        (format!("a: {}", "x".repeat(2 << 20)), "at most 1024"),
        ("---\na: 1\n".repeat(9), "at most 5 documents"),
        ("a: *nowhere\n".into(), "line 1"),
    ];
    for (text, expected) in cases {
        let fault = fault(&text);
        assert!(fault.contains(expected), "{fault}");
    }
}

#[test]
fn bytes_that_are_no_text_are_refused_where_they_are() {
    let fault = |bytes: &[u8]| text(bytes).unwrap_err().to_string();
    assert!(fault(b"\xff\xfea\0").contains("UTF-16"));
    assert_eq!(
        fault(b"a: 1\nb: \0\n"),
        "line 2, column 4: here is a NUL byte, which no YAML and no JSON may hold"
    );
    assert_eq!(fault(b"a: \xc3"), "line 1, column 4: this is not UTF-8");
    assert_eq!(text(b"\xef\xbb\xbfa: 1").unwrap(), "a: 1");
}

#[test]
fn tags_of_somebody_else_are_not_followed() {
    for text in ["a: !!python/object:os.system x\n", "a: !Secret x\n", "a: !!binary aGk=\n"] {
        for node in each(text, &LIMITS).into_iter().flatten() {
            assert!(matches!(node.value()["a"], serde_json::Value::String(_)), "{text}");
        }
    }
}
