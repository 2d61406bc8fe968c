//! Limits: what is shown, written, agreed to and refused.

use weir::cluster::{Link, WatchStatus};
use weir::engine::{Applied, Reverted, Written};
use weir::respond::{ClientPreview, IngressName, LimitRequest, Preview};

use super::*;
use crate::console::LimitWish;
use crate::panes::proposal::{self, Proposal, ProposalPage};
use crate::panes::{Focus, View};

fn web() -> IngressName {
    IngressName::new("shop", "web").unwrap()
}

/// A console that was told what a limit would write.
fn proposed() -> (Session, LimitRequest) {
    let mut session = Session::at((80, 24));
    let shown = session.0.snapshot.response.limits[1].clone();
    let request = LimitRequest {
        ingress: web(),
        limit: shown.held.as_ref().unwrap().limit.clone(),
        ttl: LimitRequest::USUAL_TTL,
        reason: "flooded".into(),
        incident: None,
        by: "alice via console".into(),
        is_dry_run: false,
    };
    let client = ClientPreview {
        client: weir::packet::Address::v4([203, 0, 113, 7]),
        asked: 900,
        refused: 812,
    };
    let applied = Applied {
        status: (*shown).clone(),
        written: vec![Written {
            object: "Ingress shop/web".into(),
            how: "apply as weir".into(),
            body: serde_json::json!({"metadata": {"annotations": {"limit-rps": "5"}}}),
        }],
        preview: Some(Preview {
            from_us: 0,
            until_us: 600_000_000,
            clients: vec![client],
            notes: Vec::new(),
        }),
        notes: vec!["every change reloads nginx".into()],
        is_dry_run: true,
    };
    let effect = Effect::Limit(LimitWish::Apply(Box::new(request.clone())));
    let question = "limit shop/web to 5 r/s burst 25".into();
    let lines = proposal::of_limit(&applied);
    session.hear(Message::Proposed(Box::new(Proposal { question, effect, lines })));
    (session, request)
}

