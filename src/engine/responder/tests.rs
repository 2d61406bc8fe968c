mod memory;

use std::time::Duration;

use serde_json::json;

pub(super) use self::memory::{Kept, Memory, Outage, request, responder};
use super::*;
use crate::cluster::Effect;

pub(super) const RPS: &str = "nginx.ingress.kubernetes.io/limit-rps";
pub(super) const NOW_US: i64 = 1_600_000_000_000_000;

pub(super) fn name() -> IngressName {
    IngressName::new("shop", "web").unwrap()
}

pub(super) fn alice() -> By {
    By { who: "alice".into(), from: "api".into() }
}

#[tokio::test]
async fn a_limit_is_set_said_and_lifted_and_each_is_on_record() {
    let memory = Memory::with(&json!({ RPS: "50" }));
    let before = memory.ingress();
    let (responder, kept) = responder(&memory);
    let applied = responder.apply(request(5), &alice(), NOW_US).await.unwrap();
    assert_eq!(applied.status.standing, crate::respond::Standing::Active);
    let held = applied.status.held.unwrap();
    assert_eq!((held.limit.rps, held.by.as_str()), (Some(5), "alice via api"));
    assert_eq!(held.until_us, NOW_US + 900_000_000);
    assert_eq!(held.values[0].previous.as_deref(), Some("50"));
    assert_eq!(held.values[0].previous_manager.as_deref(), Some("argocd"));
    assert_eq!(applied.written.len(), 1);
    assert_eq!(memory.annotation(RPS).as_deref(), Some("5"));

    let reverted = responder.revert(&name(), &alice(), Effect::Lasting, NOW_US + 1).await.unwrap();
    assert_eq!(reverted.left, Vec::<String>::new());
    assert_eq!(memory.annotation(RPS).as_deref(), Some("50"));
    assert_eq!(memory.owners(), memory::owners(&before));
    assert_eq!(kept.whats(), ["limit.apply", "limit.revert"]);
}

#[tokio::test]
async fn what_is_only_checked_changes_nothing_and_shows_what_would_be_written() {
    let memory = Memory::with(&json!({ RPS: "50" }));
    let before = memory.ingress();
    let (responder, kept) = responder(&memory);
    let dry = LimitRequest { is_dry_run: true, ..request(5) };
    let applied = responder.apply(dry, &alice(), NOW_US).await.unwrap();
    assert_eq!(applied.written[0].object, "Ingress shop/web");
    assert_eq!(applied.written[0].how, "apply as weir");
    assert_eq!(applied.written[0].body["metadata"]["annotations"][RPS], "5");
    assert_eq!(memory.ingress(), before);

    responder.apply(request(5), &alice(), NOW_US).await.unwrap();
    let limited = memory.ingress();
    let reverted = responder.revert(&name(), &alice(), Effect::DryRun, NOW_US).await.unwrap();
    let hows: Vec<_> = reverted.written.iter().map(|written| written.how.as_str()).collect();
    assert_eq!(hows, ["apply as weir", "apply as argocd", "apply as weir"]);
    assert_eq!(memory.ingress(), limited);
    assert_eq!(kept.whats(), ["limit.apply"]);
}

