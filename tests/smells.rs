//! `weir smells` and `weir explain`, as somebody calls them.

mod support;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use support::oracle::Oracle;
use tempfile::TempDir;

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata:
  name: web # the shop
  namespace: shop
spec:
  containers:
    - name: web
      image: shop/web:1.4
      securityContext:
        privileged: true
";

/// A folder of manifests, and the verb called in it.
struct Place(TempDir);

impl Place {
    fn new(files: &[(&str, &str)]) -> Self {
        let place = Self(tempfile::tempdir().expect("a folder"));
        for (name, text) in files {
            place.write(name, text);
        }
        place
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    /// Exit status, standard output, standard error.
    fn said(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        self.told(arguments, b"")
    }

    /// The same with something on standard input.
    fn told(&self, arguments: &[&str], input: &[u8]) -> (Option<i32>, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
        command.arg("smells").args(arguments).current_dir(self.0.path()).env_clear();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("weir starts");
        // It may have ended before it has read everything.
        child.stdin.take().expect("a pipe").write_all(input).ok();
        let output = child.wait_with_output().expect("it ends");
        let text = |bytes| String::from_utf8(bytes).expect("weir prints UTF-8");
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    /// What is found, as JSON.
    fn found(&self, arguments: &[&str]) -> Value {
        let (status, stdout, stderr) = self.said(&[arguments, &["--format", "json"]].concat());
        assert!(matches!(status, Some(0 | 1)), "{status:?} {stderr}");
        serde_json::from_str(&stdout).expect("JSON")
    }
}

/// Which checks found something.
fn ids(found: &Value) -> Vec<&str> {
    let smells = found["smells"].as_array().expect("a list");
    smells.iter().map(|smell| smell["id"].as_str().expect("an id")).collect()
}

#[test]
fn a_finding_is_shown_with_its_line_and_a_caret_under_the_field() {
    let place = Place::new(&[("web.yaml", POD)]);
    let (status, stdout, _) = place.said(&["web.yaml", "--select", "WEIR-101"]);
    assert_eq!(status, Some(1));
    let expected = "\
web.yaml:11:21: critical WEIR-101 Pod shop/web, container web: it is privileged
  11 |         privileged: true
     |                     ^
1 object, 1 smell (1 critical)
";
    assert_eq!(stdout, expected);
}

#[test]
fn lines_are_right_behind_comments_anchors_and_other_line_ends() {
    let anchored = format!("# first\nx: &deep\n  a: 1\n---\n{POD}");
    for text in [anchored.clone(), anchored.replace('\n', "\r\n")] {
        let place = Place::new(&[("web.yaml", &text)]);
        let found = place.found(&["web.yaml", "--select", "WEIR-101"]);
        assert_eq!(found["smells"][0]["line"], 15, "{found}");
        assert_eq!(found["smells"][0]["column"], 21, "{found}");
    }
    // What an alias repeats is wrong where it is used.
    let text = "apiVersion: v1\nkind: Pod\nmetadata: { name: a }\nspec:\n  initContainers:\n    - &one\n      name: one\n      image: i:1\n      securityContext: { privileged: true }\n  containers:\n    - <<: *one\n      name: two\n";
    let place = Place::new(&[("web.yaml", text)]);
    let found = place.found(&["web.yaml", "--select", "WEIR-101"]);
    let containers: Vec<_> =
        found["smells"].as_array().unwrap().iter().map(|smell| &smell["container"]).collect();
    assert_eq!(containers, ["one", "two"]);
}

#[test]
fn a_folder_is_read_however_deep_and_objects_are_looked_at_beside_one_another() {
    let service = "apiVersion: v1\nkind: Service\nmetadata: { name: web, namespace: shop }\nspec: { selector: { app: web }, ports: [{ port: 80 }] }\n";
    let place =
        Place::new(&[("a/b/service.yml", service), (".git/web.yaml", POD), ("notes.txt", "no: [")]);
    // Alone it may be applied beside anything.
    assert_eq!(ids(&place.found(&[".", "--select", "WEIR-705"])), [""; 0]);
    place.write("d/other.yaml", POD);
    assert_eq!(ids(&place.found(&[".", "--select", "WEIR-705"])), ["WEIR-705"]);
    place.write(
        "c/pod.json",
        serde_json::json!({
            "apiVersion": "v1", "kind": "List", "items": [{
                "apiVersion": "v1", "kind": "Pod",
                "metadata": { "name": "web", "namespace": "shop", "labels": { "app": "web" } },
                "spec": { "containers": [{ "name": "web", "image": "web:1" }] },
            }],
        })
        .to_string(),
    );
    assert_eq!(ids(&place.found(&[".", "--select", "WEIR-705"])), [""; 0]);
}

#[test]
fn the_exit_status_says_whether_something_was_found() {
    let place = Place::new(&[("web.yaml", POD), ("bad.yaml", "a: [\n"), ("empty/x", "")]);
    let status = |arguments: &[&str]| place.said(arguments).0;
    assert_eq!(status(&["web.yaml"]), Some(1));
    assert_eq!(status(&["web.yaml", "--select", "WEIR-208"]), Some(0));
    assert_eq!(status(&["web.yaml", "--select", "image", "--fail-on", "critical"]), Some(0));
    assert_eq!(status(&["bad.yaml"]), Some(2));
    assert_eq!(status(&["missing.yaml"]), Some(2));
    assert_eq!(status(&["empty"]), Some(2));
    // As where what renders them has failed.
    let (nothing, stdout, stderr) = place.told(&["-"], b"# nothing\n");
    assert_eq!((nothing, &*stdout), (Some(2), "no object of Kubernetes was found\n"));
    assert!(stderr.contains("there was nothing to look at"), "{stderr}");
    assert_eq!(status(&["web.yaml", "--select", "WEIR-9999"]), Some(64));
    assert_eq!(status(&["web.yaml", "--severity", "awful"]), Some(64));
}

#[test]
fn what_cannot_be_read_is_named_with_its_line_and_keeps_nothing_else_from_it() {
    let template = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Values.name }}\n";
    let place = Place::new(&[("a.yaml", template), ("b.yaml", POD), ("c.yaml", "replicas: 3\n")]);
    let (status, stdout, stderr) = place.said(&["."]);
    assert_eq!(status, Some(2));
    assert!(stdout.contains("b.yaml:11:21: critical WEIR-101"), "{stdout}");
    assert!(stderr.contains("a.yaml:4:") && stderr.contains("`helm template`"), "{stderr}");
    assert!(stderr.contains("c.yaml:1:1: passed over: this is no object"), "{stderr}");
}

