//! One frame to one packet: link, network, tunnels, fragments, transport.

use super::application::Segment;
use super::fragment::{Attribution, DatagramId, Fragments};
use super::ip::{self, Datagram};
use super::link;
use super::transport::{self, Transport};
use super::tunnel::{self, Tunnel};
use super::view::{Skipped, View};
use super::{Frame, Packet, Tuple, protocol};

/// Tunnels inside tunnels that are unwrapped; what lies deeper counts as the flow of the last one.
const MAX_TUNNELS: usize = 4;

/// What a decoder has seen; every frame is counted once in `packets` or in a reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Frames that became a packet.
    pub packets: u64,
    /// Frames that carry no IP.
    pub not_ip: u64,
    /// Frames cut inside a header.
    pub truncated: u64,
    /// Frames with a header that contradicts itself.
    pub malformed: u64,
    /// Later fragments of tunnelled packets, whose length the first one told.
    pub covered_fragments: u64,
    /// Of `packets`: later fragments whose first was never seen, kept without ports.
    pub orphaned_fragments: u64,
    /// Of `packets`: unwrapped from a tunnel.
    pub tunnelled: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.packets += other.packets;
        self.not_ip += other.not_ip;
        self.truncated += other.truncated;
        self.malformed += other.malformed;
        self.covered_fragments += other.covered_fragments;
        self.orphaned_fragments += other.orphaned_fragments;
        self.tunnelled += other.tunnelled;
    }
}

/// Decodes the frames of one source in their order.
///
/// It remembers the first fragments of recent datagrams and nothing else.
#[derive(Debug, Default)]
pub struct Decoder {
    fragments: Fragments,
    counts: Counts,
    headers_len: usize,
}

impl Decoder {
    /// What has been decoded so far.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// How many bytes at the front of the last frame that became a packet are headers, the transport
    /// header of the innermost packet included: with these alone it becomes the same packet.
    ///
    /// More than the frame has where the capture was cut inside the last header.
    #[must_use]
    pub const fn headers_len(&self) -> usize {
        self.headers_len
    }

