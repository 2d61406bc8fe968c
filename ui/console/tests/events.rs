//! What processes do, and the page of one event.

use std::time::Duration;

use weir::engine::TetragonStatus;
use weir::policy::PolicyMode;
use weir::tetragon::{AgentLink, AgentStatus, Endpoint};

use super::*;

/// A console with pane 4 on the whole screen.
fn zoomed(snapshot: Snapshot, size: (u16, u16)) -> Session {
    let mut session = Session::of(snapshot, size);
    session.type_in("4z");
    session
}

/// The fixture with other agents, and no event.
fn with_agents(agents: Vec<AgentStatus>) -> Snapshot {
    let mut snapshot = fixture::snapshot();
    snapshot.tetragon = TetragonStatus { agents, ..TetragonStatus::default() };
    snapshot
}

fn down(node: &str) -> AgentStatus {
    let why = "connect to it: connection refused; is it running?".into();
    let since_us = fixture::NOW_US - 60_000_000;
    AgentStatus { link: AgentLink::Down { since_us, why }, ..fixture::agent(node) }
}

fn status_line(session: &Session) -> String {
    session.text().lines().next().unwrap().into()
}

#[test]
fn events_are_listed_newest_first_with_what_was_done() {
    let session = zoomed(fixture::snapshot(), (200, 60));
    let text = session.text();
    assert!(text.contains("4 Tetragon ─ 2 agents connected · throttled once"), "{text}");
    let order = [
        "14:02:10Z exit",
        "14:02:09Z lsm",
        "14:02:09Z kprobe",
        "14:02:08Z exec",
        "14:02:07Z kprobe",
        "14:02:06Z tracepoint",
        "14:02:05Z connect",
        "14:02:04Z rate-limit",
        "14:02:03Z throttle",
    ];
    let mut lines = text.lines();
    for words in order {
        assert!(lines.any(|line| line.contains(words)), "{words}: {text}");
    }
    let connect = line(&text, "14:02:09Z kprobe");
    for words in ["shop/web", "tcp_connect 10.244.1.21:40112", "curl", "52699", "root", " sh "] {
        assert!(connect.contains(words), "{words}: {connect}");
    }
    assert!(connect.contains("weir-sockets") && connect.contains("post"), "{connect}");
    assert!(line(&text, "insmod").contains("node/worker-1"), "{text}");
    assert!(line(&text, "rate-limit").contains("1,204 events LEFT OUT"), "{text}");
}

#[test]
fn events_that_were_throttled_are_not_said_to_be_none() {
    let text = zoomed(fixture::snapshot(), (80, 24)).text();
    assert!(!text.contains("0 lost"), "{text}");
    assert!(text.contains("throttled once among the events below: an unknown number is"), "{text}");
    let mut without = fixture::snapshot();
    without.tetragon.events.truncate(8);
    let text = zoomed(without, (80, 24)).text();
    assert!(text.contains("2 agents connected · 0 lost") && !text.contains("throttled"), "{text}");
}

#[test]
fn a_kill_stands_out_and_is_not_claimed_where_the_policy_may_only_tell() {
    for size in [(80, 24), (120, 34), (200, 60)] {
        let session = zoomed(fixture::snapshot(), size);
        let (text, looks) = (session.text(), session.looks());
        let at = |words: &str| text.lines().position(|line| line.contains(words)).unwrap();
        let killed = at("14:02:09Z lsm");
        assert!(text.lines().nth(killed).unwrap().contains("SIGKILL file_open"), "{text}");
        assert!(looks.lines().nth(killed).unwrap().contains("EEEEEEE"), "{looks}");
        let spared = at("14:02:07Z kprobe");
        assert!(text.lines().nth(spared).unwrap().contains("would sigkill do_"), "{text}");
        assert!(!looks.lines().nth(spared).unwrap().contains("EEEEEEE"), "{looks}");
    }
    let mut unknown = fixture::snapshot();
    unknown.tetragon.policies.clear();
    let text = zoomed(unknown, (120, 34)).text();
    assert!(line(&text, "14:02:09Z lsm").contains("sigkill? file_open"), "{text}");
}

#[test]
fn a_policy_of_another_namespace_says_nothing_of_a_kill() {
    let mut snapshot = fixture::snapshot();
    let mut other = (*snapshot.tetragon.policies[0]).clone();
    other.name.namespace = Some("other".into());
    snapshot.tetragon.policies = vec![other.clone().into()];
    let done = |snapshot: Snapshot| line(&zoomed(snapshot, (120, 34)).text(), "14:02:09Z lsm");
    assert!(done(snapshot.clone()).contains("sigkill? "), "{}", done(snapshot));
    // Two policies of one name, of which one would kill and the other not.
    let mut snapshot = fixture::snapshot();
    other.name.namespace = None;
    other.agents[0].mode = Some(PolicyMode::Monitor);
    snapshot.tetragon.policies.push(other.into());
    assert!(done(snapshot.clone()).contains("sigkill? "), "{}", done(snapshot));
}

