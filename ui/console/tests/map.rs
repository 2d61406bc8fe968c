//! The service map, and what is said of what is done about alerts.

use weir::cluster::{Link, World};
use weir::incident::Status;
use weir::respond::{DecisionKind, Standing};

use super::*;

/// A console that shows the map of `snapshot`.
fn opened(snapshot: Snapshot, size: (u16, u16)) -> Session {
    let mut session = Session::of(snapshot, size);
    session.type_in("w");
    session
}

/// Takes the world of the fixture away.
fn without_a_cluster() -> Snapshot {
    let mut snapshot = fixture::mapped();
    snapshot.world = Arc::default();
    snapshot.cluster.link = Link::Absent(
        "no cluster: there is no kubeconfig at ~/.kube/config and this is no pod".into(),
    );
    snapshot
}

#[test]
fn the_map_leads_from_an_ingress_to_the_pod_that_is_attacked() {
    let text = opened(fixture::mapped(), (120, 34)).text();
    assert!(text.contains("Map ─ 3 alarms · 1 Ingress · 3 services · 8 pods"), "{text}");
    let order = [
        "Ingress shop/web",
        "├ Service api",
        "└ Service web",
        "  └ Deployment web",
        "    └ Pod web-7f9c44d8b5-x2x9k",
        "outside",
        "├ 203.0.113.7",
        "│ └ → shop/web-7f9c44d8b5-x2x9k:80",
        "shop",
        "└ Service orders-db",
    ];
    let mut lines = text.lines();
    for words in order {
        assert!(lines.any(|line| line.contains(words)), "{words}: {text}");
    }
    assert!(line(&text, "Service web").contains("by www.shop.example/"), "{text}");
    assert!(line(&text, "Deployment web").contains("3 pods"), "{text}");
    assert!(!text.contains("web-7f9c44d8b5-k4mzt"), "a pod without traffic: {text}");
}

#[test]
fn trouble_on_the_map_is_said_in_words_and_first() {
    for size in [(40, 12), (80, 24), (120, 34)] {
        let text = opened(fixture::mapped(), size).text();
        let first = line(&text, "│ ALARM");
        assert!(first.contains("dos-slow 0.998: 203.0.113.7 → "), "{text}");
        assert!(line(&text, "3 pods").contains("ALARM dos-slow"), "{text}");
    }
    let session = opened(fixture::mapped(), (80, 24));
    let (text, looks) = (session.text(), session.looks());
    let at = text.lines().position(|line| line.contains("3 pods")).unwrap();
    assert!(looks.lines().nth(at).unwrap().contains("EEEEE"), "{looks}");
    for words in ["ALARM dos-slow", "0.998", "5.3", "17"] {
        assert!(line(&text, "│ └ → shop/web").contains(words), "{words}: {text}");
    }
}

#[test]
fn a_map_without_a_cluster_says_so_and_shows_addresses() {
    let text = opened(without_a_cluster(), (80, 24)).text();
    assert!(text.contains("Map ─ 3 alarms · no cluster") && !text.contains("outside"), "{text}");
    let words = "no cluster, hosts are shown by address: there is no kubeconfig";
    assert!(text.contains(words), "{text}");
    assert!(text.contains("→ 10.244.1.21:80"), "{text}");
    let nothing = opened(Snapshot::default(), (80, 24)).text();
    assert!(
        nothing.contains("API server has not answered yet")
            && nothing.contains("no traffic was seen")
    );
}

#[test]
fn a_map_of_a_cluster_that_is_away_may_be_old() {
    let mut snapshot = fixture::mapped();
    let since_us = snapshot.now_us - 60_000_000;
    snapshot.cluster.link = Link::Down { since_us, why: "connection refused".into() };
    let text = opened(snapshot, (120, 34)).text();
    assert!(text.contains("not answered since 14:01:11Z: connection refused"), "{text}");
    assert!(text.contains("Ingress shop/web"), "what is known is shown: {text}");
}

#[test]
fn a_map_of_thousands_of_pods_says_what_it_leaves_out_and_scrolls() {
    let mut snapshot = fixture::mapped();
    let pods: Vec<_> = (0..2_500).map(fixture::lone_pod).collect();
    snapshot.world = Arc::new(World::made_of(&pods).unwrap());
    let mut session = opened(snapshot, (80, 24));
    let text = session.text();
    assert!(text.contains("left out for want of room: 5"), "{text}");
    assert!(text.contains("nodes, pods without traffic first"), "{text}");
    session.type_in("G");
    assert!(session.text().contains("└ Pod lone-"), "{}", session.text());
    session.type_in("g");
    assert_eq!(session.text(), text);
}

#[test]
fn the_map_is_that_of_the_newest_snapshot_unless_frozen() {
    let mut session = opened(fixture::mapped(), (80, 24));
    session.see(without_a_cluster());
    assert!(session.text().contains("no cluster,"));
    session.type_in(" ");
    session.see(fixture::mapped());
    assert!(session.text().contains("no cluster,"));
    session.type_in(" ");
    assert!(session.text().contains("Ingress shop/web"));
}

#[test]
fn the_map_is_copied_as_text() {
    let mut session = opened(fixture::mapped(), (80, 24));
    let Some(Effect::Copy(text)) = session.press(KeyCode::Char('y')) else {
        panic!("it goes to the clipboard");
    };
    assert!(text.contains("└ Service web  by www.shop.example/\n"), "{text}");
    assert!(text.contains("│ └ → shop/web-7f9c44d8b5-x2x9k:80  ALARM dos-slow 0.998, 214 flows"));
}

