//! What flows do at their ends, by the reports of a table.

use super::{End, FlowTable, Report, Share, Stamp, State, Timeouts};
use crate::packet::{Address, Packet, TcpFlags, Tuple, protocol};

const SECOND: i64 = 1_000_000;

/// A table in one lane, fed by hand.
struct Bench {
    table: FlowTable,
    sequence: u64,
}

impl Bench {
    fn new(max_flows: usize, timeouts: Timeouts) -> Self {
        let table = FlowTable::new(Share::new(max_flows, 1), 0, max_flows, timeouts);
        Self { table, sequence: 0 }
    }

    /// A TCP packet from `client` to port 80, `second` s after the epoch.
    fn packet(&mut self, second: i64, client: u8, flags: TcpFlags) {
        self.observe(second, tuple(client), flags);
    }

    /// The server's packet to `client`.
    fn answer(&mut self, second: i64, client: u8, flags: TcpFlags) {
        self.observe(second, tuple(client).reversed(), flags);
    }

    fn observe(&mut self, second: i64, tuple: Tuple, flags: TcpFlags) {
        self.sequence += 1;
        let time_us = second.saturating_mul(SECOND);
        let packet = Packet {
            time_us,
            tuple,
            payload_len: 1,
            header_len: 20,
            flags,
            window: 1,
            tunnel: None,
        };
        self.table.observe(&packet, Stamp { clock_us: time_us, sequence: self.sequence });
    }

    /// Client and state of each row reported up to `second`.
    fn rows(&mut self, second: i64) -> Vec<(u16, State)> {
        let mut rows = Vec::new();
        self.table.report(second * SECOND, |report| {
            if let Report::Row(row) = report {
                rows.push((row.flow.tuple.source_port, row.state));
            }
        });
        rows
    }
}

fn tuple(client: u8) -> Tuple {
    Tuple {
        source: Address::v4([10, 0, 0, client]),
        target: Address::v4([10, 0, 1, 1]),
        source_port: client.into(),
        target_port: 80,
        protocol: protocol::TCP,
        icmp_type: 0,
    }
}

#[test]
fn the_flow_silent_the_longest_is_evicted_first_and_counted() {
    let mut bench = Bench::new(2, Timeouts::default());
    bench.packet(0, 1, TcpFlags::SYN);
    bench.packet(1, 2, TcpFlags::SYN);
    bench.packet(2, 1, TcpFlags::ACK);
    bench.packet(3, 3, TcpFlags::SYN);
    assert_eq!(bench.rows(3), [(2, State::Final(End::Evicted))]);
    assert_eq!((bench.table.len(), bench.table.counts().evicted), (2, 1));
}

#[test]
fn a_flow_that_is_over_makes_room_before_one_that_is_open() {
    let mut bench = Bench::new(2, Timeouts::default());
    bench.packet(0, 1, TcpFlags::SYN);
    bench.packet(1, 2, TcpFlags::SYN);
    bench.answer(1, 2, TcpFlags::RST);
    bench.packet(2, 3, TcpFlags::SYN);
    assert_eq!(bench.rows(2), [(2, State::Final(End::Rst))]);
    assert_eq!(bench.table.counts().evicted, 0);
}

#[test]
fn rows_come_in_the_order_in_which_flows_ended() {
    let mut bench = Bench::new(100, Timeouts::default());
    bench.packet(0, 1, TcpFlags::SYN);
    bench.packet(1, 2, TcpFlags::SYN);
    bench.packet(2, 3, TcpFlags::SYN);
    bench.answer(3, 3, TcpFlags::RST);
    bench.packet(4, 1, TcpFlags::ACK);
    let rows = bench.rows(1_000);
    let idle = State::Final(End::Idle);
    assert_eq!(rows, [(3, State::Final(End::Rst)), (2, idle), (1, idle)]);
}

#[test]
fn an_open_flow_is_reported_only_when_it_has_changed() {
    let timeouts = Timeouts { report_us: Some(5 * SECOND), ..Timeouts::default() };
    let mut bench = Bench::new(100, timeouts);
    bench.packet(0, 1, TcpFlags::SYN);
    assert_eq!(bench.rows(30), [(1, State::Provisional)]);
    bench.packet(31, 1, TcpFlags::ACK);
    assert_eq!(bench.rows(60), [(1, State::Provisional)]);
}

