//! What holds for any course of events.

use proptest::prelude::*;

use super::*;
use crate::respond::fixture::{CONTROLLER, answer};

/// What happens between two looks.
#[derive(Debug, Clone)]
enum Event {
    Wait(i64),
    Ask { client: u8, count: i64, host: usize, status: u16 },
    Open { id: u64, class: usize, source: u8 },
    Resolve(u64),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        (1..90_i64).prop_map(Event::Wait),
        (0..6_u8, 1..400_i64, 0..3_usize, prop_oneof![Just(200_u16), Just(503)])
            .prop_map(|(client, count, host, status)| Event::Ask { client, count, host, status }),
        (0..3_u64, 1..crate::detect::CLASSES, 0..6_u8)
            .prop_map(|(id, class, source)| Event::Open { id, class, source }),
        (0..3_u64).prop_map(Event::Resolve),
    ];
    prop::collection::vec(event, 1..40)
}

/// Ordinary clients of both Ingresses until the first event.
fn before() -> Vec<Arrival> {
    let at = |host: &str, arrival| Arrival { host: Some(Arc::from(host)), ..arrival };
    merged((10..20).map(|last| {
        let host = if last % 2 == 0 { "shop.example" } else { "blog.example" };
        steady(client(last), 1, (900, 1_000)).into_iter().map(|one| at(host, one)).collect()
    }))
}

/// Plays events, with acts that succeed and fail in turn; returns all acts and all that is said.
fn play(events: &[Event]) -> (Vec<Act>, Vec<Decision>) {
    let mut stage = Stage::new(Mode::Enforce);
    // There are two Ingresses.
    stage.response = Response::new(ResponseOptions { at_once: 1, ..options(Mode::Enforce) });
    stage.incidents.clear();
    stage.traffic = Traffic { arrivals: before(), ..Traffic::default() };
    let (mut acts, mut said) = (Vec::new(), Vec::new());
    let mut now_s = 1_000;
    for event in events {
        now_s += happen(&mut stage, event, now_s);
        for act in stage.acts(now_s) {
            let outcome =
                if acts.len() % 3 == 2 { Outcome::Failed("no".to_owned()) } else { Outcome::Done };
            let ingress = match &act {
                Act::Apply(request) => Some(request.ingress.clone()),
                Act::Lift(ingress, _) => Some(ingress.clone()),
                Act::Say(decision) => {
                    said.push((**decision).clone());
                    None
                }
            };
            said.extend(
                ingress
                    .and_then(|ingress| stage.response.settle(&ingress, outcome, now_s * SECOND)),
            );
            acts.push(act);
        }
        assert!(stage.response.limits().len() <= 1, "more Ingresses than allowed at once");
    }
    (acts, said)
}

/// How long it takes, in s.
fn happen(stage: &mut Stage, event: &Event, now_s: i64) -> i64 {
    match event {
        Event::Wait(seconds) => return *seconds,
        Event::Ask { client: last, count, host, status } => {
            let host = ["shop.example", "blog.example", "elsewhere.example"][*host];
            let asked = steady(client(*last), *count, (now_s, now_s + 1)).into_iter();
            let asked = asked.map(|one| Arrival { host: Some(Arc::from(host)), ..one });
            let asked: Vec<_> = asked.collect();
            stage.traffic.answers.extend(asked.iter().map(|arrival| answer(arrival, *status)));
            stage.traffic.arrivals.extend(asked);
            return 1;
        }
        Event::Open { id, class, source } => {
            let life = stage
                .incidents
                .iter()
                .find(|one| one.id.0 == *id)
                .map_or(0, |one| one.reopened + u32::from(one.status == Status::Resolved));
            stage.incidents.retain(|one| one.id.0 != *id);
            stage.incidents.push(Arc::new(Incident {
                class: Class::ALL[*class],
                reopened: life,
                first_us: now_s * SECOND,
                ..incident(*id, &[client(*source)], CONTROLLER)
            }));
        }
        Event::Resolve(id) => {
            for one in &mut stage.incidents {
                if one.id.0 == *id {
                    *one = Arc::new(resolved((**one).clone(), now_s));
                }
            }
        }
    }
    0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_same_events_lead_to_the_same_acts(events in events()) {
        prop_assert_eq!(play(&events), play(&events));
    }

    #[test]
    fn every_limit_is_one_that_could_be_meant_and_every_sentence_one_line(events in events()) {
        let (acts, said) = play(&events);
        for act in acts {
            if let Act::Apply(request) = act {
                prop_assert!(request.clone().checked().is_ok(), "{:?}", request);
            }
        }
        for decision in said {
            prop_assert!(!decision.text.is_empty() && !decision.text.chars().any(char::is_control));
        }
    }
}
