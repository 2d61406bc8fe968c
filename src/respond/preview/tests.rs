use super::*;
use crate::packet::application::Head;
use crate::respond::fixture::{SECOND, answer, client, merged, request, steady};

const NGINX: (Controller, u32) = (Controller::IngressNginx, 1);

fn five() -> Limit {
    Limit { rps: Some(5), ..Limit::default() }
}

fn of(limit: &Limit, arrivals: &[Arrival]) -> Preview {
    Preview::of(NGINX, limit, arrivals.iter(), &[]).unwrap()
}

#[test]
fn those_refused_most_are_first_and_others_lose_nothing() {
    let arrivals = merged([
        steady(client(1), 2, (0, 30)),
        steady(client(66), 50, (0, 30)),
        vec![request(0, client(2))],
    ]);
    let preview = of(&five(), &arrivals);
    let clients: Vec<_> = preview.clients.iter().map(|one| (one.client, one.asked)).collect();
    assert_eq!(clients, [(client(66), 1_500), (client(1), 60), (client(2), 1)]);
    // 26 at once, then five a second.
    let passed = preview.clients[0].asked - preview.clients[0].refused;
    assert!((170..=176).contains(&passed), "{passed}");
    assert_eq!(preview.refused(), preview.clients[0].refused);
    assert_eq!((preview.from_us, preview.asked()), (0, 1_561));
    assert!(preview.notes.is_empty(), "{:?}", preview.notes);
}

#[test]
fn whoever_is_in_the_allowlist_is_not_refused() {
    let arrivals = steady(client(66), 50, (0, 10));
    let limit = Limit { allowlist: vec!["203.0.113.64/29".parse().unwrap()], ..five() };
    assert_eq!(of(&limit, &arrivals).refused(), 0);
}

#[test]
fn what_is_not_seen_is_said() {
    let tls = Arrival { kind: ArrivalKind::Handshake, head: Head::Unseen, ..request(0, client(1)) };
    let limit = Limit { connections: Some(5), ..five() };
    let preview = Preview::of((Controller::IngressNginx, 3), &limit, [tls].iter(), &[]).unwrap();
    let notes = preview.notes.join("\n");
    for said in ["TLS", "3 replicas", "in use until"] {
        assert!(notes.contains(said), "{said} in {notes}");
    }
}

#[test]
fn an_answer_frees_a_connection() {
    let on = |at_us, port| Arrival { client_port: port, ..request(at_us, client(1)) };
    let arrivals = [on(0, 1), on(1, 2), on(10_000, 3), on(20_000, 4)];
    let limit = Limit { connections: Some(2), ..Limit::default() };
    let refused = |answers: &[Answer]| {
        Preview::of(NGINX, &limit, arrivals.iter(), answers).unwrap().refused()
    };
    assert_eq!(refused(&[]), 2);
    assert_eq!(refused(&[answer(&arrivals[0], 200)]), 1);
}

#[test]
fn replicas_that_packets_show_count_for_themselves() {
    let at = |server: u8| Arrival {
        server: Address::v4([10, 0, 0, server]),
        ..request(SECOND, client(66))
    };
    let arrivals: Vec<_> = (0..200).map(|number| at(1 + number % 2)).collect();
    let preview =
        Preview::of((Controller::IngressNginx, 2), &five(), arrivals.iter(), &[]).unwrap();
    assert_eq!(preview.asked() - preview.refused(), 52);
}

#[test]
fn nothing_came_of_nothing() {
    assert_eq!(of(&five(), &[]), Preview::default());
}
