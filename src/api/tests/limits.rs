mod refused;

use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::*;
use crate::engine::{Applied, LimitAsk, LimitError, Limits, Reverted, Snapshot, Written};
use crate::respond::{
    Burst, Controller, Decision, DecisionKind, Held, IngressName, Limit, LimitRequest, LimitStatus,
    SetValue, Standing,
};
use crate::store::{By, Changes, Role};

/// What arrived at the one task that sets limits.
#[derive(Debug, PartialEq)]
enum Asked {
    Apply(LimitRequest, By),
    Revert(IngressName, By, bool),
    List(Option<IngressName>),
}

/// A server whose task notes what it is asked and answers with what `answer` makes.
async fn server(
    answer: impl Fn() -> Result<LimitStatus, LimitError> + Send + 'static,
) -> (Server, UnboundedReceiver<Asked>) {
    let (limits, mut asks) = Limits::new();
    let (note, noted) = unbounded_channel();
    tokio::spawn(async move {
        while let Some(ask) = asks.recv().await {
            match ask {
                LimitAsk::Apply(request, by, tell) => {
                    let is_dry_run = request.is_dry_run;
                    note.send(Asked::Apply(*request, by)).unwrap();
                    let applied = answer().map(|status| Applied {
                        status,
                        written: vec![written()],
                        preview: None,
                        notes: vec!["each replica counts alone".into()],
                        is_dry_run,
                    });
                    tell.send(applied).unwrap();
                }
                LimitAsk::Revert { ingress, by, is_dry_run, tell } => {
                    note.send(Asked::Revert(ingress, by, is_dry_run)).unwrap();
                    let left = vec!["limit-rpm is 9 of helm, and left so".into()];
                    let reverted = answer().map(|status| Reverted {
                        status,
                        written: vec![written()],
                        left,
                        is_dry_run,
                    });
                    tell.send(reverted).unwrap();
                }
                LimitAsk::List(ingress, tell) => {
                    note.send(Asked::List(ingress)).unwrap();
                    tell.send(answer().map(|status| vec![status, bare()])).unwrap();
                }
                LimitAsk::Lift(..) | LimitAsk::Preview(..) => unreachable!("nothing asks for it"),
            }
        }
    });
    (Server::limiting(limits).await, noted)
}

fn web() -> IngressName {
    IngressName::new("shop", "web").unwrap()
}

fn written() -> Written {
    Written {
        object: "Ingress shop/web".into(),
        how: "apply as weir".into(),
        body: json!({ "metadata": { "name": "web" } }),
    }
}

fn limit() -> Limit {
    Limit {
        rps: Some(5),
        burst: Some(Burst::Multiplier(5)),
        allowlist: vec!["10.0.0.0/8".parse().unwrap()],
        ..Limit::default()
    }
}

/// An Ingress that Weir limits.
fn held() -> LimitStatus {
    LimitStatus {
        ingress: web(),
        controller: Ok(Controller::IngressNginx),
        standing: Standing::Active,
        held: Some(Held {
            limit: limit(),
            by: "ada via api".into(),
            reason: "flood".into(),
            incident: Some(IncidentId(1)),
            since_us: 1_600_000_000_000_000,
            until_us: 1_600_000_900_000_000,
            values: vec![SetValue {
                field: "nginx.ingress.kubernetes.io/limit-rps".into(),
                value: Some("5".into()),
                wanted: "5".into(),
                previous: Some("100".into()),
                previous_manager: Some("helm".into()),
            }],
        }),
        foreign: Vec::new(),
    }
}

/// An Ingress that nobody limits, of a controller that takes no limit.
fn bare() -> LimitStatus {
    LimitStatus {
        ingress: IngressName::new("blog", "www").unwrap(),
        controller: Err("kong is not supported".into()),
        standing: Standing::Unlimited,
        held: None,
        foreign: Vec::new(),
    }
}

