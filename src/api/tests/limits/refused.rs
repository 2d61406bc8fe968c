use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::cluster::{self, ClusterStatus, Link, WatchStatus};
use crate::respond::Refusal;

#[tokio::test]
async fn what_could_not_be_meant_is_refused_and_nobody_is_asked() {
    let (server, mut asked) = server(|| Ok(held())).await;
    let token = server.user("ada", Role::Operator).await;
    let number = "expected a whole number from 1 to 1000000";
    let cases = [
        (
            json!({ "ingress_name": "Web", "rps": 5 }),
            400,
            "`Web` is no Ingress that Kubernetes takes",
        ),
        (json!({ "ingress_name": "web/x", "rps": 5 }), 400, "`web/x` is no Ingress"),
        (json!({ "namespace": "../kube", "rps": 5 }), 400, "`../kube` is no namespace"),
        (json!({ "namespace": "", "rps": 5 }), 400, "`` is no namespace"),
        (json!({}), 400, "a limit needs `rps`, `rpm` or `connections`"),
        (json!({ "burst": 5, "connections": 5 }), 400, "a burst needs `rps` or `rpm`"),
        (json!({ "rps": 0 }), 400, number),
        (json!({ "rps": -1 }), 400, number),
        (json!({ "rps": 1.5 }), 400, number),
        (json!({ "rpm": 1_000_001 }), 400, number),
        (json!({ "connections": u64::MAX }), 400, number),
        (json!({ "rps": 5, "burst": 0 }), 400, number),
        (json!({ "rps": 5, "burst": 5, "burst_multiplier": 2 }), 400, "burst: expected it or"),
        (json!({ "rps": "5" }), 422, "of another type"),
        (json!({ "rps": 5, "limit_rps": 5 }), 422, "not known"),
        (json!({ "rps": 5, "ttl": 9 }), 400, "ttl: expected 10 s to 24 h"),
        (json!({ "rps": 5, "ttl": "25h" }), 400, "ttl: expected 10 s to 24 h"),
        (json!({ "rps": 5, "ttl": "soon" }), 400, "ttl: expected 10 s to 24 h"),
        (json!({ "rps": 5, "ttl": -5 }), 400, "ttl: expected 10 s to 24 h"),
        (json!({ "rps": 5, "allowlist": ["10.0.0.0/33"] }), 400, "allowlist: expected networks"),
        (json!({ "rps": 5, "allowlist": vec!["10.0.0.1"; 257] }), 400, "at most 256 networks"),
        (json!({ "rps": 5, "reason": "two\nlines" }), 400, "reason: expected one line"),
        (json!({ "rps": 5, "reason": "x".repeat(600) }), 400, "reason: expected one line"),
        (json!({ "rps": 5, "incident": "7" }), 400, "incident: expected the 16 digits"),
        (json!({ "rps": 5, "incident": "00000000000000ff" }), 404, "00000000000000ff"),
    ];
    for (with, status, said) in cases {
        let mut body = json!({ "ingress_name": "web", "namespace": "shop" });
        body.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
        let answer = server.ask_as(&token, "POST", "/apply_rate_limit", &body).await;
        let detail = answer.problem(status);
        assert!(detail.contains(said), "{with}: {detail}");
    }
    assert!(asked.try_recv().is_err(), "the engine was asked");
}

fn refused(status: u16) -> LimitError {
    let message = format!("words of the API server with {status}");
    let action = "set a limit at the Ingress shop/web".into();
    cluster::Error::Refused { action, status, reason: "Reason".into(), message }.into()
}

