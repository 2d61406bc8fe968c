use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::double::{Owners, Server, owners};
use super::*;
use crate::respond::{Burst, Controller, IngressName, LEDGER, Ledger, Limit, Reading, Refusal};

mod kills;
mod others;
mod strange;

const RPS: &str = "nginx.ingress.kubernetes.io/limit-rps";
const TIMES: &str = "nginx.ingress.kubernetes.io/limit-burst-multiplier";
const LISTED: &str = "traefik.ingress.kubernetes.io/router.middlewares";

fn name() -> IngressName {
    IngressName::new("shop", "web").unwrap()
}

/// An Ingress that `manager` has made by `operation`, with these annotations.
fn ingress(server: &mut Server, operation: Operation, manager: &str, annotations: &Value) {
    let body = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {
            "name": "web", "namespace": "shop", "annotations": annotations,
            "labels": { "app": "web" },
        },
        "spec": { "ingressClassName": "nginx", "rules": [{ "host": "shop.example" }] },
    });
    match operation {
        Operation::Apply => drop(server.apply("ingresses/web", &body, manager).unwrap()),
        Operation::Update => {
            let bare = json!({ "metadata": { "name": "web", "namespace": "shop" } });
            server.apply("ingresses/web", &bare, "nobody").unwrap();
            server.merge("ingresses/web", &body, manager).unwrap();
        }
    }
}

fn changes(server: &mut Server, manager: &str, annotations: &Value) {
    let patch = json!({ "metadata": { "annotations": annotations } });
    server.merge("ingresses/web", &patch, manager).unwrap();
}

fn wanted(controller: Controller, rps: u32) -> Wanted {
    Wanted {
        controller,
        limit: Limit { rps: Some(rps), ..Limit::default() },
        by: "alice via api".into(),
        reason: "flood".into(),
        incident: None,
        now_us: 1_600_000_000_000_000,
        until_us: 1_600_000_900_000_000,
    }
}

