//! A Trivy for tests: a script that prints what a test wants.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use crate::trivy::{Options, Reports, Trivy};

/// A program that stands in for Trivy, in a folder of its own.
#[derive(Debug)]
pub(crate) struct FakeTrivy {
    folder: TempDir,
}

impl FakeTrivy {
    /// One that finds two vulnerabilities in whatever it is to scan.
    pub(crate) fn finding() -> Self {
        Self::of(&format!("cat <<'END'\n{}\nEND", Self::report()))
    }

    /// The same, once it is let go.
    pub(crate) fn waiting() -> Self {
        let fake = Self { folder: tempfile::tempdir().unwrap() };
        // It does not wait for ever for a test that has failed.
        let wait = format!(
            "echo $$ > '{}'\nturns=0\nwhile [ ! -e '{}' ] && [ $turns -lt 3000 ]; do sleep 0.01; \
             turns=$((turns + 1)); done\ncat <<'END'\n{}\nEND",
            fake.path("process").display(),
            fake.path("go").display(),
            Self::report(),
        );
        fake.write(&wait);
        fake
    }

    /// One that fails with these words.
    pub(crate) fn failing(words: &str) -> Self {
        Self::of(&format!("echo '{words}' >&2\nexit 1"))
    }

    /// One that does what `script` says.
    pub(crate) fn of(script: &str) -> Self {
        let fake = Self { folder: tempfile::tempdir().unwrap() };
        fake.write(script);
        fake
    }

    /// What it finds: a critical vulnerability that can be mended, and a low one that cannot.
    pub(crate) fn report() -> String {
        json!({
            "SchemaVersion": 2,
            "ArtifactName": "shop/web:1",
            "Metadata": {
                "OS": { "Family": "alpine", "Name": "3.19.1" },
                "RepoDigests": [format!("shop/web@sha256:{}", "1f".repeat(32))],
            },
            "Results": [{
                "Target": "shop/web:1 (alpine 3.19.1)",
                "Vulnerabilities": [
                    {
                        "VulnerabilityID": "CVE-2026-0002", "Severity": "LOW", "PkgName": "zlib",
                        "InstalledVersion": "1.3",
                    },
                    {
                        "VulnerabilityID": "CVE-2026-0001", "Severity": "CRITICAL", "PkgName": "xz",
                        "InstalledVersion": "5.6.0", "FixedVersion": "5.6.1",
                    },
                ],
            }],
        })
        .to_string()
    }

    /// The Trivy that calls it, and keeps reports.
    pub(crate) fn trivy(&self) -> Trivy {
        Trivy::new(Options {
            program: self.path("trivy"),
            server: None,
            cache: None,
            home: None,
            is_offline: false,
            limit: Duration::from_mins(1),
        })
        .with_reports(self.reports())
    }

    /// Reports that are kept.
    pub(crate) fn reports(&self) -> Reports {
        Reports::new(self.path("scans"))
    }

    /// Images that it was to scan, in order.
    pub(crate) fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.path("calls")).unwrap_or_default();
        calls.lines().map(str::to_owned).collect()
    }

    /// Lets all go that wait.
    pub(crate) fn let_go(&self) {
        fs::write(self.path("go"), "").unwrap();
    }

    /// The process that waits.
    pub(crate) fn process(&self) -> Option<u32> {
        fs::read_to_string(self.path("process")).ok()?.trim().parse().ok()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A shell writes the program: what this process has open for writing might not be run yet, as a
    /// process that another test starts meanwhile has it open too.
    fn write(&self, script: &str) {
        let calls = self.path("calls");
        let script = format!(
            "#!/bin/sh\nfor image; do :; done\necho \"$image\" >> '{}'\n{script}\n",
            calls.display()
        );
        let write = "printf %s \"$2\" > \"$1\" && chmod 755 \"$1\"";
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", write, "sh"]).arg(self.path("trivy")).arg(script);
        assert!(shell.status().unwrap().success());
    }
}