fn held_json() -> Value {
    json!({
        "ingress_name": "web",
        "namespace": "shop",
        "controller": "ingress-nginx",
        "unsupported": null,
        "standing": "active",
        "held": {
            "limit": {
                "rps": 5, "rpm": null, "connections": null,
                "burst": null, "burst_multiplier": 5, "allowlist": ["10.0.0.0/8"],
            },
            "by": "ada via api",
            "reason": "flood",
            "incident": "0000000000000001",
            "since": "2020-09-13T12:26:40.000000Z",
            "until": "2020-09-13T12:41:40.000000Z",
            "values": [{
                "field": "nginx.ingress.kubernetes.io/limit-rps",
                "value": "5", "wanted": "5", "previous": "100", "previous_manager": "helm",
            }],
        },
        "foreign": [],
    })
}

#[tokio::test]
async fn a_limit_is_asked_for_in_the_name_of_the_operator_who_wants_it() {
    let (mut server, mut asked) = server(|| Ok(held())).await;
    server.store.apply(&Changes::of(&shared([incident(1)]))).unwrap();
    let token = server.user("ada", Role::Operator).await;
    let body = json!({
        "ingress_name": "web", "namespace": "shop", "rps": 5, "burst_multiplier": 5,
        "allowlist": ["10.1.2.3/8"], "ttl": "20m", "reason": "flood",
        "incident": "0000000000000001", "dry_run": true,
    });
    let answer = server.ask_as(&token, "POST", "/apply_rate_limit", &body).await;
    assert_eq!(
        (answer.status, answer.json()),
        (
            200,
            json!({
                "dry_run": true,
                "status": held_json(),
                "written": [{
                    "object": "Ingress shop/web", "how": "apply as weir",
                    "body": { "metadata": { "name": "web" } },
                }],
                "preview": null,
                "notes": ["each replica counts alone"],
            })
        )
    );
    let request = LimitRequest {
        ingress: web(),
        limit: limit(),
        ttl: Duration::from_mins(20),
        reason: "flood".into(),
        incident: Some(IncidentId(1)),
        by: "ada via api".into(),
        is_dry_run: true,
    };
    let by = By { who: "ada".into(), from: "127.0.0.1".into() };
    assert_eq!(asked.recv().await, Some(Asked::Apply(request, by)));
}

