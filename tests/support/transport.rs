//! Transport segments in IP datagrams: TCP, UDP, ICMP of both families, SCTP.
//!
//! Checksums of TCP, UDP and ICMP are right; that of SCTP is left zero.

use std::iter;
use std::net::{IpAddr, SocketAddr};

use super::frame::{Datagram, checksum, length};

/// TCP flag bits.
pub mod flag {
    /// No more data from the sender.
    pub const FIN: u8 = 0x01;
    /// Opens a connection.
    pub const SYN: u8 = 0x02;
    /// Aborts a connection.
    pub const RST: u8 = 0x04;
    /// Push.
    pub const PSH: u8 = 0x08;
    /// The acknowledgement number counts.
    pub const ACK: u8 = 0x10;
    /// The urgent pointer counts.
    pub const URG: u8 = 0x20;
    /// Congestion was experienced.
    pub const ECE: u8 = 0x40;
    /// The congestion window was reduced.
    pub const CWR: u8 = 0x80;
}

/// IP protocol numbers.
pub mod protocol {
    /// ICMP for IPv4.
    pub const ICMP: u8 = 1;
    /// IGMP.
    pub const IGMP: u8 = 2;
    /// TCP.
    pub const TCP: u8 = 6;
    /// UDP.
    pub const UDP: u8 = 17;
    /// ICMP for IPv6.
    pub const ICMPV6: u8 = 58;
    /// SCTP.
    pub const SCTP: u8 = 132;
}

/// A TCP segment in the making.
#[derive(Debug, Clone)]
pub struct Tcp {
    from: SocketAddr,
    to: SocketAddr,
    flags: u8,
    window: u16,
    seq: u32,
    ack: u32,
    options: Vec<u8>,
    payload: usize,
}

/// A TCP segment without flags or payload, window 64,240.
pub fn tcp(from: SocketAddr, to: SocketAddr, flags: u8) -> Tcp {
    Tcp { from, to, flags, window: 64_240, seq: 0, ack: 0, options: Vec::new(), payload: 0 }
}

impl Tcp {
    /// The window field.
    pub const fn window(mut self, window: u16) -> Self {
        self.window = window;
        self
    }

    /// Sequence and acknowledgement number.
    pub const fn numbers(mut self, seq: u32, ack: u32) -> Self {
        self.seq = seq;
        self.ack = ack;
        self
    }

    /// Options: a whole number of 32-bit words.
    pub fn options(mut self, options: &[u8]) -> Self {
        assert!(options.len().is_multiple_of(4) && options.len() <= 40, "TCP options");
        self.options = options.to_vec();
        self
    }

    /// Bytes of payload.
    pub const fn payload(mut self, bytes: usize) -> Self {
        self.payload = bytes;
        self
    }

    /// In its IP datagram.
    pub fn ip(&self) -> Datagram {
        let words = u8::try_from(5 + self.options.len() / 4).expect("at most 15 words");
        let mut body = ports(self.from, self.to);
        body.extend(self.seq.to_be_bytes());
        body.extend(self.ack.to_be_bytes());
        body.extend([words << 4, self.flags]);
        body.extend(self.window.to_be_bytes());
        body.extend([0; 4]);
        body.extend(&self.options);
        body.extend(filler(self.payload));
        summed(self.from.ip(), self.to.ip(), protocol::TCP, body, 16)
    }
}

impl From<Tcp> for Datagram {
    fn from(segment: Tcp) -> Self {
        segment.ip()
    }
}

/// A UDP datagram with `payload` bytes of filler.
pub fn udp(from: SocketAddr, to: SocketAddr, payload: usize) -> Datagram {
    udp_with(from, to, &filler(payload))
}

/// A UDP datagram with this payload.
pub fn udp_with(from: SocketAddr, to: SocketAddr, payload: &[u8]) -> Datagram {
    let mut body = ports(from, to);
    body.extend(length(8 + payload.len()).to_be_bytes());
    body.extend([0; 2]);
    body.extend(payload);
    summed(from.ip(), to.ip(), protocol::UDP, body, 6)
}

