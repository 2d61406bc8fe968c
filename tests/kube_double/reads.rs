//! Lists in pages, watches, bookmarks, and versions that are no longer known.

use serde_json::{Value, json};

use crate::caller::{INGRESSES, Watching, ask, get};
use crate::support::double::kube::ApiServer;
use crate::support::double::kube::read::InitialEvents;
use crate::{ingress, server};

fn pod(name: &str, node: &str, app: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": name, "namespace": "shop", "labels": { "app": app } },
        "spec": { "nodeName": node },
    })
}

fn five_pods() -> ApiServer {
    let api = server();
    for (at, name) in ["a", "b", "c", "d", "e"].into_iter().enumerate() {
        let (node, app) =
            (if at < 2 { "one" } else { "two" }, if at % 2 == 0 { "web" } else { "db" });
        api.with(|kube| kube.seed(pod(name, node, app)));
    }
    api
}

fn names(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().expect("items").iter();
    items.map(|item| item["metadata"]["name"].as_str().expect("a name")).collect()
}

#[test]
fn a_list_comes_in_pages() {
    let api = five_pods();
    let first = get(&api, "/api/v1/pods?limit=2").body;
    assert_eq!((names(&first), &first["kind"]), (vec!["a", "b"], &json!("PodList")));
    assert_eq!(first["metadata"]["remainingItemCount"], 3);
    // What happens meanwhile is not in the list, which is of one moment.
    api.with(|kube| kube.seed(pod("bb", "one", "web")));
    let token = first["metadata"]["continue"].as_str().expect("a token");
    let rest = get(&api, &format!("/api/v1/pods?limit=9&continue={token}")).body;
    assert_eq!(names(&rest), ["c", "d", "e"]);
    assert_eq!(rest["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
    assert_eq!(rest["metadata"]["continue"], Value::Null);
}

#[test]
fn a_list_that_waited_too_long_is_gone() {
    let api = five_pods();
    let first = get(&api, "/api/v1/pods?limit=2").body;
    api.with(|kube| kube.store.compact());
    let token = first["metadata"]["continue"].as_str().expect("a token");
    let reply = get(&api, &format!("/api/v1/pods?limit=2&continue={token}"));
    assert_eq!((reply.status, &reply.body["reason"]), (410, &json!("Expired")));
}

#[test]
fn selectors_choose() {
    let api = five_pods();
    let chosen = |query: &str| {
        let list = get(&api, &format!("/api/v1/namespaces/shop/pods?{query}")).body;
        names(&list).join("")
    };
    assert_eq!(chosen("fieldSelector=spec.nodeName%3Done"), "ab");
    assert_eq!(chosen("fieldSelector=metadata.name%21%3Da"), "bcde");
    assert_eq!(chosen("labelSelector=app%3Ddb"), "bd");
    assert_eq!(chosen("labelSelector=app+in+(web,db),app!%3Ddb"), "ace");
    assert_eq!(chosen("labelSelector=!app"), "");
    assert_eq!(chosen("labelSelector=app+notin+(web)&fieldSelector=spec.nodeName%3Dtwo"), "d");
    let reply = get(&api, "/api/v1/pods?fieldSelector=spec.nothing%3Done");
    assert_eq!(reply.refusal(), (400, "BadRequest", "field label not supported: spec.nothing"));
    assert_eq!(names(&get(&api, "/api/v1/namespaces/default/pods").body), [""; 0]);
}

#[test]
fn a_watch_tells_what_happens_after_a_version() {
    let api = five_pods();
    let version = get(&api, "/api/v1/pods").version().to_owned();
    api.with(|kube| kube.seed(pod("f", "one", "web")));
    let mut watch =
        Watching::open(&api, &format!("/api/v1/pods?watch=1&resourceVersion={version}"));
    let (what, name, added) = watch.told();
    assert_eq!((&*what, &*name), ("ADDED", "f"));
    assert!(added.parse::<u64>().expect("a number") > version.parse().expect("a number"));
    api.with(|kube| kube.seed(pod("f", "two", "web")));
    api.with(|kube| kube.remove("pods", "shop", "a"));
    let told: Vec<_> = (0..2).map(|_| watch.told()).map(|(what, name, _)| what + &name).collect();
    assert_eq!(told, ["MODIFIEDf", "DELETEDa"]);
}

#[test]
fn a_watch_begins_with_all_there_is_where_it_names_no_version() {
    let api = five_pods();
    let mut watch = Watching::open(&api, "/api/v1/pods?watch=true&labelSelector=app%3Ddb");
    let told: Vec<_> = (0..2).map(|_| watch.told()).map(|(what, name, _)| what + &name).collect();
    assert_eq!(told, ["ADDEDb", "ADDEDd"]);
    // What no longer fits is gone for this watch, and what fits now is new.
    api.with(|kube| kube.seed(pod("b", "one", "web")));
    api.with(|kube| kube.seed(pod("a", "one", "db")));
    let told: Vec<_> = (0..2).map(|_| watch.told()).map(|(what, name, _)| what + &name).collect();
    assert_eq!(told, ["DELETEDb", "ADDEDa"]);
}

#[test]
fn a_watch_from_a_forgotten_version_is_gone() {
    let api = five_pods();
    let version = get(&api, "/api/v1/pods").version().to_owned();
    api.with(|kube| kube.seed(pod("f", "one", "web")));
    api.with(|kube| kube.store.compact());
    let mut watch =
        Watching::open(&api, &format!("/api/v1/pods?watch=1&resourceVersion={version}"));
    let told = watch.next().expect("a line").expect("a line");
    assert_eq!((&told["type"], &told["object"]["code"]), (&json!("ERROR"), &json!(410)));
    assert_eq!(told["object"]["reason"], "Expired");
    assert_eq!(watch.next().expect("an end"), None);
}

#[test]
fn bookmarks_go_to_those_who_want_them() {
    let api = five_pods();
    let now = get(&api, "/api/v1/pods").version().to_owned();
    let path = |more: &str| format!("/api/v1/pods?watch=1&resourceVersion={now}{more}");
    let mut plain = Watching::open(&api, &path(""));
    let mut marked = Watching::open(&api, &path("&allowWatchBookmarks=true"));
    ask(&api, "POST", INGRESSES, &ingress(&json!({})));
    api.with(|kube| kube.store.bookmark());
    let (what, name, version) = marked.told();
    assert_eq!((&*what, &*name), ("BOOKMARK", ""));
    assert_ne!(version, now, "a bookmark moves on with what other kinds do");
    api.with(|kube| kube.seed(pod("f", "one", "web")));
    assert_eq!((&*plain.told().1, &*marked.told().1), ("f", "f"));
}

#[test]
fn a_list_may_come_as_a_watch_where_the_server_knows_how() {
    let api = five_pods();
    let path = "/api/v1/pods?watch=1&sendInitialEvents=true&allowWatchBookmarks=true\
                &resourceVersionMatch=NotOlderThan";
    let mut watch = Watching::open(&api, path);
    let told: Vec<_> = (0..5).map(|_| watch.told().1).collect();
    assert_eq!(told.join(""), "abcde");
    let end = watch.next().expect("a line").expect("a line");
    assert_eq!(end["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"], "true");
    api.with(|kube| kube.initial_events = InitialEvents::Refused);
    let reply = get(&api, path);
    assert_eq!((reply.status, &reply.body["reason"]), (422, &json!("Invalid")));
}

#[test]
fn the_double_says_what_it_serves() {
    let api = server();
    assert_eq!(get(&api, "/version").body["gitVersion"], "v1.33.1");
    let core = get(&api, "/api/v1").body;
    let nodes =
        core["resources"].as_array().expect("some").iter().find(|one| one["name"] == "nodes");
    assert_eq!(nodes.map(|nodes| &nodes["namespaced"]), Some(&json!(false)));
    assert_eq!(get(&api, "/apis/traefik.io/v1alpha1").body["resources"][0]["kind"], "Middleware");
    assert_eq!(get(&api, "/apis/no.such.group/v1").status, 404);
}