#[tokio::test]
async fn what_is_refused_is_on_record_with_why_and_writes_nothing() {
    let memory = Memory::with(&json!({}));
    let before = memory.ingress();
    let (responder, kept) = responder(&memory);
    let table = [
        (LimitRequest { ttl: Duration::ZERO, ..request(5) }, "`ttl`"),
        (request(0), "`rps` must be"),
        (
            LimitRequest { ingress: IngressName::new("shop", "nowhere").unwrap(), ..request(5) },
            "no Ingress shop/nowhere",
        ),
    ];
    for (request, why) in table {
        let error = responder.apply(request, &alice(), NOW_US).await.unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    let error = responder.revert(&name(), &alice(), Effect::Lasting, NOW_US).await.unwrap_err();
    assert!(matches!(error, LimitError::NoLimit(_)), "{error}");
    assert_eq!(memory.ingress(), before);
    assert_eq!(kept.whats(), ["limit.refuse"; 4]);
    assert!(kept.last().contains("holds no limit"), "{}", kept.last());
}

#[tokio::test(start_paused = true)]
async fn a_write_that_somebody_else_has_overtaken_is_planned_anew() {
    let memory = Memory::with(&json!({ RPS: "50" }));
    let (responder, _) = responder(&memory);
    memory.overtake(3, &json!({ RPS: "60" }));
    responder.apply(request(5), &alice(), NOW_US).await.unwrap();
    let status = responder.look(&name(), NOW_US).await.unwrap();
    assert_eq!(status.held.unwrap().values[0].previous.as_deref(), Some("60"));

    memory.overtake(100, &json!({ "busy": "yes" }));
    let error = responder.apply(request(7), &alice(), NOW_US).await.unwrap_err();
    assert!(matches!(&error, LimitError::Cluster(error) if error.status() == Some(409)), "{error}");
}

#[tokio::test]
async fn what_the_response_tries_in_vain_again_and_again_is_on_record_once() {
    let memory = Memory::with(&json!({ RPS: "50" }));
    let (responder, kept) = responder(&memory);
    let by = By { who: "weir".into(), from: BY_ITSELF.into() };
    memory.fail("ingresses", Outage::Refused(422));
    for by in [&by, &by, &by, &alice(), &alice()] {
        responder.apply(request(5), by, NOW_US).await.unwrap_err();
    }
    assert_eq!(kept.whats(), ["limit.refuse"; 3], "once for itself, and each time for alice");
    responder.apply(request(0), &by, NOW_US).await.unwrap_err();
    memory.heal();
    responder.apply(request(5), &by, NOW_US).await.unwrap();
    responder.apply(request(0), &by, NOW_US).await.unwrap_err();
    assert_eq!(kept.whats().len(), 6, "{:?}", kept.whats());
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_is_lost_is_not_said_to_be_refused() {
    let memory = Memory::with(&json!({ RPS: "50" }));
    let (responder, kept) = responder(&memory);
    memory.fail("ingresses", Outage::Lost);
    let error = responder.apply(request(5), &alice(), NOW_US).await.unwrap_err();
    assert!(error.to_string().contains("not known whether it was written"), "{error}");
    assert_eq!(memory.annotation(RPS).as_deref(), Some("5"), "it was");
    memory.heal();
    memory.fail("ingresses", Outage::Lost);
    let lifted = responder.revert(&name(), &alice(), Effect::Lasting, NOW_US).await;
    assert!(matches!(lifted, Err(LimitError::Unsure { .. })), "{lifted:?}");
    assert_eq!(kept.whats(), ["limit.unsure"; 2]);
}

#[tokio::test(start_paused = true)]
async fn what_became_of_a_lost_answer_is_read_once_the_api_server_is_back() {
    let memory = Memory::with(&json!({ RPS: "50" }));
    let (responder, kept) = responder(&memory);
    memory.fail("ingresses", Outage::Lost);
    let back = memory.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(300)).await;
        back.heal();
    });
    let applied = responder.apply(request(5), &alice(), NOW_US).await.unwrap();
    assert_eq!((applied.written.len(), memory.writes().len()), (1, 1), "it is not written twice");
    assert_eq!(kept.whats(), ["limit.apply"]);
}

#[tokio::test]
async fn a_limit_that_is_refused_half_way_leaves_nothing_behind() {
    let memory = Memory::with(&json!({}));
    memory.serve("traefik.io/ingress-controller");
    let before = memory.ingress();
    let (responder, _) = responder(&memory);
    memory.fail("ingresses", Outage::Refused(422));
    let error = responder.apply(request(5), &alice(), NOW_US).await.unwrap_err();
    assert!(error.to_string().contains("the API server says"), "{error}");
    assert_eq!(memory.ingress(), before);
    assert_eq!(memory.keys(), ["ingresses/web"], "the Middleware that it was to rest on is gone");
}

#[tokio::test]
async fn what_is_lifted_by_itself_is_the_limit_about_that_incident_and_no_other() {
    let memory = Memory::with(&json!({}));
    let (responder, kept) = responder(&memory);
    let incident = crate::incident::IncidentId(7);
    let own = LimitRequest { by: "weir (auto)".into(), incident: Some(incident), ..request(9) };
    responder.apply(own.clone(), &alice(), NOW_US).await.unwrap();
    responder.apply(request(3), &alice(), NOW_US).await.unwrap();
    let refused = responder.lift_own(&name(), incident, &alice(), NOW_US).await.unwrap_err();
    assert!(refused.to_string().contains("is limited by"), "{refused}");
    assert_eq!(memory.annotation(RPS).as_deref(), Some("3"));
    responder.revert(&name(), &alice(), Effect::Lasting, NOW_US).await.unwrap();
    responder.apply(own, &alice(), NOW_US).await.unwrap();
    responder.lift_own(&name(), incident, &alice(), NOW_US).await.unwrap();
    assert_eq!(memory.annotation(RPS), None);
    assert_eq!(kept.whats().last().map(String::as_str), Some("limit.revert"));
}