#[test]
fn an_annotation_lets_an_object_off_and_must_name_a_check_and_a_reason() {
    let annotated = |lines: &str| {
        POD.replace("  namespace: shop\n", &format!("  namespace: shop\n  annotations:\n{lines}"))
    };
    let reason = "    weir.dev/ignore-reason: it is a test\n";
    let text = annotated(&format!("    weir.dev/ignore: WEIR-101,WEIR-77\n{reason}"));
    let place = Place::new(&[("web.yaml", &text)]);
    let (_, stdout, stderr) = place.said(&["web.yaml"]);
    assert!(!stdout.contains("WEIR-101") && stdout.contains("1 ignored"), "{stdout}");
    assert!(stderr.contains("web.yaml:7:22: `weir.dev/ignore` names `WEIR-77`"), "{stderr}");
    place.write("web.yaml", annotated("    weir.dev/ignore: WEIR-101\n"));
    let (_, _, stderr) = place.said(&["web.yaml"]);
    assert!(stderr.contains("gives no reason: add `weir.dev/ignore-reason`"), "{stderr}");
}

#[test]
fn settings_let_off_kinds_and_namespaces_and_must_name_a_check() {
    let place = Place::new(&[("web.yaml", POD)]);
    place.write(
        "weir.toml",
        "smells-ignore = [\"WEIR-101 namespace=shop because it is a test\", \"WEIR-78 because\"]\n",
    );
    let arguments = ["web.yaml", "--config", "weir.toml"];
    let (status, _, stderr) = place.said(&arguments);
    assert_eq!(status, Some(64));
    assert!(stderr.contains("expected rules such as"), "{stderr}");
    place.write("weir.toml", "smells-ignore = [\"WEIR-101 namespace=shop because it is a test\", \"WEIR-78 kind=Pod because it was\"]\n");
    let (_, stdout, stderr) = place.said(&arguments);
    assert!(!stdout.contains("WEIR-101") && stdout.contains("1 ignored"), "{stdout}");
    assert!(stderr.contains("`smells-ignore` names `WEIR-78`"), "{stderr}");
    place.write(
        "weir.toml",
        "smells-ignore = [\"WEIR-101 namespace=other because it is a test\"]\n",
    );
    assert!(place.said(&arguments).1.contains("WEIR-101"));
}

