//! The cluster as Weir sees it, against a double of the API server: lists and watches, what goes wrong
//! with them, objects that are written, rights, and the cluster at a glance.

mod support;

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use serde_json::{Value, json};
use support::double::fault::Fault;
use support::double::http::Piece;
use support::double::kube::ApiServer;
use support::double::kube::rights::{Grant, Rights};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use weir::cluster::{
    self, Cluster, ClusterStatus, Conflicts, Effect, Error, Found, Link, ObjectPath, Objects,
    Options, World,
};
use weir::packet::Address;
use weir::settings::Environment;

/// How long anything that is waited for may take.
const LONGEST: Duration = Duration::from_secs(30);

/// An API server, and a Weir that looks at it.
struct Stage {
    api: ApiServer,
    tasks: Runtime,
    cluster: Cluster,
    _folder: tempfile::TempDir,
}

impl Stage {
    fn new() -> Self {
        Self::with(&Options::default())
    }

    fn with(options: &Options) -> Self {
        weir::notify::prepare();
        let folder = tempfile::tempdir().unwrap();
        let api = ApiServer::start();
        let options =
            Options { kubeconfig: Some(api.kubeconfig(folder.path())), ..options.clone() };
        let tasks = Runtime::new().unwrap();
        let found = tasks.block_on(Cluster::find(&options, &Environment::default())).unwrap();
        let Found::Cluster(cluster) = found else { panic!("{found:?}") };
        Self { api, tasks, cluster, _folder: folder }
    }

    fn seed(&self, object: Value) {
        self.api.with(|kube| kube.seed(object));
    }

    fn watch(&self) -> Watched {
        let (sender, news) = channel();
        let stop = CancellationToken::new();
        let tell = move |status, world| drop(sender.send((status, world)));
        self.tasks.spawn(cluster::watch(self.cluster.clone(), tell, stop.clone()));
        Watched { news, stop, latest: <(ClusterStatus, Arc<World>)>::default() }
    }
}

struct Watched {
    news: Receiver<(ClusterStatus, Arc<World>)>,
    stop: CancellationToken,
    latest: (ClusterStatus, Arc<World>),
}

impl Watched {
    /// Waits until it is as wanted.
    #[track_caller]
    fn until(&mut self, wanted: impl Fn(&ClusterStatus, &World) -> bool) {
        while !wanted(&self.latest.0, &self.latest.1) {
            match self.news.recv_timeout(LONGEST) {
                Ok(latest) => self.latest = latest,
                Err(error) => panic!("{error}: it stays {:#?}", self.latest.0),
            }
        }
    }

    /// Waits until every kind has been listed.
    #[track_caller]
    fn until_listed(&mut self) {
        self.until(|status, _| {
            status.link == Link::Up
                && status.watches.len() == 13
                && status.watches.iter().all(|watch| watch.heard_us.is_some())
        });
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn failure<'a>(status: &'a ClusterStatus, resource: &str) -> Option<&'a str> {
    status.watches.iter().find(|watch| watch.resource == resource)?.failure.as_deref()
}

fn pod(name: &str, address: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": name, "namespace": "default", "uid": name },
        "spec": { "nodeName": "worker", "containers": [{ "name": "it", "image": "web:1" }] },
        "status": { "phase": "Running", "podIP": address, "startTime": "2026-01-01T00:00:00Z" },
    })
}

fn named(world: &World, address: &str) -> Option<String> {
    let address = Address::from(address.parse::<IpAddr>().unwrap());
    world.who(address, now_us()).map(|who| who.to_string())
}

fn now_us() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}

fn ingress_path() -> ObjectPath {
    ObjectPath {
        api_version: "networking.k8s.io/v1".into(),
        resource: "ingresses".into(),
        namespace: Some("default".into()),
        name: "web".into(),
    }
}

fn ingress(annotations: &Value) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": { "name": "web", "namespace": "default", "annotations": annotations },
        "spec": { "rules": [{ "host": "shop.test" }] },
    })
}

#[test]
fn what_is_listed_is_known_and_what_changes_is_followed() {
    let stage = Stage::new();
    stage.seed(pod("first", "10.244.0.1"));
    let mut watched = stage.watch();
    watched.until_listed();
    watched.until(|status, world| {
        status.version == "v1.33.1"
            && status.context == "double"
            && named(world, "10.244.0.1").as_deref() == Some("default/first")
    });
    stage.seed(pod("second", "10.244.0.2"));
    watched.until(|_, world| named(world, "10.244.0.2").as_deref() == Some("default/second"));
    stage.api.with(|kube| kube.remove("pods", "default", "first"));
    watched.until(|_, world| world.pods().len() == 1);
    assert_eq!(named(&watched.latest.1, "10.244.0.1").as_deref(), Some("default/first"));
}

