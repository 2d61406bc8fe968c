//! Datagrams carried in other datagrams: VXLAN, Geneve, GRE, IP-in-IP, 6in4.

use std::net::IpAddr;

use super::frame::{Datagram, Link, checksum};
use super::transport::udp_with;

const TRANSPARENT_ETHERNET: u16 = 0x6558;
const OUTER_A: &str = "192.0.2.10";
const OUTER_B: &str = "192.0.2.20";

/// A way to carry one datagram in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// VXLAN (RFC 7348) to the given UDP port.
    Vxlan(u16),
    /// Geneve (RFC 8926), Ethernet inside, with eight bytes of options or none.
    Geneve(Options),
    /// Geneve with the IP packet directly inside.
    GeneveIp,
    /// GRE (RFC 2784, 2890) with these optional fields, the IP packet inside.
    Gre(Fields),
    /// GRE with an Ethernet frame inside.
    GreEthernet,
    /// IPv4 in IPv4 (protocol 4) or IPv6 in IPv4 (protocol 41), by what is inside.
    IpInIp,
    /// IPv4 or IPv6 inside IPv6.
    IpInIpv6,
}

/// Whether a Geneve header carries options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Options {
    /// None.
    None,
    /// One of eight bytes.
    Some,
}

/// Which optional fields a GRE header carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fields {
    /// None.
    Bare,
    /// The key.
    Key,
    /// Checksum, key and sequence number.
    All,
}

impl Carrier {
    /// One of each.
    pub const ALL: [Self; 11] = [
        Self::Vxlan(4789),
        Self::Vxlan(8472),
        Self::Geneve(Options::None),
        Self::Geneve(Options::Some),
        Self::GeneveIp,
        Self::Gre(Fields::Bare),
        Self::Gre(Fields::Key),
        Self::Gre(Fields::All),
        Self::GreEthernet,
        Self::IpInIp,
        Self::IpInIpv6,
    ];

    /// `inner` inside a datagram from 192.0.2.10 to 192.0.2.20 (or their IPv6 counterparts).
    pub fn carry(self, inner: &Datagram) -> Datagram {
        let (a, b) = outer(OUTER_A, OUTER_B);
        let ethernet = || inner.ethernet();
        match self {
            Self::Vxlan(port) => {
                udp_outer(port, &[&[0x08, 0, 0, 0, 0, 0, 42, 0][..], &ethernet()].concat())
            }
            Self::Geneve(options) => udp_outer(
                6081,
                &[geneve_header(options, TRANSPARENT_ETHERNET), ethernet()].concat(),
            ),
            Self::GeneveIp => {
                let header = geneve_header(Options::None, ethertype(inner));
                udp_outer(6081, &[header, inner.bytes()].concat())
            }
            Self::Gre(fields) => {
                Datagram::new(a, b, 47, gre(fields, ethertype(inner), &inner.bytes()))
            }
            Self::GreEthernet => {
                Datagram::new(a, b, 47, gre(Fields::Bare, TRANSPARENT_ETHERNET, &ethernet()))
            }
            Self::IpInIp => Datagram::new(a, b, ip_in_ip_number(inner), inner.bytes()),
            Self::IpInIpv6 => {
                let (a, b) = outer("2001:db8:f::10", "2001:db8:f::20");
                Datagram::new(a, b, ip_in_ip_number(inner), inner.bytes())
            }
        }
    }

    /// `inner` carried and framed for Ethernet.
    pub fn frame(self, inner: &Datagram) -> Vec<u8> {
        Link::Ethernet.frame(&self.carry(inner))
    }
}

fn outer(a: &str, b: &str) -> (IpAddr, IpAddr) {
    (a.parse().expect("an address"), b.parse().expect("an address"))
}

fn udp_outer(port: u16, payload: &[u8]) -> Datagram {
    let (a, b) = outer(OUTER_A, OUTER_B);
    udp_with((a, 54_321).into(), (b, port).into(), payload)
}

fn is_v4(inner: &Datagram) -> bool {
    inner.bytes()[0] >> 4 == 4
}

fn ethertype(inner: &Datagram) -> u16 {
    if is_v4(inner) { 0x0800 } else { 0x86dd }
}

fn ip_in_ip_number(inner: &Datagram) -> u8 {
    if is_v4(inner) { 4 } else { 41 }
}

fn geneve_header(options: Options, ethertype: u16) -> Vec<u8> {
    let (words, option): (u8, &[u8]) = match options {
        Options::None => (0, &[]),
        Options::Some => (2, &[0x01, 0x02, 0x80, 1, 0xde, 0xad, 0xbe, 0xef]),
    };
    let [high, low] = ethertype.to_be_bytes();
    [&[words, 0, high, low, 0, 0, 42, 0], option].concat()
}

fn gre(fields: Fields, ethertype: u16, inner: &[u8]) -> Vec<u8> {
    let (flags, optional): (u8, &[u8]) = match fields {
        Fields::Bare => (0, &[]),
        Fields::Key => (0x20, &[0, 0, 0, 42]),
        Fields::All => (0xb0, &[0, 0, 0, 0, 0, 0, 0, 42, 0, 0, 0, 7]),
    };
    let [high, low] = ethertype.to_be_bytes();
    let mut bytes = [&[flags, 0, high, low], optional, inner].concat();
    if fields == Fields::All {
        let sum = checksum(&[&bytes]);
        bytes[4..6].copy_from_slice(&sum.to_be_bytes());
    }
    bytes
}