#[test]
fn behind_a_baseline_only_what_is_new_is_told() {
    let place = Place::new(&[("web.yaml", POD)]);
    let (status, _, stderr) = place.said(&["web.yaml", "--baseline", "b.json"]);
    assert_eq!(status, Some(74), "there is none yet: {stderr}");
    assert_eq!(place.said(&["web.yaml", "--baseline", "b.json", "--update-baseline"]).0, Some(0));
    let (status, stdout, _) = place.said(&["web.yaml", "--baseline", "b.json"]);
    assert_eq!(status, Some(0), "{stdout}");
    assert!(stdout.contains("no smells") && stdout.contains("in the baseline"), "{stdout}");
    // Lines that move are no news, another container is.
    let other = format!(
        "# moved\n{POD}    - name: other\n      image: shop/web:1.4\n      securityContext: {{ privileged: true }}\n"
    );
    place.write("web.yaml", other);
    let found = place.found(&["web.yaml", "--baseline", "b.json", "--select", "WEIR-101"]);
    assert_eq!(found["smells"].as_array().map(Vec::len), Some(1));
    assert_eq!(found["smells"][0]["container"], "other");
    place.write("b.json", "{}");
    assert_eq!(place.said(&["web.yaml", "--baseline", "b.json"]).0, Some(65));
}

#[test]
fn json_says_how_much_was_found_and_how_it_is_mended() {
    let place = Place::new(&[("web.yaml", POD)]);
    let found = place.found(&["web.yaml", "--select", "WEIR-101"]);
    assert_eq!(
        found["counts"],
        serde_json::json!({ "critical": 1, "high": 0, "medium": 0, "low": 0 })
    );
    assert_eq!((&found["message"], &found["objects"]), (&"1 smell was found".into(), &1.into()));
    let smell = &found["smells"][0];
    assert_eq!(smell["path"], "spec.containers[0].securityContext.privileged");
    assert!(smell["mend"].as_str().unwrap().contains("privileged: false"));
    let (status, stdout, _) =
        place.told(&["-", "--format", "json", "--select", "WEIR-208"], POD.as_bytes());
    assert_eq!(status, Some(0));
    assert_eq!(serde_json::from_str::<Value>(&stdout).unwrap()["message"], "no smells were found");
}

#[test]
fn what_a_manifest_says_steers_neither_a_terminal_nor_a_pipeline() {
    let text = POD.replace("name: web #", "name: \"a\\e[2J::error::x\\nb\" #");
    let place = Place::new(&[("we,b.yaml", &text)]);
    for format in ["text", "json", "sarif", "junit", "github"] {
        let (_, stdout, _) = place.said(&[".", "--select", "WEIR-101", "--format", format]);
        assert!(!stdout.contains('\u{1b}'), "{format}: {stdout}");
        let commands = stdout.lines().filter(|line| line.starts_with("::")).count();
        assert_eq!(commands, usize::from(format == "github"), "{format}: {stdout}");
    }
    let (_, stdout, _) = place.said(&[".", "--select", "WEIR-101", "--format", "github"]);
    assert!(
        stdout.starts_with("::error file=./we%2Cb.yaml,line=11,col=21,title=WEIR-101 "),
        "{stdout}"
    );
}

#[test]
fn lists_as_an_api_server_answers_with_them_are_opened() {
    let list = "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"items\":[{\"metadata\":{\"name\":\"a\"},\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"a:1\",\"securityContext\":{\"privileged\":true}}]}}]}";
    let place = Place::new(&[("pods.json", list)]);
    let found = place.found(&["pods.json", "--select", "WEIR-101"]);
    assert_eq!((&found["objects"], &found["smells"][0]["kind"]), (&1.into(), &"Pod".into()));
}