#[test]
fn a_watch_that_was_forgotten_begins_with_a_list() {
    let stage = Stage::new();
    stage.seed(pod("first", "10.244.0.1"));
    let mut watched = stage.watch();
    watched.until_listed();
    stage.api.with(|kube| {
        kube.store.cut_watches(&Piece::Cut);
        kube.remove("pods", "default", "first");
        kube.seed(pod("second", "10.244.0.2"));
        kube.store.compact();
    });
    watched.until(|_, world| {
        world.pods().len() == 1 && named(world, "10.244.0.2").as_deref() == Some("default/second")
    });
    watched.until(|status, _| failure(status, "pods").is_none());
}

#[test]
fn a_kind_that_is_forbidden_says_so_and_stops_no_other() {
    let stage = Stage::new();
    stage.api.with(|kube| {
        let all = Grant::new(&["list", "watch"], "", &["namespaces", "services", "nodes"]);
        kube.users[0].rights = Rights::Only(vec![all]);
    });
    let mut watched = stage.watch();
    watched
        .until(|status, world| failure(status, "pods").is_some() && !world.namespaces().is_empty());
    let (status, _) = &watched.latest;
    let said = failure(status, "pods").unwrap();
    assert!(said.contains("forbidden") && said.contains("(403)"), "{said}");
    assert_eq!(status.link, Link::Up);
}

#[test]
fn while_the_api_server_is_away_what_was_known_stays() {
    let stage = Stage::new();
    stage.seed(pod("first", "10.244.0.1"));
    let mut watched = stage.watch();
    watched.until_listed();
    let before_us = now_us();
    stage.api.refuse();
    watched.until(|status, _| matches!(status.link, Link::Down { .. }));
    let (status, world) = &watched.latest;
    let Link::Down { since_us, why } = &status.link else { panic!("{status:?}") };
    assert!((before_us - since_us).abs() < 10_000_000, "{since_us}");
    assert!(why.starts_with("the API server cannot be reached: "), "{why}");
    assert_eq!(named(world, "10.244.0.1").as_deref(), Some("default/first"));
    stage.seed(pod("second", "10.244.0.2"));
    stage.api.heal();
    watched.until(|status, world| {
        status.link == Link::Up
            && named(world, "10.244.0.2").is_some()
            && status.watches.iter().all(|watch| watch.failure.is_none())
    });
}

#[test]
fn credentials_that_have_expired_are_said_in_one_sentence() {
    let stage = Stage::new();
    stage.api.with(|kube| kube.users[0].token = Some("another".into()));
    let mut watched = stage.watch();
    watched.until(|status, _| matches!(status.link, Link::Down { .. }));
    let Link::Down { why, .. } = &watched.latest.0.link else { panic!() };
    let said = "the credentials are not accepted, they may have expired: renew them (401)";
    assert_eq!(why, said);
}

#[test]
fn answers_that_are_slow_broken_off_or_refused_are_asked_for_again() {
    let stage = Stage::new();
    stage.seed(pod("first", "10.244.0.1"));
    stage.api.with(|kube| {
        let faults = [Fault::Half, Fault::Cut, Fault::Late(Duration::from_millis(300))];
        for fault in faults {
            kube.plan.fail(1, fault, |asked| asked.resource == "pods" && asked.verb == "list");
        }
        kube.plan.fail(1, Fault::Busy(1), |asked| asked.resource == "nodes");
        kube.plan.fail(1, Fault::Status(503), |asked| asked.resource == "services");
        kube.plan.fail(1, Fault::Half, |asked| asked.resource == "jobs" && asked.verb == "watch");
    });
    let mut watched = stage.watch();
    watched.until_listed();
    watched.until(|status, world| {
        named(world, "10.244.0.1").is_some()
            && status.watches.iter().all(|watch| watch.failure.is_none())
    });
}

#[test]
fn an_event_that_is_cut_in_the_middle_is_not_lost() {
    let stage = Stage::new();
    let mut watched = stage.watch();
    watched.until_listed();
    stage.api.with(|kube| {
        kube.store.cut_watches(&Piece::Half("{\"type\":\"ADDED\",\"object\":{}}\n".into()));
        kube.seed(pod("first", "10.244.0.1"));
    });
    watched.until(|_, world| named(world, "10.244.0.1").is_some());
}

