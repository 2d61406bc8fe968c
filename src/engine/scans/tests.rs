//! The door, the task and the thread together, with a program that stands in for Trivy.

use std::fs;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::*;
use crate::cluster::World;
use crate::engine::desk::Note;
use crate::trivy::Step;

const DIGEST: &str = "sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d";
const OTHER: &str = "sha256:4e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d";

/// A thread that scans with a program of the test's.
struct Bench {
    fake: FakeTrivy,
    thread: ScanThread,
    worlds: watch::Sender<Arc<World>>,
    _notes: Receiver<Note>,
}

impl Bench {
    fn of(fake: FakeTrivy, objects: &[Value]) -> Self {
        let (worlds, seen) = watch::channel(Arc::new(World::made_of(objects).unwrap()));
        let (notes, heard) = sync_channel(64);
        let thread = ScanThread::start(fake.trivy(), seen, notes).unwrap();
        Self { fake, thread, worlds, _notes: heard }
    }

    async fn scan(&self, image: &str, freshness: Freshness) -> Result<Arc<Scan>, ScanError> {
        self.thread.scans().scan(name(image), freshness).await
    }

    /// What there is to see, once it is as wanted.
    async fn until(&self, is_so: impl Fn(&ScansStatus) -> bool) -> ScansStatus {
        let mut seen = self.thread.seen();
        let status = timeout(Duration::from_secs(20), seen.wait_for(is_so)).await;
        status.expect("it never comes").unwrap().clone()
    }
}

fn name(text: &str) -> ImageName {
    text.parse().unwrap()
}

/// A pod that runs `image` at `digest`.
fn pod(pod: &str, image: &str, digest: &str) -> Value {
    let id = format!("docker.io/shop/web@{digest}");
    json!({
        "kind": "Pod",
        "metadata": {
            "name": pod, "namespace": "shop",
            "ownerReferences": [{ "kind": "StatefulSet", "name": "web", "controller": true }],
        },
        "spec": { "containers": [{ "name": "web", "image": image }] },
        "status": {
            "phase": "Running",
            "containerStatuses": [{ "name": "web", "imageID": id }],
        },
    })
}

fn state<'a>(status: &'a ScansStatus, image: &str) -> Option<&'a ImageState> {
    let found = status.images.iter().find(|one| one.image.as_str() == image);
    found.map(|one| &one.state)
}

fn is_scanned(status: &ScansStatus, image: &str) -> bool {
    state(status, image) == Some(&ImageState::Scanned)
}

/// Somebody asks for an image, and waits.
fn one(
    image: &str,
    freshness: Freshness,
) -> (ScanAsk, oneshot::Receiver<Result<Arc<Scan>, ScanError>>) {
    let (tell, told) = oneshot::channel();
    (ScanAsk::One { image: name(image), freshness, tell }, told)
}

/// Images that run, as one who asks for all of them sees them.
fn running(board: &board::Board) -> Vec<Arc<ImageStatus>> {
    board.status().images.into_iter().filter(|image| !image.pods.is_empty()).collect()
}

#[tokio::test]
async fn two_who_ask_for_one_image_share_a_scan() {
    let bench = Bench::of(FakeTrivy::waiting(), &[]);
    let let_go = async {
        bench.until(|status| status.at_work.is_some()).await;
        bench.fake.let_go();
    };
    let new = Freshness::New;
    let (one, other, ()) =
        tokio::join!(bench.scan("shop/web:1", new), bench.scan("shop/web:1", new), let_go);
    let (one, other) = (one.unwrap(), other.unwrap());
    assert!(Arc::ptr_eq(&one, &other));
    assert_eq!(bench.fake.calls(), ["shop/web:1"]);
    assert_eq!((one.is_kept, one.report.summary().counts.critical), (false, 1));
    let status = bench.until(|status| is_scanned(status, "shop/web:1")).await;
    assert!(status.images[0].workloads.is_empty(), "nobody runs it");
    assert_eq!(status.done, ScanCounts { scanned: 1, ..ScanCounts::default() });
    bench.thread.finish();
}

