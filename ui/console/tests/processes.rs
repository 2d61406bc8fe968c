//! The processes behind flows and in incidents.

use weir::incident::{Deed, Process, ProcessSeen};

use super::*;

fn with_processes() -> Snapshot {
    let mut snapshot = fixture::snapshot();
    let row = Arc::make_mut(&mut snapshot.conversations[3]);
    row.client_process = Some(Arc::new(Process {
        binary: "/usr/bin/curl".into(),
        arguments: "-s http://db".into(),
        pid: 52_699,
        user: "root".into(),
        parent: "/bin/sh".into(),
        namespace: "shop".into(),
        pod: "web-7f9c".into(),
        container: "app".into(),
        node: "worker-1".into(),
    }));
    row.server_process = Some(Arc::new(Process {
        binary: "/usr/bin/postgres".into(),
        pid: 17,
        ..Process::default()
    }));
    snapshot
}

#[test]
fn the_process_behind_a_conversation_is_named() {
    let text = Session::of(with_processes(), (200, 60)).type_in("z").text();
    let row = line(&text, "10.244.1.9");
    assert!(row.contains("curl (root)") && row.contains("postgres"), "{text}");
    let mut session = Session::of(with_processes(), (120, 34));
    session.type_in("jjj\n");
    for keys in ["", "\n"] {
        let text = session.type_in(keys).text();
        let words = "client runs   /usr/bin/curl -s http://db (pid 52699, user root, parent";
        assert!(text.contains(words), "{text}");
        assert!(text.contains("server runs   /usr/bin/postgres (pid 17)"), "{text}");
    }
    let Some(Effect::Copy(copied)) = session.press(KeyCode::Char('y')) else { panic!() };
    assert!(copied.contains("client runs: /usr/bin/curl"), "{copied}");
    assert!(copied.contains("by the newest flow of the two of which that is known"), "{copied}");
}

#[test]
fn a_filter_finds_flows_whose_process_is_known() {
    let mut session = Session::of(with_processes(), (120, 34));
    session.type_in("/binary:curl");
    assert!(session.text().contains("1 of 45 by binary:curl"), "{}", session.text());
    session.press(KeyCode::Esc);
    session.type_in("/pod:web* user:root");
    assert!(session.text().contains("1 of 45 by pod:web* user:root"), "{}", session.text());
}

/// The fixture, where a shell was started in the shop that is attacked.
fn with_a_shell() -> Snapshot {
    let mut snapshot = fixture::snapshot();
    let seen = |deed, ago_s: i64, binary: &str| ProcessSeen {
        deed,
        at_us: fixture::NOW_US - ago_s * 1_000_000,
        process: Process {
            binary: binary.into(),
            arguments: "-i".into(),
            pid: 4_711,
            user: "www-data".into(),
            parent: "/usr/sbin/nginx".into(),
            namespace: "shop".into(),
            pod: "web-7f9c".into(),
            container: "nginx".into(),
            node: "worker-1".into(),
        },
    };
    Arc::make_mut(&mut snapshot.incidents[0]).processes = vec![
        seen(Deed::Started, 5, "/bin/sh"),
        seen(Deed::Client, 40, "/usr/bin/slow"),
        seen(Deed::Server, 41, "/usr/sbin/nginx"),
    ];
    snapshot
}

#[test]
fn an_incident_lists_the_processes_in_it_and_what_was_started_stands_out() {
    let mut session = Session::of(with_a_shell(), (200, 60));
    session.type_in("3\n");
    let (text, looks) = (session.text(), session.looks());
    let started = "started there 14:02:06Z /bin/sh -i (pid 4711, user www-data, parent \
                   /usr/sbin/nginx) in shop/web-7f9c container nginx on node worker-1";
    assert!(text.contains(started), "{text}");
    assert!(line(&text, " opened by ").contains("14:01:31Z /usr/bin/slow -i"), "{text}");
    assert!(line(&text, " taken by ").contains("14:01:30Z /usr/sbin/nginx -i"), "{text}");
    let at = text.lines().position(|line| line.contains("started there")).unwrap();
    assert!(looks.lines().nth(at).unwrap().contains("EEEE"), "{looks}");
    let Some(Effect::Copy(copied)) = session.press(KeyCode::Char('y')) else { panic!() };
    assert!(copied.contains("started there: 14:02:06Z /bin/sh -i"), "{copied}");
}

#[test]
fn a_filter_finds_incidents_by_the_processes_in_them() {
    let mut session = Session::of(with_a_shell(), (120, 34));
    for (filter, found) in [
        ("binary:sh", "1 of 2 by"),
        ("parent:nginx user:www* pod:shop/web*", "1 of 2 by"),
        ("node:worker-1 pid:4711", "1 of 2 by"),
        ("binary:bash", "0 of 2 by"),
    ] {
        session.type_in("/").type_in(filter);
        let text = session.text();
        assert!(line(&text, "3 Alerts").contains(found), "{filter}: {text}");
        session.press(KeyCode::Esc);
    }
}
