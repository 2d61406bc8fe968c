use super::*;
use crate::respond::Answer;
use crate::respond::fixture::{SECOND, answer, client, merged, reset, steady};

const SET: i64 = 60 * SECOND;

fn effect(arrivals: &[Arrival], traffic: &Traffic) -> Effect {
    effect_of(Controller::IngressNginx, arrivals, traffic)
}

fn effect_of(controller: Controller, arrivals: &[Arrival], traffic: &Traffic) -> Effect {
    let arrivals: Vec<_> = arrivals.iter().collect();
    let offenders = BTreeSet::from([client(66)]);
    Measured {
        controller,
        offenders: &offenders,
        offered_before_per_s: Some(80.0),
        arrivals: &arrivals,
        traffic,
        since_us: SET,
        now_us: SET + 30 * SECOND,
    }
    .effect()
}

fn answered(arrivals: &[Arrival], status: impl Fn(&Arrival) -> u16) -> Vec<Answer> {
    arrivals.iter().map(|arrival| answer(arrival, status(arrival))).collect()
}

#[test]
fn what_is_refused_to_whom_is_told_apart() {
    let arrivals = merged([steady(client(1), 2, (0, 90)), steady(client(66), 50, (30, 90))]);
    let status = |arrival: &Arrival| match (arrival.client == client(66), arrival.at_us >= SET) {
        (true, true) => 503,
        (false, _) if arrival.at_us == 70 * SECOND => 503,
        _ => 200,
    };
    let answers = answered(&arrivals, status);
    let resets = arrivals.iter().filter(|one| one.at_us == 80 * SECOND).map(reset).collect();
    let traffic = Traffic { arrivals: arrivals.clone(), answers, resets };
    assert_eq!(
        effect(&arrivals, &traffic),
        Effect {
            offenders: 1,
            offered_before_per_s: Some(80.0),
            offered_per_s: 50.0,
            refused_per_min: Some(3_000.0),
            bystanders: 1,
            bystanders_refused: Some(1),
            bystanders_reset: 1,
        }
    );
}

#[test]
fn where_no_answer_is_seen_nothing_is_said_of_answers() {
    let arrivals = steady(client(1), 2, (60, 90));
    let effect = effect(&arrivals, &Traffic::default());
    assert_eq!((effect.refused_per_min, effect.bystanders_refused), (None, None));
}

#[test]
fn answers_at_another_ingress_do_not_count() {
    let elsewhere = steady(client(2), 2, (60, 90));
    let answers = answered(&elsewhere, |_| 503);
    let here = steady(client(1), 2, (60, 90));
    let traffic = Traffic { answers, ..Traffic::default() };
    assert_eq!(effect(&here, &traffic).bystanders_refused, None);
}

#[test]
fn each_controller_is_known_by_the_status_it_refuses_with() {
    let table = [
        (Controller::IngressNginx, 503),
        (Controller::F5Nginx, 429),
        (Controller::Traefik, 429),
        (Controller::HaproxyCommunity, 429),
        (Controller::HaproxyTechnologies, 403),
    ];
    let arrivals = steady(client(66), 50, (60, 90));
    for (controller, refuses_with) in table {
        for status in [200, 403, 429, 503] {
            let answers = answered(&arrivals, |_| status);
            let traffic = Traffic { answers, ..Traffic::default() };
            let refused = effect_of(controller, &arrivals, &traffic).refused_per_min;
            let expected = if status == refuses_with { 3_000.0 } else { 0.0 };
            assert_eq!(refused, Some(expected), "{} {status}", controller.name());
        }
    }
}
