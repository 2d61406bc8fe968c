//! The features of one flow alone: the columns of `CICFlowMeter`, by their corrected definitions.
//!
//! What differs from that program's own output, and why, stands in `docs/parity.md`.

use super::CIC_FEATURES;
use super::definition::{Feature, Unit};
use super::summary::MICROSECONDS;
use crate::flow::{Bulk, Side, ratio, real};
use crate::packet::TcpFlags;

fn longest(side: &Side) -> f64 {
    f64::from(side.lengths.max)
}

fn shortest(side: &Side) -> f64 {
    if side.packets == 0 { 0.0 } else { f64::from(side.lengths.min) }
}

fn mean(side: &Side) -> f64 {
    ratio(side.lengths.sum, side.packets.into())
}

fn variance(side: &Side) -> f64 {
    side.lengths.variance(side.packets.into())
}

fn bulk_rate(bulk: &Bulk) -> f64 {
    ratio(bulk.bytes, bulk.duration_us) * MICROSECONDS
}

/// In the order of `CICFlowMeter`'s columns.
pub(super) const FEATURES: [Feature; CIC_FEATURES] = [
    Feature::integer("Protocol", Unit::None, "IP protocol number.", |s| {
        f64::from(s.flow.tuple.protocol)
    }),
    Feature::integer(
        "Flow Duration",
        Unit::Microseconds,
        "From the first packet to the last.",
        |s| real(s.flow.duration_us()),
    ),
    Feature::integer("Total Fwd Packet", Unit::Packets, "Packets forward.", |s| {
        f64::from(s.flow.forward.packets)
    }),
    Feature::integer("Total Bwd packets", Unit::Packets, "Packets backward.", |s| {
        f64::from(s.flow.backward.packets)
    }),
    Feature::integer(
        "Total Length of Fwd Packet",
        Unit::Bytes,
        "Transport payload forward.",
        |s| real(s.flow.forward.lengths.sum),
    ),
    Feature::integer(
        "Total Length of Bwd Packet",
        Unit::Bytes,
        "Transport payload backward.",
        |s| real(s.flow.backward.lengths.sum),
    ),
    Feature::integer("Fwd Packet Length Max", Unit::Bytes, "Longest payload forward.", |s| {
        longest(&s.flow.forward)
    }),
    Feature::integer("Fwd Packet Length Min", Unit::Bytes, "Shortest payload forward.", |s| {
        shortest(&s.flow.forward)
    }),
    Feature::real("Fwd Packet Length Mean", Unit::Bytes, "Mean payload forward.", |s| {
        mean(&s.flow.forward)
    }),
    Feature::real(
        "Fwd Packet Length Std",
        Unit::Bytes,
        "Sample standard deviation of payloads forward.",
        |s| variance(&s.flow.forward).sqrt(),
    ),
    Feature::integer("Bwd Packet Length Max", Unit::Bytes, "Longest payload backward.", |s| {
        longest(&s.flow.backward)
    }),
    Feature::integer("Bwd Packet Length Min", Unit::Bytes, "Shortest payload backward.", |s| {
        shortest(&s.flow.backward)
    }),
    Feature::real("Bwd Packet Length Mean", Unit::Bytes, "Mean payload backward.", |s| {
        mean(&s.flow.backward)
    }),
    Feature::real(
        "Bwd Packet Length Std",
        Unit::Bytes,
        "Sample standard deviation of payloads backward.",
        |s| variance(&s.flow.backward).sqrt(),
    ),
    Feature::real(
        "Flow Bytes/s",
        Unit::BytesPerSecond,
        "Payload of both sides over the duration; 0 where that is 0.",
        |s| s.per_second(s.lengths.sum),
    ),
    Feature::real(
        "Flow Packets/s",
        Unit::PacketsPerSecond,
        "Packets of both sides over the duration; 0 where that is 0.",
        |s| s.per_second(s.flow.packets()),
    ),
    Feature::real(
        "Flow IAT Mean",
        Unit::Microseconds,
        "Mean gap between consecutive packets of either side.",
        |s| s.flow.gaps.mean(),
    ),
    Feature::real(
        "Flow IAT Std",
        Unit::Microseconds,
        "Sample standard deviation of gaps of either side.",
        |s| s.flow.gaps.deviation(),
    ),
    Feature::integer("Flow IAT Max", Unit::Microseconds, "Longest gap of either side.", |s| {
        real(s.flow.gaps.max_us)
    }),
    Feature::integer("Flow IAT Min", Unit::Microseconds, "Shortest gap of either side.", |s| {
        real(s.flow.gaps.shortest_us())
    }),
    Feature::integer(
        "Fwd IAT Total",
        Unit::Microseconds,
        "Sum of gaps between consecutive packets forward.",
        |s| real(s.flow.forward.gaps.sum_us),
    ),
    Feature::real(
        "Fwd IAT Mean",
        Unit::Microseconds,
        "Mean gap between consecutive packets forward.",
        |s| s.flow.forward.gaps.mean(),
    ),
    Feature::real(
        "Fwd IAT Std",
        Unit::Microseconds,
        "Sample standard deviation of gaps forward.",
        |s| s.flow.forward.gaps.deviation(),
    ),
    Feature::integer("Fwd IAT Max", Unit::Microseconds, "Longest gap forward.", |s| {
        real(s.flow.forward.gaps.max_us)
    }),
    Feature::integer("Fwd IAT Min", Unit::Microseconds, "Shortest gap forward.", |s| {
        real(s.flow.forward.gaps.shortest_us())
    }),
    Feature::integer(
        "Bwd IAT Total",
        Unit::Microseconds,
        "Sum of gaps between consecutive packets backward.",
        |s| real(s.flow.backward.gaps.sum_us),
    ),
    Feature::real(
        "Bwd IAT Mean",
        Unit::Microseconds,
        "Mean gap between consecutive packets backward.",
        |s| s.flow.backward.gaps.mean(),
    ),
    Feature::real(
        "Bwd IAT Std",
        Unit::Microseconds,
        "Sample standard deviation of gaps backward.",
        |s| s.flow.backward.gaps.deviation(),
    ),
    Feature::integer("Bwd IAT Max", Unit::Microseconds, "Longest gap backward.", |s| {
        real(s.flow.backward.gaps.max_us)
    }),
    Feature::integer("Bwd IAT Min", Unit::Microseconds, "Shortest gap backward.", |s| {
        real(s.flow.backward.gaps.shortest_us())
    }),
    Feature::integer("Fwd PSH Flags", Unit::Packets, "Packets forward with PSH.", |s| {
        f64::from(s.flow.forward.flagged(TcpFlags::PSH))
    }),
    Feature::integer("Bwd PSH Flags", Unit::Packets, "Packets backward with PSH.", |s| {
        f64::from(s.flow.backward.flagged(TcpFlags::PSH))
    }),
    Feature::integer("Fwd URG Flags", Unit::Packets, "Packets forward with URG.", |s| {
        f64::from(s.flow.forward.flagged(TcpFlags::URG))
    }),
    Feature::integer("Bwd URG Flags", Unit::Packets, "Packets backward with URG.", |s| {
        f64::from(s.flow.backward.flagged(TcpFlags::URG))
    }),
    Feature::integer("Fwd Header Length", Unit::Bytes, "Transport headers forward.", |s| {
        real(s.flow.forward.header_bytes)
    }),
    Feature::integer("Bwd Header Length", Unit::Bytes, "Transport headers backward.", |s| {
        real(s.flow.backward.header_bytes)
    }),
    Feature::real(
        "Fwd Packets/s",
        Unit::PacketsPerSecond,
        "Packets forward over the duration; 0 where that is 0.",
        |s| s.per_second(s.flow.forward.packets.into()),
    ),
    Feature::real(
        "Bwd Packets/s",
        Unit::PacketsPerSecond,
        "Packets backward over the duration; 0 where that is 0.",
        |s| s.per_second(s.flow.backward.packets.into()),
    ),
    Feature::integer("Packet Length Min", Unit::Bytes, "Shortest payload of either side.", |s| {
        f64::from(s.lengths.min)
    }),
    Feature::integer("Packet Length Max", Unit::Bytes, "Longest payload of either side.", |s| {
        f64::from(s.lengths.max)
    }),
    Feature::real("Packet Length Mean", Unit::Bytes, "Mean payload of both sides.", |s| {
        ratio(s.lengths.sum, s.flow.packets())
    }),
    Feature::real(
        "Packet Length Std",
        Unit::Bytes,
        "Sample standard deviation of payloads of both sides.",
        |s| s.lengths.variance(s.flow.packets()).sqrt(),
    ),
    Feature::real(
        "Packet Length Variance",
        Unit::SquareBytes,
        "Sample variance of payloads of both sides.",
        |s| s.lengths.variance(s.flow.packets()),
    ),
    Feature::integer("FIN Flag Count", Unit::Packets, "Packets of both sides with FIN.", |s| {
        real(s.flow.flagged(TcpFlags::FIN))
    }),
    Feature::integer("SYN Flag Count", Unit::Packets, "Packets of both sides with SYN.", |s| {
        real(s.flow.flagged(TcpFlags::SYN))
    }),
    Feature::integer("RST Flag Count", Unit::Packets, "Packets of both sides with RST.", |s| {
        real(s.flow.flagged(TcpFlags::RST))
    }),
    Feature::integer("PSH Flag Count", Unit::Packets, "Packets of both sides with PSH.", |s| {
        real(s.flow.flagged(TcpFlags::PSH))
    }),
    Feature::integer("ACK Flag Count", Unit::Packets, "Packets of both sides with ACK.", |s| {
        real(s.flow.flagged(TcpFlags::ACK))
    }),
    Feature::integer("URG Flag Count", Unit::Packets, "Packets of both sides with URG.", |s| {
        real(s.flow.flagged(TcpFlags::URG))
    }),
    Feature::integer("CWR Flag Count", Unit::Packets, "Packets of both sides with CWR.", |s| {
        real(s.flow.flagged(TcpFlags::CWR))
    }),
    Feature::integer("ECE Flag Count", Unit::Packets, "Packets of both sides with ECE.", |s| {
        real(s.flow.flagged(TcpFlags::ECE))
    }),
    Feature::real(
        "Down/Up Ratio",
        Unit::Ratio,
        "Packets backward over packets forward; 0 where there are none forward.",
        |s| ratio(s.flow.backward.packets.into(), s.flow.forward.packets.into()),
    ),
    Feature::real(
        "Average Packet Size",
        Unit::Bytes,
        "Mean payload of both sides; the same as Packet Length Mean.",
        |s| ratio(s.lengths.sum, s.flow.packets()),
    ),
    Feature::real(
        "Fwd Segment Size Avg",
        Unit::Bytes,
        "Mean payload forward; the same as Fwd Packet Length Mean.",
        |s| mean(&s.flow.forward),
    ),
    Feature::real(
        "Bwd Segment Size Avg",
        Unit::Bytes,
        "Mean payload backward; the same as Bwd Packet Length Mean.",
        |s| mean(&s.flow.backward),
    ),
    Feature::real("Fwd Bytes/Bulk Avg", Unit::Bytes, "Payload bytes a bulk forward.", |s| {
        ratio(s.flow.forward.bulk.bytes, s.flow.forward.bulk.bulks.into())
    }),
    Feature::real("Fwd Packet/Bulk Avg", Unit::Packets, "Data packets a bulk forward.", |s| {
        ratio(s.flow.forward.bulk.packets.into(), s.flow.forward.bulk.bulks.into())
    }),
    Feature::real(
        "Fwd Bulk Rate Avg",
        Unit::BytesPerSecond,
        "Payload bytes of bulks forward over their duration; 0 where that is 0.",
        |s| bulk_rate(&s.flow.forward.bulk),
    ),
    Feature::real("Bwd Bytes/Bulk Avg", Unit::Bytes, "Payload bytes a bulk backward.", |s| {
        ratio(s.flow.backward.bulk.bytes, s.flow.backward.bulk.bulks.into())
    }),
    Feature::real("Bwd Packet/Bulk Avg", Unit::Packets, "Data packets a bulk backward.", |s| {
        ratio(s.flow.backward.bulk.packets.into(), s.flow.backward.bulk.bulks.into())
    }),
    Feature::real(
        "Bwd Bulk Rate Avg",
        Unit::BytesPerSecond,
        "Payload bytes of bulks backward over their duration; 0 where that is 0.",
        |s| bulk_rate(&s.flow.backward.bulk),
    ),
    Feature::real("Subflow Fwd Packets", Unit::Packets, "Packets forward a subflow.", |s| {
        ratio(s.flow.forward.packets.into(), s.flow.subflows())
    }),
    Feature::real("Subflow Fwd Bytes", Unit::Bytes, "Payload forward a subflow.", |s| {
        ratio(s.flow.forward.lengths.sum, s.flow.subflows())
    }),
    Feature::real("Subflow Bwd Packets", Unit::Packets, "Packets backward a subflow.", |s| {
        ratio(s.flow.backward.packets.into(), s.flow.subflows())
    }),
    Feature::real("Subflow Bwd Bytes", Unit::Bytes, "Payload backward a subflow.", |s| {
        ratio(s.flow.backward.lengths.sum, s.flow.subflows())
    }),
    Feature::integer(
        "FWD Init Win Bytes",
        Unit::Bytes,
        "TCP window of the first packet forward as sent, unscaled; 0 without TCP.",
        |s| f64::from(s.flow.forward.initial_window),
    ),
    Feature::integer(
        "Bwd Init Win Bytes",
        Unit::Bytes,
        "TCP window of the first packet backward as sent, unscaled; 0 without one.",
        |s| f64::from(s.flow.backward.initial_window),
    ),
    Feature::integer("Fwd Act Data Pkts", Unit::Packets, "Packets forward with payload.", |s| {
        f64::from(s.flow.forward.data_packets)
    }),
    Feature::integer("Fwd Seg Size Min", Unit::Bytes, "Shortest transport header forward.", |s| {
        f64::from(s.flow.forward.header_min)
    }),
    Feature::real(
        "Active Mean",
        Unit::Microseconds,
        "Mean length of an activity period, the last one included.",
        |s| s.periods.active.mean(),
    ),
    Feature::real(
        "Active Std",
        Unit::Microseconds,
        "Sample standard deviation of the length of an activity period, the last one included.",
        |s| s.periods.active.deviation(),
    ),
    Feature::integer(
        "Active Max",
        Unit::Microseconds,
        "Greatest length of an activity period, the last one included.",
        |s| real(s.periods.active.max_us),
    ),
    Feature::integer(
        "Active Min",
        Unit::Microseconds,
        "Least length of an activity period, the last one included.",
        |s| real(s.periods.active.shortest_us()),
    ),
    Feature::real(
        "Idle Mean",
        Unit::Microseconds,
        "Mean length of a silence longer than the activity gap.",
        |s| s.periods.idle.mean(),
    ),
    Feature::real(
        "Idle Std",
        Unit::Microseconds,
        "Sample standard deviation of the length of a silence longer than the activity gap.",
        |s| s.periods.idle.deviation(),
    ),
    Feature::integer(
        "Idle Max",
        Unit::Microseconds,
        "Greatest length of a silence longer than the activity gap.",
        |s| real(s.periods.idle.max_us),
    ),
    Feature::integer(
        "Idle Min",
        Unit::Microseconds,
        "Least length of a silence longer than the activity gap.",
        |s| real(s.periods.idle.shortest_us()),
    ),
];