#[test]
fn a_client_that_only_reads_does_not_even_ask() {
    let stage = Stage::with(&Options { is_read_only: true, ..Options::default() });
    stage.seed(ingress(&json!({})));
    let path = ingress_path();
    let body = ingress(&json!({ "a": "1" }));
    stage.tasks.block_on(async {
        let cluster = &stage.cluster;
        let (kept, forced) = (Effect::Lasting, Conflicts::Forced);
        let tries = [
            cluster.apply(&path, &body, "weir", forced, Effect::DryRun).await.map(drop),
            cluster.merge(&path, &body, "weir", kept).await.map(drop),
            cluster.create(&path, &body, "weir", kept).await.map(drop),
            cluster.delete(&path, "uid", "1", kept).await,
        ];
        for tried in tries {
            let error = tried.unwrap_err();
            assert!(matches!(error, Error::ReadOnly { .. }), "{error:?}");
            assert!(error.to_string().contains("read-only"), "{error}");
        }
        assert!(cluster.get(&path).await.unwrap().is_some());
        assert!(cluster.access().await.iter().all(cluster::Access::is_whole));
    });
    let writes = stage
        .api
        .with(|kube| kube.writes().iter().filter(|one| one.asked.resource == "ingresses").count());
    assert_eq!(writes, 0);
}

#[test]
fn objects_are_read_and_written_and_refusals_are_in_the_api_servers_words() {
    let stage = Stage::new();
    let path = ingress_path();
    stage.tasks.block_on(async {
        let cluster = &stage.cluster;
        let (kept, refused) = (Effect::Lasting, Conflicts::Refused);
        assert_eq!(cluster.get(&path).await.unwrap(), None);
        cluster.create(&path, &ingress(&json!({ "a": "1" })), "somebody", kept).await.unwrap();
        let mine = ingress(&json!({ "a": "2" }));
        let error = cluster.apply(&path, &mine, "weir", refused, kept).await.unwrap_err();
        assert_eq!(error.status(), Some(409));
        assert!(error.is_passing() && error.to_string().contains("conflict"), "{error}");
        let tried = cluster.apply(&path, &mine, "weir", Conflicts::Forced, Effect::DryRun).await;
        assert_eq!(tried.unwrap()["metadata"]["annotations"]["a"], "2");
        let there = cluster.get(&path).await.unwrap().unwrap();
        assert_eq!(there["metadata"]["annotations"]["a"], "1", "a dry run leaves nothing");
        let gone = json!({ "metadata": { "annotations": { "a": null } } });
        let merged = cluster.merge(&path, &gone, "weir", kept).await.unwrap();
        assert_eq!(merged["metadata"]["annotations"].get("a"), None);
        let (uid, version) = (&merged["metadata"]["uid"], &merged["metadata"]["resourceVersion"]);
        let (uid, version) = (uid.as_str().unwrap(), version.as_str().unwrap());
        let stale = cluster.delete(&path, uid, "1", kept).await.unwrap_err();
        assert_eq!(stale.status(), Some(409));
        cluster.delete(&path, uid, version, kept).await.unwrap();
        cluster.delete(&path, uid, version, kept).await.unwrap();
        assert_eq!(cluster.get(&path).await.unwrap(), None);
    });
    stage.api.refuse();
    let error = stage.tasks.block_on(stage.cluster.get(&path)).unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }) && error.is_passing(), "{error:?}");
    assert!(error.to_string().starts_with("read ingresses default/web: "), "{error}");
}

#[test]
fn an_api_server_that_never_answers_is_not_waited_for_for_ever() {
    let stage = Stage::new();
    stage.api.with(|kube| kube.plan.fail(1, Fault::Hang, |asked| asked.verb == "get"));
    let error = stage.tasks.block_on(stage.cluster.get(&ingress_path())).unwrap_err();
    assert!(error.to_string().ends_with("the API server did not answer within 10 s"), "{error}");
}

#[test]
fn rights_that_are_missing_are_named() {
    let stage = Stage::new();
    stage.api.with(|kube| {
        let pods = Grant::new(&["list"], "", &["pods"]);
        let reviews =
            Grant::new(&["create"], "authorization.k8s.io", &["selfsubjectaccessreviews"]);
        kube.users[0].rights = Rights::Only(vec![pods, reviews]);
    });
    let access = stage.tasks.block_on(stage.cluster.access());
    assert_eq!(access.len(), cluster::RIGHTS.len());
    let pods = access.iter().find(|one| one.right.resource == "pods").unwrap();
    assert_eq!((pods.missing.as_slice(), &pods.unknown), (&["watch"][..], &None));
    stage.api.refuse();
    let access = stage.tasks.block_on(stage.cluster.access());
    assert!(access.iter().all(|one| one.unknown.is_some() && one.missing.is_empty()));
}

