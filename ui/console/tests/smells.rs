//! Smells: what is looked at, what is said of it, and how an object that smells is mended.

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use tempfile::TempDir;
use tokio::sync::watch;
use weir::cluster::Link;
use weir::engine::Handle;
use weir::posture::{Manifests, Rules};

use super::*;
use crate::console::scout::Scout;
use crate::console::{ScoutOptions, SmellsNews, SmellsPlace, SmellsWish};
use crate::smells::findings::Findings;

const WEB: &str = "\
apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: shop
spec:
  containers:
    - name: web
      image: shop/web:1.4
      securityContext:
        privileged: true
";

/// As [`WEB`], with names that would steer a terminal.
const HOSTILE: &str = r#"{"apiVersion": "v1", "kind": "Pod",
"metadata": {"name": "w\u001b]0;owned\u0007\u202eb", "namespace": "s\u009b2Jp"},
"spec": {"containers": [{"name": "c\u001b[2J", "image": "shop/web:1.4", "securityContext":
{"privileged": true}}]}}"#;

/// A console that shows the page of smells, and has no cluster.
fn opened(size: (u16, u16)) -> Session {
    let mut snapshot = fixture::snapshot();
    snapshot.cluster.link = Link::Absent("no cluster: there is no kubeconfig\u{1b}[2J".into());
    let mut session = Session::of(snapshot, size);
    assert_eq!(session.press(KeyCode::Char('P')), None);
    session
}

/// Who looks for a console whose engine has no cluster.
fn scout() -> Scout {
    let (_, snapshots) = watch::channel(Arc::default());
    let handle = Handle::new(snapshots, Arc::new(AtomicBool::new(false)));
    Scout::new(handle, ScoutOptions::default())
}

/// What comes of a look that was asked for.
async fn answer(asked: Option<Effect>) -> Message {
    let Some(Effect::Smells(wish)) = asked else { panic!("nothing is looked at: {asked:?}") };
    let mut scout = scout();
    scout.begin(wish);
    scout.next().await
}

/// Writes a path, and asks to look there.
fn ask(session: &mut Session, path: &Path) -> Option<Effect> {
    session.type_in("f").type_in(path.to_str().unwrap());
    session.press(KeyCode::Enter)
}

/// Looks at a file or a folder, as its path is written.
async fn look_at(session: &mut Session, path: &Path) {
    let asked = ask(session, path);
    session.0.update(answer(asked).await);
}

/// A console that is told this of its cluster.
fn told(manifests: Manifests, rules: &Rules) -> Session {
    let mut session = Session::at((120, 34));
    session.press(KeyCode::Char('P'));
    let outcome = Ok(Findings::of(manifests, rules));
    session.0.update(Message::Smelled(Box::new(SmellsNews { number: 1, outcome })));
    session
}

fn web(annotations: &str) -> Manifests {
    let mut manifests = Manifests::default();
    manifests.add("web.yaml", WEB.replace("spec:", &format!("{annotations}spec:")).as_bytes());
    manifests
}

fn no_rules() -> Rules {
    Rules { checks: Vec::new(), ..Rules::default() }
}

#[tokio::test]
async fn an_object_that_smells_is_listed_and_opens_why_and_how_it_is_mended() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("web.yaml");
    fs::write(&path, WEB).unwrap();
    let mut session = opened((120, 50));
    look_at(&mut session, &path).await;
    let text = session.text();
    assert!(text.contains("Smells ─ ") && text.contains(" · 1 object · "), "{text}");
    let row = line(&text, "Pod shop/web");
    assert!(row.contains("▌ critical") && row.contains("web.yaml"), "{text}");

    session.press(KeyCode::Enter);
    let text = session.text();
    for words in [
        "Pod shop/web ─ 1 critical",
        "WEIR-101 A container is privileged",
        "it is privileged",
        "spec.containers[0].securityContext.privileged",
        "web.yaml:11:21",
        "A privileged container has every capability",
        "    securityContext:",
        "      privileged: false",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let mut lines = text.lines().skip_while(|line| !line.contains("11 |         privileged: true"));
    let (shown, caret) = (lines.next().unwrap(), lines.next().unwrap());
    assert_eq!(shown.find("true"), caret.find('^'), "{text}");

    let Some(Effect::Copy(copied)) = session.press(KeyCode::Char('y')) else { panic!("no copy") };
    assert!(copied.starts_with("Pod shop/web\n\ncritical: WEIR-101 "), "{copied}");
    assert!(copied.contains("  11 |         privileged: true\n     | "), "{copied}");
    assert!(copied.contains("mend:\n    securityContext:\n      privileged: false\n"), "{copied}");
    session.press(KeyCode::Esc);
    let Some(Effect::Copy(row)) = session.press(KeyCode::Char('y')) else { panic!("no copy") };
    assert!(row.starts_with("critical Pod shop/web (1 critical, "), "{row}");
}