#[test]
fn a_policy_that_agents_say_nothing_of_acts_unless_its_object_says_otherwise() {
    let mut snapshot = fixture::snapshot();
    let policy = Arc::make_mut(&mut snapshot.tetragon.policies[0]);
    policy.agents.clear();
    policy.manifest = Some(Arc::default());
    let done =
        |snapshot: &Snapshot| line(&zoomed(snapshot.clone(), (120, 34)).text(), "14:02:09Z lsm");
    assert!(done(&snapshot).contains("SIGKILL "), "{}", done(&snapshot));
    Arc::make_mut(&mut snapshot.tetragon.policies[0]).mode = Some(PolicyMode::Monitor);
    assert!(done(&snapshot).contains("would sigkill"), "{}", done(&snapshot));
}

#[test]
fn an_event_opens_with_its_process_tree_and_the_json() {
    let mut session = zoomed(fixture::snapshot(), (120, 60));
    session.type_in("j\n");
    let text = session.text();
    assert!(text.contains("Event 8 ─ lsm in shop/web-7f9c44d8b5-x2x9k"), "{text}");
    assert!(line(&text, " action ").contains("SIGKILL: the process was killed"), "{text}");
    let order = [
        "Processes, the oldest first",
        "/usr/lib/systemd/systemd",
        "pid 1 · user 0 · started 2026-11-20T08:00:00.000000Z",
        "└ /usr/sbin/nginx -g",
        "  └ /bin/sh -c",
        "    └ /usr/bin/curl -s --data @/etc/passwd",
        "pid 52699 · user root",
        "Call",
        "path          /var/run/secrets/kubernetes.io/serviceaccount/token",
        "The process",
        "uid 0, gid 0, euid 0, egid 0",
        "effective (2): CAP_SYS_ADMIN CAP_NET_RAW",
        "namespaces user 4026531837",
        "registry.example/web:4",
        "JSON",
        "{\"node_name\":\"worker-1\",\"process_lsm\":",
    ];
    let mut lines = text.lines();
    for words in order {
        assert!(lines.any(|line| line.contains(words)), "{words}: {text}");
    }
    session.press(KeyCode::Esc);
    assert!(session.text().contains("4 Tetragon ─"));
}

#[test]
fn a_page_stays_when_its_event_is_no_longer_remembered() {
    let mut session = zoomed(fixture::snapshot(), (80, 24));
    session.type_in("\n");
    session.see(with_agents(vec![fixture::agent("worker-1")]));
    assert!(session.text().contains("Event 9 ─ exit in shop/web"), "{}", session.text());
}

#[test]
fn an_event_of_a_type_nobody_knows_is_shown_by_its_name() {
    let mut session = zoomed(fixture::snapshot(), (120, 34));
    session.type_in("/type:process_connect\n\n");
    let text = session.text();
    assert!(line(&text, " type ").contains("connect (process_connect)"), "{text}");
    assert!(line(&text, " destination_ip ").contains("10.244.1.5"), "{text}");
    session.type_in("G");
    assert!(session.text().contains("\"time\":\"2026-11-25T14:02:05"), "{}", session.text());
}

#[test]
fn a_filter_sifts_events_and_says_so() {
    let mut session = zoomed(fixture::snapshot(), (120, 34));
    session.type_in("/binary:curl !type:exit,exec namespace:shop");
    assert!(session.text().contains("3 of 9 by binary:curl"), "{}", session.text());
    session.press(KeyCode::Esc);
    session.type_in("/policy:weir* dst:10.244.1.5 port:5432\n");
    assert!(session.text().contains("1 of 9 by policy:weir*"), "{}", session.text());
    session.press(KeyCode::Esc);
    session.press(KeyCode::Esc);
    session.type_in("4z/action:override\n");
    assert!(session.text().contains("the filter lets nothing through"), "{}", session.text());
}

#[test]
fn a_frozen_list_stands_still() {
    let mut session = zoomed(fixture::snapshot(), (80, 24));
    session.type_in(" ");
    session.see(with_agents(vec![down("worker-1")]));
    assert!(session.text().contains("14:02:09Z lsm"), "{}", session.text());
    assert!(status_line(&session).contains("TETRAGON DOWN"), "{}", status_line(&session));
    session.type_in(" ");
    assert!(!session.text().contains("14:02:09Z lsm"));
}

