//! Trivy's part is played by a shell script that each test writes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

use tempfile::TempDir;

use super::log::Log;
use super::*;
use crate::posture::image::NotAReport;

const DIGEST: &str = "sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d";

const REPORT: &str = r#"{"SchemaVersion": 2, "ArtifactName": "web", "Results": [
    {"Target": "web", "Vulnerabilities": [{"VulnerabilityID": "CVE-1", "Severity": "HIGH"}]}]}"#;

/// A folder with a program in the place of Trivy.
struct Place(TempDir);

impl Place {
    /// The program does `script`.
    fn new(script: &str) -> Self {
        Self::with(|_| script.to_owned())
    }

    /// The program does the script that is made of where this place is. A shell writes it: what this
    /// process has open for writing might not be run yet, as a process that another test starts meanwhile
    /// has it open too.
    fn with(script: impl FnOnce(&Self) -> String) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        let script = format!("#!/bin/sh\n{}\n", script(&place));
        let write = "printf %s \"$2\" > \"$1\" && chmod 755 \"$1\"";
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", write, "sh"]).arg(place.path("trivy")).arg(script);
        assert!(shell.status().unwrap().success());
        place
    }

    /// One that prints a report, and counts how often in the file `calls`.
    fn counting() -> Self {
        Self::printing(REPORT, "")
    }

    /// The same with this report, and with this log.
    fn printing(report: &str, log: &str) -> Self {
        Self::with(|place| {
            let calls = place.path("calls");
            let calls = calls.display();
            format!(
                "echo x >> '{calls}'\ncat >&2 << 'END'\n{log}\nEND\ncat << 'END'\n{report}\nEND"
            )
        })
    }

    /// One that never ends: its process is in the file `process`, and the folder that it was given in
    /// `folder`, once it has put something into that.
    fn endless() -> Self {
        Self::with(|place| {
            let (process, folder) = (place.path("process"), place.path("folder"));
            let (process, folder) = (process.display(), folder.display());
            format!(
                "echo '[vuln] Vulnerability scanning is enabled' >&2\ntouch layer\n\
                 echo $$ > '{process}'\npwd > '{folder}.new'\nmv '{folder}.new' '{folder}'\n\
                 exec sleep 600"
            )
        })
    }

    /// Waits for a file.
    async fn has(&self, name: &str) {
        let path = self.path(name);
        while !path.exists() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn calls(&self) -> usize {
        fs::read_to_string(self.path("calls")).map_or(0, |text| text.lines().count())
    }

    fn options(&self) -> Options {
        Options {
            program: self.path("trivy"),
            server: None,
            cache: None,
            home: None,
            is_offline: false,
            limit: Duration::from_secs(30),
        }
    }
}

async fn scanned(options: Options, image: &str) -> Result<Scan, Error> {
    Trivy::new(options).scan(&image.parse().unwrap(), Freshness::Kept, &|_| {}).await
}

#[tokio::test]
async fn trivy_is_given_words_and_no_shell_reads_them() {
    let place = Place::with(|place| {
        format!(
            "for word; do echo \"$word\"; done > '{}'\npwd >> '{0}'\necho '{}'",
            place.path("words").display(),
            REPORT.replace('\n', " ")
        )
    });
    let words = place.path("words");
    let options = Options {
        server: Some("http://127.0.0.1:4954".into()),
        cache: Some("/var/cache/trivy".into()),
        is_offline: true,
        ..place.options()
    };
    let scan = scanned(options, "shop/web:1.4").await.unwrap();
    assert_eq!(scan.report.vulnerabilities[0].id, "CVE-1");
    let words = fs::read_to_string(words).unwrap();
    let words: Vec<_> = words.lines().collect();
    assert_eq!(words[0], "image");
    assert!(words.windows(2).any(|two| two == ["--server", "http://127.0.0.1:4954"]), "{words:?}");
    assert!(words.windows(2).any(|two| two == ["--cache-dir", "/var/cache/trivy"]), "{words:?}");
    assert!(words.contains(&"--offline-scan") && !words.contains(&"--skip-db-update"), "{words:?}");
    assert_eq!(words[words.len() - 3..words.len() - 1], ["--", "shop/web:1.4"]);
    // Not where Weir was started: files there could tell Trivy what to leave out.
    assert!(words[words.len() - 1].contains("weir-trivy-"), "{words:?}");
}

