//! Objects that are read and written.

use serde_json::{Value, json};
use weir::cluster::{self, Collection, Conflicts, Effect, Error, ObjectPath, Objects, Options};

use crate::Stage;
use crate::support::double::fault::Fault;
use crate::support::double::kube::asked::Asked;

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
        let outdated = cluster.delete(&path, uid, "1", kept).await.unwrap_err();
        assert_eq!(outdated.status(), Some(409));
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

const INGRESSES: Collection<'_> =
    Collection { api_version: "networking.k8s.io/v1", resource: "ingresses", namespace: None };

#[test]
fn a_list_is_whole_or_it_is_an_error() {
    let stage = Stage::new();
    for at in 0..600 {
        let mut one = ingress(&json!({}));
        one["metadata"]["name"] = format!("web-{at:03}").into();
        one["metadata"]["namespace"] = if at == 7 { "shop".into() } else { "default".into() };
        stage.seed(one);
    }
    let list = |collection, most| stage.tasks.block_on(stage.cluster.list(collection, most));
    assert_eq!(list(INGRESSES, 600).unwrap().len(), 600);
    let of_shop = list(Collection { namespace: Some("shop"), ..INGRESSES }, 600).unwrap();
    assert_eq!((of_shop.len(), &of_shop[0]["metadata"]["name"]), (1, &json!("web-007")));
    let error = list(INGRESSES, 599).unwrap_err();
    assert!(error.to_string().contains("list ingresses: there are more than 599"), "{error}");
    // Between two pages the API server forgets what it began with; the list begins anew.
    let is_next = |asked: &Asked| asked.query.contains("continue=");
    stage.api.with(|kube| kube.plan.fail(2, Fault::Status(410), is_next));
    assert_eq!(list(INGRESSES, 600).unwrap().len(), 600);
    stage.api.with(|kube| kube.plan.fail(99, Fault::Status(410), is_next));
    let error = list(INGRESSES, 600).unwrap_err();
    assert!(error.is_passing() && error.to_string().contains("changes faster"), "{error}");
}

#[test]
fn what_is_not_installed_or_does_not_fit_is_refused_for_good() {
    let stage = Stage::new();
    let api_version = "cilium.io/v1alpha1";
    let policies = Collection { api_version, resource: "tracingpolicies", namespace: None };
    let path = ObjectPath {
        api_version: api_version.into(),
        resource: policies.resource.into(),
        namespace: None,
        name: "connections".into(),
    };
    let policy = json!({
        "apiVersion": api_version, "kind": "TracingPolicy",
        "metadata": { "name": "connections" }, "spec": { "kprobez": [] },
    });
    stage.tasks.block_on(async {
        let cluster = &stage.cluster;
        assert_eq!(cluster.list(policies, 9).await.unwrap(), Vec::<Value>::new());
        let (effect, conflicts) = (Effect::DryRun, Conflicts::Refused);
        let tried = cluster.apply(&path, &policy, "weir", conflicts, effect).await;
        let error = tried.unwrap_err();
        assert_eq!((error.status(), error.is_passing()), (Some(422), false), "{error}");
        assert!(error.to_string().contains(".spec.kprobez: field not declared"), "{error}");
        stage.api.with(|kube| kube.absent.push("cilium.io"));
        let error = cluster.list(policies, 9).await.unwrap_err();
        assert_eq!(error.status(), Some(404), "{error}");
    });
}
