use tokio::sync::watch;

use super::*;
use crate::engine::{
    FakeTrivy, Found, ImageState, ImageStatus, Running, ScanAsk, ScanError, Scans, ScansStatus,
    Snapshot,
};
use crate::incident::{Who, WhoKind, Workload};
use crate::posture::image::{
    ImageName, ImageReport, ScanSummary, VulnerabilityCounts, VulnerabilitySeverity,
};
use crate::store::{Changes, Role};
use crate::trivy::{self, Freshness, Step};

const PATH: &str = "/api/scan-image";

/// What is asked of the engine.
type Asks = tokio::sync::mpsc::Receiver<ScanAsk>;

fn door() -> (Scans, Asks) {
    Scans::new(watch::channel(ScansStatus::default()).1)
}

/// A server whose engine asks this Trivy, and an operator.
async fn scanning(fake: FakeTrivy) -> (Server, String) {
    let (scans, mut asked) = door();
    tokio::spawn(async move {
        let trivy = fake.trivy();
        while let Some(ask) = asked.recv().await {
            let ScanAsk::One { image, freshness, tell } = ask else { panic!("one is asked for") };
            let scan = trivy.scan(&image, freshness, &|_| ()).await;
            let scan = scan.map(Arc::new).map_err(|error| ScanError::Trivy(Arc::new(error)));
            tell.send(scan).unwrap();
        }
    });
    operated(scans).await
}

async fn operated(scans: Scans) -> (Server, String) {
    let server = Server::scanning(scans).await;
    let token = server.user("ada", Role::Operator).await;
    (server, token)
}

fn name(text: &str) -> ImageName {
    text.parse().unwrap()
}

/// What the report of [`FakeTrivy`] comes to.
fn summary() -> ScanSummary {
    ImageReport::parse(FakeTrivy::report().as_bytes()).unwrap().summary()
}

/// An image that the pod `web-7f9c` runs, and in which nothing was found.
fn image(image: &str, state: ImageState) -> Arc<ImageStatus> {
    Arc::new(unscanned(image, state))
}

/// The same, in which this was found at `scanned_us`, in a database of the day before.
fn found(
    image: &str,
    state: ImageState,
    scanned_us: i64,
    summary: ScanSummary,
) -> Arc<ImageStatus> {
    let database_us = Some(scanned_us - 24 * 60 * 60 * 1_000_000);
    let found = Some(Found { scanned_us, database_us, summary: Arc::new(summary) });
    Arc::new(ImageStatus { found, ..unscanned(image, state) })
}

fn unscanned(image: &str, state: ImageState) -> ImageStatus {
    ImageStatus {
        image: name(image),
        digest: None,
        workloads: vec![Running {
            namespace: "shop".into(),
            workload: Workload { kind: "Deployment".into(), name: "web".into() },
        }],
        pods: vec![("shop".into(), "web-7f9c".into())],
        state,
        found: None,
    }
}

/// Shows that these run.
fn show(server: &Server, images: Vec<Arc<ImageStatus>>) {
    let scans = ScansStatus { images, ..ScansStatus::default() };
    server.snapshots.send_replace(Arc::new(Snapshot { scans, ..Snapshot::default() }));
}

#[tokio::test]
async fn what_is_no_name_of_an_image_is_refused_and_not_repeated() {
    let (scans, mut asked) = door();
    let (server, token) = operated(scans).await;
    let long = "a".repeat(5_000);
    for text in [
        "",
        "--config=/etc/passwd",
        "-o",
        "$(touch /tmp/x)",
        "web;reboot",
        "web\n--output=/etc/passwd",
        "web\u{1b}[31m",
        "../web",
        &long,
    ] {
        let answer = server.ask_as(&token, "POST", PATH, &json!({ "image_name": text })).await;
        let detail = answer.problem(422);
        assert!(detail.starts_with("image_name: "), "{detail}");
        assert!(text.is_empty() || !answer.body.contains(text), "{}", answer.body);
        assert!(!answer.body.contains("passwd"), "{}", answer.body);
    }
    for body in [json!({}), json!({ "image_name": 1 }), json!({ "image_name": "web", "x": 1 })] {
        server.ask_as(&token, "POST", PATH, &body).await.problem(422);
    }
    assert!(asked.try_recv().is_err(), "the engine was asked");
}

#[tokio::test]
async fn a_viewer_has_nothing_scanned_and_sees_what_was_found() {
    let (scans, mut asked) = door();
    let server = Server::scanning(scans).await;
    let viewer = server.token().await;
    let body = json!({ "image_name": "nginx:1.25" });
    let refused = server.ask_as(&viewer, "POST", PATH, &body).await.problem(403);
    assert!(refused.contains("operator"), "{refused}");
    assert_eq!(server.ask("POST", PATH, "", "").await.status, 401);
    assert!(asked.try_recv().is_err(), "the engine was asked");
    assert_eq!(server.get_as(&viewer, "/api/images").await.json(), json!([]));
    assert_eq!(server.get("/api/images").await.status, 401);
}