fn view<T>(server: &Server, look: impl FnOnce(&View<'_>) -> T) -> T {
    let names = Controller::Traefik.middlewares(&name());
    let there = names.into_iter().filter_map(|name| {
        let object = server.get(&format!("middlewares/{name}"))?.clone();
        Some((name, object))
    });
    let middlewares: BTreeMap<_, _> = there.collect();
    let ingress = server.get("ingresses/web").unwrap();
    look(&View { name: &name(), ingress, middlewares: &middlewares })
}

fn write(server: &mut Server, write: &Write) {
    let key = match &write.target {
        Target::Ingress => "ingresses/web".to_owned(),
        Target::Middleware(name) => format!("middlewares/{name}"),
    };
    match &write.how {
        How::Apply(manager) => drop(server.apply(&key, &write.body, manager).unwrap()),
        How::Merge(manager) => drop(server.merge(&key, &write.body, manager).unwrap()),
        How::Delete { .. } => server.delete(&key),
    }
}

/// Takes at most `steps` steps; the words, and how many writes there were.
fn run(
    server: &mut Server,
    steps: usize,
    plan: impl Fn(&View<'_>) -> Result<Step, Refusal>,
) -> (Vec<Word>, usize) {
    let (mut words, mut writes) = (Vec::new(), 0);
    while writes < steps {
        match view(server, &plan).unwrap() {
            Step::Write(step, said) => {
                write(server, &step);
                words.extend(said);
                writes += 1;
                assert!(writes < 12, "it does not come to an end: {step:?}");
            }
            Step::Done(said) => {
                words.extend(said);
                break;
            }
        }
    }
    (words, writes)
}

fn limited(server: &mut Server, wanted: &Wanted) {
    run(server, 99, |view| set(view, wanted));
    run(server, 99, |view| Ok(keep(view)));
}

fn annotations(server: &Server) -> Value {
    server.get("ingresses/web").unwrap()["metadata"]["annotations"].clone()
}

/// The whole Ingress without its version, and who owns what.
fn state(server: &Server) -> (Value, Owners, Vec<String>) {
    let mut object = server.get("ingresses/web").unwrap().clone();
    let owners = owners(&object);
    let metadata = object["metadata"].as_object_mut().unwrap();
    metadata.remove("resourceVersion");
    metadata.remove("managedFields");
    if metadata.get("annotations") == Some(&json!({})) {
        metadata.remove("annotations");
    }
    (object, owners, server.objects.keys().cloned().collect())
}

/// Ingresses of every kind of owner that a limit meets.
fn kinds() -> Vec<(&'static str, Server)> {
    let with = |operation, manager: &str, annotations: Value| {
        let mut server = Server::default();
        ingress(&mut server, operation, manager, &annotations);
        server
    };
    let before = json!({ RPS: "50", TIMES: "3", LISTED: "auth-sso@kubernetescrd", "a": "b" });
    let mut shared = with(Operation::Apply, "argocd", before.clone());
    ingress(&mut shared, Operation::Apply, "flux", &before);
    let mut mixed = with(Operation::Update, "kubectl", before.clone());
    let part =
        json!({ "metadata": { "annotations": { RPS: "50", LISTED: "auth-sso@kubernetescrd" } } });
    mixed.apply("ingresses/web", &part, "argocd").unwrap();
    vec![
        ("nobody had one", with(Operation::Apply, "argocd", json!({ "a": "b" }))),
        ("no annotations at all", with(Operation::Apply, "argocd", json!({}))),
        (
            "kubectl, client side",
            with(Operation::Update, "kubectl-client-side-apply", before.clone()),
        ),
        ("helm", with(Operation::Update, "helm", before.clone())),
        ("argocd", with(Operation::Apply, "argocd", before)),
        ("two who apply", shared),
        ("one who updates and one who applies", mixed),
        (
            "the same value as Weir's",
            with(Operation::Apply, "argocd", json!({ RPS: "5", TIMES: "5" })),
        ),
        ("the same value, updated", with(Operation::Update, "kubectl", json!({ RPS: "5" }))),
    ]
}

const CONTROLLERS: [Controller; 2] = [Controller::IngressNginx, Controller::Traefik];

#[test]
fn what_is_lifted_is_exactly_as_it_was_for_every_kind_of_owner() {
    for controller in CONTROLLERS {
        for (kind, mut server) in kinds() {
            let before = state(&server);
            limited(&mut server, &wanted(controller, 5));
            let field = controller.annotations()[0];
            assert_ne!(state(&server), before, "{kind}");
            let set = annotations(&server)[field].as_str().unwrap().to_owned();
            assert!(set == "5" || set.ends_with("shop-weir-rps-web@kubernetescrd"), "{set}");
            let (words, _) = run(&mut server, 99, lift);
            assert_eq!(words, [], "{kind}");
            assert_eq!(state(&server), before, "{kind}, {}", controller.name());
        }
    }
}

#[test]
fn an_object_whose_owners_were_wiped_out_is_as_before_too() {
    let mut server = Server::default();
    ingress(&mut server, Operation::Apply, "argocd", &json!({ RPS: "50", "a": "b" }));
    let wiped = server.objects.get_mut("ingresses/web").unwrap();
    wiped["metadata"].as_object_mut().unwrap().remove("managedFields");
    limited(&mut server, &wanted(Controller::IngressNginx, 5));
    assert_eq!(annotations(&server)[RPS], "5");
    run(&mut server, 99, lift);
    assert_eq!(annotations(&server), json!({ RPS: "50", "a": "b" }));

    let mut server = Server::default();
    ingress(&mut server, Operation::Apply, "argocd", &json!({ "a": "b" }));
    limited(&mut server, &wanted(Controller::IngressNginx, 5));
    let wiped = server.objects.get_mut("ingresses/web").unwrap();
    wiped["metadata"].as_object_mut().unwrap().remove("managedFields");
    let (words, writes) = run(&mut server, 99, |view| Ok(keep(view)));
    assert_eq!((words, writes), (vec![], 0), "it is Weir's still: nobody else claims it");
    run(&mut server, 99, lift);
    assert_eq!(annotations(&server)[RPS], Value::Null);
}

#[test]
fn to_want_the_same_again_only_moves_its_end() {
    for controller in CONTROLLERS {
        for (kind, mut server) in kinds() {
            let before = state(&server);
            limited(&mut server, &wanted(controller, 5));
            let (_, writes) = run(&mut server, 99, |view| set(view, &wanted(controller, 5)));
            assert_eq!(writes, 0, "{kind}");
            let later = Wanted { until_us: 1_700_000_000_000_000, ..wanted(controller, 5) };
            let later = Wanted { now_us: later.now_us + 60_000_000, ..later };
            let set_before = annotations(&server);
            let (_, writes) = run(&mut server, 99, |view| set(view, &later));
            assert_eq!(writes, 1, "{kind}");
            let held = ledger(&server);
            assert_eq!(held.until_us, later.until_us);
            assert_eq!(held.since_us, wanted(controller, 5).now_us, "it began before");
            let field = controller.annotations()[0];
            assert_eq!(annotations(&server)[field], set_before[field]);
            run(&mut server, 99, lift);
            assert_eq!(state(&server), before, "{kind}");
        }
    }
}

fn ledger(server: &Server) -> Ledger {
    match Ledger::read(annotations(server)[LEDGER].as_str()) {
        Reading::Held(ledger) => *ledger,
        reading => panic!("{reading:?}"),
    }
}

#[test]
fn another_limit_keeps_what_was_there_before_the_first() {
    for (kind, mut server) in kinds() {
        let before = state(&server);
        let mut other = wanted(Controller::IngressNginx, 7);
        other.limit.burst = Some(Burst::Multiplier(2));
        limited(&mut server, &other);
        assert_eq!(annotations(&server)[TIMES], "2");
        limited(&mut server, &wanted(Controller::IngressNginx, 9));
        let base = before.0["metadata"]["annotations"].clone();
        assert_eq!(annotations(&server)[RPS], "9", "{kind}");
        assert_eq!(annotations(&server)[TIMES], base[TIMES], "{kind}: this limit has no burst");
        run(&mut server, 99, lift);
        assert_eq!(state(&server), before, "{kind}");
    }
}

#[test]
fn traefik_goes_from_a_rate_a_second_to_one_a_minute() {
    for (kind, mut server) in kinds() {
        let before = state(&server);
        limited(&mut server, &wanted(Controller::Traefik, 5));
        let mut by_minute = wanted(Controller::Traefik, 5);
        by_minute.limit = Limit { rpm: Some(60), ..Limit::default() };
        limited(&mut server, &by_minute);
        assert!(server.get("middlewares/weir-rps-web").is_none(), "{kind}");
        let made = server.get("middlewares/weir-rpm-web").unwrap();
        assert_eq!(made["spec"]["rateLimit"], json!({ "average": 60, "period": "1m" }));
        run(&mut server, 99, lift);
        assert_eq!(state(&server), before, "{kind}");
    }
}