#[tokio::test]
async fn images_are_scanned_in_the_order_in_which_they_were_asked_for() {
    let bench = Bench::of(FakeTrivy::waiting(), &[]);
    let let_go = async {
        let status = bench.until(|status| status.waiting.len() == 2).await;
        assert_eq!(status.waiting, [name("shop/b"), name("shop/a")]);
        let at_work = status.at_work.as_ref().unwrap();
        assert_eq!((&at_work.image, at_work.step), (&name("shop/c"), Step::Started));
        assert!(matches!(state(&status, "shop/c"), Some(ImageState::Scanning(_))));
        assert_eq!(state(&status, "shop/a"), Some(&ImageState::Waiting));
        bench.fake.let_go();
    };
    let kept = Freshness::Kept;
    let (.., ()) = tokio::join!(
        bench.scan("shop/c", kept),
        bench.scan("shop/b", kept),
        bench.scan("shop/a", kept),
        let_go
    );
    assert_eq!(bench.fake.calls(), ["shop/c", "shop/b", "shop/a"]);
    bench.thread.finish();
}

#[tokio::test]
async fn a_scan_goes_on_when_whoever_asked_for_it_has_gone_away() {
    let bench = Bench::of(FakeTrivy::waiting(), &[]);
    let given_up = timeout(Duration::from_millis(50), bench.scan("shop/web:1", Freshness::New));
    assert!(given_up.await.is_err());
    bench.fake.let_go();
    bench.until(|status| is_scanned(status, "shop/web:1")).await;
    bench.thread.finish();
}

#[tokio::test]
async fn why_an_image_was_not_scanned_is_told_and_shown() {
    let bench = Bench::of(FakeTrivy::failing("FATAL something else"), &[]);
    let error = bench.scan("shop/web:1", Freshness::Kept).await.unwrap_err();
    let ScanError::Trivy(error) = error else { panic!("{error:?}") };
    let status = bench.until(|status| status.done.failed == 1).await;
    let Some(ImageState::Failed(why)) = state(&status, "shop/web:1") else { panic!("{status:?}") };
    assert!(why.contains("shop/web:1") && why.starts_with(&error.to_string()), "{why}");
    bench.thread.finish();
}

#[tokio::test]
async fn what_runs_is_scanned_and_shown_with_its_workloads() {
    let bench = Bench::of(FakeTrivy::finding(), &[pod("web-0", "shop/web:1", DIGEST)]);
    let status = bench.until(|status| status.images.len() == 1).await;
    assert_eq!(status.images[0].workloads[0].to_string(), "StatefulSet shop/web");
    assert_eq!(status.images[0].state, ImageState::Unknown);
    assert_eq!(status.of_pod("shop", "web-0").count(), 1);
    assert_eq!(status.of_pod("shop", "web-1").count(), 0);
    let scan = bench.scan("shop/web:1", Freshness::Kept).await.unwrap();
    assert_eq!(scan.image.digest(), Some(DIGEST), "what runs, whatever the tag means by now");
    assert_eq!(bench.fake.calls(), [format!("shop/web:1@{DIGEST}")]);
    let again = bench.scan("shop/web:1", Freshness::Kept).await.unwrap();
    assert!(again.is_kept);
    // Another version of it runs since.
    let objects = [
        pod("web-0", "shop/web:2", OTHER),
        pod("web-1", "shop/web:1", DIGEST),
        pod("web-2", "shop/web:1", OTHER),
    ];
    bench.worlds.send_replace(Arc::new(World::made_of(&objects).unwrap()));
    let status = bench.until(|status| status.images.len() == 3).await;
    let shown: Vec<_> =
        status.images.iter().map(|one| (one.image.as_str(), one.digest.as_deref())).collect();
    let expected = [("shop/web:1", DIGEST), ("shop/web:1", OTHER), ("shop/web:2", OTHER)];
    assert_eq!(shown, expected.map(|(image, digest)| (image, Some(digest))), "the worst first");
    assert_eq!(status.done, ScanCounts { scanned: 1, kept: 1, failed: 0 });
    bench.thread.finish();
}