#[test]
fn what_cannot_be_opened_keeps_nothing_else_from_being_looked_at() {
    let place = Place::new(&[("web.yaml", POD)]);
    let (status, stdout, stderr) =
        place.said(&["web.yaml", "nowhere.yaml", "web.yaml", "--select", "WEIR-101"]);
    assert_eq!(status, Some(2));
    assert!(stdout.ends_with("1 object, 1 smell (1 critical)\n"), "{stdout}");
    assert!(stderr.contains("nowhere.yaml: it cannot be read: No such file"), "{stderr}");
    let (_, stdout, _) = place.said(&["nowhere.yaml", "--format", "github"]);
    assert!(stdout.starts_with("::error file=nowhere.yaml,title=unreadable::"), "{stdout}");
}

#[test]
fn so_many_objects_and_such_long_names_stay_bounded() {
    let long = "a".repeat(200_000);
    let containers = "    - { name: w }\n".repeat(500);
    let text =
        format!("kind: Pod\nmetadata: {{ name: {long} }}\nspec:\n  containers:\n{containers}");
    let place = Place::new(&[("long.yaml", &text)]);
    let (_, stdout, _) = place.said(&["long.yaml", "--format", "json"]);
    assert!(stdout.len() < 40 << 20, "{} bytes", stdout.len());
    let pair = |number| {
        format!(
            "---\nkind: Service\nmetadata: {{ name: s{number} }}\nspec: {{ selector: {{ app: a }} }}\n---\nkind: Pod\nmetadata: {{ name: p{number}, labels: {{ app: b }} }}\nspec: {{ containers: [{{ name: c }}] }}\n"
        )
    };
    let place = Place::new(&[("many.yaml", &(0..4_500).map(pair).collect::<String>())]);
    let (_, _, stderr) = place.said(&["many.yaml", "--select", "WEIR-705"]);
    assert!(stderr.contains("too many objects to compare"), "{stderr}");
}

#[test]
fn hostile_files_are_refused_in_words() {
    let bomb: String = (1..30).fold("a0: &a0 [x, x]\n".into(), |text, level| {
        format!("{text}a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 9].join(", "))
    });
    let deep = format!("a: {}", "[".repeat(200_000));
    let wide = format!("a: [{}0]", "0,".repeat(3_000_000));
    let large = format!("a: {}", "x".repeat(33 << 20));
    let utf16: Vec<u8> = "\u{feff}a: 1".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let cases: [(&str, &[u8]); 10] = [
        ("more than a file may hold", bomb.as_bytes()),
        ("more than a file may hold", deep.as_bytes()),
        ("more than a file may hold", wide.as_bytes()),
        ("has at most", large.as_bytes()),
        ("UTF-16", &utf16),
        ("NUL", b"a: \0\n"),
        ("not UTF-8", b"a: \xff\xff\n"),
        ("line 2", b"kind: Pod\nkind: Job\n"),
        ("cannot be read as YAML", b"a:\n\tb: 1\n"),
        ("cannot be read as YAML", b"a: *nowhere\n"),
    ];
    for (expected, bytes) in cases {
        let place = Place::new(&[]);
        place.write("hostile.yaml", bytes);
        let (status, _, stderr) = place.said(&["hostile.yaml"]);
        assert_eq!(status, Some(2), "{stderr}");
        let line = stderr.lines().next().unwrap_or_default();
        assert!(line.contains("hostile.yaml:") && line.len() < 400, "{stderr}");
        assert!(
            line.contains(expected) || line.contains(&expected.replace("line ", "hostile.yaml:")),
            "{expected}: {stderr}"
        );
    }
}

#[test]
fn the_corpus_is_analysed_whole() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/k8s_manifests");
    if !corpus.is_dir() {
        return println!("skipped: no ../shared/data");
    }
    let place = Place::new(&[]);
    let (status, stdout, stderr) =
        place.said(&[corpus.to_str().expect("UTF-8"), "--format", "json"]);
    assert_eq!(status, Some(2), "some are templates: {stderr}");
    let found: Value = serde_json::from_str(&stdout).expect("JSON");
    assert!(found["objects"].as_u64().unwrap() > 1_500, "{}", found["objects"]);
    for unread in found["unread"].as_array().expect("a list") {
        assert!(
            unread["line"].as_u64().unwrap() > 0
                && unread["message"].as_str().is_some_and(|words| !words.is_empty()),
            "{unread}"
        );
    }
    assert!(!stderr.contains("panicked"), "{stderr}");
}