#[test]
fn time_that_ends_ends_every_report() {
    let timeouts = Timeouts { report_us: Some(5 * SECOND), ..Timeouts::default() };
    let mut bench = Bench::new(100, timeouts);
    bench.packet(i64::MAX / SECOND, 1, TcpFlags::SYN);
    bench.packet(i64::MAX / SECOND, 1, TcpFlags::ACK);
    bench.packet(i64::MAX, 2, TcpFlags::SYN);
    let mut finals = 0;
    let mut orders = Vec::new();
    bench.table.finish(i64::MAX, |report| {
        orders.push(report.order());
        finals += u32::from(matches!(report, Report::Row(row) if row.state != State::Provisional));
    });
    assert_eq!(finals, 2);
    assert!(orders.is_sorted(), "{orders:?}");
}

#[test]
fn the_direction_of_a_silent_conversation_is_remembered() {
    let mut bench = Bench::new(100, Timeouts::default());
    bench.packet(0, 1, TcpFlags::ACK);
    bench.answer(1, 1, TcpFlags::ACK);
    bench.rows(3_000);
    bench.answer(3_600, 1, TcpFlags::ACK);
    assert_eq!(bench.rows(7_200), [(1, State::Final(End::Idle))]);
}

/// Who opened what, and who was the source of each row, up to `second`; 1 is the client.
fn openers(bench: &mut Bench, second: i64) -> (Vec<u16>, Vec<u16>) {
    let (mut opened, mut rows) = (Vec::new(), Vec::new());
    bench.table.report(second * SECOND, |report| match report {
        Report::Opened { tuple, .. } => opened.push(tuple.source_port),
        Report::Row(row) => rows.push(row.flow.tuple.source_port),
    });
    (opened, rows)
}

#[test]
fn an_answer_nobody_asked_for_is_its_senders_flow_once_it_is_refused() {
    let timeouts = Timeouts { report_us: Some(5 * SECOND), ..Timeouts::default() };
    let mut bench = Bench::new(100, timeouts);
    bench.answer(0, 1, TcpFlags::SYN.union(TcpFlags::ACK));
    assert_eq!(openers(&mut bench, 7), (vec![], vec![]));
    bench.packet(8, 1, TcpFlags::RST);
    assert_eq!(openers(&mut bench, 60), (vec![80], vec![80]));
}

#[test]
fn an_answer_that_is_taken_belongs_to_who_asked() {
    let timeouts = Timeouts { report_us: Some(5 * SECOND), ..Timeouts::default() };
    let mut bench = Bench::new(100, timeouts);
    bench.answer(0, 1, TcpFlags::SYN.union(TcpFlags::ACK));
    bench.packet(1, 1, TcpFlags::ACK);
    bench.packet(2, 1, TcpFlags::RST);
    assert_eq!(openers(&mut bench, 60), (vec![1], vec![1]));
}

#[test]
fn a_new_connection_has_the_direction_of_its_syn() {
    let mut bench = Bench::new(100, Timeouts::default());
    bench.packet(0, 1, TcpFlags::ACK);
    bench.rows(3_000);
    bench.answer(3_600, 1, TcpFlags::SYN);
    assert_eq!(bench.rows(7_200), [(80, State::Final(End::Idle))]);
}

#[test]
fn a_flow_that_ends_when_its_report_is_due_is_reported_once() {
    let timeouts =
        Timeouts { idle_us: 3 * SECOND - 1, report_us: Some(5 * SECOND), ..Timeouts::default() };
    let mut bench = Bench::new(2, timeouts);
    bench.packet(0, 1, TcpFlags::SYN);
    bench.packet(2, 1, TcpFlags::ACK);
    assert_eq!(bench.rows(5), [(1, State::Final(End::Idle))]);
}

#[test]
fn fins_on_both_sides_of_a_split_end_the_flow() {
    let mut bench = Bench::new(2, Timeouts::default());
    bench.packet(0, 1, TcpFlags::SYN);
    bench.packet(60, 1, TcpFlags::FIN);
    bench.answer(121, 1, TcpFlags::FIN);
    bench.packet(123, 1, TcpFlags::SYN);
    let ends = [End::Active, End::Fin].map(|end| (1, State::Final(end)));
    assert_eq!(bench.rows(123), ends);
}