#[test]
fn what_is_copied_is_the_json_of_the_event() {
    let mut session = zoomed(fixture::snapshot(), (80, 24));
    for keys in ["j", "\n"] {
        session.type_in(keys);
        let Some(Effect::Copy(copied)) = session.press(KeyCode::Char('y')) else { panic!() };
        assert!(copied.ends_with("}\n") && copied.lines().count() == 1, "{copied}");
        let value: serde_json::Value = serde_json::from_str(&copied).unwrap();
        assert_eq!(value["process_lsm"]["function_name"], "file_open");
    }
}

#[test]
fn events_can_be_ordered_by_any_column() {
    let mut session = zoomed(fixture::snapshot(), (200, 60));
    let first = |session: &Session| {
        let text = session.text();
        text.lines().skip_while(|line| !line.contains("  TIME")).nth(1).unwrap().to_owned()
    };
    session.type_in("s");
    assert!(first(&session).contains("14:02:10Z"), "by time: {}", session.text());
    session.type_in("s");
    assert!(first(&session).contains(" exec "), "by type: {}", session.text());
    session.type_in("S");
    assert!(first(&session).contains(" connect "), "the other way round: {}", session.text());
    for _ in 0..12 {
        session.type_in("s");
        assert!(session.text().contains("14:02:03Z throttle"), "{}", session.text());
    }
}

#[test]
fn an_empty_pane_says_why() {
    let mut snapshot = with_agents(Vec::new());
    let absent = "no agent of Tetragon's: there is no socket /var/run/tetragon/tetragon.sock";
    snapshot.tetragon.absent = Some(absent.into());
    let text = zoomed(snapshot.clone(), (120, 34)).text();
    assert!(text.contains("4 Tetragon ─ not connected") && text.contains(absent), "{text}");
    assert!(!status_line(&zoomed(snapshot, (200, 60))).contains("TETRAGON"));
    let connecting = AgentStatus::new(Endpoint::Tcp("worker-1:54321".into()));
    let text = zoomed(with_agents(vec![connecting]), (80, 24)).text();
    assert!(text.contains("connecting · 0 lost"), "{text}");
    assert!(text.contains("waiting for the first word of worker-1:54321"), "{text}");
    let text = zoomed(with_agents(vec![fixture::agent("worker-1")]), (80, 24)).text();
    assert!(text.contains("node/worker-1 is heard, and nothing has happened"), "{text}");
    let text = zoomed(with_agents(vec![down("worker-1")]), (80, 24)).text();
    assert!(text.contains("node/worker-1 is DOWN since 14:01:11Z: connect to it:"), "{text}");
    assert!(text.contains("no agent is heard, and nothing came before"), "{text}");
}

