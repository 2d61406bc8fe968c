//! Images: what is known to be wrong with them, scanned and not, and those of alerts.

use weir::cluster::{Link, WatchStatus};
use weir::engine::{Found, ImageState, ImageStatus, ScansStatus};
use weir::posture::image::ScanSummary;
use weir::trivy::Step;

use super::*;
use crate::console::ScanWish;

const SIZES: [(u16, u16); 2] = [(80, 24), (120, 34)];

/// A console that shows the images of `snapshot`.
fn opened(snapshot: Snapshot, size: (u16, u16)) -> Session {
    let mut session = Session::of(snapshot, size);
    session.type_in("i");
    session
}

/// The fixture with another state of the image of the attacked pod, of which this was found before.
fn with(state: ImageState, found: Option<Found>) -> Snapshot {
    let mut snapshot = fixture::scanned();
    let first = Arc::make_mut(&mut snapshot.scans.images[0]);
    *first = ImageStatus { state, found, ..first.clone() };
    snapshot
}

/// The same where nothing was found before.
fn with_state(state: ImageState) -> Snapshot {
    with(state, None)
}

/// The fixture where this was found in the image of the attacked pod.
fn with_found(summary: ScanSummary) -> Snapshot {
    with(ImageState::Scanned, Some(fixture::found(summary)))
}

/// The fixture where nothing is known of images.
fn without_images(why: Option<&str>) -> Snapshot {
    let mut snapshot = fixture::scanned();
    snapshot.scans = ScansStatus { absent: why.map(Into::into), ..ScansStatus::default() };
    snapshot
}

/// That this image is scanned.
#[expect(clippy::unnecessary_wraps, reason = "it is what a key gives, which may be nothing")]
fn one(image: &str) -> Option<Effect> {
    Some(Effect::Scan(ScanWish::One(image.parse().unwrap())))
}

/// That an image of the fixture is scanned just as it runs.
fn running(image: &str) -> Option<Effect> {
    one(&format!("{image}@{}", fixture::digest()))
}

fn last_line(session: &Session) -> String {
    session.text().lines().last().unwrap().to_owned()
}

#[test]
fn the_page_says_how_each_image_stands() {
    for size in SIZES {
        let text = opened(fixture::scanned(), size).text();
        assert!(text.contains("Images ─ 6 · 1 exploited · 1 critical · 1 FAILED"), "{text}");
        for (image, state) in [
            ("ghcr.io/shop/web:1.4 ", "▌ CRITICAL"),
            ("postgres:16.2-alpine ", "none known"),
            ("ghcr.io/shop/private:2 ", "▌ FAILED"),
            ("ghcr.io/shop/api:7  ", "scanning"),
            ("redis:7.2 ", "waits"),
            ("nginx:1.25 ", "not scanned"),
        ] {
            assert!(line(&text, image).contains(state), "{image}: {text}");
        }
    }
}

#[test]
fn the_page_counts_and_says_who_runs_it() {
    let text = opened(fixture::scanned(), (120, 34)).text();
    let web = line(&text, "ghcr.io/shop/web:1.4 ");
    let words: Vec<_> = web.split_whitespace().collect();
    let expected =
        ["CRITICAL", "ghcr.io/shop/web:1.4", "3", "12", "11", "1", "shop/web", "+2", "2026-11-25"];
    assert_eq!(&words[1..10], &expected, "{text}");
    let clean = line(&text, "postgres:16.2-alpine ");
    assert_eq!(clean.matches(" 0 ").count(), 4, "{clean}");
    assert!(!line(&text, "nginx:1.25 ").contains(" 0 "), "what is not known is no number: {text}");
}

#[test]
fn below_an_image_stands_what_is_most_urgent_or_why_it_failed() {
    for size in SIZES {
        let text = opened(fixture::scanned(), size).text();
        assert!(text.contains("CVE-2024-3094, exploited: xz 5.6.0 → 5.6.1: malicious"), "{text}");
        assert!(text.contains(fixture::REFUSED), "{text}");
        assert!(text.contains("nothing is known against it"), "{text}");
    }
}

#[test]
fn what_is_at_work_stands_above_the_list() {
    let words = "scanning ghcr.io/shop/api:7 since 14:01:57Z: fetching the image · 1 waits";
    let mut snapshot = fixture::scanned();
    assert!(opened(snapshot.clone(), (80, 24)).text().contains(words));
    snapshot.scans.at_work = None;
    let text = opened(snapshot, (120, 34)).text();
    assert!(text.contains("not scanned yet: 1 of 6; `V` scans all of them"), "{text}");
}