#[tokio::test]
async fn it_fits_small_terminals_and_those_that_take_ascii_alone() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("web.yaml"), WEB).unwrap();
    for size in [(40, 12), (80, 24), (120, 34)] {
        let mut session = opened(size);
        session.0.glyphs = Glyphs::Ascii;
        look_at(&mut session, folder.path()).await;
        let text = session.text();
        let row = line(&text, "Pod shop/web");
        assert!(text.is_ascii() && row.contains("! critical"), "{text}");
        let text = session.type_in("\n").text();
        assert!(text.is_ascii() && text.contains("WEIR-101"), "{text}");
        let before = session.text();
        session.press(KeyCode::PageDown);
        assert_ne!(session.text(), before, "there is more than fits");
    }
}

#[tokio::test]
async fn what_is_not_there_is_told() {
    let mut session = opened((80, 24));
    look_at(&mut session, Path::new("/nowhere/at-all.yaml")).await;
    let text = session.text();
    assert!(text.contains("/nowhere/at-all.yaml: it cannot be read: No such file"), "{text}");
    session.press(KeyCode::Char('f'));
    assert!(session.text().contains(" look at /nowhere/at-all.yaml"), "it can be mended");

    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("web.yaml"), "kind: [").unwrap();
    let mut session = opened((120, 34));
    look_at(&mut session, folder.path()).await;
    let text = session.text();
    assert!(line(&text, "not read: ").contains("web.yaml"), "{text}");
    assert!(text.contains("nothing was found to look at"), "{text}");
}

#[test]
fn without_a_cluster_it_says_why_and_what_can_be_looked_at() {
    let mut session = opened((80, 24));
    let text = session.text();
    assert!(text.contains("no cluster: there is no kubeconfig"), "{text}");
    assert!(text.contains("`f` looks at a file or a folder of manifests"), "{text}");
    let keys = text.lines().last().unwrap();
    assert!(keys.contains("f file") && !keys.contains("c cluster"), "{keys}");
    assert_eq!(session.press(KeyCode::Char('c')), None);
    let keys = session.text().lines().last().unwrap().to_owned();
    assert!(keys.contains("no cluster: there is no kubeconfig"), "{keys}");
    assert!(!session.text().contains('\u{1b}'));

    session.type_in("f \n");
    assert!(session.text().contains("write the path of a file or a folder"));
    session.press(KeyCode::Esc);
    assert!(session.text().contains("`f` looks at a file or a folder of manifests"));
}

#[tokio::test]
async fn the_page_begins_with_the_cluster_and_of_two_looks_the_newer_counts() {
    let mut session = Session::at((80, 24));
    let first = session.press(KeyCode::Char('P'));
    let place = SmellsPlace::Cluster;
    assert_eq!(first, Some(Effect::Smells(SmellsWish { number: 1, place })));
    let text = session.text();
    assert!(text.contains("looking at the cluster …") && text.contains("c cluster"), "{text}");
    let second = ask(&mut session, Path::new("/nowhere"));
    session.0.update(answer(first).await);
    let text = session.text();
    assert!(text.contains("looking at /nowhere …"), "{text}");
    session.0.update(answer(second).await);
    let text = session.text();
    assert!(text.contains("/nowhere: it cannot be read") && !text.contains("looking at"), "{text}");
    let third = session.press(KeyCode::Char('c'));
    session.0.update(answer(third).await);
    assert!(session.text().contains("the cluster: this engine has no cluster"));
}

