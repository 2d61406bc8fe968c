mod stream;

use super::*;
use crate::engine::{Recorder, Snapshot, TetragonStatus};
use crate::tetragon::Event;

/// A run that is not that of any other test.
const RUN: u64 = 0xabc;

/// A server whose engine remembers at most so many bytes of events, and the one who remembers.
async fn server(most_bytes: u64) -> (Server, Recorder) {
    let (recorder, events) = Recorder::new(RUN, most_bytes);
    (Server::telling(events).await, recorder)
}

/// A program was started, so many seconds after the beginning of 2026.
fn exec(second: u32, binary: &str, pod: &str, node: &str) -> Event {
    let json = json!({
        "process_exec": { "process": {
            "exec_id": "bjE6MTox", "pid": 4_711, "binary": binary,
            "pod": { "namespace": "shop", "name": pod },
        } },
        "node_name": node,
        "time": format!("2026-01-01T00:{:02}:{:02}Z", second / 60, second % 60),
    });
    Event::from_json(json.to_string().as_bytes()).unwrap()
}

/// Remembers events, each of a hundred bytes.
fn record(recorder: &Recorder, events: impl IntoIterator<Item = Event>) {
    recorder.record(events.into_iter().map(|event| (event, 100)).collect());
}

/// Programs that are called by their number.
fn numbered(numbers: std::ops::RangeInclusive<u32>) -> impl Iterator<Item = Event> {
    numbers.map(|number| exec(number, &format!("/bin/{number}"), "web-7f9c", "n1"))
}

/// What was started, by the last part of its path.
fn started(events: &Value) -> Vec<String> {
    let binary = |event: &Value| {
        let binary = event["process_exec"]["process"]["binary"].as_str().unwrap();
        binary.rsplit('/').next().unwrap().to_owned()
    };
    events.as_array().unwrap().iter().map(binary).collect()
}

fn next(answer: &Answer) -> Option<String> {
    let (target, _) = answer.header("link")?.split_once(">; rel=\"next\"")?;
    Some(target.strip_prefix('<')?.to_owned())
}

#[tokio::test]
async fn events_come_as_tetragon_writes_them_newest_first_page_by_page() {
    let (server, recorder) = server(1 << 20).await;
    record(&recorder, numbered(1..=7));
    let token = server.token().await;
    let first = server.get_as(&token, "/api/events?limit=1").await;
    assert_eq!(first.header("content-type"), Some("application/json"));
    let expected: Value = serde_json::from_str(&numbered(7..=7).next().unwrap().json()).unwrap();
    assert_eq!(first.json(), json!([expected]));
    let mut target = Some("/api/events?limit=3".to_owned());
    let mut pages = Vec::new();
    while let Some(page) = target {
        let answer = server.get_as(&token, &page).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        pages.push(started(&answer.json()).join(" "));
        target = next(&answer);
        // What comes meanwhile moves nothing.
        record(&recorder, numbered(50..=50));
    }
    assert_eq!(pages, ["7 6 5", "4 3 2", "1"]);
}