#[test]
fn a_dead_or_lossy_agent_is_said_at_the_top_whatever_is_open() {
    let mut snapshot = fixture::snapshot();
    snapshot.tetragon.agents[0] = down("worker-1");
    snapshot.tetragon.agents[1].rate_limited = 1_204;
    snapshot.tetragon.agents[1].throttled = 1;
    snapshot.tetragon.agents[1].gaps = 1;
    for (width, height) in [(80, 24), (120, 34), (200, 60)] {
        for keys in ["", "3\n", "4z\n", "w"] {
            let mut session = Session::of(snapshot.clone(), (width, height));
            session.type_in(keys);
            let status = status_line(&session);
            let words = "TETRAGON 1 of 2 DOWN, 1.20k LOST, THROTTLED, 1 GAP";
            assert!(status.contains(words), "{width} {keys}: {status}");
        }
    }
    let text = zoomed(snapshot.clone(), (120, 34)).text();
    assert!(text.contains("1 of 2 agents DOWN · 1.20k LOST · THROTTLED · 1 GAP"), "{text}");
    for words in ["connection refused", "1,204 events left out by", "events of 1 cgroup are left"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let narrow = Session::of(snapshot, (120, 34)).text();
    assert!(narrow.contains("14:02:10Z exit"), "events below the trouble: {narrow}");
}

#[test]
fn rows_below_trouble_can_be_clicked() {
    let mut snapshot = fixture::snapshot();
    snapshot.tetragon.agents[1] = down("worker-2");
    let mut session = zoomed(snapshot, (120, 34));
    let text = session.text();
    let row = text.lines().position(|line| line.contains("14:02:09Z lsm")).unwrap();
    let kind = crossterm::event::MouseEventKind::Down(crossterm::event::MouseButton::Left);
    let row = u16::try_from(row).unwrap();
    let modifiers = KeyModifiers::NONE;
    let click = crossterm::event::MouseEvent { kind, column: 10, row, modifiers };
    session.0.update(Message::Input(Event::Mouse(click)));
    session.press(KeyCode::Enter);
    assert!(session.text().contains("Event 8 ─ lsm"), "{}", session.text());
}

/// The fixture with an event full of what steers terminals, in all its texts.
fn hostile() -> Snapshot {
    let bad = "\u{1b}]0;owned\u{7}\u{202e}\u{9b}2J\r\n\u{200b}".to_owned() + &"東京".repeat(3_000);
    let process = serde_json::json!({
        "exec_id": bad, "pid": 1, "uid": 0, "user": { "name": bad }, "cwd": bad, "binary": bad,
        "arguments": bad, "flags": bad, "pod": { "namespace": bad, "name": bad, "workload": bad,
            "container": { "name": bad, "image": { "name": bad } }, "pod_labels": { bad.clone(): bad } },
    });
    let line = serde_json::json!({
        "process_kprobe": {
            "process": process, "parent": process, "ancestors": [process, process],
            "function_name": bad, "args": [{ "string_arg": bad, "label": bad }], "policy_name": bad,
            "action": "KPROBE_ACTION_SIGKILL", "message": bad, "tags": [bad],
            "kernel_stack_trace": [{ "symbol": bad, "module": bad }],
        },
        "node_name": bad, "cluster_name": bad, "time": "2026-11-25T14:02:10Z",
    });
    let mut snapshot = fixture::snapshot();
    let unknown =
        serde_json::json!({ format!("process_{bad}"): { bad.clone(): bad }, "node_name": bad });
    snapshot.tetragon.events = vec![fixture::event(2, &line), fixture::event(1, &unknown)];
    snapshot.tetragon.absent = Some(bad.clone());
    snapshot.tetragon.agents[0].node.clone_from(&bad);
    snapshot.tetragon.agents[0].link = AgentLink::Down { since_us: 0, why: bad };
    snapshot
}

#[test]
fn nothing_in_an_event_can_steer_the_terminal_or_bend_a_frame() {
    let is_harmless = |c: char| !c.is_control() && !['\u{202e}', '\u{200b}'].contains(&c);
    for size in [(40, 12), (80, 24), (200, 60)] {
        for keys in ["4z", "4z\n", "4zj\n", "4z\nG", "4zj\nG"] {
            let mut session = Session::of(hostile(), size);
            let picture = session.type_in(keys).picture();
            let cells = picture.content.iter();
            assert!(cells.clone().all(|cell| cell.symbol().chars().all(is_harmless)), "{keys}");
            let text = session.text();
            let framed = text.lines().skip(1).take(usize::from(size.1) - 2);
            for line in framed {
                assert_eq!(crate::text::width(line), usize::from(size.0), "{keys}: {text}");
            }
            let Some(Effect::Copy(copied)) = session.press(KeyCode::Char('y')) else { panic!() };
            assert!(copied.chars().all(|c| c == '\n' || is_harmless(c)), "{keys}");
        }
    }
    let mut gone = hostile();
    gone.tetragon.events.clear();
    gone.tetragon.agents.clear();
    let picture = zoomed(gone, (80, 24)).picture();
    assert!(picture.content.iter().all(|cell| cell.symbol().chars().all(is_harmless)));
}

/// A thousand events of so many bytes that are looked at through a filter.
fn filtered(bytes: usize) -> Session {
    let event = fixture::event(
        7,
        &serde_json::json!({
            "process_exec": {
                "process": {
                    "binary": "/usr/bin/curl",
                    "environment_variables": [{ "key": "x".repeat(bytes) }],
                },
            },
            "node_name": "worker-1", "time": "2026-11-25T14:02:10Z",
        }),
    );
    let mut snapshot = fixture::snapshot();
    snapshot.tetragon.events = vec![event; 1_000];
    let mut session = zoomed(snapshot, (120, 34));
    session.type_in("/curl");
    session
}

/// How long a picture of them takes.
fn picture_of(session: &mut Session) -> Duration {
    let begun = tokio::time::Instant::now();
    assert!(session.text().contains("1,000 of 1,000"));
    begun.elapsed()
}

#[test]
fn a_thousand_large_events_are_drawn_without_reading_them() {
    let [mut smalls, mut larges] = [1, 3 << 20].map(filtered);
    let (mut small, mut large) = (Duration::MAX, Duration::MAX);
    // By turns, so that whatever else the machine does slows both.
    for _ in 0..10 {
        small = small.min(picture_of(&mut smalls));
        large = large.min(picture_of(&mut larges));
    }
    println!("a picture of 1,000 filtered events: {small:?}; of 3 MiB each: {large:?}");
    // To read them takes twenty times as long as the picture.
    assert!(large < small * 3, "{small:?} and {large:?}");
}