#[tokio::test]
async fn a_report_that_is_kept_is_not_made_again() {
    let place = Place::counting();
    let trivy = || Trivy::new(place.options()).with_reports(Reports::new(place.path("scans")));
    let scan = async |image: &str, freshness| {
        trivy().scan(&image.parse().unwrap(), freshness, &|_| {}).await.unwrap()
    };
    let pinned = format!("shop/web@{DIGEST}");
    assert!(!scan(&pinned, Freshness::Kept).await.is_kept);
    let again = scan(&pinned, Freshness::Kept).await;
    assert!(again.is_kept && again.report.vulnerabilities.len() == 1);
    assert_eq!(place.calls(), 1);
    assert!(!scan(&pinned, Freshness::New).await.is_kept);
    // What a tag means today only the registry knows.
    assert!(!scan("shop/web:1.4", Freshness::Kept).await.is_kept);
    assert_eq!(place.calls(), 3);
}

#[tokio::test]
async fn an_old_report_is_kept_and_does_not_do() {
    let report =
        REPORT.replace("\"Art", "\"CreatedAt\": \"2026-11-30T16:24:43.268456081Z\", \"Art");
    let place = Place::printing(&report, "");
    let trivy = Trivy::new(place.options()).with_reports(Reports::new(place.path("scans")));
    let image = format!("shop/web@{DIGEST}").parse().unwrap();
    assert_eq!(trivy.kept(&image, DIGEST), None);
    Reports::new(place.path("scans")).keep(DIGEST, report.as_bytes()).unwrap();
    let kept = trivy.kept(&image, DIGEST).unwrap();
    let made: Timestamp = "2026-11-30T16:24:43.268456Z".parse().unwrap();
    assert_eq!((kept.scanned_us, kept.database_us), (made.as_microsecond(), None));
    assert_eq!((kept.is_kept, kept.digest()), (true, Some(DIGEST)));
    let later_us = kept.scanned_us + 24 * 3_600 * 1_000_000;
    assert!(kept.is_fresh(kept.scanned_us) && kept.is_fresh(later_us - 1));
    // A clock that went wrong does not make one last for ever.
    assert!(!kept.is_fresh(later_us) && !kept.is_fresh(kept.scanned_us - 1));
    assert!(!kept.is_fresh(i64::MIN));
    let old = Timestamp::now() - Duration::from_hours(25);
    let text = report.replace("2026-11-30T16:24:43.268456081Z", &old.to_string());
    Reports::new(place.path("scans")).keep(DIGEST, text.as_bytes()).unwrap();
    let scan = trivy.scan(&image, Freshness::Kept, &|_| {}).await.unwrap();
    assert!(!scan.is_kept);
    assert_eq!(place.calls(), 1);
}

#[tokio::test]
async fn an_image_in_which_there_is_nothing_to_look_up_is_blank_and_not_kept() {
    let report = r#"{"SchemaVersion": 2, "Results": [{"Target": "web", "Class": "os-pkgs"}]}"#;
    let log = |packages: u8, files: u8| {
        format!(
            "T\tINFO\t[alpine] Detecting vulnerabilities...\tos_version=\"3.19\" pkg_num={packages}\n\
             T\tINFO\tNumber of language-specific files\tnum={files}"
        )
    };
    for (log, is_blank) in [
        (log(0, 0), true),
        (format!("T\tWARN\tThis OS version is not on the EOL list\n{}", log(4, 0)), true),
        (log(4, 0), false),
        (log(0, 1), false),
        // Where a server looks things up, it does not say more.
        (String::new(), false),
    ] {
        let place = Place::printing(report, &log);
        let trivy = Trivy::new(place.options()).with_reports(Reports::new(place.path("scans")));
        let image = format!("shop/web@{DIGEST}").parse().unwrap();
        let scan = trivy.scan(&image, Freshness::Kept, &|_| {}).await.unwrap();
        assert_eq!(scan.report.is_blank, is_blank, "{log}");
        assert_eq!(scan.report.summary().is_blank, is_blank, "{log}");
        // The report alone would say that it is clean.
        assert_eq!(trivy.kept(&image, DIGEST).is_none(), is_blank, "{log}");
    }
    let found = Place::printing(REPORT, &log(0, 0));
    assert!(!scanned(found.options(), "web").await.unwrap().report.is_blank);
}