#[tokio::test]
async fn events_are_asked_for_by_what_they_are() {
    let (server, recorder) = server(1 << 20).await;
    record(
        &recorder,
        [
            exec(10, "/usr/bin/curl", "web-1", "n1"),
            exec(20, "/bin/sh", "web-2", "n2"),
            exec(30, "/opt/a b,c", "db-0", "n2"),
        ],
    );
    let token = server.token().await;
    for (query, expected) in [
        ("", "a b,c sh curl"),
        ("since=2026-01-01T00:00:20Z", "a b,c sh"),
        ("until=2026-01-01T00:00:20Z", "curl"),
        ("since=2026-01-01T00:00:10.000001Z&until=2026-01-01T00:00:30Z", "sh"),
        ("type=exec", "a b,c sh curl"),
        ("type=exit,process_exit", ""),
        ("pod=web-*", "sh curl"),
        ("pod=web-*&node=n2", "sh"),
        ("namespace=shop&binary=curl", "curl"),
        ("binary=/bin/sh,/usr/bin/curl", "sh curl"),
        ("binary=/opt/a%20b*", "a b,c"),
        ("policy=none", ""),
        ("filter=binary:curl%20or%20pod:db-0", "a b,c curl"),
        ("filter=!binary:curl&pod=web-*", "sh"),
    ] {
        let answer = server.get_as(&token, &format!("/api/events?{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {answer:?}");
        assert_eq!(started(&answer.json()).join(" "), expected, "{query}");
    }
}

#[tokio::test]
async fn a_page_of_large_events_ends_early_and_the_next_begins_there() {
    let (server, recorder) = server(1 << 30).await;
    let long = |number: u32| format!("/bin/{number}/{}", "x".repeat(100_000));
    record(&recorder, (1..=30).map(|number| exec(number, &long(number), "web-1", "n1")));
    let token = server.token().await;
    let mut target = Some("/api/events?limit=1000".to_owned());
    let (mut pages, mut seen) = (0, Vec::new());
    while let Some(page) = target {
        let answer = server.get_as(&token, &page).await;
        assert!(answer.body.len() < 1_300_000, "{}", answer.body.len());
        let events = answer.json();
        seen.extend(events.as_array().unwrap().iter().map(|event| {
            let binary = event["process_exec"]["process"]["binary"].as_str().unwrap().to_owned();
            binary.split('/').nth(2).unwrap().to_owned()
        }));
        target = next(&answer);
        pages += 1;
    }
    assert_eq!(seen, (1..=30).rev().map(|number| number.to_string()).collect::<Vec<_>>());
    assert!(pages > 2, "{pages}");
}

#[tokio::test]
async fn a_cursor_of_an_earlier_run_is_told_apart_and_one_whose_events_are_gone_ends() {
    let (server, recorder) = server(500).await;
    record(&recorder, numbered(1..=9));
    let token = server.token().await;
    let old = server.get_as(&token, "/api/events?cursor=abd-3").await;
    assert!(old.problem(410).contains("an earlier run of Weir"), "{old:?}");
    let gone = server.get_as(&token, "/api/events?cursor=abc-3").await;
    assert_eq!((gone.json(), gone.header("link")), (json!([]), None));
    let ahead = server.get_as(&token, "/api/events?limit=1&cursor=abc-18446744073709551615").await;
    assert_eq!(started(&ahead.json()), ["9"]);
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused_in_words() {
    let (server, _recorder) = server(1 << 20).await;
    let token = server.token().await;
    for (query, said) in [
        ("limit=0", "limit: expected a whole number from 1 to 1000"),
        ("limit=1001", "limit: expected"),
        ("cursor=3", "cursor: expected one of a Link header"),
        ("cursor=abc-%2B3", "cursor: expected"),
        ("cursor=-3", "cursor: expected"),
        ("since=now", "since: expected a time"),
        ("until=1", "until: expected a time"),
        ("type=", "type: "),
        ("type=exce", "type: "),
        ("filter=binary%3E3", "filter: "),
        ("bin=sh", "unknown field `bin`"),
    ] {
        let answer = server.get_as(&token, &format!("/api/events?{query}")).await;
        let detail = answer.problem(400);
        assert!(detail.contains(said), "{query}: {detail}");
    }
    let wrong = server.get_as(&token, "/api/events/stream?until=2026-01-01T00:00:00Z").await;
    assert!(wrong.problem(400).contains("unknown field `until`"), "{wrong:?}");
    for target in ["/api/events", "/api/events/stream"] {
        assert_eq!(server.get(target).await.status, 401, "{target}");
    }
}

#[tokio::test]
async fn where_nobody_is_listened_to_it_says_why() {
    let server = Server::start().await;
    let absent = Some("there is no socket here".to_owned());
    let tetragon = TetragonStatus { absent, ..TetragonStatus::default() };
    server.snapshots.send_replace(Arc::new(Snapshot { tetragon, ..Snapshot::default() }));
    let token = server.token().await;
    for target in ["/api/events", "/api/events/stream"] {
        let answer = server.get_as(&token, target).await;
        assert_eq!(answer.problem(503), "there is no socket here", "{target}");
    }
}
