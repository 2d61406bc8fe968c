//! Objects as nobody would make them.

use proptest::prelude::*;
use serde_json::Map;

use super::*;

/// JSON of any shape, with keys that mean something here among those that do not.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-z0-9.,{}\":-]{0,8}".prop_map(Value::from),
        Just(Value::from("Apply")),
        Just(Value::from("weir")),
        Just(Value::from("networking.k8s.io/v1")),
    ];
    let keys = prop_oneof![
        Just("f:metadata".to_owned()),
        Just("f:annotations".to_owned()),
        Just(format!("f:{RPS}")),
        Just(format!("f:{LISTED}")),
        Just("k:{\"name\":1}".to_owned()),
        Just("v:1".to_owned()),
        Just("i:0".to_owned()),
        Just(".".to_owned()),
        "[a-zé:]{0,4}",
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(keys.clone(), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// A sound Ingress under a limit, of which one place is replaced.
fn broken(place: &str, with: Value) -> Value {
    let mut server = Server::default();
    let before = json!({ RPS: "50", LISTED: "auth-sso@kubernetescrd" });
    ingress(&mut server, Operation::Apply, "argocd", &before);
    run(&mut server, 99, |view| set(view, &wanted(Controller::IngressNginx, 5)));
    let mut object = server.get("ingresses/web").unwrap().clone();
    if let Some(found) = object.pointer_mut(place) {
        *found = with;
    }
    object
}

proptest! {
    #[test]
    fn no_object_makes_a_plan_panic(
        place in prop::sample::select(vec![
            "", "/metadata", "/metadata/annotations", "/metadata/managedFields",
            "/metadata/managedFields/0", "/metadata/managedFields/0/fieldsV1",
            "/metadata/managedFields/1/fieldsV1", "/metadata/managedFields/0/manager",
            "/metadata/annotations/weir.dev~1limit",
            "/metadata/annotations/nginx.ingress.kubernetes.io~1limit-rps",
            "/metadata/resourceVersion",
        ]),
        with in json(),
        middleware in json(),
    ) {
        let object = broken(place, with);
        let middlewares = [("weir-rps-web".to_owned(), middleware)].into();
        let name = name();
        let view = View { name: &name, ingress: &object, middlewares: &middlewares };
        for controller in CONTROLLERS {
            drop(set(&view, &wanted(controller, 7)));
        }
        drop(lift(&view));
        drop(keep(&view));
    }

    #[test]
    fn a_forged_ledger_never_makes_weir_write_other_annotations(
        field in "[a-z./-]{1,40}",
        previous in "[ -~]{0,40}",
        manager in "[a-z]{1,12}",
    ) {
        let ledger = json!({
            "version": 1, "controller": "ingress-nginx", "limit": { "rps": 5 }, "by": "x",
            "reason": "x", "since": "2020-01-01T00:00:00Z", "until": "2020-01-01T00:00:00Z",
            "values": [{
                "field": field, "value": "1", "previous": previous, "state": "leaving",
                "owners": [{
                    "manager": manager, "operation": "Update", "apiVersion": "networking.k8s.io/v1",
                }],
            }],
        });
        let mut server = Server::default();
        let forged = json!({ LEDGER: ledger.to_string(), field.clone(): "1" });
        ingress(&mut server, Operation::Apply, "mallory", &forged);
        let before = state(&server);
        run(&mut server, 99, |view| Ok(keep(view)));
        if !Controller::IngressNginx.annotations().contains(&field.as_str()) {
            prop_assert_eq!(state(&server), before);
        }
    }
}