#[tokio::test]
async fn how_old_the_database_is_is_told() {
    let place = Place::counting();
    let folder = place.path("cache/db");
    fs::create_dir_all(&folder).unwrap();
    let cached = Options { cache: Some(place.path("cache")), ..place.options() };
    assert_eq!(scanned(cached.clone(), "web").await.unwrap().database_us, None);
    let metadata = r#"{"Version": 2, "UpdatedAt": "2026-11-30T12:00:00.5Z", "NextUpdate": "x"}"#;
    fs::write(folder.join("metadata.json"), metadata).unwrap();
    fs::write(folder.join("trivy.db"), vec![0; 40_960]).unwrap();
    let made: Timestamp = "2026-11-30T12:00:00.5Z".parse().unwrap();
    let scan = scanned(cached.clone(), "web").await.unwrap();
    assert_eq!(scan.database_us, Some(made.as_microsecond()));
    let served = Options { server: Some("http://127.0.0.1:4954".into()), ..cached.clone() };
    assert_eq!(scanned(served, "web").await.unwrap().database_us, None);
    fs::write(folder.join("metadata.json"), "{").unwrap();
    assert_eq!(scanned(cached, "web").await.unwrap().database_us, None);
}

#[tokio::test]
async fn each_step_is_told_as_it_comes() {
    let script = "echo '[vulndb] Need to update DB' >&2\n\
         echo '[vuln] Vulnerability scanning is enabled' >&2\n\
         echo 'Detected OS' >&2\n";
    let place = Place::new(&format!("{script}echo '{}'", REPORT.replace('\n', " ")));
    let steps = Mutex::default();
    let tell = |step| Mutex::<Vec<Step>>::lock(&steps).unwrap().push(step);
    Trivy::new(place.options()).scan(&"web".parse().unwrap(), Freshness::New, &tell).await.unwrap();
    let steps = steps.into_inner().unwrap();
    assert_eq!(steps, [Step::Started, Step::Database, Step::Image, Step::Packages]);
}

#[tokio::test]
async fn every_way_to_fail_has_its_own_words() {
    let absent = Options { program: "/nowhere/trivy".into(), ..Place::new("").options() };
    let error = scanned(absent, "web").await.unwrap_err();
    assert!(matches!(error, Error::Missing { .. }), "{error}");

    let place = Place::new("echo 'not found' && exit 0");
    let error = scanned(place.options(), "web").await.unwrap_err();
    assert!(matches!(error, Error::Report(NotAReport::Form(_))), "{error}");

    let place = Place::new("kill -9 $$");
    let error = scanned(place.options(), "web").await.unwrap_err();
    assert!(error.to_string().contains("Trivy says: nothing"), "{error}");
}

#[tokio::test]
async fn what_takes_too_long_is_ended_with_all_that_it_unpacked() {
    let place = Place::endless();
    let options = Options { limit: Duration::from_secs(5), ..place.options() };
    let error = scanned(options, "web").await.unwrap_err();
    assert!(matches!(error, Error::TimedOut { step: Step::Image, .. }), "{error}");
    assert!(
        error.to_string().contains("not done within 5 s while fetching the image: "),
        "{error}"
    );
    let process = fs::read_to_string(place.path("process")).unwrap();
    assert!(!Path::new("/proc").join(process.trim()).exists(), "it still runs");
    let folder = fs::read_to_string(place.path("folder")).unwrap();
    assert!(!Path::new(folder.trim()).exists(), "{folder}");
}