#[test]
fn the_map_is_drawn_in_ascii_where_the_terminal_takes_no_more() {
    let mut session = opened(fixture::mapped(), (80, 24));
    session.0.glyphs = Glyphs::Ascii;
    let text = session.text();
    assert!(text.is_ascii() && text.contains("+ Service web") && text.contains("> shop/web"));
    assert!(!line(&text, "Service api").contains('?'), "{text}");
}

#[test]
fn the_map_opens_by_name_and_closes() {
    let mut session = Session::of(fixture::mapped(), (80, 24));
    session.type_in(":map");
    session.press(KeyCode::Enter);
    assert!(session.text().contains("Map ─ 3 alarms · 1 Ingress"));
    session.press(KeyCode::Esc);
    assert!(session.text().contains("1 Flows"));
}

#[test]
fn what_no_cluster_would_name_so_steers_no_terminal() {
    let mut snapshot = fixture::mapped();
    let pod = serde_json::json!({
        "kind": "Pod",
        "metadata": { "name": "e\u{1b}[2Jvil\n", "namespace": "x\u{202e}y" },
        "status": { "phase": "Running", "podIP": "10.244.9.9" },
    });
    snapshot.world = Arc::new(World::made_of(&[pod]).unwrap());
    let mut session = opened(snapshot, (120, 34));
    let Some(Effect::Copy(copied)) = session.press(KeyCode::Char('y')) else { panic!() };
    for text in [session.text(), copied] {
        assert!(text.contains("vil"), "{text}");
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
    }
}

/// The second line of the alert that goes on, with a change to what is done.
fn note(change: impl FnOnce(&mut Snapshot)) -> String {
    let mut snapshot = fixture::snapshot();
    change(&mut snapshot);
    let mut session = Session::of(snapshot, (120, 34));
    let text = session.type_in("3z").text();
    let mut lines = text.lines().skip_while(|line| !line.contains("dos-slow"));
    lines.nth(1).unwrap().trim_matches(['│', ' ']).to_owned()
}

/// Leaves what was decided as `kind`, and no limit.
fn only_decided(snapshot: &mut Snapshot, kind: DecisionKind) {
    snapshot.response.limits.clear();
    Arc::make_mut(&mut snapshot.response.decisions[0]).kind = kind;
}

#[test]
fn an_alert_begins_with_what_is_done_about_it() {
    let limited = "limited: shop/web 5 r/s burst 25, 14:31 left · slack ✓ firebase ✓ · from";
    assert!(note(|_| ()).starts_with(limited), "{}", note(|_| ()));
    for (kind, words) in [
        (DecisionKind::Applied, "limit set at shop/web · slack ✓"),
        (DecisionKind::Recommended, "limit recommended at shop/web · slack ✓"),
        (DecisionKind::Checked, "limit checked, not set at shop/web · slack ✓"),
        (DecisionKind::Refused, "not limited: 203.0.113.7 holds 412 connectio… · slack ✓"),
        (DecisionKind::Failed, "limit FAILED: 203.0.113.7 holds 412"),
    ] {
        let note = note(|snapshot| only_decided(snapshot, kind));
        assert!(note.starts_with(words), "{note}");
    }
}

#[test]
fn a_limit_that_is_no_longer_what_weir_set_is_said_aloud() {
    let stands = |standing| {
        note(|snapshot| Arc::make_mut(&mut snapshot.response.limits[1]).standing = standing)
    };
    assert!(stands(Standing::Overridden).starts_with("limit OVERRIDDEN: shop/web 5 r/s"));
    assert!(stands(Standing::Expired).starts_with("limit being lifted: shop/web 5 r/s"));
    let overdue = note(|snapshot| snapshot.response.read_us += 3_600_000_000);
    assert!(overdue.starts_with("limited: shop/web 5 r/s burst 25, overdue"), "{overdue}");
}

#[test]
fn an_alert_about_which_nothing_was_decided_says_nothing_of_limits() {
    let untouched = note(|snapshot| {
        only_decided(snapshot, DecisionKind::Applied);
        snapshot.response.decisions.clear();
    });
    assert!(untouched.starts_with("slack ✓ firebase ✓"), "{untouched}");
    let over = note(|snapshot| {
        only_decided(snapshot, DecisionKind::Recommended);
        Arc::make_mut(&mut snapshot.incidents[0]).status = Status::Resolved;
    });
    assert!(!over.contains("recommended"), "{over}");
}

#[test]
fn an_incident_lists_its_limit_and_every_decision_about_it() {
    let mut snapshot = fixture::snapshot();
    let mut other = (*snapshot.response.decisions[0]).clone();
    other.incident = Some(weir::incident::IncidentId(7));
    other.text = "about something else".into();
    snapshot.response.decisions.push(Arc::new(other));
    let mut session = Session::of(snapshot, (120, 34));
    session.type_in("3");
    session.press(KeyCode::Enter);
    let text = session.text();
    let limit = line(&text, " limit ");
    assert!(
        limit.contains("limit         shop/web 5 r/s burst 25, 14:31 left, by weir (auto)"),
        "{text}"
    );
    let response = line(&text, " response ");
    assert!(response.contains("14:01:42Z applied at shop/web: 203.0.113.7 holds 412"), "{text}");
    assert!(!text.contains("something else"), "{text}");
}
