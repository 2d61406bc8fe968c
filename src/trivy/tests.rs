//! Trivy's part is played by a shell script that each test writes.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use tempfile::TempDir;

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
        let place = Self(tempfile::tempdir().unwrap());
        let program = place.path("trivy");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        place
    }

    /// One that prints a report, and counts how often in the file `calls`.
    fn counting() -> Self {
        let place = Self::new("");
        let calls = place.path("calls");
        let script = format!("echo x >> '{}'\ncat << 'END'\n{REPORT}\nEND", calls.display());
        fs::write(place.path("trivy"), format!("#!/bin/sh\n{script}\n")).unwrap();
        place
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
    let place = Place::new("");
    let words = place.path("words");
    let script = format!(
        "#!/bin/sh\nfor word; do echo \"$word\"; done > '{}'\npwd >> '{0}'\necho '{}'\n",
        words.display(),
        REPORT.replace('\n', " ")
    );
    fs::write(place.path("trivy"), script).unwrap();
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
    let later_us = scan(&pinned, Freshness::Kept).await.scanned_us + 24 * 3_600 * 1_000_000;
    let image = pinned.parse().unwrap();
    assert!(trivy().kept(&image, DIGEST, later_us - 1).is_some());
    assert!(trivy().kept(&image, DIGEST, later_us).is_none());
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
async fn what_takes_too_long_is_ended() {
    let place = Place::new("");
    let process = place.path("process");
    let script = format!("#!/bin/sh\necho $$ > '{}'\nexec sleep 600\n", process.display());
    fs::write(place.path("trivy"), script).unwrap();
    let options = Options { limit: Duration::from_millis(700), ..place.options() };
    let error = scanned(options, "web").await.unwrap_err();
    assert!(matches!(error, Error::TimedOut { .. }), "{error}");
    let process = fs::read_to_string(process).unwrap();
    let folder = Path::new("/proc").join(process.trim());
    let until = Instant::now() + Duration::from_secs(10);
    // It is reaped by whoever starts the next one, or by the system once this process ends.
    let is_over = || {
        let status = fs::read_to_string(folder.join("stat")).unwrap_or_default();
        status.is_empty() || status.contains(") Z ")
    };
    while !is_over() {
        assert!(Instant::now() < until, "it still runs");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
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
    let log: Vec<_> = log.lines().map(str::to_owned).collect();
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
        assert!(matches!(of(said), Error::NotFound { .. }), "{said}");
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
    let cache =
        "unable to initialize fs cache: failed to create cache dir: mkdir /x: permission denied";
    assert!(matches!(failure(None, &format!("{fatal}{cache}")), Error::Cache { .. }));
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

#[tokio::test]
async fn what_trivy_unpacks_goes_with_it() {
    let place = Place::new("");
    let folder = place.path("folder");
    let script = format!("#!/bin/sh\npwd > '{}'\ntouch layer\nexec sleep 600\n", folder.display());
    fs::write(place.path("trivy"), script).unwrap();
    let options = Options { limit: Duration::from_millis(700), ..place.options() };
    scanned(options, "web").await.unwrap_err();
    let folder = fs::read_to_string(folder).unwrap();
    assert!(!Path::new(folder.trim()).exists(), "{folder}");
}