#[test]
fn explain_says_what_a_check_is_about_and_lists_them_all() {
    let said = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_weir"))
            .arg("explain")
            .args(arguments)
            .env_clear()
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (status, page) = said(&["weir-101"]);
    assert_eq!(status, Some(0));
    for words in ["A container is privileged", "critical", "CKV_K8S_16", "privileged: false"] {
        assert!(page.contains(words), "{page}");
    }
    let (status, list) = said(&[]);
    assert_eq!(status, Some(0));
    assert!(list.lines().count() > 100 && list.contains("WEIR-101   critical"), "{list}");
    assert_eq!(said(&["WEIR-9999"]).0, Some(64));
}

#[test]
fn sarif_has_what_its_schema_asks_for_and_names_rules_that_are_there() {
    let place = Place::new(&[("a b/web.yaml", POD), ("bad.yaml", "a: [\n")]);
    let (_, stdout, _) = place.said(&[".", "--format", "sarif"]);
    let log: Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    let results = run["results"].as_array().expect("results");
    assert!(results.len() > 10 && rules.len() > 100, "{} of {}", results.len(), rules.len());
    for result in results {
        assert!(rules.iter().any(|rule| rule["id"] == result["ruleId"]), "{result}");
        let level = result["level"].as_str().expect("a level");
        assert!(["error", "warning", "note"].contains(&level), "{result}");
        assert!(
            result["message"]["text"].as_str().is_some_and(|text| !text.is_empty()),
            "{result}"
        );
        let physical = &result["locations"][0]["physicalLocation"];
        assert_eq!(physical["artifactLocation"]["uri"], "a%20b/web.yaml");
        let region = &physical["region"];
        for start in ["startLine", "startColumn"] {
            assert!(region[start].as_u64().is_some_and(|number| number >= 1), "{result}");
        }
    }
    let invocation = &run["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let notification = &invocation["toolExecutionNotifications"][0];
    assert!(notification["message"]["text"].is_string(), "{invocation}");
}

#[test]
fn reports_are_what_their_schemas_say() {
    let odd = POD.replace("name: web #", "name: \"a<b>&\\\"c\\u0001\" #");
    let files = [("a b/web.yaml", POD), ("bad.yaml", "a: [\n"), ("odd.yaml", &odd)];
    let clean = "kind: Namespace\nmetadata: { name: c }\n";
    for (format, package) in [("sarif", "jsonschema"), ("junit", "xmlschema")] {
        for files in [&files[..], &[("c.yaml", clean)], &[("empty.yaml", "")]] {
            let Some(oracle) = Oracle::with_schemas("report_schema.py", package) else { return };
            let (_, report, _) = Place::new(files).said(&[".", "--format", format]);
            assert_eq!(oracle.json(&[format], &report), serde_json::json!([]), "{report}");
        }
    }
}

/// What a parser of XML makes of a report of `JUnit`: a line for each suite, and one for each case of another
/// outcome than passed.
const READ_JUNIT: &str = "
import sys, xml.etree.ElementTree as tree
root = tree.fromstring(sys.stdin.buffer.read())
for suite in root:
    cases = list(suite)
    counts = [len(cases)] + [sum(case.find(kind) is not None for case in cases) for kind in ('failure', 'error')]
    said = [int(suite.get(name)) for name in ('tests', 'failures', 'errors')]
    assert counts == said and all(case.get('name') and case.get('classname') for case in cases)
    print(suite.get('name'), *counts)
";

#[test]
fn junit_is_xml_whose_counts_are_right() {
    let quoted = POD.replace("name: web #", "name: \"a<b>&\\\"c\\u0001\" #");
    let place = Place::new(&[
        ("a.yaml", &quoted),
        ("bad.yaml", "a: [\n"),
        ("c.yaml", "kind: Namespace\nmetadata: { name: c }\n"),
    ]);
    let (_, xml, _) = place.said(&[".", "--select", "WEIR-101,WEIR-801", "--format", "junit"]);
    let mut python = Command::new("python3");
    python.args(["-c", READ_JUNIT]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let Ok(mut child) = python.spawn() else { return println!("skipped: no python3") };
    child.stdin.take().expect("a pipe").write_all(xml.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{xml}");
    let read = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(read, "./a.yaml 1 1 0\n./bad.yaml 1 0 1\n./c.yaml 1 0 0\n");
}
