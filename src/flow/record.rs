//! One flow: who spoke, since when, and the statistics of both sides.

use std::fmt;
use std::hash::Hasher;

use siphasher::sip::SipHasher13;

use super::activity::{Activity, Periods};
use super::clock::Stamp;
use super::direction::{Direction, Side};
use super::order::{End, Order};
use super::orientation::answers;
use super::statistics::Durations;
use crate::packet::{Packet, TcpFlags, Tunnel, Tuple};

/// A bidirectional flow.
#[derive(Debug, Clone)]
pub struct Flow {
    /// Who spoke with whom, in the forward direction.
    pub tuple: Tuple,
    /// Time of the first packet in µs since the epoch.
    pub first_us: i64,
    /// Time of the last packet in µs since the epoch; never before `first_us`.
    pub last_us: i64,
    /// What the opener sent.
    pub forward: Side,
    /// What came back.
    pub backward: Side,
    /// Gaps between consecutive packets of either side.
    pub gaps: Durations,
    /// The tunnel its first packet came in.
    pub tunnel: Option<Tunnel>,
    /// Rows already reported while it was open.
    pub reports: u32,
    activity: Activity,
    reported: Reported,
    sequence: u64,
    fins: Fins,
    is_unasked: bool,
}

/// What the rows reported so far have told.
#[derive(Debug, Clone, Copy, Default)]
struct Reported {
    packets: u64,
    forward_bytes: u64,
    backward_bytes: u64,
}

/// Which sides have sent a FIN.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Fins {
    forward: bool,
    backward: bool,
}

impl Flow {
    /// A flow in the direction of `tuple` that begins with `packet`, which is not yet counted.
    pub(super) fn open(tuple: Tuple, packet: &Packet, stamp: Stamp) -> Self {
        Self {
            is_unasked: answers(packet.flags) && tuple != packet.tuple,
            tuple,
            first_us: packet.time_us,
            last_us: packet.time_us,
            forward: Side::default(),
            backward: Side::default(),
            gaps: Durations::default(),
            tunnel: packet.tunnel,
            reports: 0,
            activity: Activity::start(packet.time_us),
            reported: Reported::default(),
            sequence: stamp.sequence,
            fins: Fins::default(),
        }
    }

    /// The rest of this flow after a split before `packet`, which is not yet counted: a side that has
    /// sent its FIN will send no other.
    pub(super) fn continued(&self, packet: &Packet, stamp: Stamp) -> Self {
        Self { fins: self.fins, is_unasked: false, ..Self::open(self.tuple, packet, stamp) }
    }

    /// Whether all that was seen is an answer to a SYN that was not: who opened the flow shows with
    /// the next packet.
    pub(super) const fn is_unasked(&self) -> bool {
        self.is_unasked
    }

    /// Takes the second packet of a flow that began with an answer, before it is counted. Whoever
    /// refuses an answer has not asked: then the flow is its sender's.
    pub(super) fn settle(&mut self, packet: &Packet) {
        self.is_unasked = false;
        let is_refused = packet.flags.contains(TcpFlags::RST);
        if is_refused && self.direction(&packet.tuple) == Direction::Forward {
            self.tuple = self.tuple.reversed();
            std::mem::swap(&mut self.forward, &mut self.backward);
            std::mem::swap(&mut self.fins.forward, &mut self.fins.backward);
        }
    }