#[tokio::test]
async fn what_nobody_waits_for_is_ended_too() {
    let place = Place::endless();
    tokio::select! {
        scanned = scanned(place.options(), "web") => panic!("{scanned:?}"),
        () = place.has("folder") => {}
    }
    let folder = fs::read_to_string(place.path("folder")).unwrap();
    assert!(!Path::new(folder.trim()).exists(), "{folder}");
    let process = fs::read_to_string(place.path("process")).unwrap();
    let process = Path::new("/proc").join(process.trim());
    // It is reaped by whoever starts the next one, or by the system once this process ends.
    let is_over = || {
        let status = fs::read_to_string(process.join("stat")).unwrap_or_default();
        status.is_empty() || status.contains(") Z ")
    };
    let ended = async {
        while !is_over() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), ended).await.expect("it still runs");
}

#[tokio::test]
async fn a_report_without_end_is_ended() {
    let place = Place::new("exec tr '\\0' ' ' < /dev/zero");
    let error = scanned(place.options(), "web").await.unwrap_err();
    assert!(matches!(error, Error::Long { .. }), "{error}");
}

/// What the log of a call that failed is taken for.
fn failure(server: Option<&str>, log: &str) -> Error {
    let place = Place::new("");
    let server = server.map(str::to_owned);
    let options = Options { server, ..place.options() };
    let lines = log.lines();
    let mut log = Log::default();
    for line in lines {
        log.hear(line.to_owned());
    }
    failure::of(&options, &"web".parse().unwrap(), &log)
}

/// The log of a Trivy 0.59.1 that the registry answered so.
fn of_registry(said: &str) -> String {
    format!(
        "2026-11-30T15:56:34Z\tINFO\t[vuln] Vulnerability scanning is enabled\n\
         2026-11-30T15:56:34Z\tFATAL\tFatal error\timage scan error: scan error: unable to initialize a \
         scanner: unable to initialize an image scanner: unable to find the specified image \"web\" in \
         [\"docker\" \"remote\"]: 2 errors occurred:\n\t* docker error: unable to inspect the image (web): \
         Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is it running?\n\t* remote \
         error: {said}\n\n"
    )
}

#[test]
fn what_a_registry_says_is_told_and_taken_for_what_it_is() {
    let of = |said| failure(None, &of_registry(said));
    for said in [
        "GET http://r/token?scope=x: UNAUTHORIZED: incorrect username or password",
        "GET http://r/v2/x/manifests/1: DENIED: requested access to the resource is denied",
        "GET http://r/v2/x/manifests/1: unexpected status code 401 Unauthorized: <html>no</html>",
    ] {
        let error = of(said);
        assert!(matches!(&error, Error::Refused { why, .. } if why == said), "{error}");
    }
    for said in ["GET http://r/x: MANIFEST_UNKNOWN: unknown", "GET http://r/x: NAME_UNKNOWN: no"] {
        let error = of(said);
        assert!(matches!(error, Error::NotFound { .. }), "{said}");
        assert!(error.to_string().ends_with("look at the repository and the tag"), "{error}");
    }
    let error = of("no child with platform linux/amd64 in index r/web:1");
    assert!(matches!(error, Error::NotFound { .. }), "{error}");
    assert!(error.to_string().ends_with("that for linux/amd64 is looked at"), "{error}");
    for said in [
        "GET http://r/x: TOOMANYREQUESTS: you have reached your pull rate limit",
        "GET http://r/x: unexpected status code 429 Too Many Requests: <html>DENIED</html>",
    ] {
        let error = of(said);
        assert!(matches!(error, Error::Limited { .. }), "{error}");
        assert!(error.to_string().ends_with("log in, or try again later"), "{error}");
    }
    for said in [
        "Get \"https://r/v2/\": dial tcp 127.0.0.1:1: connect: connection refused",
        "Get \"https://r/v2/\": dial tcp: lookup r on 127.0.0.1:53: no such host",
        "Get \"https://r/v2/\": net/http: TLS handshake timeout",
        "Get \"https://r/v2/\": tls: failed to verify certificate: x509: unknown authority",
    ] {
        assert!(matches!(of(said), Error::Unreachable { .. }), "{said}");
    }
    let error = of("GET http://r/x: unexpected status code 500 Internal Server Error: oh");
    let said = error.to_string();
    assert!(matches!(error, Error::Failed { .. }) && said.contains("code 500"), "{said}");
    assert!(!said.contains("docker"), "{said}");
    // What another way to the image fails with says nothing of the registry.
    let tried = of_registry("GET http://r/x: MANIFEST_UNKNOWN: unknown")
        .replace("Cannot connect to the Docker daemon", "DENIED: connection refused");
    assert!(matches!(failure(None, &tried), Error::NotFound { .. }));
}

