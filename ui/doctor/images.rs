//! Can images be scanned: is Trivy there, and a database of vulnerabilities. Nothing is scanned, and
//! nothing fetched.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use tokio::process::Command;
use tokio::runtime::Builder;
use tokio::time::timeout;
use weir::settings::Environment;
use weir::trivy::{Options, STALE};

use super::finding::{Finding, told};
use crate::format;

const TRIVY: &str = "trivy";

/// How long Trivy may take to say which it is.
const WITHIN: Duration = Duration::from_secs(10);

/// What Trivy says of itself.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Version {
    version: String,
    #[serde(rename = "VulnerabilityDB")]
    database: Option<Database>,
}

/// What it says of its database.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Database {
    updated_at: Timestamp,
}

/// Trivy as the settings name it; `options` are those from before root was given up.
pub(super) fn trivy(options: &Options, environment: &Environment) -> Finding {
    let place = place(&options.program, environment);
    let shown = place.display();
    let mend = "see whether `trivy --version` works as this user, or say in `trivy` where it is";
    match asked(options) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let found = format!("there is no `{shown}`: images cannot be scanned");
            let mend = "install Trivy (https://trivy.dev), or say in `trivy` where it is";
            Finding::warn(TRIVY, found, mend)
        }
        Err(error) => {
            let found = format!("`{shown}` does not start: {}", told(&error));
            Finding::warn(TRIVY, found, mend)
        }
        Ok(output) => {
            if let Ok(version) = serde_json::from_slice::<Version>(&output.stdout) {
                return judged(&shown.to_string(), &version, options, Timestamp::now());
            }
            let found = format!("`{shown}` does not say which version of Trivy it is");
            Finding::warn(TRIVY, found, mend)
        }
    }
}

/// Where the program is; as it was written where it is not found.
fn place(program: &Path, environment: &Environment) -> PathBuf {
    if program.components().count() > 1 {
        return program.to_owned();
    }
    let mut places = environment.search_path().iter().map(|folder| folder.join(program));
    places.find(|place| place.is_file()).unwrap_or_else(|| program.to_owned())
}

/// What Trivy prints about itself, and about the database in its cache.
fn asked(options: &Options) -> io::Result<Output> {
    let mut trivy = Command::new(&options.program);
    trivy.args(["version", "--format", "json"]);
    if let Some(cache) = &options.cache {
        trivy.arg("--cache-dir").arg(cache);
    }
    trivy.current_dir("/").stdin(Stdio::null()).kill_on_drop(true);
    let tasks = Builder::new_current_thread().enable_all().build()?;
    tasks.block_on(async {
        let late = |_| io::Error::new(ErrorKind::TimedOut, "it has not said a word within 10 s");
        timeout(WITHIN, trivy.output()).await.map_err(late)?
    })
}

/// Whether it will do, and with which vulnerabilities.
fn judged(place: &str, version: &Version, options: &Options, now: Timestamp) -> Finding {
    let found = format!("`{place}`, version {}", version.version);
    if options.server.is_some() {
        return Finding::ok(TRIVY, format!("{found}, asks the server of `trivy-server`"));
    }
    let mend = "fetch one where there is a network (`trivy image --download-db-only`), and say in \
                `trivy-cache` where it is";
    let Some(Database { updated_at }) = version.database else {
        let found = format!("{found}, without a database");
        return if options.is_offline {
            Finding::warn(TRIVY, format!("{found}, and `trivy-offline` is set"), mend)
        } else {
            Finding::ok(TRIVY, format!("{found} yet: the first scan fetches it"))
        };
    };
    let updated_us = updated_at.as_microsecond();
    let found = format!("{found}, database of {}", format::minute(updated_us));
    let age_us = now.as_microsecond().saturating_sub(updated_us);
    let is_old = u128::try_from(age_us).is_ok_and(|age_us| age_us >= STALE.as_micros());
    if options.is_offline && is_old {
        let found =
            format!("{found}: what became known in the last {} is not in it", format::span(age_us));
        return Finding::warn(TRIVY, found, mend);
    }
    Finding::ok(TRIVY, found)
}

#[cfg(test)]
mod tests {
    use weir::settings::Settings;

    use super::*;
    use crate::doctor::finding::Level;

    fn version(text: &str) -> Version {
        serde_json::from_str(text).unwrap()
    }

    fn found(version: &Version, options: &Options) -> (Level, String) {
        let now = "2026-11-30T12:00:00Z".parse().unwrap();
        let finding = judged("/usr/bin/trivy", version, options, now);
        (finding.level, finding.found)
    }

    #[test]
    fn a_database_that_is_missing_or_old_matters_where_nobody_fetches_one() {
        let online = Settings::default().trivy(&Environment::default());
        let offline = Options { is_offline: true, ..online.clone() };
        let without = version(r#"{ "Version": "0.59.1" }"#);
        let text = r#"{ "Version": "0.59.1", "VulnerabilityDB": { "Version": 2, "UpdatedAt": "2026-11-01T00:00:00.5Z" } }"#;
        let old = version(text);
        let said =
            "`/usr/bin/trivy`, version 0.59.1, without a database yet: the first scan fetches it";
        assert_eq!(found(&without, &online), (Level::Ok, said.into()));
        assert_eq!(found(&without, &offline).0, Level::Warn);
        assert_eq!(found(&old, &online).0, Level::Ok);
        let (level, said) = found(&old, &offline);
        assert_eq!(level, Level::Warn);
        assert!(
            said.ends_with(
                "database of 2026-11-01 00:00Z: what became known in the last 29d is not in it"
            ),
            "{said}"
        );
    }

    #[test]
    fn a_server_has_the_database() {
        let server = Some("http://trivy:4954".to_owned());
        let options = Options {
            server,
            is_offline: true,
            ..Settings::default().trivy(&Environment::default())
        };
        let (level, said) = found(&version(r#"{ "Version": "0.59.1" }"#), &options);
        assert_eq!(level, Level::Ok);
        assert!(said.ends_with("asks the server of `trivy-server`"), "{said}");
    }

    #[test]
    fn a_program_that_is_not_there_is_a_warning_with_its_mend() {
        let settings = Settings { trivy: "/nowhere/trivy".into(), ..Settings::default() };
        let environment = Environment::default();
        let finding = trivy(&settings.trivy(&environment), &environment);
        assert_eq!(finding.level, Level::Warn);
        assert_eq!(finding.found, "there is no `/nowhere/trivy`: images cannot be scanned");
        assert!(finding.mend.is_some_and(|mend| mend.contains("https://trivy.dev")));
    }

    #[test]
    fn a_program_is_looked_for_where_a_shell_does() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("trivy");
        std::fs::write(&program, "").unwrap();
        let path = format!("/nowhere:{}", folder.path().display());
        let environment = Environment::from_pairs([("PATH".into(), path.into())]);
        assert_eq!(place(Path::new("trivy"), &environment), program);
        assert_eq!(place(Path::new("other"), &environment), Path::new("other"));
        assert_eq!(place(Path::new("/opt/trivy"), &environment), Path::new("/opt/trivy"));
    }
}