    /// Counts `packet`; says how the flow ended if this packet ended it.
    #[inline]
    pub(super) fn add(&mut self, packet: &Packet, activity_gap_us: i64) -> Option<End> {
        let time_us = packet.time_us.max(self.last_us);
        if self.packets() > 0 {
            let gap_us = (time_us - self.last_us).unsigned_abs();
            self.gaps.add(gap_us);
            self.activity.add(time_us, self.last_us, gap_us, activity_gap_us);
        }
        self.last_us = time_us;
        let (side, other, has_fin) = match self.direction(&packet.tuple) {
            Direction::Forward => (&mut self.forward, &mut self.backward, &mut self.fins.forward),
            Direction::Backward => (&mut self.backward, &mut self.forward, &mut self.fins.backward),
        };
        side.add(time_us, packet);
        if packet.payload_len > 0 {
            other.bulk.interrupt();
        }
        *has_fin |= packet.flags.contains(TcpFlags::FIN);
        if packet.flags.contains(TcpFlags::RST) {
            Some(End::Rst)
        } else if self.fins.forward && self.fins.backward {
            Some(End::Fin)
        } else {
            None
        }
    }

    /// Which way a packet of this flow goes; one to itself goes forward.
    #[inline]
    fn direction(&self, tuple: &Tuple) -> Direction {
        if (self.tuple.source, self.tuple.source_port) == (tuple.source, tuple.source_port) {
            Direction::Forward
        } else {
            Direction::Backward
        }
    }

    /// Packets of both sides.
    #[must_use]
    pub const fn packets(&self) -> u64 {
        self.forward.packets as u64 + self.backward.packets as u64
    }

    /// From the first packet to the last, in µs.
    #[must_use]
    pub const fn duration_us(&self) -> u64 {
        self.last_us.abs_diff(self.first_us)
    }

    /// Packets of both sides that had this one flag set.
    #[must_use]
    pub fn flagged(&self, flag: TcpFlags) -> u64 {
        u64::from(self.forward.flagged(flag)) + u64::from(self.backward.flagged(flag))
    }

    /// Active and idle periods, the running one included.
    #[must_use]
    pub fn periods(&self) -> Periods {
        self.activity.periods(self.last_us)
    }

    /// Parts of the flow between gaps of more than a second.
    #[must_use]
    pub fn subflows(&self) -> u64 {
        u64::from(self.activity.subflow_gaps) + 1
    }

    /// Its identity: the same for all its rows, and in every run over the same packets.
    #[must_use]
    pub fn id(&self) -> FlowId {
        let mut hasher = SipHasher13::new();
        let Tuple { source, target, source_port, target_port, protocol, icmp_type } = self.tuple;
        for bytes in [source.bits().to_be_bytes(), target.bits().to_be_bytes()] {
            hasher.write(&bytes);
        }
        for bytes in [source_port.to_be_bytes(), target_port.to_be_bytes(), [protocol, icmp_type]] {
            hasher.write(&bytes);
        }
        hasher.write(&self.first_us.to_be_bytes());
        hasher.write(&self.sequence.to_be_bytes());
        FlowId(hasher.finish())
    }

    /// Transport payload forward and backward since the row before this one, in bytes.
    #[must_use]
    pub const fn news_bytes(&self) -> [u64; 2] {
        let Reported { forward_bytes, backward_bytes, .. } = self.reported;
        [self.forward.lengths.sum - forward_bytes, self.backward.lengths.sum - backward_bytes]
    }

    /// A copy to be reported while the flow goes on, unless nothing has changed since the last or it
    /// is not known whose it is.
    pub(super) fn snapshot(&mut self) -> Option<Self> {
        if self.packets() == self.reported.packets || self.is_unasked {
            return None;
        }
        let snapshot = self.clone();
        self.reported = Reported {
            packets: self.packets(),
            forward_bytes: self.forward.lengths.sum,
            backward_bytes: self.backward.lengths.sum,
        };
        self.reports += 1;
        Some(snapshot)
    }

    /// The place of a report about this flow.
    pub(super) const fn order(&self, at_us: i64, cause: u64) -> Order {
        Order { at_us, cause, first_us: self.first_us, sequence: self.sequence }
    }
}

/// Identity of a flow: SipHash-1-3 under a zero key of its inner tuple, the microsecond of its
/// first packet and that packet's number in the capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowId(pub u64);

impl fmt::Display for FlowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}