#[tokio::test]
async fn a_report_that_is_kept_is_shown_without_a_scan() {
    let fake = FakeTrivy::failing("it is not to be called");
    fake.reports().keep(DIGEST, FakeTrivy::report().as_bytes()).unwrap();
    let objects = [pod("web-0", "shop/web:1", DIGEST), pod("web-1", "shop/web:2", OTHER)];
    let bench = Bench::of(fake, &objects);
    let status = bench.until(|status| is_scanned(status, "shop/web:1")).await;
    assert_eq!(state(&status, "shop/web:2"), Some(&ImageState::Unknown));
    assert_eq!(bench.fake.calls(), Vec::<String>::new());
    // What nobody asked for is forgotten once it does not run any more.
    bench.worlds.send_replace(Arc::default());
    bench.until(|status| status.images.is_empty()).await;
    bench.thread.finish();
}

#[tokio::test]
async fn all_that_runs_and_has_no_fresh_report_is_put_into_the_queue() {
    let fake = FakeTrivy::finding();
    fake.reports().keep(DIGEST, FakeTrivy::report().as_bytes()).unwrap();
    let objects = [pod("web-0", "shop/web:1", DIGEST), pod("web-1", "shop/web:2", OTHER)];
    let bench = Bench::of(fake, &objects);
    bench.until(|status| is_scanned(status, "shop/web:1")).await;
    let queued = |images| Queued { images, left_out: 0 };
    assert_eq!(bench.thread.scans().scan_all(Freshness::Kept).unwrap(), queued(1));
    bench.until(|status| is_scanned(status, "shop/web:2")).await;
    assert_eq!(bench.fake.calls(), [format!("shop/web:2@{OTHER}")]);
    assert_eq!(bench.thread.scans().scan_all(Freshness::Kept).unwrap(), queued(0));
    assert_eq!(bench.thread.scans().scan_all(Freshness::New).unwrap(), queued(2));
    bench.until(|status| status.done.scanned == 3).await;
    bench.thread.finish();
}

#[test]
fn those_for_which_there_is_no_room_are_told() {
    let running = |number: usize| ImageStatus {
        image: name(&format!("shop/web:{number}")),
        digest: None,
        workloads: Vec::new(),
        pods: vec![("shop".into(), "web".into())],
        state: ImageState::Unknown,
        found: None,
    };
    let images = (0..MOST).map(|number| Arc::new(running(number))).collect();
    let status = ScansStatus { images, waiting: vec![name("shop/db")], ..ScansStatus::default() };
    let (scans, _asked) = Scans::new(watch::channel(status).1);
    let queued = scans.scan_all(Freshness::Kept).unwrap();
    assert_eq!(queued, Queued { images: MOST - 1, left_out: 1 });
}

#[tokio::test]
async fn a_scan_that_fails_takes_nothing_from_what_was_found_before() {
    let fake = FakeTrivy::finding();
    let trivy = fake.trivy();
    let mut board = board::Board::default();
    let scan = trivy.scan(&name("shop/web:1"), Freshness::New, &|_| ()).await.unwrap();
    board.ask(one("shop/web:1", Freshness::New).0, &trivy, 0);
    board.begin(0).unwrap();
    board.end(Ok(scan));
    let before = board.status().images[0].found.clone().unwrap();
    board.ask(one("shop/web:1", Freshness::New).0, &trivy, 0);
    assert_eq!(state(&board.status(), "shop/web:1"), Some(&ImageState::Waiting));
    assert_eq!(board.status().images[0].found.as_ref(), Some(&before));
    board.begin(0).unwrap();
    board.end(Err(trivy::Error::Failed { image: name("shop/web:1"), why: "denied".into() }));
    let status = board.status();
    assert!(matches!(state(&status, "shop/web:1"), Some(ImageState::Failed(_))));
    assert_eq!(status.images[0].found, Some(before));
}

