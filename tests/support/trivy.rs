//! A program that stands for Trivy: it does what a test says, and writes down how it was called.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};

use super::flows::{Folder, Outcome, weir_verb};

/// What it says first, as Trivy does.
const BEGINNING: &str = "2026-11-30T15:56:35Z\tINFO\t[vuln] Vulnerability scanning is enabled";

/// A program that stands for Trivy, in a folder of its own.
#[derive(Debug)]
pub struct FakeTrivy {
    folder: Folder,
}

impl FakeTrivy {
    /// One that does this, in the language of the shell; `$here` is its folder.
    pub fn doing(script: &str) -> Self {
        let folder = Folder::for_anyone();
        let text = format!(
            "#!/bin/sh\nhere='{}'\necho $$ > \"$here/pid\"\nprintf '%s\\n' \"$@\" > \"$here/arguments\"\n\
             echo >> \"$here/runs\"\necho '{BEGINNING}' >&2\n{script}\n",
            folder.path().display()
        );
        // A shell writes it: what this process has open for writing might not be run yet, as a process
        // that another test starts meanwhile has it open too.
        let write = "printf %s \"$2\" > \"$1\" && chmod 755 \"$1\"";
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", write, "sh"]).arg(folder.path().join("trivy")).arg(text);
        assert!(shell.status().expect("a shell").success());
        Self { folder }
    }

    /// One that prints this report.
    pub fn printing(report: &Value) -> Self {
        let trivy = Self::doing("cat \"$here/report.json\"");
        trivy.folder.file("report.json", report.to_string().as_bytes());
        trivy
    }

    /// One that fails with these words.
    pub fn failing(words: &str) -> Self {
        let trivy = Self::doing("cat \"$here/words\" >&2; exit 1");
        trivy.folder.file("words", format!("2026-11-30T15:56:36Z\tFATAL\t{words}\n").as_bytes());
        trivy
    }

    /// One that never ends by itself.
    pub fn endless() -> Self {
        Self::doing("exec sleep 600")
    }

    /// Where something is in its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `weir scan` that calls it, and keeps reports in its folder.
    pub fn weir(&self, arguments: &[&str]) -> Command {
        let mut weir = weir_verb("scan");
        weir.arg("--trivy").arg(self.path("trivy"));
        weir.arg("--database").arg(self.path("state/weir.db")).args(arguments);
        weir
    }

    /// How that ends.
    pub fn scan(&self, arguments: &[&str]) -> Outcome {
        self.weir(arguments).output().expect("weir starts").into()
    }

    /// How often it was called.
    pub fn runs(&self) -> usize {
        fs::read_to_string(self.path("runs")).map_or(0, |runs| runs.lines().count())
    }

    /// What it was called with last.
    pub fn arguments(&self) -> Vec<String> {
        let arguments = fs::read_to_string(self.path("arguments")).expect("it was called");
        arguments.lines().map(str::to_owned).collect()
    }

    /// Whether the process that it was last ends within ten seconds.
    pub fn ends(&self) -> bool {
        let pid = fs::read_to_string(self.path("pid")).expect("it was called");
        let command = format!("/proc/{}/cmdline", pid.trim());
        // One that has ended, and that nobody has asked about yet, has no command any more.
        eventually(|| fs::read(&command).map_or(true, |command| command.is_empty()))
    }
}

/// Whether something is so within ten seconds.
pub fn eventually(mut is_so: impl FnMut() -> bool) -> bool {
    let (_never, wait) = mpsc::channel::<()>();
    (0..200).any(|_| is_so() || wait.recv_timeout(Duration::from_millis(50)).is_ok())
}

/// A vulnerability as Trivy tells of it.
pub fn vulnerability(id: &str, severity: &str, fixed: &str, title: &str) -> Value {
    json!({
        "VulnerabilityID": id, "Severity": severity, "PkgName": "openssl", "Title": title,
        "InstalledVersion": "3.1.4-r5", "FixedVersion": fixed,
        "References": [format!("https://nvd.nist.gov/vuln/detail/{id}")],
    })
}

/// A report on an image of this digest with these vulnerabilities, and a secret.
pub fn report(digest: &str, vulnerabilities: &[Value]) -> Value {
    json!({
        "SchemaVersion": 2,
        "ArtifactName": "shop/web:1.4",
        "ArtifactType": "container_image",
        "Metadata": {
            "OS": { "Family": "alpine", "Name": "3.9.4", "EOSL": true },
            "RepoDigests": [format!("shop/web@{digest}")],
        },
        "Results": [
            { "Target": "shop/web:1.4 (alpine 3.9.4)", "Vulnerabilities": vulnerabilities },
            { "Target": "/app/key.pem", "Secrets": [{ "RuleID": "private-key" }] },
        ],
    })
}
