//! Body of the fuzz target `labels`: any bytes, read as ground truth and asked about some flows.

use std::io::Cursor;
use std::net::IpAddr;

use weir::export::Labels;
use weir::flow::{FlowTable, Report, Share, Stamp, Timeouts};
use weir::packet::{Address, Packet, TcpFlags, Tuple, protocol};

/// When the flows take place, in µs since the epoch.
const TIME_US: i64 = 1_600_000_000_000_000;

/// Reads `data` as a labels file.
pub(crate) fn run(data: &[u8]) {
    let Ok(labels) = Labels::from_reader("input", Cursor::new(data)) else { return };
    for tuple in tuples() {
        let label = label(&labels, tuple);
        assert!(!label.contains(char::is_control), "{label:?}");
        assert_eq!(label, self::label(&labels, tuple.reversed()), "a key fits either direction");
    }
}

fn tuples() -> [Tuple; 3] {
    let tuple = |hosts: [&str; 2], ports: [u16; 2], protocol| {
        let [source, target] = hosts.map(|host| {
            Address::from(host.parse::<IpAddr>().expect("the hosts are written as addresses"))
        });
        let [source_port, target_port] = ports;
        Tuple { source, target, source_port, target_port, protocol, icmp_type: 0 }
    };
    [
        tuple(["10.0.0.1", "10.0.0.2"], [4000, 80], protocol::TCP),
        tuple(["fd00::1", "fd00::2"], [53, 53], protocol::UDP),
        tuple(["10.0.0.1", "10.0.0.1"], [7, 7], protocol::ICMP),
    ]
}

/// The label of a flow of one packet.
fn label(labels: &Labels, tuple: Tuple) -> String {
    let mut table = FlowTable::new(Share::new(1, 1), 0, 1, Timeouts::default());
    let packet = Packet {
        time_us: TIME_US,
        tuple,
        payload_len: 0,
        header_len: 0,
        flags: TcpFlags::default(),
        window: 0,
        tunnel: None,
    };
    table.observe(&packet, Stamp { clock_us: TIME_US, sequence: 1 });
    let mut label = None;
    table.finish(TIME_US, |report| {
        if let Report::Row(row) = report {
            label = Some(labels.label(row.flow).to_owned());
        }
    });
    label.expect("a flow has a final row")
}
