//! What `weir --api` says of a cluster and does there, by the real binary against a double of the API
//! server.

mod support;

use std::thread;

use serde_json::{Value, json};
use support::double::fault::Fault;
use support::double::kube::ApiServer;
use support::double::kube::rights::{Grant, Rights};
use support::engine::{DEMO, Engine, await_some, database, weir};
use support::flows::Folder;
use support::shop::{self, RPS};
use support::user::{add_user, authorization};
use weir::store::Reader;

/// An engine that watches a cluster with a shop, and an operator's token.
struct Watched {
    api: ApiServer,
    engine: Engine,
    folder: Folder,
    authorization: String,
}

impl Watched {
    fn new() -> Self {
        let (api, folder) = (ApiServer::start(), Folder::for_anyone());
        shop::open(&api);
        add_user(&folder, "operator");
        let log = folder.path().join("weir.log");
        let kubeconfig = api.kubeconfig(folder.path());
        let serve = ["--api", "--listen", "127.0.0.1:0", "--replay", DEMO, "--log-level", "info"];
        let mut command = weir(serve, &database(&folder));
        command.arg("--kubeconfig").arg(kubeconfig).arg("--log-file").arg(&log);
        let engine = Engine::of(&mut command, &log);
        let authorization = authorization(&engine) + "content-type: application/json\r\n";
        let watched = Self { api, engine, folder, authorization };
        await_some("the Ingresses", || {
            let (status, limits) = watched.get("/check_rate_limit");
            (status == 200 && limits.as_array().is_some_and(|all| all.len() == 2)).then_some(())
        });
        watched
    }

    fn get(&self, target: &str) -> (u16, Value) {
        self.ask("GET", target, "")
    }

    fn post(&self, target: &str, body: &Value) -> (u16, Value) {
        self.ask("POST", target, &body.to_string())
    }

    fn ask(&self, method: &str, target: &str, body: &str) -> (u16, Value) {
        let (status, body) = self.engine.ask(method, target, &self.authorization, body);
        (status, serde_json::from_str(&body).expect("JSON"))
    }

    /// Asks until a limit is answered for: what serves the Ingress is known with the first pods.
    fn apply(&self, body: &Value) -> Value {
        await_some("the limit", || {
            let (status, applied) = self.post("/apply_rate_limit", body);
            (status == 200).then_some(applied)
        })
    }
}

#[test]
fn the_cluster_and_what_leads_where_in_it_are_told() {
    let watched = Watched::new();
    watched.api.with(|kube| {
        kube.plan.fail(99, Fault::Status(503), |asked| asked.path.contains("metrics.k8s.io"));
    });
    let info = await_some("the pods", || {
        let (status, info) = watched.get("/cluster-info");
        assert_eq!(status, 200, "{info}");
        (info["pods"]["value"]["total"] == 1).then_some(info)
    });
    assert_eq!((&info["context"], &info["link"]), (&json!("double"), &json!("up")));
    assert_eq!(info["version"]["value"], "v1.33.1");
    // Nothing is invented: a cluster without metrics has no usage, and a reason.
    assert_eq!(info["usage"]["value"], Value::Null);
    assert!(info["usage"]["unknown"].is_string(), "{info}");
    let (status, map) = watched.get("/api/service-map");
    assert_eq!(status, 200, "{map}");
    let edges = map["edges"].as_array().expect("edges");
    assert!(edges.iter().any(|edge| edge["routes"] == json!(["shop.example/"])), "{map}");
    await_some("traffic on the map", || {
        let (_, map) = watched.get("/api/service-map");
        map["live"].as_array().is_some_and(|live| !live.is_empty()).then_some(())
    });
    assert!(watched.engine.stop().success());
}

#[test]
fn however_many_look_at_a_cluster_that_hangs_are_answered_in_time_and_it_is_asked_once() {
    let watched = Watched::new();
    watched.api.with(|kube| kube.plan.fail(99, Fault::Hang, |asked| asked.resource == "events"));
    let look = || {
        let info = await_some("the link", || {
            let (status, info) = watched.get("/cluster-info");
            assert_eq!(status, 200, "{info}");
            (info["link"] == "up").then_some(info)
        });
        let why = info["warnings"]["unknown"].as_str().expect("a reason");
        assert!(why.contains("did not answer within 5 s"), "{why}");
    };
    thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(look))));
    look();
    let is_usage = |path: &str| path.contains("metrics.k8s.io");
    let asked = watched
        .api
        .with(|kube| kube.log.iter().filter(|answered| is_usage(&answered.asked.path)).count());
    assert_eq!(asked, 1);
    assert!(watched.engine.stop().success());
}