/// An SCTP packet: the common header, then `payload` bytes.
pub fn sctp(from: SocketAddr, to: SocketAddr, payload: usize) -> Datagram {
    let mut body = ports(from, to);
    body.extend([0; 8]);
    body.extend(filler(payload));
    Datagram::new(from.ip(), to.ip(), protocol::SCTP, body)
}

/// An echo request of either family with `payload` bytes after the eight of its header.
pub fn echo_request(from: IpAddr, to: IpAddr, id: u16, seq: u16, payload: usize) -> Datagram {
    let kind = if from.is_ipv4() { 8 } else { 128 };
    icmp(from, to, [kind, 0], echo_fields(id, seq), &filler(payload))
}

/// An echo reply of either family.
pub fn echo_reply(from: IpAddr, to: IpAddr, id: u16, seq: u16, payload: usize) -> Datagram {
    let kind = if from.is_ipv4() { 0 } else { 129 };
    icmp(from, to, [kind, 0], echo_fields(id, seq), &filler(payload))
}

/// "Port unreachable" that quotes `about`.
pub fn port_unreachable(from: IpAddr, to: IpAddr, about: &Datagram) -> Datagram {
    let mut quoted = about.bytes();
    let (kind_and_code, quote) = if from.is_ipv4() { ([3, 3], 28) } else { ([1, 4], 48) };
    quoted.truncate(quote);
    icmp(from, to, kind_and_code, [0; 4], &quoted)
}

/// An ICMP message: type and code, the four bytes after the checksum, what follows.
pub fn icmp(
    from: IpAddr,
    to: IpAddr,
    kind_and_code: [u8; 2],
    fields: [u8; 4],
    payload: &[u8],
) -> Datagram {
    let body = [&kind_and_code[..], &[0, 0], &fields, payload].concat();
    let number = if from.is_ipv4() { protocol::ICMP } else { protocol::ICMPV6 };
    summed(from, to, number, body, 2)
}

/// Any other protocol with `payload` bytes in the IP datagram.
pub fn other(from: IpAddr, to: IpAddr, number: u8, payload: usize) -> Datagram {
    Datagram::new(from, to, number, filler(payload))
}

/// `bytes` of payload that looks like nothing in particular.
pub fn filler(bytes: usize) -> Vec<u8> {
    iter::repeat_n(b'6', bytes).collect()
}

fn ports(from: SocketAddr, to: SocketAddr) -> Vec<u8> {
    [from.port().to_be_bytes(), to.port().to_be_bytes()].concat()
}

fn echo_fields(id: u16, seq: u16) -> [u8; 4] {
    let ([a, b], [c, d]) = (id.to_be_bytes(), seq.to_be_bytes());
    [a, b, c, d]
}

/// Puts the checksum, which lies at `at`, into `body`.
fn summed(from: IpAddr, to: IpAddr, number: u8, mut body: Vec<u8>, at: usize) -> Datagram {
    let size = u32::try_from(body.len()).expect("a small body").to_be_bytes();
    let addresses = match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => [from.octets(), to.octets()].concat(),
        (IpAddr::V6(from), IpAddr::V6(to)) => [from.octets(), to.octets()].concat(),
        _ => unreachable!("a datagram has one family"),
    };
    let pseudo = [&addresses[..], &size, &[0, 0, 0, number]].concat();
    let covered: &[u8] = if number == protocol::ICMP { &[] } else { &pseudo };
    let sum = checksum(&[covered, &body]);
    // A UDP checksum of zero would mean "none" (RFC 768).
    let sum = if sum == 0 && number == protocol::UDP { u16::MAX } else { sum };
    body[at..at + 2].copy_from_slice(&sum.to_be_bytes());
    Datagram::new(from, to, number, body)
}
