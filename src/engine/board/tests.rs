//! What the console is shown of verdicts.

use super::*;
use crate::engine::fixture::pod;
use crate::packet::{Tuple, protocol};

/// The only verdict on a flow that ended in this second, to this port.
fn verdict(id: u64, second: i64, target_port: u16, class: Class) -> Arc<Verdict> {
    let tuple = Tuple {
        source: Address::v4([10, 0, 0, 1]),
        target: Address::v4([10, 0, 0, 2]),
        source_port: 40_000,
        target_port,
        protocol: protocol::TCP,
        icmp_type: 0,
    };
    let at_us = second * SECOND_US;
    let flow = FlowSummary {
        id: FlowId(id),
        tuple,
        first_us: at_us,
        last_us: at_us,
        at_us,
        packets: 10,
        bytes: 100,
        reports: 0,
        state: State::Final(End::Fin),
    };
    let (score, is_alarm) = match class {
        Class::Benign => (Score::new(0.1), false),
        _ => (Score::new(0.9), true),
    };
    let probabilities = [Score::ZERO; CLASSES];
    let vector = Arc::new([0.0; crate::feature::ALL_FEATURES]);
    Arc::new(Verdict { flow, class, score, probabilities, is_alarm, vector })
}

fn provisional(verdict: &Verdict, reports: u32) -> Arc<Verdict> {
    let flow = FlowSummary { reports, state: State::Provisional, ..verdict.flow };
    Arc::new(Verdict { flow, ..verdict.clone() })
}

const fn nobody(_: Address, _: i64) -> Option<Arc<Who>> {
    None
}

#[test]
fn hosts_go_by_the_last_name_that_they_had() {
    let mut board = Board::default();
    board.observe(&verdict(1, 3, 80, Class::Benign));
    let server = Address::v4([10, 0, 0, 2]);
    let is = |name: &'static str| move |host, _| (host == server).then(|| pod(name));
    let name = |rows: &[Arc<Conversation>]| rows[0].server_who.as_ref().map(|who| who.to_string());
    assert_eq!(name(&board.conversations(nobody)), None);
    assert_eq!(name(&board.conversations(is("web-1"))).as_deref(), Some("shop/web-1"));
    assert_eq!(name(&board.conversations(is("web-2"))).as_deref(), Some("shop/web-2"));
    board.observe(&verdict(2, 4, 80, Class::Benign));
    let rows = board.conversations(nobody);
    assert_eq!(name(&rows).as_deref(), Some("shop/web-2"));
    assert_eq!((rows[0].flows, &rows[0].client_who), (2, &None));
}

#[test]
fn an_open_flow_counts_once_however_often_it_is_scored() {
    let mut board = Board::default();
    let last = verdict(1, 3, 80, Class::Benign);
    board.observe(&provisional(&last, 0));
    board.observe(&provisional(&last, 1));
    let flow = FlowSummary { reports: 2, ..last.flow };
    board.observe(&Arc::new(Verdict { flow, ..(*last).clone() }));
    let row = &board.conversations(nobody)[0];
    assert_eq!((row.flows, row.packets, row.bytes, row.recent.len()), (1, 10, 100, 1));
}

#[test]
fn of_many_flows_that_go_on_each_counts_with_all_its_packets() {
    let mut board = Board::default();
    let flows = || (0..200).map(|id| verdict(id, 1, 80, Class::DosSlow));
    for reports in 0..3 {
        flows().for_each(|last| board.observe(&provisional(&last, reports)));
        let row = &board.conversations(nobody)[0];
        assert_eq!((row.flows, row.packets, row.bytes), (200, 2_000, 20_000));
    }
    // Of the first words on some nothing was heard, as under overload.
    (200..210).for_each(|id| board.observe(&provisional(&verdict(id, 1, 80, Class::Scan), 7)));
    flows().for_each(|last| board.observe(&last));
    let row = &board.conversations(nobody)[0];
    assert_eq!((row.flows, row.packets, row.bytes), (210, 2_100, 21_000));
}

#[test]
fn trouble_comes_before_the_rest() {
    let mut board = Board::default();
    board.observe(&verdict(1, 1, 80, Class::Benign));
    board.observe(&verdict(2, 2, 443, Class::DosFlood));
    board.observe(&verdict(3, 3, 22, Class::Benign));
    let ports: Vec<_> = board.conversations(nobody).iter().map(|row| row.server_port).collect();
    assert_eq!(ports, [Some(443), Some(22), Some(80)]);
}

#[test]
fn a_scan_is_one_row() {
    let mut board = Board::default();
    (1..=300).for_each(|port| board.observe(&verdict(port.into(), 1, port, Class::Scan)));
    let rows = board.conversations(nobody);
    assert_eq!((rows.len(), rows[0].server_port, rows[0].flows), (1, None, 300));
    assert_eq!(rows[0].packets, 3_000);
}

#[test]
fn what_is_older_than_five_minutes_is_forgotten() {
    let mut board = Board::default();
    board.observe(&verdict(1, 1, 80, Class::Benign));
    board.advance(301 * SECOND_US);
    assert_eq!(board.conversations(nobody).len(), 1);
    board.advance(302 * SECOND_US);
    assert_eq!((board.conversations(nobody).len(), board.scores().len()), (0, 0));
}

#[test]
fn flows_that_were_reset_are_counted_as_such() {
    let mut board = Board::default();
    board.observe(&verdict(1, 1, 80, Class::Benign));
    let last = verdict(2, 2, 80, Class::Benign);
    board.observe(&provisional(&last, 0));
    let flow = FlowSummary { reports: 1, state: State::Final(End::Rst), ..last.flow };
    board.observe(&Arc::new(Verdict { flow, ..(*last).clone() }));
    let row = &board.conversations(|_, _| None)[0];
    assert_eq!((row.flows, row.resets), (2, 1));
}