    /// The TCP segment in `frame`, the last that became a packet: `packet`. None where that is of
    /// another protocol, a later fragment, or has no whole header.
    #[must_use]
    #[inline]
    pub fn segment<'a>(&self, frame: &Frame<'a>, packet: &Packet) -> Option<Segment<'a>> {
        let header_len = usize::from(packet.header_len);
        if packet.tuple.protocol != protocol::TCP || header_len < 20 {
            return None;
        }
        let header = frame.bytes.get(self.headers_len.checked_sub(header_len)?..)?;
        let sequence = header.get(4..)?.first_chunk().copied().map(u32::from_be_bytes)?;
        let captured = header.get(header_len..).unwrap_or_default();
        // What pads a short frame of Ethernet is none of its payload.
        let payload = captured.get(..packet.payload_len as usize).unwrap_or(captured);
        Some(Segment { sequence, payload, sent_len: packet.payload_len })
    }

    /// The packet in `frame`, or why there is none. Never panics, whatever the bytes.
    #[inline]
    pub fn decode(&mut self, frame: &Frame<'_>) -> Result<Packet, Skipped> {
        let decoded = self.packet(frame);
        match &decoded {
            Ok(packet) => {
                self.counts.packets += 1;
                self.counts.tunnelled += u64::from(packet.tunnel.is_some());
                self.headers_len += usize::from(packet.header_len);
            }
            Err(Skipped::NotIp) => self.counts.not_ip += 1,
            Err(Skipped::Truncated) => self.counts.truncated += 1,
            Err(Skipped::Malformed) => self.counts.malformed += 1,
            Err(Skipped::Covered) => self.counts.covered_fragments += 1,
        }
        decoded
    }

    #[inline]
    fn packet(&mut self, frame: &Frame<'_>) -> Result<Packet, Skipped> {
        let view = View::new(frame.bytes, frame.wire_len);
        let (network, view) = link::network(frame.link, view)?;
        let outer = ip::datagram(network, view)?;
        let Unwrapped { datagram, tunnel, opened } = unwrapped(outer);
        self.headers_len = datagram.payload.offset_in(frame.bytes);
        if let Some(id) = opened {
            self.fragments.remember(frame.time_us, id, Attribution::Covered);
        }
        if datagram.fragment.is_some() {
            return self.fragment(frame.time_us, &datagram, tunnel);
        }
        let transport = self.transport(&datagram)?;
        Ok(packet(frame.time_us, &datagram, tunnel, transport))
    }

    /// The transport header, of which all is kept with the headers that is too short for one.
    #[inline]
    fn transport(&mut self, datagram: &Datagram<'_>) -> Result<Transport, Skipped> {
        let transport = transport::header(datagram.protocol, datagram.payload)?;
        self.headers_len += transport::stub_len(datagram.protocol, &transport);
        Ok(transport)
    }

    /// A fragment: the first shows the flow, the others follow it.
    fn fragment(
        &mut self,
        time_us: i64,
        datagram: &Datagram<'_>,
        tunnel: Option<Tunnel>,
    ) -> Result<Packet, Skipped> {
        let Some(id) = datagram_id(datagram) else { return Err(Skipped::Malformed) };
        if datagram.fragment.is_some_and(|fragment| fragment.is_first) {
            let transport = self.transport(datagram)?;
            let packet = packet(time_us, datagram, tunnel, transport);
            self.fragments.remember(time_us, id, Attribution::Flow(packet.tuple, tunnel));
            return Ok(packet);
        }
        let headless = transport::headless(datagram.payload);
        match self.fragments.attribution(time_us, id) {
            Some(Attribution::Covered) => Err(Skipped::Covered),
            Some(Attribution::Flow(tuple, tunnel)) => {
                Ok(Packet { tuple, ..packet(time_us, datagram, tunnel, headless) })
            }
            None => {
                self.counts.orphaned_fragments += 1;
                Ok(packet(time_us, datagram, tunnel, headless))
            }
        }
    }
}

/// What is inside all tunnels.
struct Unwrapped<'a> {
    datagram: Datagram<'a>,
    /// The outermost tunnel around it.
    tunnel: Option<Tunnel>,
    /// A first fragment that held a tunnel's packet, whose inner header tells the whole length.
    opened: Option<DatagramId>,
}

#[inline]
fn unwrapped(outer: Datagram<'_>) -> Unwrapped<'_> {
    let mut found = Unwrapped { datagram: outer, tunnel: None, opened: None };
    for _ in 0..MAX_TUNNELS {
        if found.datagram.fragment.is_some_and(|fragment| !fragment.is_first) {
            break;
        }
        // What does not hold an IP packet after all stays a flow of its own.
        let Some((tunnel, network, view)) = tunnel::inner(&found.datagram) else { break };
        let Ok(inner) = ip::datagram(network, view) else { break };
        found.opened = found.opened.or_else(|| datagram_id(&found.datagram));
        found.tunnel = found.tunnel.or(Some(tunnel));
        found.datagram = inner;
    }
    found
}

/// What its fragments have in common, if `datagram` is one.
fn datagram_id(datagram: &Datagram<'_>) -> Option<DatagramId> {
    let is_v4 = datagram.source.as_v4().is_some();
    Some(DatagramId {
        source: datagram.source,
        target: datagram.target,
        id: datagram.fragment?.id,
        protocol: if is_v4 { datagram.protocol } else { 0 },
    })
}

#[inline]
fn packet(
    time_us: i64,
    datagram: &Datagram<'_>,
    tunnel: Option<Tunnel>,
    transport: Transport,
) -> Packet {
    Packet {
        time_us,
        tuple: Tuple {
            source: datagram.source,
            target: datagram.target,
            source_port: transport.source_port,
            target_port: transport.target_port,
            protocol: datagram.protocol,
            icmp_type: transport.icmp_type,
        },
        payload_len: transport.payload_len,
        header_len: transport.header_len,
        flags: transport.flags,
        window: transport.window,
        tunnel,
    }
}