fn warning(name: &str, last: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": { "name": name, "namespace": "default" },
        "involvedObject": { "kind": "Pod", "namespace": "default", "name": name },
        "type": "Warning", "reason": "BackOff", "message": "back-off\u{1b}[31m restarting",
        "count": 3, "lastTimestamp": last,
    })
}

#[test]
fn the_cluster_at_a_glance_says_what_it_knows_and_why_not() {
    let stage = Stage::new();
    stage.seed(pod("first", "10.244.0.1"));
    stage.seed(warning("old", "2026-01-01T00:00:00Z"));
    stage.seed(warning("new", "2026-02-01T00:00:00Z"));
    stage.api.with(|kube| {
        kube.plan.fail(1, Fault::Status(404), |asked| asked.path.contains("metrics.k8s.io"));
    });
    let mut watched = stage.watch();
    watched.until_listed();
    let (status, world) = &watched.latest;
    let info = stage.tasks.block_on(stage.cluster.info(status, world));
    let warnings = info.warnings.value.unwrap();
    let names: Vec<_> = warnings.newest.iter().map(|one| one.name.as_str()).collect();
    assert_eq!((names, warnings.seen, warnings.is_cut), (vec!["new", "old"], 2, false));
    assert_eq!(warnings.newest[0].message, "back-off[31m restarting");
    assert_eq!(info.pods.value.unwrap().by_phase["Running"], 1);
    assert_eq!((info.version.value.as_deref(), info.link), (Some("v1.33.1"), "up"));
    assert_eq!(info.usage.value, None);
    let why = info.usage.unknown.unwrap();
    assert_eq!(why, "the cluster does not measure it: there is no metrics-server");
}

fn find(options: &Options, environment: &[(&str, &Path)]) -> Result<Found, Error> {
    weir::notify::prepare();
    let pairs = environment.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    let environment = Environment::from_pairs(pairs);
    Runtime::new().unwrap().block_on(Cluster::find(options, &environment))
}

#[test]
fn a_kubeconfig_is_found_by_flag_by_environment_and_at_home() {
    let home = tempfile::tempdir().unwrap();
    let api = ApiServer::start();
    let path = api.kubeconfig(home.path());
    let by_flag = Options { kubeconfig: Some(path.clone()), ..Options::default() };
    let context = |found: Result<Found, Error>| match found.unwrap() {
        Found::Cluster(cluster) => cluster.context().to_owned(),
        Found::Nothing(why) => why,
    };
    assert_eq!(context(find(&by_flag, &[])), "double");
    let missing = format!("/nowhere/config:{}", path.display());
    let several = [("KUBECONFIG", Path::new(&missing))];
    assert_eq!(context(find(&Options::default(), &several)), "double", "as kubectl has it");
    std::fs::create_dir(home.path().join(".kube")).unwrap();
    std::fs::rename(&path, home.path().join(".kube/config")).unwrap();
    assert_eq!(context(find(&Options::default(), &[("HOME", home.path())])), "double");
    let none = context(find(&Options::default(), &[("HOME", Path::new("/nowhere"))]));
    assert!(none.starts_with("no cluster: there is no kubeconfig at ~/.kube/config"), "{none}");
}

#[test]
fn what_was_named_and_cannot_be_used_says_how_to_mend_it() {
    let folder = tempfile::tempdir().unwrap();
    let api = ApiServer::start();
    let good = api.kubeconfig(folder.path());
    let bad = folder.path().join("bad");
    std::fs::write(&bad, "clusters: {").unwrap();
    let error = |kubeconfig: Option<&Path>, context: &str| {
        let kubeconfig = kubeconfig.map(Path::to_owned);
        let options = Options { kubeconfig, context: context.into(), ..Options::default() };
        find(&options, &[]).unwrap_err().to_string()
    };
    let missing = error(Some(Path::new("/nowhere/config")), "");
    assert!(missing.starts_with("use the kubeconfig /nowhere/config: "), "{missing}");
    assert!(missing.contains("No such file") && missing.contains("--kubeconfig"), "{missing}");
    assert!(error(Some(&bad), "").contains("bad: "));
    let context = error(Some(&good), "nothing");
    assert!(context.contains("nothing") && context.contains("--context"), "{context}");
    assert!(error(None, "prod").contains("there is no kubeconfig"));
}

#[test]
fn a_watch_that_is_stopped_tells_nothing_more() {
    let stage = Stage::new();
    let mut watched = stage.watch();
    watched.until_listed();
    watched.stop.cancel();
    let end = std::iter::repeat_with(|| watched.news.recv_timeout(LONGEST)).find_map(Result::err);
    assert_eq!(end, Some(RecvTimeoutError::Disconnected));
}