#[test]
fn an_image_opens_all_that_is_known_of_it() {
    for size in SIZES {
        let mut session = opened(fixture::scanned(), size);
        session.press(KeyCode::Enter);
        let mut text = session.text();
        session.type_in("G");
        text.push_str(&session.text());
        for words in [
            "Image ghcr.io/shop/web:1.4 ─ CRITICAL, scanned 2026-11-25 13:52Z",
            "digest        sha256:1f1f",
            "scanned       2026-11-25T13:52:11.000000Z",
            "system        debian 12.5",
            "critical      3 (2 mendable)",
            "high          12 (9 mendable)",
            "medium        40",
            "secrets       2 secrets in its files",
            "CronJob shop/web, Deployment shop/web, Job shop/web",
            "shop/web-7f9c44d8b5-x2x9k",
            "critical      CVE-2024-3094, exploited: xz 5.6.0 → 5.6.1",
            "malicious code in distributed source",
            "https://avd.aquasec.com/nvd/cve-2024-3094",
            "ghcr.io/shop/web:1.4 (debian 12.5)",
            "CVE-2023-45853: zlib1g 1:1.2.13 (not mended yet)",
            "143, which are less urgent",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
        let Some(Effect::Copy(copied)) = session.press(KeyCode::Char('y')) else { panic!() };
        assert!(copied.contains("critical: CVE-2024-3094, exploited: xz 5.6.0 → 5.6.1\n"));
        assert!(copied.contains("`weir scan ghcr.io/shop/web:1.4 --format json`"), "{copied}");
    }
}

#[test]
fn a_page_follows_its_image() {
    let mut session = opened(fixture::scanned(), (120, 34));
    session.press(KeyCode::Enter);
    session.see(with_state(ImageState::Waiting));
    assert!(session.text().contains("Image ghcr.io/shop/web:1.4 ─ waits"));
    session.see(without_images(None));
    assert!(session.text().contains("Image ghcr.io/shop/web:1.4 ─ waits"));
}

#[test]
fn what_was_found_is_not_hidden_by_a_scan_that_fails_or_goes_on() {
    for (state, words) in [
        (ImageState::Failed("no registry".into()), "the last scan FAILED: no registry"),
        (ImageState::Waiting, "waits to be scanned anew"),
        (ImageState::Scanning(Step::Image), "is scanned anew: fetching the image"),
    ] {
        for size in SIZES {
            let snapshot = with(state.clone(), Some(fixture::found(fixture::summary())));
            let mut session = opened(snapshot.clone(), size);
            let text = session.text();
            assert!(line(&text, "ghcr.io/shop/web:1.4 ").contains("▌ CRITICAL"), "{text}");
            assert!(text.contains(words), "{words}: {text}");
            let text = session.type_in("\n").text();
            assert!(text.contains("Image ghcr.io/shop/web:1.4 ─ CRITICAL"), "{text}");
            assert!(text.contains(words) && text.contains("3 (2 mendable)"), "{words}: {text}");
            let text = Session::of(snapshot, (200, 60)).type_in("3\n").text();
            assert!(text.contains("3 critical (2 mendable)"), "{text}");
        }
    }
}

#[test]
fn what_holds_secrets_is_not_well() {
    let summary = ScanSummary { secrets: 1, ..ScanSummary::default() };
    let text = opened(with_found(summary), (80, 24)).text();
    assert!(line(&text, "ghcr.io/shop/web:1.4 ").contains("▌ secrets"), "{text}");
    assert!(text.contains("1 secret"), "{text}");
}

#[test]
fn an_old_database_is_told() {
    let found = fixture::found(ScanSummary::default());
    let database_us = Some(fixture::NOW_US - 9 * 24 * 3_600 * 1_000_000);
    let found = Found { database_us, ..found };
    let mut session = opened(with(ImageState::Scanned, Some(found)), (80, 24));
    let text = session.type_in("\n").text();
    let words = "database      of 2026-11-16: what became known since is not in it";
    assert!(text.contains(words), "{text}");
    let mut session = opened(fixture::scanned(), (80, 24));
    assert!(!session.type_in("\n").text().contains("database  "));
}

#[test]
fn what_nobody_mends_is_not_well_because_nobody_tells_of_it() {
    let summary = ScanSummary {
        os: Some("alpine 3.9".into()),
        is_end_of_life: true,
        ..ScanSummary::default()
    };
    let mut session = opened(with_found(summary), (80, 24));
    let text = session.text();
    assert!(line(&text, "ghcr.io/shop/web:1.4 ").contains("end of life"), "{text}");
    assert!(text.contains("nobody mends alpine 3.9 any more"), "{text}");
    session.press(KeyCode::Enter);
    assert!(session.text().contains("end of life   nobody mends alpine 3.9 any more"));
}

#[test]
fn one_key_has_the_selected_image_scanned_also_for_who_may_only_look() {
    let mut session = opened(fixture::scanned(), (120, 34));
    session.0.rights = Rights::Look;
    assert!(last_line(&session).contains("v scan  V scan all  I scan by name"));
    assert_eq!(session.press(KeyCode::Char('v')), running("ghcr.io/shop/web:1.4"));
    assert!(last_line(&session).contains("ghcr.io/shop/web:1.4 is to be scanned"));
    session.type_in("j");
    session.press(KeyCode::Enter);
    let effect = session.press(KeyCode::Char('v'));
    assert_eq!(effect, running("postgres:16.2-alpine"), "on its page too");
}

#[test]
fn all_that_runs_is_scanned_from_the_page_alone() {
    let mut session = Session::of(fixture::scanned(), (120, 34));
    assert!(!last_line(&session).contains("scan"));
    assert_eq!(session.press(KeyCode::Char('V')), None);
    assert!(last_line(&session).contains("turn to the page of images first: `i`"));
    assert_eq!(session.press(KeyCode::Char('v')), None);
    assert!(last_line(&session).contains("select an image first: `i` lists them"));
    session.type_in("i");
    assert_eq!(session.press(KeyCode::Char('V')), Some(Effect::Scan(ScanWish::All)));
}

#[test]
fn another_image_is_scanned_by_its_name() {
    let mut session = opened(fixture::scanned(), (120, 34));
    session.type_in("Ishop/Web");
    assert!(session.text().contains(" scan shop/Web"), "{}", session.text());
    assert_eq!(session.press(KeyCode::Enter), None);
    assert!(last_line(&session).contains("it is no name of an image"), "{}", session.text());
    for _ in 0..8 {
        session.press(KeyCode::Backspace);
    }
    session.type_in("busybox:1.36");
    assert!(!last_line(&session).contains("it is no name"));
    assert_eq!(session.press(KeyCode::Enter), one("busybox:1.36"));
    session.type_in("Inginx");
    assert_eq!(session.press(KeyCode::Esc), None);
    assert!(session.text().contains("Images ─ 6"), "the page is still there");
}

#[test]
fn without_trivy_the_page_says_why() {
    let why = "scan an image: there is no program `trivy`; install Trivy (https://trivy.dev)";
    let mut session = opened(without_images(Some(why)), (120, 34));
    assert!(session.text().contains(why), "{}", session.text());
    assert!(!last_line(&session).contains("scan"));
    for key in ['v', 'V', 'I'] {
        assert_eq!(session.press(KeyCode::Char(key)), None);
        assert!(last_line(&session).contains("there is no program `trivy`"), "{key}");
    }
    let mut snapshot = with_state(ImageState::Unknown);
    snapshot.scans.absent = Some(why.into());
    let mut session = Session::of(snapshot, (200, 60));
    let text = session.type_in("3\n").text();
    assert!(text.contains("ghcr.io/shop/web:1.4: not scanned: scan an image: there is"), "{text}");
}

#[test]
fn why_there_is_no_image_is_said() {
    let page = |change: fn(&mut Snapshot)| {
        let mut snapshot = without_images(None);
        change(&mut snapshot);
        opened(snapshot, (120, 34)).text()
    };
    let waiting = page(|_| ());
    let words = "waiting for the API server to list pods; `I` scans an image by its name";
    assert!(waiting.contains(words), "{waiting}");
    let absent = page(|snapshot| snapshot.cluster.link = Link::Absent("no kubeconfig".into()));
    assert!(absent.contains("it is not known what runs: no kubeconfig"), "{absent}");
    let empty = page(|snapshot| {
        let heard_us = Some(fixture::NOW_US);
        let (failure, refused) = (None, None);
        let pods = WatchStatus { resource: "pods", objects: 0, heard_us, failure, refused };
        snapshot.cluster.watches = vec![pods];
    });
    assert!(empty.contains("nothing runs in the cluster"), "{empty}");
}

#[test]
fn an_alert_shows_what_is_wrong_with_the_images_of_its_pods() {
    let mut session = Session::of(fixture::scanned(), (200, 60));
    let text = session.type_in("3\n").text();
    let words = "image         ghcr.io/shop/web:1.4: 3 critical (2 mendable), 1 exploited, 2 secrets: \
                 CVE-2024-3094, exploited: xz 5.6.0 → 5.6.1; CVE-2023-45853: zlib1g 1:1.2.13 (not \
                 mended yet)";
    assert!(text.contains(words), "{text}");
    assert!(!text.contains("postgres"), "a pod that it does not reach: {text}");
    let mut session = Session::of(fixture::scanned(), (200, 60));
    let text = session.type_in("3j\n").text();
    assert!(text.contains("postgres:16.2-alpine: nothing is known against it"), "{text}");
}

#[test]
fn an_alert_says_that_an_image_was_not_scanned() {
    let failed = ImageState::Failed(fixture::REFUSED.into());
    for (state, words) in [
        (ImageState::Unknown, "not scanned: press `v` on the page of images (`i`)"),
        (ImageState::Waiting, "waits to be scanned"),
        (failed, "could not be scanned: scan ghcr.io/shop/private:2"),
    ] {
        let mut session = Session::of(with_state(state), (200, 60));
        let text = session.type_in("3\n").text();
        assert!(text.contains(&format!("ghcr.io/shop/web:1.4: {words}")), "{words}: {text}");
    }
    let scans = fixture::scanned().scans;
    let mut session = Session::of(Snapshot { scans, ..fixture::snapshot() }, (200, 60));
    let text = session.type_in("3\n").text();
    assert!(!text.contains("ghcr.io"), "no pod is known: {text}");
}

#[test]
fn images_are_ordered_by_each_column() {
    let mut session = opened(fixture::scanned(), (120, 34));
    let first = |session: &Session| session.text().lines().nth(4).unwrap().to_owned();
    session.type_in("s");
    assert!(session.text().contains("STATE▼"));
    assert!(first(&session).contains("ghcr.io/shop/web:1.4"), "{}", session.text());
    session.type_in("s");
    assert!(first(&session).contains("ghcr.io/shop/api:7"), "{}", session.text());
    session.type_in("sS");
    assert!(session.text().contains("CRITICAL▲"));
    assert!(!first(&session).contains("ghcr.io/shop/web:1.4"), "{}", session.text());
}

#[test]
fn words_of_a_report_steer_no_terminal() {
    let hostile = "\u{1b}]0;owned\u{7}\u{202e}\u{9b}2J";
    let mut worst = fixture::backdoor();
    let texts =
        [&mut worst.id, &mut worst.package, &mut worst.installed, &mut worst.title, &mut worst.url];
    for text in texts {
        text.push_str(hostile);
    }
    worst.fixed = Some(hostile.into());
    worst.target = hostile.into();
    let mut summary = fixture::summary();
    summary.os = Some(hostile.into());
    summary.urgent = vec![worst];
    let mut found = with_found(summary);
    Arc::make_mut(&mut found.scans.images[0]).digest = Some(hostile.into());
    let failed = with_state(ImageState::Failed(hostile.into()));
    let mut absent = without_images(None);
    absent.scans.absent = Some(hostile.into());
    let is_harmless = |c: char| c == '\n' || !(c.is_control() || c == '\u{202e}');
    for snapshot in [found, failed, absent] {
        for keys in ["i", "i\n", "i\nG", "3\n", "iv"] {
            let mut session = Session::of(snapshot.clone(), (120, 34));
            let picture = session.type_in(keys).picture();
            let mut symbols = picture.content.iter().flat_map(|cell| cell.symbol().chars());
            assert!(symbols.all(is_harmless), "{keys}");
            if let Some(Effect::Copy(copied)) = session.press(KeyCode::Char('y')) {
                assert!(copied.chars().all(is_harmless), "{copied}");
            }
        }
    }
}

#[test]
fn images_are_drawn_in_ascii_where_the_terminal_takes_no_more() {
    for keys in ["i", "i\n", "3\n"] {
        let mut session = Session::of(fixture::scanned(), (80, 24));
        session.0.glyphs = Glyphs::Ascii;
        assert!(session.type_in(keys).text().is_ascii(), "{keys}");
    }
}

#[test]
fn the_page_of_images_opens_by_name_and_closes() {
    let mut session = Session::of(fixture::scanned(), (80, 24));
    session.type_in(":images\n");
    assert!(session.text().contains("Images ─ 6"));
    session.press(KeyCode::Esc);
    assert!(session.text().contains("1 Flows"));
}
