use std::sync::Mutex;

use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::*;
use crate::engine::limits::Limits;
use crate::engine::responder::tests::{
    Kept, Memory, NOW_US, Outage, RPS, alice, name, request, responder,
};
use crate::respond::{LimitRequest, Standing};

/// One Weir of several: its task, its door, and what it has said.
struct Weir {
    door: Limits,
    /// The door of the response.
    first: Limits,
    stop: CancellationToken,
    task: JoinHandle<()>,
    reports: Arc<Mutex<Vec<Report>>>,
    /// What is on record.
    kept: Kept,
}

/// The wall clock of these tests: that of tokio, which is paused.
fn wall() -> impl Fn() -> i64 + Clone {
    let started = Instant::now();
    move || NOW_US + i64::try_from(started.elapsed().as_micros()).unwrap()
}

/// An Ingress as the watch shows it.
fn seen(memory: &Memory, ingress: &Value) -> Seen {
    let annotations = ingress["metadata"]["annotations"].as_object().into_iter().flatten();
    let annotations =
        annotations.map(|(name, value)| (name.clone(), value.as_str().unwrap().into()));
    Seen {
        name: IngressName::new("shop", ingress["metadata"]["name"].as_str().unwrap()).unwrap(),
        controller: memory.serving(),
        annotations: annotations.collect(),
    }
}

impl Weir {
    fn start(
        identity: &str,
        memory: &Memory,
        wall_us: impl Fn() -> i64 + Clone + Send + Sync + 'static,
    ) -> Self {
        let ([door, first], asked) = Limits::two();
        let stop = CancellationToken::new();
        let reports = Arc::<Mutex<Vec<Report>>>::default();
        let (told, shown) = (Arc::clone(&reports), memory.clone());
        let (responder, kept) = responder(memory);
        let parts = Parts {
            responder,
            election: Some(Election::new("weir".into(), "weir".into(), identity.into())),
            survey: Box::new(move || {
                shown.ingresses().iter().map(|ingress| seen(&shown, ingress)).collect()
            }),
            preview: Box::new(|_, _| Box::pin(async { Ok(Preview::default()) })),
            packet_us: Box::new(wall_us.clone()),
            wall_us: Box::new(wall_us),
            publish: Box::new(move |report| told.lock().unwrap().push(report)),
        };
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            let mut asked = asked;
            run(parts, &mut asked, stopped).await;
        });
        Self { door, first, stop, task, reports, kept }
    }

    async fn apply(&self, request: LimitRequest) -> Result<crate::engine::Applied, LimitError> {
        self.door.apply(request, alice()).await
    }

    fn holder(&self) -> Holder {
        self.reports.lock().unwrap().last().unwrap().holder.clone()
    }

    fn decisions(&self) -> Vec<(DecisionKind, String)> {
        let reports = self.reports.lock().unwrap();
        let decisions = reports.iter().flat_map(|report| &report.decisions);
        decisions.map(|decision| (decision.kind, decision.text.clone())).collect()
    }

    fn standing(&self) -> Standing {
        self.reports.lock().unwrap().last().unwrap().limits[0].standing
    }
}

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test(start_paused = true)]
async fn a_limit_ends_when_its_time_is_over_and_not_before() {
    let memory = Memory::with(&json!({ RPS: "50" }));
    let before = memory.owners();
    let weir = Weir::start("a", &memory, wall());
    let applied = weir.apply(LimitRequest { ttl: s(60), ..request(5) }).await.unwrap();
    assert!(applied.preview.is_some());
    let itself = crate::store::By { who: "weir".into(), from: BY_ITSELF.into() };
    let again = LimitRequest { ttl: s(60), ..request(5) };
    let applied = weir.first.apply(again, itself).await.unwrap();
    assert!(applied.preview.is_none(), "the response knows it already");
    sleep(s(58)).await;
    assert_eq!(memory.annotation(RPS).as_deref(), Some("5"));
    assert_eq!((weir.holder(), weir.standing()), (Holder::Us, Standing::Active));
    sleep(s(8)).await;
    assert_eq!(memory.annotation(RPS).as_deref(), Some("50"));
    assert_eq!(memory.owners(), before);
    let decisions = weir.decisions();
    let [(DecisionKind::Expired, text)] = &decisions[..] else { panic!("{decisions:?}") };
    assert!(text.contains("rps=5") && text.contains("alice"), "{text}");
    assert_eq!(weir.standing(), Standing::Foreign);
}

