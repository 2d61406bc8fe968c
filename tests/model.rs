//! `weir model`: what is said of models, and what is refused.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use nix::unistd::geteuid;
use tempfile::TempDir;

const GRAPH: &[u8] = include_bytes!("../models/clstm.onnx");
const MANIFEST: &str = include_str!("../models/clstm.json");

/// A folder for state, and for models that are brought along.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // Root becomes another user before it writes.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).expect("it is ours");
        Self(folder)
    }

    /// A model of this graph and manifest.
    fn model(&self, graph: &[u8], manifest: &str) -> PathBuf {
        let path = self.0.path().join("brought.onnx");
        fs::write(&path, graph).expect("a writable folder");
        fs::write(path.with_extension("json"), manifest).expect("a writable folder");
        path
    }

    fn weir(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
        command.arg("model").args(arguments).env_clear();
        command.env("WEIR_DATABASE", self.0.path().join("state/weir.db"));
        command
    }

    /// Exit status, standard output, standard error.
    fn ended(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        ended(&mut self.weir(arguments))
    }

    fn used(&self, path: &Path) -> (Option<i32>, String, String) {
        self.ended(&["use", path.to_str().expect("a name in UTF-8")])
    }
}

fn ended(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().expect("weir starts");
    let text = |bytes| String::from_utf8(bytes).expect("weir prints UTF-8");
    (status.code(), text(stdout), text(stderr))
}

/// What `weir model` says behind a label.
fn said<'a>(text: &'a str, label: &str) -> &'a str {
    text.lines().find_map(|line| line.strip_prefix(label)).expect("a labelled line").trim()
}

#[test]
fn the_model_in_the_binary_is_shown_with_what_runs_it() {
    let (status, shown, _) = Place::new().ended(&["show"]);
    assert_eq!(status, Some(0));
    assert_eq!([said(&shown, "from"), said(&shown, "backend")], ["built in", "tract"]);
    assert_eq!(said(&shown, "sha256").len(), 64);
    assert!(shown.contains("lateral-movement  alarms from "), "{shown}");
}

#[test]
fn another_model_is_used_and_left_again() {
    let place = Place::new();
    let path = place.model(GRAPH, &MANIFEST.replace("clstm-3", "another-3"));
    assert_eq!(place.used(&path).0, Some(0));
    let shown = place.ended(&["show"]).1;
    assert_eq!(said(&shown, "name"), "another-3");
    assert!(said(&shown, "from").starts_with(place.0.path().to_str().unwrap()), "{shown}");
    assert_eq!(said(&place.ended(&["rollback"]).1, "from"), "built in");
    assert_eq!(said(&place.ended(&["show"]).1, "from"), "built in");
}

#[test]
fn what_root_chooses_belongs_to_whom_the_engine_becomes() {
    if !geteuid().is_root() {
        println!("skipped: needs root");
        return;
    }
    let place = Place::new();
    assert_eq!(place.used(&place.model(GRAPH, MANIFEST)).0, Some(0));
    for made in ["state", "state/models", "state/models/current"] {
        assert_ne!(place.0.path().join(made).metadata().unwrap().uid(), 0, "{made}");
    }
}

#[test]
fn a_model_that_does_not_fit_is_refused_in_a_sentence_and_changes_nothing() {
    let place = Place::new();
    let path = place.model(GRAPH, &MANIFEST.replace("\"Flow Duration\"", "\"Duration\""));
    let (status, shown, complaint) = place.used(&path);
    assert_eq!((status, &*shown), (Some(65), ""));
    let sentence = "feature 1 is `Duration` in the model and `Flow Duration` here\n";
    assert!(complaint.ends_with(sentence) && complaint.lines().count() == 1, "{complaint}");
    let path = place.model(b"damaged", MANIFEST);
    assert_eq!(place.used(&path).0, Some(65));
    assert_eq!(said(&place.ended(&["show"]).1, "from"), "built in");
}

#[test]
fn a_file_that_is_no_graph_is_refused_even_where_its_digest_fits() {
    let place = Place::new();
    let manifest: String = MANIFEST
        .lines()
        .map(|line| {
            // The SHA-256 of nothing at all.
            let digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
            let is_digest = line.trim_start().starts_with("\"sha256\"");
            if is_digest { format!("\"sha256\": \"{digest}\",") } else { line.into() }
        })
        .collect();
    let (status, _, complaint) = place.used(&place.model(b"", &manifest));
    assert_eq!(status, Some(65), "{complaint}");
}

#[test]
fn there_is_nothing_to_return_to_before_the_first_choice() {
    let (status, _, complaint) = Place::new().ended(&["rollback"]);
    assert_eq!(status, Some(69));
    assert_eq!(complaint, "weir: return to the model before: there is none\n");
}

#[test]
fn a_library_that_is_no_onnx_runtime_is_refused() {
    let place = Place::new();
    let library = place.0.path().join("libonnxruntime.so.1.32.0");
    fs::write(&library, b"no library").unwrap();
    for name in ["ORT_DYLIB_PATH", "WEIR_ORT_LIB"] {
        let (status, _, complaint) = ended(place.weir(&["show"]).env(name, &library));
        assert_eq!(status, Some(69));
        assert!(complaint.starts_with("weir: load ONNX Runtime from `"), "{complaint}");
    }
}