/// An error, the status and the words it is told with, and whether another try may do.
type Case = (fn() -> LimitError, u16, &'static str, bool);

#[tokio::test]
async fn why_the_cluster_did_not_do_it_is_told_in_its_own_words() {
    let cases: [Case; 14] = [
        (|| refused(401), 403, "words of the API server with 401", false),
        (|| refused(403), 403, "with 403; `weir doctor` says which rights", false),
        (|| refused(404), 404, "words of the API server with 404", false),
        (|| refused(409), 409, "words of the API server with 409", true),
        (|| refused(422), 422, "words of the API server with 422", false),
        (|| refused(429), 503, "words of the API server with 429", true),
        (|| refused(500), 503, "words of the API server with 500", true),
        (
            || cluster::Error::ReadOnly { action: "set a limit".into() }.into(),
            403,
            "set a limit: Weir runs with `read-only`",
            false,
        ),
        (|| LimitError::NoIngress(web()), 404, "there is no Ingress shop/web", false),
        (|| LimitError::NoLimit(web()), 404, "Weir holds no limit at the Ingress shop/web", false),
        (|| Refusal::Guarded("it is protected".into()).into(), 422, "it is protected", false),
        (|| LimitError::Busy, 503, "too many questions", true),
        (|| LimitError::Ended, 503, "the engine has ended", false),
        (
            || {
                let (controller, why) = ("HAProxy Ingress", "it knows no bursts".into());
                Refusal::Unable { controller, what: "burst", why }.into()
            },
            422,
            "HAProxy Ingress cannot limit by burst: it knows no bursts",
            false,
        ),
    ];
    let turn = AtomicUsize::new(0);
    let (server, _asked) =
        server(move || Err(cases[turn.fetch_add(1, Ordering::Relaxed)].0())).await;
    let token = server.user("ada", Role::Operator).await;
    let body = json!({ "ingress_name": "web", "namespace": "shop", "rps": 5 });
    for (_, status, said, is_passing) in cases {
        let answer = server.ask_as(&token, "POST", "/apply_rate_limit", &body).await;
        let detail = answer.problem(status);
        assert!(detail.contains(said), "{detail}");
        assert_eq!(answer.header("retry-after"), is_passing.then_some("5"), "{said}");
    }
}

#[tokio::test]
async fn that_no_ingress_is_known_does_not_mean_that_there_is_none() {
    let (limits, mut asks) = Limits::new();
    tokio::spawn(async move {
        while let Some(LimitAsk::List(None, tell)) = asks.recv().await {
            tell.send(Ok(Vec::new())).unwrap();
        }
    });
    let server = Server::limiting(limits).await;
    let token = server.token().await;
    let status = |link, watch: (Option<i64>, Option<&str>, Option<u16>)| {
        let (heard_us, failure, refused) = watch;
        let failure = failure.map(ToOwned::to_owned);
        let watch = WatchStatus { resource: "ingresses", objects: 0, heard_us, failure, refused };
        let cluster = ClusterStatus { link, watches: vec![watch], ..ClusterStatus::default() };
        Arc::new(Snapshot { cluster, ..Snapshot::default() })
    };
    let down = || Link::Down { since_us: 1, why: "connection refused".into() };
    let forbidden = Some("the API server says: forbidden (403)");
    for (seen, code, said, again) in [
        (status(Link::Connecting, (None, None, None)), 503, "has not listed them yet", Some("5")),
        (status(Link::Up, (None, None, None)), 503, "has not listed them yet", Some("5")),
        (status(down(), (None, None, None)), 503, "list ingresses: connection refused", Some("5")),
        (status(Link::Up, (None, forbidden, Some(403))), 403, "forbidden (403); `weir doc", None),
        (status(Link::Up, (None, Some("none such"), Some(404))), 503, "none such", None),
    ] {
        server.snapshots.send_replace(seen);
        let answer = server.get_as(&token, "/check_rate_limit").await;
        let detail = answer.problem(code);
        assert!(detail.contains(said), "{said}: {detail}");
        assert_eq!(answer.header("retry-after"), again, "{said}");
    }
    server.snapshots.send_replace(status(Link::Up, (Some(1), None, None)));
    let answer = server.get_as(&token, "/check_rate_limit").await;
    assert_eq!((answer.status, answer.json()), (200, json!([])));
}

#[tokio::test]
async fn without_a_cluster_it_is_said_that_there_is_none() {
    let server = Server::start().await;
    let token = server.user("ada", Role::Operator).await;
    let body = json!({ "ingress_name": "web", "namespace": "shop", "rps": 5 });
    let applied = server.ask_as(&token, "POST", "/apply_rate_limit", &body).await;
    assert_eq!(applied.problem(503), "no cluster: `cluster` is off");
    let mut snapshot = Snapshot::default();
    snapshot.cluster.link = cluster::Link::Absent("no cluster: `cluster` is off".into());
    server.snapshots.send_replace(Arc::new(snapshot));
    let info = server.get_as(&token, "/cluster-info").await;
    assert_eq!(info.problem(503), "no cluster: `cluster` is off");
    server.get("/cluster-info").await.problem(401);
    let map = server.get_as(&token, "/api/service-map").await;
    assert_eq!(
        (map.status, map.json()["unknown"].clone()),
        (200, json!("no cluster: `cluster` is off"))
    );
    server.get("/api/service-map").await.problem(401);
    let checked = server.get_as(&token, "/check_rate_limit").await;
    assert_eq!(checked.problem(503), "no cluster: `cluster` is off");
}