#[tokio::test(start_paused = true)]
async fn when_the_one_that_acts_dies_another_takes_over_within_20_s_and_ends_what_is_due() {
    let memory = Memory::with(&json!({ RPS: "50" }));
    let wall = wall();
    let (a, b) = (Weir::start("a", &memory, wall.clone()), Weir::start("b", &memory, wall));
    sleep(s(5)).await;
    assert_eq!((a.holder(), b.holder()), (Holder::Us, Holder::Other("a".into())));
    a.apply(LimitRequest { ttl: s(10), ..request(5) }).await.unwrap();
    a.task.abort();
    let waited = Instant::now();
    let ended = async {
        while memory.annotation(RPS).as_deref() != Some("50") {
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(s(60), ended).await.unwrap();
    println!("another took over and ended it after {:?}", waited.elapsed());
    assert!(waited.elapsed() <= s(20), "{:?}", waited.elapsed());
    assert_eq!(b.holder(), Holder::Us);
}

#[tokio::test(start_paused = true)]
async fn at_an_orderly_end_another_takes_over_at_once() {
    let memory = Memory::with(&json!({}));
    let wall = wall();
    let (a, b) = (Weir::start("a", &memory, wall.clone()), Weir::start("b", &memory, wall));
    sleep(s(5)).await;
    a.stop.cancel();
    a.task.await.unwrap();
    sleep(s(3)).await;
    assert_eq!(b.holder(), Holder::Us);
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_is_away_for_a_minute_has_nothing_written_twice() {
    let memory = Memory::with(&json!({ RPS: "50" }));
    let weir = Weir::start("a", &memory, wall());
    weir.apply(LimitRequest { ttl: s(30), ..request(5) }).await.unwrap();
    memory.fail("", Outage::Away);
    let error = weir.apply(request(7)).await.unwrap_err();
    assert!(error.to_string().contains("away"), "{error}");
    sleep(s(60)).await;
    assert_eq!(memory.writes().len(), 1, "the limit of before");
    assert_eq!(weir.holder(), Holder::Unknown);
    assert_eq!(weir.decisions().len(), 1, "said once: {:?}", weir.decisions());
    memory.heal();
    sleep(s(20)).await;
    assert_eq!(memory.annotation(RPS).as_deref(), Some("50"));
    let writes = memory.writes().len();
    assert_eq!(writes, 4, "marked, given back, let go");
    sleep(s(60)).await;
    assert_eq!(memory.writes().len(), writes);
}

#[tokio::test(start_paused = true)]
async fn an_ingress_that_fails_or_hangs_does_not_hold_up_the_end_of_another() {
    for outage in [Outage::Refused(503), Outage::Refused(422), Outage::Hangs] {
        let memory = Memory::with(&json!({ RPS: "50" }));
        let api = IngressName::new("shop", "api").unwrap();
        memory.apply_to("api", "argocd", &json!({ RPS: "50" }));
        let weir = Weir::start("a", &memory, wall());
        for ingress in [api, name()] {
            let request = LimitRequest { ingress, ttl: s(30), ..request(5) };
            weir.apply(request).await.unwrap();
        }
        sleep(s(20)).await;
        memory.fail("ingresses/api", outage);
        sleep(s(40)).await;
        assert_eq!(memory.annotation(RPS).as_deref(), Some("50"), "{outage:?}");
        assert_eq!(memory.annotation_of("api", RPS).as_deref(), Some("5"), "{outage:?}");
        assert_eq!(weir.holder(), Holder::Us, "{outage:?}");
        let failures = weir.kept.whats().iter().filter(|what| *what == "limit.failed").count();
        assert_eq!(failures, 1, "{outage:?}: it is on record, once");
        memory.heal();
        sleep(s(20)).await;
        assert_eq!(memory.annotation_of("api", RPS).as_deref(), Some("50"), "{outage:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_asks_without_end_keeps_no_limit_from_ending_and_the_response_from_nothing() {
    let memory = Memory::with(&json!({ RPS: "50" }));
    let weir = Weir::start("a", &memory, wall());
    weir.apply(LimitRequest { ttl: s(30), ..request(5) }).await.unwrap();
    memory.fail("ingresses", Outage::Slow(Duration::from_millis(500)));
    for _ in 0..100 {
        let door = weir.door.clone();
        tokio::spawn(async move {
            loop {
                drop(door.list(Some(name())).await);
                sleep(Duration::from_millis(100)).await;
            }
        });
    }
    sleep(s(10)).await;
    assert!(matches!(weir.door.list(None).await, Err(LimitError::Busy)));
    let asked = Instant::now();
    weir.first.list(None).await.unwrap();
    assert!(asked.elapsed() < s(5), "{:?}", asked.elapsed());
    sleep(s(40)).await;
    assert_eq!(memory.annotation(RPS).as_deref(), Some("50"));
    assert_eq!(weir.holder(), Holder::Us);
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_its_manager_undoes_is_said_once_and_not_fought() {
    let memory = Memory::with(&json!({ RPS: "50" }));
    let weir = Weir::start("a", &memory, wall());
    weir.apply(request(5)).await.unwrap();
    for _ in 0..5 {
        memory.apply_as("argocd", &json!({ RPS: "50" }));
        sleep(s(15)).await;
        assert_eq!(memory.annotation(RPS).as_deref(), Some("50"));
    }
    let decisions = weir.decisions();
    let [(DecisionKind::Overridden, text)] = &decisions[..] else { panic!("{decisions:?}") };
    assert!(text.contains("argocd"), "{text}");
    assert_eq!(weir.standing(), Standing::Overridden);
    assert_eq!(memory.writes().len(), 2, "the limit, and the mark that it is lost");
}

#[tokio::test(start_paused = true)]
async fn what_a_killed_one_has_left_half_done_is_ended_by_the_next_and_said() {
    let memory = Memory::with(&json!({}));
    memory.serve("traefik.io/ingress-controller");
    let before = memory.owners();
    let killed = responder(&memory).0;
    memory.fail("ingresses", Outage::Refused(403));
    drop(killed.apply(request(5), &alice(), NOW_US).await.unwrap_err());
    memory.heal();
    let object = json!({
        "metadata": { "labels": { "app.kubernetes.io/managed-by": "weir" } },
        "spec": { "rateLimit": { "average": 5 } },
    });
    memory.put("middlewares", "weir-rps-web", &object);
    let weir = Weir::start("a", &memory, wall());
    sleep(s(10)).await;
    assert!(!memory.keys().contains(&"middlewares/weir-rps-web".to_owned()), "{:?}", memory.keys());
    assert_eq!(memory.owners(), before);
    let decisions = weir.decisions();
    assert!(matches!(&decisions[..], [(DecisionKind::Lifted, _)]), "{decisions:?}");
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_the_future_is_said_once_and_lasts_no_longer_for_it_whoever_is_restarted() {
    let memory = Memory::with(&json!({}));
    let setter = responder(&memory).0;
    let day_us = 24 * 3_600 * 1_000_000;
    setter.apply(request(5), &alice(), NOW_US + 300 * day_us).await.unwrap();
    let weir = Weir::start("a", &memory, wall());
    sleep(s(600)).await;
    assert_eq!(memory.annotation(RPS).as_deref(), Some("5"));
    let decisions = weir.decisions();
    assert!(
        matches!(&decisions[..], [(_, text)] if text.contains("set the clocks right")),
        "{decisions:?}"
    );
    weir.task.abort();
    let started = Instant::now();
    let wall_us =
        move || NOW_US + 600_000_000 + i64::try_from(started.elapsed().as_micros()).unwrap();
    let next = Weir::start("b", &memory, wall_us);
    sleep(s(250)).await;
    assert_eq!(memory.annotation(RPS).as_deref(), Some("5"));
    sleep(s(80)).await;
    assert_eq!(memory.annotation(RPS), None);
    let decisions = next.decisions();
    assert!(matches!(&decisions[..], [(DecisionKind::Expired, _)]), "{decisions:?}");
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_does_not_take_back_what_somebody_has_changed() {
    let memory = Memory::with(&json!({ RPS: "50" }));
    let setter = responder(&memory).0;
    setter.apply(request(5), &alice(), NOW_US + 3_600_000_000).await.unwrap();
    memory.apply_as("argocd", &json!({ RPS: "60" }));
    let weir = Weir::start("a", &memory, wall());
    sleep(s(60)).await;
    assert_eq!(memory.annotation(RPS).as_deref(), Some("60"));
    let decisions = weir.decisions();
    let kinds: Vec<_> = decisions.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, [DecisionKind::Overridden, DecisionKind::Failed], "{decisions:?}");
}

#[tokio::test(start_paused = true)]
async fn without_a_part_in_the_election_nothing_is_undone() {
    let memory = Memory::with(&json!({}));
    let setter = responder(&memory).0;
    setter.apply(LimitRequest { ttl: s(10), ..request(5) }, &alice(), NOW_US).await.unwrap();
    let (door, asked) = Limits::new();
    let shown = Arc::<Mutex<Option<Report>>>::default();
    let told = Arc::clone(&shown);
    let wall = wall();
    let parts = Parts {
        responder: responder(&memory).0,
        election: None,
        survey: Box::new(Vec::new),
        preview: Box::new(|_, _| Box::pin(async { Ok(Preview::default()) })),
        packet_us: Box::new(wall.clone()),
        wall_us: Box::new(wall),
        publish: Box::new(move |report| *told.lock().unwrap() = Some(report)),
    };
    let task = tokio::spawn(async move {
        let mut asked = asked;
        run(parts, &mut asked, CancellationToken::new()).await;
    });
    sleep(s(60)).await;
    assert_eq!(memory.annotation(RPS).as_deref(), Some("5"));
    assert_eq!(shown.lock().unwrap().as_ref().unwrap().holder, Holder::Unknown);
    drop(door);
    task.await.unwrap();
}