#[tokio::test]
async fn a_look_that_nobody_waits_for_any_more_says_nothing() {
    let mut scout = scout();
    for number in [1, 2] {
        scout.begin(SmellsWish { number, place: SmellsPlace::Path("/nowhere".into()) });
    }
    let Message::Smelled(news) = scout.next().await else { panic!("nothing was found") };
    assert_eq!(news.number, 2);

    let mut session = Session::at((80, 24));
    let asked = session.press(KeyCode::Char('P'));
    session.press(KeyCode::Esc);
    let before = session.text();
    session.0.update(answer(asked).await);
    assert_eq!(session.text(), before, "its page was left");
}

#[test]
fn that_nothing_smells_is_told_apart_from_nothing() {
    let text = told(web(""), &no_rules()).text();
    assert!(text.contains("no smells in 1 object") && !text.contains("not all"), "{text}");
    assert!(text.contains("Smells ─ the cluster · 1 object · 0 smells"), "{text}");
    let text = told(Manifests::default(), &no_rules()).text();
    assert!(text.contains("nothing was found to look at"), "{text}");
    assert!(!text.contains("no smells"), "{text}");
}

#[test]
fn what_was_not_looked_at_is_said_above_the_list() {
    let mut manifests = web("  annotations: { weir.dev/ignore: WEIR-101 }\n");
    for resource in ["services", "roles", "jobs"] {
        let why = format!("{resource} are left out: forbidden");
        manifests.add_unread(format!("cluster/{resource}"), why);
    }
    let text = told(manifests, &Rules::default()).text();
    for words in [
        "not read: cluster/services: services are left out: forbidden",
        "not read: 1 more",
        "so nothing is told that only shows beside other objects",
        "`weir.dev/ignore` gives no reason",
        "1 smell let be by annotations or settings",
        "Pod shop/web",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("cluster/jobs"), "{text}");
}

#[test]
fn one_page_is_enough_and_keeps_what_was_found() {
    let mut session = told(web(""), &Rules::default());
    session.press(KeyCode::Enter);
    assert!(session.text().contains("Pod shop/web ─ "));
    assert_eq!(session.press(KeyCode::Char('P')), None);
    let text = session.text();
    assert!(text.contains("Smells ─ the cluster") && text.contains("Pod shop/web"), "{text}");
    let again = session.press(KeyCode::Char('c'));
    assert!(matches!(again, Some(Effect::Smells(SmellsWish { number: 2, .. }))), "{again:?}");
    let text = session.text();
    assert!(text.contains("looking at the cluster …") && text.contains("Pod shop/web"), "{text}");
}

#[tokio::test]
async fn of_too_many_files_the_rest_is_said_not_to_be_looked_at() {
    let folder = TempDir::new().unwrap();
    for number in 0..1_001 {
        let config = "apiVersion: v1\nkind: Namespace\nmetadata: { name: shop }\n";
        fs::write(folder.path().join(format!("{number}.yaml")), config).unwrap();
    }
    let mut session = opened((120, 34));
    look_at(&mut session, folder.path()).await;
    let text = session.text();
    assert!(text.contains("note: more than 1,000 files: the rest is not looked at"), "{text}");
}

#[tokio::test]
async fn names_in_manifests_cannot_steer_the_terminal() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a\u{1b}[2J.json"), HOSTILE).unwrap();
    fs::write(folder.path().join("b\u{1b}[2J\u{202e}.yaml"), "kind: \u{9b}2J: [\n").unwrap();
    let mut session = opened((120, 34));
    look_at(&mut session, folder.path()).await;
    assert!(session.text().contains("owned"), "{}", session.text());
    let is_harmless = |character: char| !character.is_control() && character != '\u{202e}';
    for key in ['g', '\n', 'G'] {
        session.type_in(&key.to_string());
        let picture = session.picture();
        let mut symbols = picture.content.iter().flat_map(|cell| cell.symbol().chars());
        assert!(symbols.all(is_harmless), "{}", session.text());
        let Some(Effect::Copy(copied)) = session.press(KeyCode::Char('y')) else {
            panic!("nothing is copied")
        };
        assert!(copied.chars().all(|c| c == '\n' || is_harmless(c)), "{copied}");
    }
}