#[test]
fn a_database_that_is_missing_or_damaged_is_told() {
    let fatal = "2026-11-30T16:10:38Z\tFATAL\tFatal error\t";
    for said in [
        "init error: DB error: database error: --skip-update cannot be specified on the first run",
        "init error: DB error: failed to download vulnerability DB: OCI artifact error: UNAUTHORIZED",
        "init error: DB error: error in vulnerability DB initialize: failed to open db: invalid database",
    ] {
        let error = failure(None, &format!("{fatal}{said}"));
        assert!(matches!(&error, Error::NoDatabase { why, .. } if why == said), "{error}");
    }
    let panic = "panic: assertion failed: Page expected to be: 9, but self identifies as 1\n\n\
                 goroutine 1 [running]:";
    assert!(matches!(failure(None, panic), Error::NoDatabase { .. }));
    let long = format!("{panic}{}", "\nmain.main()".repeat(70));
    assert!(matches!(failure(None, &long), Error::NoDatabase { .. }));
    let open = "init error: DB error: error in vulnerability DB initialize: failed to open db: open \
                /c/db/trivy.db: ";
    let layers = "failed to create a cache layers temp dir: mkdir /tmp/layers1: permission denied";
    assert!(matches!(failure(None, &format!("{fatal}{layers}")), Error::Failed { .. }));
    for said in [
        "unable to initialize fs cache: failed to create cache dir: mkdir /x: permission denied",
        "unable to initialize fs cache: unable to open DB: write /x: no space left on device",
        &format!("{open}permission denied"),
        &format!("{open}read-only file system"),
    ] {
        let error = failure(None, &format!("{fatal}{said}"));
        assert!(matches!(&error, Error::Cache { why, .. } if why == said), "{error}");
    }
}

#[test]
fn a_server_that_does_not_do_its_part_is_told() {
    let server = Some("http://127.0.0.1:4954");
    for said in ["unauthenticated: invalid token", "internal: failed to do request: dial tcp"] {
        let said = format!(
            "FATAL\tFatal error\timage scan error: unable to fetch missing layers: twirp error {said}"
        );
        assert!(matches!(failure(server, &said), Error::Server { .. }), "{said}");
    }
    let refused = of_registry("GET http://r/x: DENIED: no");
    assert!(matches!(failure(server, &refused), Error::Refused { .. }));
}

#[tokio::test]
async fn a_database_without_anything_in_it_makes_nothing_clean() {
    let place = Place::counting();
    let database = place.path("cache/db/trivy.db");
    fs::create_dir_all(database.parent().unwrap()).unwrap();
    fs::write(&database, vec![0; 16_384]).unwrap();
    let offline = Options { cache: Some(place.path("cache")), is_offline: true, ..place.options() };
    let online = Options { is_offline: false, ..offline.clone() };
    let error = scanned(offline.clone(), "web").await.unwrap_err();
    assert!(matches!(error, Error::NoDatabase { is_offline: true, .. }), "{error}");
    assert_eq!(place.calls(), 0);
    // Trivy might have fetched one, and has not.
    let error = scanned(online.clone(), "web").await.unwrap_err();
    assert!(error.to_string().contains("has nothing in it"), "{error}");
    assert_eq!(place.calls(), 1);
    let served = Options { server: Some("http://127.0.0.1:4954".into()), ..offline.clone() };
    scanned(served, "web").await.unwrap();
    fs::write(&database, vec![0; 40_960]).unwrap();
    scanned(offline, "web").await.unwrap();
    scanned(online, "web").await.unwrap();
}
