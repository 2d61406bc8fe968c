//! What serves an Ingress, and what is behind it.

use super::*;

fn ingress(name: &str, class: Option<&str>, hosts: &[&str]) -> Value {
    let backend = json!({ "service": { "name": "web", "port": { "number": 80 } } });
    let rule = |host: &&str| {
        let path = json!({ "path": "/", "backend": backend });
        if host.is_empty() {
            json!({ "http": { "paths": [path] } })
        } else {
            json!({ "host": host, "http": { "paths": [path] } })
        }
    };
    json!({
        "kind": "Ingress",
        "metadata": { "name": name, "namespace": "shop", "uid": name },
        "spec": { "ingressClassName": class, "rules": hosts.iter().map(rule).collect::<Vec<_>>() },
    })
}

fn class(name: &str, controller: &str) -> Value {
    json!({ "kind": "IngressClass", "metadata": { "name": name }, "spec": { "controller": controller } })
}

#[test]
fn the_pods_behind_an_ingress_are_its_backends() {
    let world = world(&[
        ingress("web", Some("nginx"), &["www.example.org"]),
        service("web", "10.96.3.9"),
        slice("web", "web-6d-7f", "10.244.1.17"),
    ]);
    let ingress = world.ingress("shop", "web").unwrap();
    assert_eq!(ingress.backends, [at("10.96.3.9"), at("10.244.1.17")]);
    assert!(world.ingress("shop", "nothing").is_none());
}

fn served_by(objects: &[Value]) -> ServedBy {
    let mut all = objects.to_vec();
    all.push(ingress("web", Some("nginx"), &["www.example.org"]));
    world(&all).ingress("shop", "web").unwrap().served_by.clone()
}

fn running(name: &str, image: &str, args: &[&str]) -> Value {
    let pod = pod(name, "10.244.2.2", NOON);
    let pod = with(pod, "/spec/containers", json!([{ "image": image, "args": args }]));
    with(pod, "/status/podIPs", Value::Null)
}

#[test]
fn a_class_whose_controller_may_be_two_is_told_by_the_pods() {
    let nginx = class("nginx", "k8s.io/ingress-nginx");
    let images = |objects: &[Value]| match served_by(objects) {
        ServedBy::Controller { images, replicas, .. } => Ok((images, replicas)),
        ServedBy::Unknown(why) => Err(why),
    };
    let real = running("c", "registry.k8s.io/ingress-nginx/controller:v1.12", &[]);
    let other = running("t", "traefik:v3.5", &["--providers.kubernetesingressnginx=true"]);
    let plain = running("t", "traefik:v3.5", &[]);
    assert_eq!(images(&[nginx.clone(), real]), Ok((vec!["ingress-nginx/controller".into()], 1)));
    assert_eq!(images(&[nginx.clone(), other]), Ok((vec!["traefik".into()], 1)));
    let why = images(&[nginx.clone(), plain]).unwrap_err();
    assert!(why.contains("may be ingress-nginx or Traefik"), "{why}");
    assert!(images(&[nginx]).is_err());
}

/// As in another namespace, where somebody else rules.
fn of_a_tenant(object: Value) -> Value {
    with(object, "/metadata/namespace", json!("tenant"))
}

fn since(object: Value, time: &str) -> Value {
    with(object, "/metadata/creationTimestamp", json!(time))
}

#[test]
fn whoever_passes_for_a_controller_changes_nothing() {
    let own = [
        class("nginx", "k8s.io/ingress-nginx"),
        running("c", "registry.k8s.io/ingress-nginx/controller:v1.12", &[]),
        slice("edge", "c", "10.244.2.2"),
        since(service("edge", "10.96.0.80"), "2026-01-01T00:00:00Z"),
    ];
    let real = served_by(&own);
    let arg = "--providers.kubernetesingressnginx";
    let fake = of_a_tenant(running("t", "x/traefik", &[arg]));
    let in_front = [
        of_a_tenant(slice("also", "t", "10.244.2.9")),
        of_a_tenant(since(service("also", "10.96.0.99"), NOON)),
    ];
    let unready = with(fake.clone(), "/status/conditions", json!([]));
    for faked in [vec![unready], vec![fake.clone()], [vec![fake], in_front.to_vec()].concat()] {
        assert_eq!(served_by(&[&own[..], &faked].concat()), real, "{faked:#?}");
    }
}

#[test]
fn what_a_service_calls_its_external_address_is_no_controllers() {
    let outside = service("edge", "10.96.0.80");
    let found = served_by(&[
        class("nginx", "nginx.org/ingress-controller"),
        running("c", "nginx/nginx-ingress:5", &[]),
        slice("edge", "c", "10.244.2.2"),
        with(outside, "/spec/externalIPs", json!(["203.0.113.66"])),
    ]);
    let ServedBy::Controller { addresses, .. } = found else { panic!("{found:?}") };
    assert_eq!(addresses, [at("10.96.0.80"), at("10.244.2.2")]);
}

#[test]
fn what_stands_in_front_of_a_controller_is_known() {
    let found = served_by(&[
        class("nginx", "nginx.org/ingress-controller"),
        running("c", "nginx/nginx-ingress:5", &[]),
        slice("edge", "c", "10.244.2.2"),
        service("edge", "10.96.0.80"),
    ]);
    let ServedBy::Controller { addresses, .. } = found else { panic!("{found:?}") };
    assert_eq!(addresses, [at("10.96.0.80"), at("10.244.2.2")]);
}

#[test]
fn an_ingress_without_a_class_is_served_by_the_default_if_there_is_one() {
    let default = |name: &str| {
        let annotation = json!({ "ingressclass.kubernetes.io/is-default-class": "true" });
        with(class(name, "traefik.io/ingress-controller"), "/metadata/annotations", annotation)
    };
    let of = |objects: &[Value]| {
        let mut all = objects.to_vec();
        all.push(ingress("web", None, &[""]));
        let ingress = world(&all).ingress("shop", "web").unwrap().clone();
        (ingress.class.clone(), matches!(ingress.served_by, ServedBy::Controller { .. }))
    };
    assert_eq!(of(&[default("a")]), (Some("a".into()), true));
    assert_eq!(of(&[default("a"), default("b")]), (None, false));
    assert_eq!(of(&[]), (None, false));
}

#[test]
fn the_field_outdoes_the_old_annotation_and_a_class_that_is_missing_is_said() {
    let old = json!({ "kubernetes.io/ingress.class": "old" });
    let classes = [class("old", "nginx.org/ingress-controller")];
    let of = |name: Option<&str>| {
        let mut all = classes.to_vec();
        all.push(with(ingress("web", name, &[""]), "/metadata/annotations", old.clone()));
        let ingress = world(&all).ingress("shop", "web").unwrap().clone();
        (ingress.class.clone(), ingress.served_by.clone())
    };
    assert!(matches!(of(None), (Some(name), ServedBy::Controller { .. }) if name == "old"));
    let (_, missing) = of(Some("new"));
    assert_eq!(missing, ServedBy::Unknown("there is no IngressClass `new`".into()));
}