#[test]
fn what_was_asked_of_a_cluster_that_is_away_stands_with_when_that_was() {
    let watched = Watched::new();
    let before = await_some("the warnings", || {
        let (_, info) = watched.get("/cluster-info");
        (info["warnings"]["value"]["seen"] == 0).then_some(info)
    });
    watched.api.refuse();
    let away = await_some("the link to go down", || {
        let (status, info) = watched.get("/cluster-info");
        assert_eq!(status, 200, "{info}");
        (info["link"] == "down").then_some(info)
    });
    assert_eq!(away["warnings"], before["warnings"]);
    assert!(watched.engine.stop().success());
}

#[test]
fn a_limit_is_set_read_and_lifted_over_http() {
    let watched = Watched::new();
    let before = shop::web(&watched.api);
    let body = json!({
        "ingress_name": "web", "namespace": "shop", "rps": 5, "burst": 25, "ttl": 900,
        "reason": "flood",
    });
    let mut checked = body.clone();
    checked["dry_run"] = json!(true);
    let would = watched.apply(&checked);
    assert_eq!(would["written"][0]["body"]["metadata"]["annotations"][RPS], "5", "{would}");
    assert_eq!(shop::web(&watched.api), before);

    let applied = watched.apply(&body);
    assert_eq!(applied["status"]["standing"], "active", "{applied}");
    let held = shop::web(&watched.api);
    assert_eq!(held["metadata"]["annotations"][RPS], "5");
    let (status, read) = watched.get("/check_rate_limit?ingress_name=web&namespace=shop");
    assert_eq!((status, &read["held"]["by"]), (200, &json!("ops via api")), "{read}");
    assert_eq!(read["held"]["values"][0]["previous"], "100");
    assert_eq!(read["held"]["values"][0]["previous_manager"], "helm");

    let gone = json!({ "ingress_name": "web", "namespace": "shop" });
    let (status, reverted) = watched.post("/revert_rate_limit", &gone);
    assert_eq!((status, &reverted["status"]["standing"]), (200, &json!("foreign")), "{reverted}");
    assert_eq!(shop::web(&watched.api), before);
    let (status, again) = watched.post("/revert_rate_limit", &gone);
    assert_eq!(status, 404, "{again}");
    let records = Reader::open(&database(&watched.folder)).unwrap().audit(None, 99).unwrap();
    let acts: Vec<_> =
        records.iter().filter(|one| one.who == "ops").map(|one| (&*one.what, &*one.from)).collect();
    assert!(acts.contains(&("limit.apply", "127.0.0.1")), "{acts:?}");
    assert!(acts.contains(&("limit.revert", "127.0.0.1")), "{acts:?}");
    assert!(watched.engine.stop().success());
}

#[test]
fn what_cannot_be_done_is_told_with_why_and_changes_nothing() {
    let watched = Watched::new();
    let mut checked = json!({ "ingress_name": "web", "namespace": "shop", "rps": 5 });
    checked["dry_run"] = json!(true);
    watched.apply(&checked);
    let before = shop::web(&watched.api);
    for (with, status, said) in [
        (json!({ "ingress_name": "nowhere" }), 404, "there is no Ingress shop/nowhere"),
        (json!({ "namespace": "nowhere" }), 404, "there is no Ingress nowhere/web"),
        (json!({ "namespace": "No_where" }), 400, "`No_where` is no namespace"),
        (json!({ "ingress_name": "other" }), 422, "Kong"),
        (json!({ "burst": 7 }), 422, "ingress-nginx cannot limit by burst"),
        (json!({ "rps": 0 }), 400, "rps: expected a whole number"),
    ] {
        let mut body = json!({ "ingress_name": "web", "namespace": "shop", "rps": 5 });
        body.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
        let (found, problem) = watched.post("/apply_rate_limit", &body);
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert_eq!(found, status, "{with}: {problem}");
        assert!(detail.contains(said), "{with}: {problem}");
    }
    let body = json!({ "ingress_name": "web", "namespace": "shop", "rps": 5 });
    let readers = Rights::Only(vec![Grant::new(&["get", "list", "watch"], "*", &["*"])]);
    watched.api.with(|kube| kube.users[0].rights = readers);
    let (status, problem) = watched.post("/apply_rate_limit", &body);
    let detail = problem["detail"].as_str().unwrap_or_default();
    assert_eq!(status, 403, "{problem}");
    assert!(detail.contains("cannot patch resource \"ingresses\""), "{problem}");
    assert!(detail.contains("`weir doctor`"), "{problem}");
    watched.api.with(|kube| kube.users[0].token = None);
    let (status, problem) = watched.post("/apply_rate_limit", &body);
    assert_eq!(status, 403, "{problem}");
    assert!(problem["detail"].as_str().unwrap_or_default().contains("expired"), "{problem}");
    assert_eq!(shop::web(&watched.api), before);
    assert!(watched.engine.stop().success());
}