#[tokio::test]
async fn whoever_asks_for_a_tag_again_gets_what_was_found_a_moment_ago() {
    let fake = FakeTrivy::finding();
    let trivy = fake.trivy();
    let mut board = board::Board::default();
    let scan = trivy.scan(&name("shop/web:1"), Freshness::New, &|_| ()).await.unwrap();
    let minutes = |minutes: i64| scan.scanned_us + minutes * 60_000_000;
    board.ask(one("shop/web:1", Freshness::Kept).0, &trivy, scan.scanned_us);
    board.begin(0).unwrap();
    board.end(Ok(scan.clone()));
    let (ask, mut told) = one("shop/web:1", Freshness::Kept);
    board.ask(ask, &trivy, minutes(14));
    let again = told.try_recv().unwrap().unwrap();
    assert!(again.is_kept && again.report == scan.report);
    // A new one is wanted; another tag may be another image; and so may this one be by now.
    for (image, freshness, after) in [
        ("shop/web:1", Freshness::New, 14),
        ("shop/web:2", Freshness::Kept, 14),
        ("shop/web:1", Freshness::Kept, 15),
    ] {
        let (ask, mut told) = one(image, freshness);
        board.ask(ask, &trivy, minutes(after));
        assert!(told.try_recv().is_err(), "{image} {freshness:?} {after}");
    }
}

#[test]
fn what_nobody_waits_for_is_dropped_when_no_image_can_be_scanned() {
    let trivy = FakeTrivy::finding().trivy();
    let mut board = board::Board::default();
    let pods = [1, 2, 3]
        .map(|number| pod(&format!("web-{number}"), &format!("shop/web:{number}"), DIGEST));
    board.take(&World::made_of(&pods).unwrap());
    board.ask(ScanAsk::Several(running(&board), Freshness::New), &trivy, 0);
    let (ask, _told) = one("shop/db", Freshness::New);
    board.ask(ask, &trivy, 0);
    let refused = || trivy::Error::Refused { image: name("shop/db"), why: "denied".into() };
    assert_eq!(board.begin(0).unwrap().0, name("shop/db"), "somebody waits for it");
    board.end(Err(refused()));
    assert_eq!(board.status().waiting.len(), 3, "another registry may do better");
    board.begin(0).unwrap();
    board.end(Err(trivy::Error::Missing { program: "trivy".into() }));
    let status = board.status();
    assert!(status.waiting.is_empty());
    let failed = status.images.iter().filter(|one| matches!(one.state, ImageState::Failed(_)));
    assert_eq!(failed.count(), 2);
    assert_eq!(status.done.failed, 2);
}

#[test]
fn a_report_of_any_age_is_shown_and_only_a_fresh_one_is_answered_with() {
    let fake = FakeTrivy::finding();
    let trivy = fake.trivy();
    fake.reports().keep(DIGEST, FakeTrivy::report().as_bytes()).unwrap();
    let mut board = board::Board::default();
    board.take(&World::made_of(&[pod("web-0", "shop/web:1", DIGEST)]).unwrap());
    board.look(&trivy);
    let found = board.status().images[0].found.clone().unwrap();
    let later_us = found.scanned_us + 25 * 60 * 60 * 1_000_000;
    assert!(found.is_old(later_us) && board.status().images[0].is_due(Freshness::Kept, later_us));
    let (ask, mut told) = one("shop/web:1", Freshness::Kept);
    board.ask(ask, &trivy, later_us);
    assert!(told.try_recv().is_err());
    let (ask, mut told) = one("shop/web:1", Freshness::Kept);
    board.ask(ask, &trivy, found.scanned_us + 1);
    assert!(told.try_recv().unwrap().is_ok());
}

#[tokio::test]
async fn an_image_with_secrets_alone_comes_before_clean_ones() {
    let fake = FakeTrivy::finding();
    let trivy = fake.trivy();
    let mut board = board::Board::default();
    let clean = trivy.scan(&name("shop/web:1"), Freshness::New, &|_| ()).await.unwrap();
    for (image, secrets, vulnerabilities) in
        [("a/clean", 0, 0), ("b/secret", 1, 0), ("c/bad", 0, 1)]
    {
        let mut scan = Scan { image: name(image), ..clean.clone() };
        scan.report.secrets = secrets;
        scan.report.vulnerabilities.truncate(vulnerabilities);
        board.ask(one(image, Freshness::New).0, &trivy, 0);
        board.begin(0).unwrap();
        board.end(Ok(scan));
    }
    let images = board.status().images;
    let order: Vec<_> = images.iter().map(|one| one.image.as_str()).collect();
    assert_eq!(order, ["c/bad", "b/secret", "a/clean"]);
}