#[test]
fn the_pane_says_what_limits_what_until_when() {
    let mut session = Session::at((120, 34));
    session.type_in("5z");
    let text = session.text();
    let row = text.lines().find(|line| line.contains("shop/web")).unwrap();
    for words in ["5 r/s burst 25", "in 14:31", "412/min", "weir (auto)", "none"] {
        assert!(row.contains(words), "{words}: {row}");
    }
    assert!(text.contains("1 active · enforce · undone by this Weir"), "{text}");
    session.press(KeyCode::Enter);
    let text = session.text();
    for words in
        ["dos-slow from one client", "limit-rps: 5, was not there", "31 clients: 0 refused"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn a_limit_is_written_then_shown_exactly_then_agreed_to() {
    let mut session = Session::at((80, 24));
    session.type_in("5l");
    assert!(session.text().contains("limit shop/web rps=10 for 15m because"));
    session.type_in("it is flooded");
    let Some(Effect::Limit(LimitWish::ProposeApply(limiting))) = session.press(KeyCode::Enter)
    else {
        panic!("the engine is asked what it would write");
    };
    assert_eq!((limiting.ingress, limiting.limit.rps), (web(), Some(10)));

    let (mut session, request) = proposed();
    let text = session.text();
    for words in [
        "812 would have been refused",
        "203.0.113.7  812 of 900",
        "limit-rps: '5'",
        "reloads nginx",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(text.contains("limit shop/web to 5 r/s burst 25?"), "{text}");
    let agreed = session.press(KeyCode::Char('y'));
    assert_eq!(agreed, Some(Effect::Limit(LimitWish::Apply(Box::new(request)))));
    assert!(!session.text().contains("would be written"));
}

#[test]
fn what_is_agreed_to_is_shown_and_copied_to_the_last_character() {
    let session = Session::at((80, 24));
    let ledger = format!("{}the end of it", "0123456789".repeat(110));
    let reverted = Reverted {
        status: (*session.0.snapshot.response.limits[1]).clone(),
        written: vec![Written {
            object: "Ingress shop/web".into(),
            how: "apply as weir".into(),
            body: serde_json::json!({"weir.dev/limit": ledger, "zone": "last"}),
        }],
        left: Vec::new(),
        is_dry_run: true,
    };
    let page = ProposalPage::new(proposal::of_revert(&reverted));
    let area = Rect::new(0, 0, 40, 60);
    let mut buffer = Buffer::empty(area);
    page.render(&session.0.scene(), Focus::Here, area, &mut buffer);
    let drawn: Vec<String> = (0..area.height)
        .map(|y| (0..area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>())
        .map(|line| line.trim_end().to_owned())
        .collect();
    assert!(drawn.iter().any(|line| line == "   zone: last"), "{drawn:?}");
    let from = drawn.iter().position(|line| line.starts_with("   weir.dev/limit: ")).unwrap();
    let goes_on = drawn[from + 1..].iter().map_while(|line| line.strip_prefix(" → "));
    let whole = goes_on.fold(drawn[from].clone(), |whole, part| whole + part);
    assert_eq!(whole, format!("   weir.dev/limit: {ledger}"));
    let copied = page.copy(&session.0.scene()).unwrap();
    assert!(copied.contains(&format!("  weir.dev/limit: {ledger}\n")), "{copied}");
}

#[test]
fn whoever_does_not_agree_changes_nothing() {
    let (mut session, _) = proposed();
    assert_eq!(session.press(KeyCode::Esc), None);
    assert!(session.text().contains("1 Flows"));
}

#[test]
fn undo_asks_what_lifting_would_write() {
    let mut session = Session::at((80, 24));
    session.type_in("5");
    assert_eq!(
        session.press(KeyCode::Char('u')),
        Some(Effect::Limit(LimitWish::ProposeRevert(web())))
    );
    session.type_in("jl");
    assert!(session.text().contains("limit shop/api rps=10"), "an Ingress that is not limited");
}

#[test]
fn a_limit_against_an_alert_names_the_ingress_it_came_through() {
    let mut session = Session::at((120, 34));
    session.type_in("3l");
    assert!(session.text().contains("limit shop/web rps=10 for 15m because dos-slow"));
}

#[test]
fn who_may_only_look_is_told_so() {
    let mut session = Session::at((80, 24));
    session.0.rights = Rights::Look;
    session.type_in("5l");
    assert!(session.text().contains("read-only: nothing is changed from here"));
}

#[test]
fn a_cluster_that_is_away_is_said_in_words_and_since_when() {
    let mut session = Session::at((120, 34));
    let mut snapshot = (*session.0.snapshot).clone();
    snapshot.cluster.link =
        Link::Down { since_us: snapshot.now_us - 60_000_000, why: "connection refused".into() };
    session.0.update(Message::Snapshot(Arc::new(snapshot)));
    session.type_in("5z");
    let text = session.text();
    assert!(text.contains("CLUSTER AWAY since 14:01:11Z"), "{text}");
    assert!(text.contains("the cluster has not answered since 14:01:11Z: connection refused"));
    assert!(text.contains("5 r/s burst 25"), "what is known is shown");
    session.press(KeyCode::Enter);
    let text = session.text();
    assert!(text.contains("may be old"), "{text}");
    assert!(text.contains("the cluster has not answered since 14:01:11Z: connection refused"));
}

/// A console that sees Ingresses listed at that time, and why they cannot be followed since.
fn following(heard_us: Option<i64>, failure: Option<&str>) -> Session {
    let mut session = Session::at((120, 34));
    let mut snapshot = (*session.0.snapshot).clone();
    let (failure, refused) = (failure.map(ToOwned::to_owned), None);
    let watch = WatchStatus { resource: "ingresses", objects: 0, heard_us, failure, refused };
    snapshot.cluster.watches = vec![watch];
    session.see(snapshot);
    session.type_in("5z");
    session
}

#[test]
fn ingresses_that_cannot_be_followed_any_more_may_be_old() {
    let mut session = following(Some(1), Some("the API server says: forbidden (403)"));
    let why = "Ingresses are not followed: the API server says: forbidden (403)";
    assert!(session.text().contains(why), "{}", session.text());
    session.press(KeyCode::Enter);
    let text = session.text();
    assert!(text.contains("may be old") && text.contains(why), "{text}");
    let mut session = following(Some(1), None);
    session.press(KeyCode::Enter);
    assert!(!session.text().contains("may be old"), "{}", session.text());
}

#[test]
fn that_there_is_no_ingress_is_said_only_where_that_is_known() {
    for (heard_us, failure, said) in [
        (Some(1), None, "there is no Ingress in the cluster"),
        (None, None, "waiting for the API server to list Ingresses"),
        (None, Some("forbidden"), "Ingresses are not followed: forbidden; `weir doctor` says more"),
    ] {
        let mut session = following(heard_us, failure);
        let mut snapshot = (*session.0.snapshot).clone();
        snapshot.response.limits.clear();
        session.see(snapshot);
        assert!(session.text().contains(said), "{said}: {}", session.text());
    }
}

#[test]
fn decisions_say_what_was_done_and_why() {
    let mut session = Session::at((80, 24));
    session.type_in("d");
    let text = session.text();
    assert!(text.contains("applied") && text.contains("holds 412 connections open"), "{text}");
}