#[tokio::test]
async fn what_trivy_finds_is_answered_with_its_report_and_with_who_runs_the_image() {
    let (server, token) = scanning(FakeTrivy::finding()).await;
    show(
        &server,
        vec![image("shop/web:1", ImageState::Unknown), image("nginx", ImageState::Waiting)],
    );
    let body = json!({ "image_name": "shop/web:1", "fresh": true });
    let answer = server.ask_as(&token, "POST", PATH, &body).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    let found = answer.json();
    assert_eq!((&found["image_name"], &found["is_kept"]), (&json!("shop/web:1"), &json!(false)));
    assert_eq!(found["digest"], format!("sha256:{}", "1f".repeat(32)));
    assert!(found["scanned_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!((&found["database_at"], &found["is_old"]), (&Value::Null, &json!(false)));
    let workload = json!({ "namespace": "shop", "kind": "Deployment", "name": "web" });
    assert_eq!(found["workloads"], json!([workload]));
    assert_eq!(found["report"], serde_json::from_str::<Value>(&FakeTrivy::report()).unwrap());
    let summary = &found["summary"];
    assert_eq!((&summary["os"], &summary["exploited"]), (&json!("alpine 3.19.1"), &json!(0)));
    assert_eq!(
        (&summary["counts"]["critical"], &summary["fixable"]["low"]),
        (&json!(1), &json!(0))
    );
    let urgent = json!({
        "id": "CVE-2026-0001", "severity": "critical", "package": "xz", "installed": "5.6.0",
        "fixed": "5.6.1", "is_exploited": false, "title": "", "url": "",
        "target": "shop/web:1 (alpine 3.19.1)",
    });
    assert_eq!(summary["urgent"][0], urgent);
}

/// An error, and the status and the words that it is told with.
type Case = (ScanError, u16, &'static str);

#[tokio::test]
async fn why_an_image_was_not_scanned_is_told_with_a_status_of_its_own() {
    let of = |error| ScanError::Trivy(Arc::new(error));
    let (image, why) = (|| name("shop/web:1"), || "words".to_owned());
    let denied = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    let report = ImageReport::parse(b"no JSON").unwrap_err();
    let limit = std::time::Duration::from_secs(90);
    let server = "http://trivy:4954".to_owned();
    let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
    let cases: [Case; 15] = [
        (ScanError::Absent("none is scanned".into()), 503, "none is scanned"),
        (ScanError::Busy, 503, "too many images wait"),
        (ScanError::Ended, 503, "the engine has ended"),
        (of(trivy::Error::Missing { program: "trivy".into() }), 503, "https://trivy.dev"),
        (of(trivy::Error::Start { program: "x".into(), source: denied }), 503, "permission denied"),
        (of(trivy::Error::Scratch { source: full }), 503, "no storage space"),
        (
            of(trivy::Error::NoDatabase { image: image(), why: why(), is_offline: true }),
            503,
            "`trivy-offline` is set",
        ),
        (of(trivy::Error::Server { image: image(), server, why: why() }), 502, "http://trivy:4954"),
        (of(trivy::Error::Refused { image: image(), why: why() }), 502, "refuses it: words"),
        (of(trivy::Error::NotFound { image: image(), why: why() }), 404, "does not have it: words"),
        (of(trivy::Error::Unreachable { image: image(), why: why() }), 502, "cannot be reached"),
        (
            of(trivy::Error::TimedOut { image: image(), limit, step: Step::Image }),
            504,
            "not done within 90 s",
        ),
        (of(trivy::Error::Long { image: image(), most: 7 }), 502, "more than 7 bytes"),
        (of(trivy::Error::Failed { image: image(), why: why() }), 502, "Trivy says: words"),
        (of(trivy::Error::Report(report)), 502, "read what Trivy printed"),
    ];
    let (scans, mut asked) = door();
    let mut errors = cases.clone().into_iter().map(|(error, ..)| error);
    tokio::spawn(async move {
        while let Some(ScanAsk::One { freshness, tell, .. }) = asked.recv().await {
            assert_eq!(freshness, Freshness::Kept);
            tell.send(Err(errors.next().unwrap())).unwrap();
        }
    });
    let (server, token) = operated(scans).await;
    for (error, status, said) in cases {
        let answer = server.ask_as(&token, "POST", PATH, &json!({ "image_name": "web" })).await;
        let detail = answer.problem(status);
        assert!(detail.to_lowercase().contains(&said.to_lowercase()), "{detail}");
        let again = matches!(error, ScanError::Busy).then_some("30");
        assert_eq!(answer.header("retry-after"), again, "{said}");
    }
}

#[tokio::test]
async fn images_are_listed_in_pages_with_what_is_known_of_each() {
    let (server, token) = operated(door().0).await;
    let scanned_us = 1_600_000_000_000_042;
    let failed = || ImageState::Failed("denied".into());
    let images = vec![
        found("shop/web:1", ImageState::Scanned, scanned_us, summary()),
        image("shop/db", failed()),
        found("shop/old", failed(), scanned_us, summary()),
        image("shop/api", ImageState::Scanning(Step::Image)),
    ];
    show(&server, images);
    let page = server.get_as(&token, "/api/images?limit=2").await;
    let listed = page.json();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    let scanned = &listed[0];
    assert_eq!((&scanned["state"], &scanned["pods"]), (&json!("scanned"), &json!(1)));
    assert_eq!(scanned["scanned_at"], "2020-09-13T12:26:40.000042Z");
    assert_eq!(scanned["database_at"], "2020-09-12T12:26:40.000042Z");
    assert_eq!(scanned["is_old"], true);
    assert_eq!((&scanned["counts"]["critical"], &scanned["error"]), (&json!(1), &Value::Null));
    let failed = &listed[1];
    assert_eq!((&failed["state"], &failed["error"]), (&json!("failed"), &json!("denied")));
    assert_eq!((&failed["counts"], &failed["scanned_at"]), (&Value::Null, &Value::Null));
    let next = page.header("link").unwrap().split(['<', '>']).nth(1).unwrap().to_owned();
    let last = server.get_as(&token, &next).await;
    let rest = last.json();
    let old = &rest[0];
    assert_eq!((&old["error"], &old["counts"]["critical"]), (&json!("denied"), &json!(1)));
    assert_eq!(
        (&rest[1]["step"], &rest[1]["is_old"]),
        (&json!("fetching the image"), &Value::Null)
    );
    assert_eq!((rest.as_array().unwrap().len(), last.header("link")), (2, None));
    let after = server.get_as(&token, "/api/images?cursor=18446744073709551615").await;
    assert_eq!(after.json(), json!([]));
    for wrong in ["limit=0", "cursor=x", "x=1"] {
        server.get_as(&token, &format!("/api/images?{wrong}")).await.problem(400);
    }
    let absent = ScansStatus { absent: Some("none is scanned".into()), ..ScansStatus::default() };
    let snapshot = Snapshot { scans: absent, ..Snapshot::default() };
    server.snapshots.send_replace(Arc::new(snapshot));
    assert_eq!(server.get_as(&token, "/api/images").await.problem(503), "none is scanned");
}

#[tokio::test]
async fn an_alert_tells_what_is_wrong_with_the_images_of_its_pods() {
    let mut server = Server::start().await;
    let mut struck = Incident { status: Status::Open, resolved_us: None, ..incident(1) };
    let pod = |name: &str| {
        Arc::new(Who {
            kind: WhoKind::Pod,
            namespace: "shop".into(),
            name: name.into(),
            workload: None,
            service: None,
        })
    };
    struck.names.add(Address::v4([203, 0, 113, 10]), &pod("web-7f9c"));
    let mut other = Incident { status: Status::Open, resolved_us: None, ..incident(2) };
    other.names.add(Address::v4([203, 0, 113, 10]), &pod("db-0"));
    server.store.apply(&Changes::of(&shared([struck, other]))).unwrap();
    let token = server.token().await;
    let mut summary = summary();
    summary.exploited = 1;
    summary.counts = VulnerabilityCounts { critical: 3, ..summary.counts };
    let scanned_us = 1_600_000_000_000_042;
    // That it could not be scanned again takes nothing from what was found.
    let failed = ImageState::Failed("denied".into());
    let scanned = found("shop/web:1", failed, scanned_us, summary);
    show(&server, vec![scanned, image("nginx", ImageState::Unknown)]);
    let alert = server.get_as(&token, "/api/alerts/0000000000000001").await.json();
    assert_eq!(alert["class"], "scan");
    let [found] = &alert["images"].as_array().unwrap()[..] else { panic!("one image: {alert}") };
    assert_eq!(
        (&found["image_name"], &found["pods"]),
        (&json!("shop/web:1"), &json!(["shop/web-7f9c"]))
    );
    assert_eq!((&found["critical"], &found["critical_fixable"]), (&json!(3), &json!(1)));
    assert_eq!((&found["exploited"], &found["error"]), (&json!(1), &json!("denied")));
    assert_eq!(
        (&found["is_old"], &found["scanned_at"]),
        (&json!(true), &json!("2020-09-13T12:26:40.000042Z"))
    );
    let urgent = found["urgent"].as_array().unwrap();
    assert_eq!((urgent.len(), &urgent[0]["id"]), (1, &json!("CVE-2026-0001")));
    assert_eq!(urgent[0]["severity"], VulnerabilitySeverity::Critical.name());
    let alert = server.get_as(&token, "/api/alerts/0000000000000002").await.json();
    assert_eq!(alert["images"], json!([]), "what is known of another pod");
}