#[tokio::test]
async fn whoever_asks_where_there_is_no_room_is_turned_away() {
    let trivy = FakeTrivy::failing("it is not to be called").trivy();
    let mut board = board::Board::default();
    for number in 0..MOST {
        let (tell, told) = oneshot::channel();
        let image = name(&format!("shop/web:{number}"));
        board.ask(ScanAsk::One { image, freshness: Freshness::Kept, tell }, &trivy, 0);
        drop(told);
    }
    let (tell, told) = oneshot::channel();
    let image = name("shop/db");
    board.ask(ScanAsk::One { image, freshness: Freshness::Kept, tell }, &trivy, 0);
    assert!(matches!(told.await.unwrap(), Err(ScanError::Busy)));
    assert_eq!(state(&board.status(), "shop/db"), None);
    let (scans, asked) = Scans::new(watch::channel(ScansStatus::default()).1);
    drop(asked);
    assert!(matches!(scans.scan(name("shop/db"), Freshness::New).await, Err(ScanError::Ended)));
    let absent = Scans::absent(NOT_TOLD.into());
    assert_eq!(absent.scan_all(Freshness::New).unwrap_err().to_string(), NOT_TOLD);
}

#[tokio::test]
async fn of_images_that_nobody_runs_the_newest_are_remembered() {
    let trivy = FakeTrivy::finding().trivy();
    let mut board = board::Board::default();
    let missing = || trivy::Error::Missing { program: "trivy".into() };
    for number in 0..510 {
        let (tell, _) = oneshot::channel();
        let image = name(&format!("shop/web:{number}"));
        board.ask(ScanAsk::One { image, freshness: Freshness::New, tell }, &trivy, 0);
        board.begin(0).unwrap();
        board.end(Err(missing()));
    }
    let status = board.status();
    assert_eq!(status.images.len(), 500);
    assert_eq!(state(&status, "shop/web:9"), None);
    assert!(matches!(state(&status, "shop/web:10"), Some(ImageState::Failed(_))));
}

#[tokio::test]
async fn an_image_with_which_the_task_broke_off_is_not_tried_for_ever() {
    let trivy = FakeTrivy::finding().trivy();
    let mut board = board::Board::default();
    let (tell, told) = oneshot::channel();
    let image = name("shop/web:1");
    board.ask(ScanAsk::One { image, freshness: Freshness::New, tell }, &trivy, 0);
    board.begin(0).unwrap();
    board.give_up();
    assert!(told.await.is_err(), "nobody will answer");
    let status = board.status();
    assert!(matches!(state(&status, "shop/web:1"), Some(ImageState::Failed(_))));
    assert_eq!((board.begin(0), status.at_work), (None, None));
}

#[tokio::test]
async fn the_end_of_the_engine_ends_trivy() {
    let bench = Bench::of(FakeTrivy::waiting(), &[]);
    let scans = bench.thread.scans();
    let asking = tokio::spawn(async move { scans.scan(name("shop/web:1"), Freshness::New).await });
    let begun = async {
        loop {
            match bench.fake.process() {
                Some(process) => break process,
                None => sleep(Duration::from_millis(10)).await,
            }
        }
    };
    let process = timeout(Duration::from_secs(20), begun).await.expect("it never begins");
    bench.thread.finish();
    assert!(matches!(asking.await.unwrap(), Err(ScanError::Ended)));
    // What was killed and nobody has taken leave of yet is a zombie.
    let is_alive = || {
        let stat = fs::read_to_string(format!("/proc/{process}/stat"));
        stat.is_ok_and(|stat| !stat.contains(") Z "))
    };
    for _ in 0..500 {
        if !is_alive() {
            return;
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("Trivy goes on");
}