#[tokio::test]
async fn what_is_not_said_of_a_limit_has_its_usual_value() {
    let (server, mut asked) = server(|| Ok(held())).await;
    let token = server.user("ada", Role::Operator).await;
    for ttl in [json!(null), json!(900), json!("15m")] {
        let body = json!({ "ingress_name": "web", "namespace": "shop", "rpm": 60, "ttl": ttl });
        let answer = server.ask_as(&token, "POST", "/apply_rate_limit", &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let Some(Asked::Apply(request, _)) = asked.recv().await else { panic!("it is asked for") };
        assert_eq!(request.ttl, Duration::from_mins(15));
        assert_eq!(request.limit, Limit { rpm: Some(60), ..Limit::default() });
        assert_eq!((request.reason.as_str(), request.is_dry_run), ("", false));
    }
}

#[tokio::test]
async fn a_limit_is_lifted_and_what_was_left_is_told() {
    let (server, mut asked) = server(|| Ok(bare())).await;
    let token = server.user("ada", Role::Operator).await;
    for dry_run in [true, false] {
        let body = json!({ "ingress_name": "web", "namespace": "shop", "dry_run": dry_run });
        let answer = server.ask_as(&token, "POST", "/revert_rate_limit", &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.json()["dry_run"], dry_run);
        assert_eq!(answer.json()["left"], json!(["limit-rpm is 9 of helm, and left so"]));
        assert_eq!(answer.json()["status"]["standing"], "unlimited");
        let by = By { who: "ada".into(), from: "127.0.0.1".into() };
        assert_eq!(asked.recv().await, Some(Asked::Revert(web(), by, dry_run)));
    }
}

#[tokio::test]
async fn what_is_set_is_read_of_one_ingress_of_a_namespace_or_of_all() {
    let (server, mut asked) = server(|| Ok(held())).await;
    let token = server.token().await;
    let one = server.get_as(&token, "/check_rate_limit?ingress_name=web&namespace=shop").await;
    assert_eq!((one.status, one.json()), (200, held_json()));
    assert_eq!(asked.recv().await, Some(Asked::List(Some(web()))));
    let all = server.get_as(&token, "/check_rate_limit").await.json();
    assert_eq!(asked.recv().await, Some(Asked::List(None)));
    assert_eq!((&all[0], &all[1]["unsupported"]), (&held_json(), &json!("kong is not supported")));
    let blog = server.get_as(&token, "/check_rate_limit?namespace=blog").await.json();
    assert_eq!((blog.as_array().unwrap().len(), &blog[0]["ingress_name"]), (1, &json!("www")));
    for (query, said) in [
        ("ingress_name=web", "namespace: expected that of the Ingress"),
        ("ingress_name=web&namespace=Shop", "`Shop` is no namespace"),
        ("ingress=web", "unknown field `ingress`"),
    ] {
        let answer = server.get_as(&token, &format!("/check_rate_limit?{query}")).await;
        assert!(answer.problem(400).contains(said), "{query}: {answer:?}");
    }
}

#[tokio::test]
async fn a_viewer_looks_at_limits_and_changes_none() {
    let (server, mut asked) = server(|| Ok(held())).await;
    let viewer = server.token().await;
    let body = json!({ "ingress_name": "web", "namespace": "shop", "rps": 5 });
    for path in ["/apply_rate_limit", "/revert_rate_limit"] {
        let refused = server.ask_as(&viewer, "POST", path, &body).await;
        assert_eq!(refused.problem(403), "this takes the role operator or admin; ops is a viewer");
        assert_eq!(server.ask("POST", path, "", "").await.status, 401);
    }
    assert!(asked.try_recv().is_err(), "the engine was asked");
    for path in ["/check_rate_limit", "/api/decisions"] {
        assert_eq!(server.get_as(&viewer, path).await.status, 200);
        assert_eq!(server.get(path).await.status, 401);
    }
}

#[tokio::test]
async fn decisions_are_listed_newest_first_and_by_incident() {
    let server = Server::start().await;
    let token = server.token().await;
    let decision = |at_us, incident| {
        Arc::new(Decision {
            at_us,
            incident,
            class: Some(Class::DosFlood),
            ingress: Some(web()),
            kind: DecisionKind::Recommended,
            text: "hold shop/web to 5 r/s".into(),
        })
    };
    let mut snapshot = Snapshot::default();
    snapshot.response.decisions = vec![
        decision(1_600_000_001_000_000, None),
        decision(1_600_000_000_000_000, Some(IncidentId(7))),
    ];
    server.snapshots.send_replace(Arc::new(snapshot));
    let all = server.get_as(&token, "/api/decisions").await.json();
    assert_eq!(
        all[1],
        json!({
            "at": "2020-09-13T12:26:40.000000Z", "kind": "recommended",
            "incident": "0000000000000007", "class": "dos-flood", "ingress_name": "web",
            "namespace": "shop", "text": "hold shop/web to 5 r/s",
        })
    );
    assert_eq!((all.as_array().unwrap().len(), &all[0]["incident"]), (2, &Value::Null));
    let of = server.get_as(&token, "/api/decisions?incident=0000000000000007").await.json();
    assert_eq!(of, json!([all[1]]));
    let newest = server.get_as(&token, "/api/decisions?limit=1").await.json();
    assert_eq!(newest, json!([all[0]]));
    for query in ["limit=0", "limit=201", "incident=7"] {
        server.get_as(&token, &format!("/api/decisions?{query}")).await.problem(400);
    }
}
