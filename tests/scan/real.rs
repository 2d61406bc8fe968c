//! Trivy itself, with a registry and a database of vulnerabilities on this machine.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::support::flows::{Folder, Outcome, weir_verb};
use crate::support::oracle::Oracle;
use crate::{json_of, printed};

/// A script of `tests/trivy` under Python.
fn python(script: &str) -> Command {
    let mut python = Command::new("python3");
    python.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/trivy").join(script));
    python
}

/// A registry with an image, until it is dropped.
struct Registry {
    process: Child,
    port: String,
    digest: String,
}

impl Registry {
    fn start() -> Self {
        let mut registry = python("registry.py");
        let registry = registry.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = registry.spawn().expect("Python starts");
        let mut lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        let mut line = || lines.next().expect("a line").expect("text");
        let (port, digest) = (line(), line());
        Self { process, port, digest }
    }

    /// The name of an image in it.
    fn image(&self, name: &str) -> String {
        format!("127.0.0.1:{}/{name}", self.port)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// Trivy, and a folder for whatever it keeps.
struct Trivy {
    program: PathBuf,
    folder: Folder,
}

impl Trivy {
    fn find() -> Option<Self> {
        let found = Oracle::trivy()?.canonicalize().expect("it is there");
        let folder = Folder::for_anyone();
        // Whom root becomes may not enter the folder that this project is in.
        let program = folder.path().join("trivy");
        if fs::hard_link(&found, &program).is_err() {
            fs::copy(&found, &program).expect("room for a copy");
        }
        fs::create_dir(folder.path().join("home")).expect("a folder");
        let trivy = Self { program, folder };
        trivy.open_to_anyone();
        Some(trivy)
    }

    fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    /// Puts a database into its cache.
    fn with_database(self) -> Self {
        let written = python("database.py").arg(self.cache()).status().expect("Python starts");
        assert!(written.success(), "database.py: {written}");
        self.open_to_anyone();
        self
    }

    /// Root becomes somebody else before Trivy is started.
    fn open_to_anyone(&self) {
        let everything = Permissions::from_mode(0o777);
        for name in ["home", "cache", "cache/db", "cache/db/trivy.db", "cache/db/metadata.json"] {
            let path = self.folder.path().join(name);
            if path.exists() {
                fs::set_permissions(path, everything.clone()).expect("our file");
            }
        }
    }

    /// `weir scan`, without a network but this machine's.
    fn scan(&self, arguments: &[&str]) -> Outcome {
        let mut weir = weir_verb("scan");
        weir.env("HOME", self.folder.path().join("home")).arg("--trivy-offline");
        weir.arg("--trivy").arg(&self.program).arg("--trivy-cache").arg(self.cache());
        weir.arg("--database").arg(self.folder.path().join("state/weir.db"));
        weir.args(arguments).output().expect("weir starts").into()
    }
}

#[test]
fn trivy_finds_what_is_wrong_and_weir_tells_it() {
    let Some(trivy) = Trivy::find().map(Trivy::with_database) else { return };
    let registry = Registry::start();
    let image = registry.image("shop/web:1.4");
    let outcome = trivy.scan(&[&image, "--format", "json"]).expect(0);
    let json = json_of(&outcome);
    let found = &json["images"][0];
    assert_eq!(
        (&found["image_name"], &found["digest"]),
        (&image.into(), &registry.digest.as_str().into())
    );
    let summary = &found["summary"];
    assert_eq!((&summary["os"], &summary["secrets"]), (&"alpine 3.19.1".into(), &1.into()));
    let urgent = summary["urgent"].as_array().expect("a list");
    let ids: Vec<_> = urgent.iter().map(|one| one["id"].as_str().expect("an id")).collect();
    // One that is exploited, then the worst first.
    assert_eq!(ids, ["CVE-2024-90004", "CVE-2024-90001", "CVE-2024-90002", "CVE-2024-90003"]);
    assert_eq!((&summary["exploited"], &urgent[2]["fixed"]), (&1.into(), &Value::Null));
    assert_eq!(urgent[1]["fixed"], "3.1.4-r6");
    assert_eq!(found["report"]["SchemaVersion"], 2);
}

#[test]
fn the_report_of_trivy_on_a_digest_is_kept() {
    let Some(trivy) = Trivy::find().map(Trivy::with_database) else { return };
    let registry = Registry::start();
    let image = registry.image(&format!("shop/web@{}", registry.digest));
    let text = printed(&trivy.scan(&[&image, "--fail-on", "critical"]).expect(1));
    assert!(text.contains(" found         4: 1 critical, 2 high, 1 low\n"), "{text}");
    assert!(text.contains("openssl: a certificate overflows a buffer"), "{text}");
    // Nobody is asked any more.
    drop(registry);
    let again = printed(&trivy.scan(&[&image]).expect(0));
    assert!(again.contains("a report that was kept\n"), "{again}");
    trivy.scan(&[&image, "--fresh"]).expect(69);
}

#[test]
fn trivy_without_a_database_says_so() {
    let Some(trivy) = Trivy::find() else { return };
    let outcome = trivy.scan(&["127.0.0.1:1/shop/web:1.4"]).expect(69);
    let said = &outcome.stderr;
    assert!(said.contains("Trivy has no database of vulnerabilities that it could use"), "{said}");
    assert!(said.contains("`trivy-offline` is set"), "{said}");
}

#[test]
fn what_a_registry_does_not_hand_out_is_told() {
    let Some(trivy) = Trivy::find().map(Trivy::with_database) else { return };
    let registry = Registry::start();
    for (name, status, said) in [
        ("private/web:1", 77, "its registry refuses it"),
        ("closed/web:1", 77, "its registry refuses it"),
        ("forbidden/web:1", 77, "its registry refuses it"),
        ("shop/web:9.9", 65, "its registry does not have it"),
        ("shop/other:1", 65, "its registry does not have it"),
        ("broken/web:1", 69, "Trivy says: "),
    ] {
        let image = registry.image(name);
        let outcome = trivy.scan(&[&image]).expect(status);
        assert!(outcome.stderr.contains(said), "{name}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(&image), "{name}: {}", outcome.stderr);
    }
    let nobody = registry.image("shop/web:1.4");
    drop(registry);
    let outcome = trivy.scan(&[&nobody]).expect(69);
    assert!(outcome.stderr.contains("its registry cannot be reached"), "{}", outcome.stderr);
}

#[test]
fn a_registry_that_does_not_answer_ends_with_the_time() {
    let Some(trivy) = Trivy::find().map(Trivy::with_database) else { return };
    let registry = Registry::start();
    let image = registry.image("silent/web:1");
    let outcome = trivy.scan(&[&image, "--trivy-timeout", "3s"]).expect(69);
    assert!(outcome.stderr.contains("not done within 3 s"), "{}", outcome.stderr);
}
