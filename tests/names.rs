//! An engine beside a cluster: what it finds goes by the names that the cluster has for it.

mod support;

use std::sync::Arc;

use serde_json::json;
use support::abroad;
use support::double::kube::ApiServer;
use support::double::tetragon::TetragonAgent;
use support::engine::{DEMO, await_some};
use tempfile::TempDir;
use weir::detect::Class;
use weir::engine::{Engine, Handle, SourceState};
use weir::filter::Filter;
use weir::incident::{Deed, Incident, Severity, rfc3339};
use weir::respond::Mode;
use weir::settings::Speed;
use weir::store::{Query, Reader};

/// An engine that replays the bundled capture beside a cluster.
fn engine(api: &ApiServer, folder: &TempDir, speed: Speed) -> Engine {
    let capture = (vec![DEMO.into()], speed);
    abroad::engine(api, folder.path(), capture, abroad::response(Mode::Observe))
}

/// The flood as the engine shows it once the capture has been read to its end.
fn flood(handle: &Handle, fits: impl Fn(&Incident) -> bool) -> Arc<Incident> {
    await_some("the flood", || {
        let snapshot = handle.snapshot();
        let mut incidents = snapshot.incidents.iter();
        let flood = incidents.find(|one| one.class == Class::DosFlood && fits(one));
        flood.filter(|_| snapshot.source.state == SourceState::Ended).map(Arc::clone)
    })
}

/// The flood as the database has it.
fn kept(folder: &TempDir) -> Incident {
    let reader = Reader::open(&folder.path().join("weir.db")).expect("a database");
    let page = reader.incidents(&Query { limit: 99, ..Query::default() }).expect("incidents");
    page.incidents.into_iter().find(|one| one.class == Class::DosFlood).expect("the flood")
}

#[test]
fn an_attack_is_on_the_pod_that_had_the_address_then() {
    let folder = tempfile::tempdir().expect("a folder");
    let api = abroad::cluster();
    // The attack begins after 17 s: by then it is known who is who.
    let engine = engine(&api, &folder, Speed::Times(4.0));
    let flood = flood(&engine.handle(), |flood| !flood.names.is_empty());
    let said = flood.sentence();
    // Nobody of the cluster had the address of the attacker yet.
    assert!(said.contains(" dos-flood of shop/web:80 and "), "{said}");
    assert!(said.contains(" by 203.0.113."), "{said}");
    let snapshot = engine.handle().snapshot();
    let filter = Filter::parse("dst:shop/web class:dos*").expect("a filter");
    assert!(snapshot.conversations.iter().any(|row| filter.matches(&**row, snapshot.now_us)));
    engine.finish().expect("all is kept");
    let kept = kept(&folder);
    assert_eq!(kept.names, flood.names.clone().opened(flood.pivot));
    assert_eq!(kept.names.opened_about().map(ToString::to_string).as_deref(), Some("shop/web-0"));
}

#[test]
fn a_cluster_that_comes_later_names_what_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let api = abroad::cluster();
    api.refuse();
    let engine = engine(&api, &folder, Speed::Max);
    let nameless = flood(&engine.handle(), |_| true);
    assert!(nameless.names.is_empty(), "{nameless:?}");
    api.heal();
    let named = flood(&engine.handle(), |flood| !flood.names.is_empty());
    assert_eq!(named.names.label(named.pivot), "shop/web");
    engine.finish().expect("all is kept");
    let kept = kept(&folder);
    assert_eq!((&kept.names, kept.flows), (&named.names, nameless.flows));
    assert_eq!(kept.names.opened_about(), None);
}

/// That a web server in this pod has started a shell.
fn shell(pod: &str, at_us: i64) -> String {
    let process = |binary: &str| {
        json!({
            "exec_id": format!("{pod} {binary}"), "pid": 4_711, "uid": 33, "binary": binary,
            "arguments": "-c id",
            "pod": { "namespace": "shop", "name": pod, "container": { "name": "web" } },
        })
    };
    let exec = json!({ "process": process("/bin/sh"), "parent": process("/usr/sbin/nginx") });
    json!({ "process_exec": exec, "node_name": "worker", "time": rfc3339(at_us) }).to_string()
}

#[test]
fn a_shell_in_the_pod_under_attack_is_part_of_the_incident() {
    let folder = tempfile::tempdir().expect("a folder");
    let (api, agent) = (abroad::cluster(), TetragonAgent::on_tcp());
    let capture = (vec![DEMO.into()], Speed::Max);
    let response = abroad::response(Mode::Observe);
    let place = agent.endpoint();
    let engine = abroad::listening(&api, folder.path(), capture, response, Some(&place));
    agent.wait_for_listeners(1);
    let before = flood(&engine.handle(), |flood| !flood.names.is_empty());
    assert_eq!(before.processes, []);
    agent.say(&shell("db-0", before.last_us));
    agent.say(&shell("web-0", before.last_us + 1_000_000));
    let after = flood(&engine.handle(), |flood| !flood.processes.is_empty());
    let [seen] = after.processes.as_slice() else { panic!("{:?}", after.processes) };
    let process = &seen.process;
    assert_eq!((seen.deed, seen.at_us), (Deed::Started, before.last_us + 1_000_000));
    assert_eq!((process.binary.as_str(), process.parent.as_str()), ("/bin/sh", "/usr/sbin/nginx"));
    assert_eq!((process.pod.as_str(), process.user.as_str()), ("web-0", "33"));
    assert_eq!(after.severity, Severity::Critical);
    engine.finish().expect("all is kept");
    let kept = kept(&folder);
    assert_eq!((&kept.processes, kept.severity), (&after.processes, Severity::Critical));
    let reader = Reader::open(&folder.path().join("weir.db")).expect("a database");
    let events = reader.events(kept.id).expect("events");
    assert!(events.len() == 1 && events[0].contains("/usr/sbin/nginx"), "{events:?}");
}
