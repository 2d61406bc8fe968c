//! IP datagrams and the link layers around them, byte by byte.
//!
//! A [`Datagram`] is made by [`super::transport`] or [`super::tunnel`], bent here (options,
//! extension headers, fragments, false lengths) and framed by a [`Link`]. Lengths and IPv4 header
//! checksums are right unless a test asked for a wrong one.

use std::net::IpAddr;

/// Shortest Ethernet frame without its checksum, in bytes; shorter ones are padded.
const ETHERNET_MIN: usize = 60;
const MAC_A: [u8; 6] = [0x02, 0, 0, 0, 0, 0x0a];
const MAC_B: [u8; 6] = [0x02, 0, 0, 0, 0, 0x0b];
const ETHERTYPE_VLAN: u16 = 0x8100;
const ETHERTYPE_QINQ: u16 = 0x88a8;
const FRAGMENT_HEADER: u8 = 44;

/// An IPv6 extension header of eight bytes.
#[derive(Debug, Clone, Copy)]
pub enum Extension {
    /// Hop-by-hop options (0).
    HopByHop,
    /// Routing with no segments left (43).
    Routing,
    /// Destination options (60).
    Destination,
}

#[derive(Debug, Clone, Copy)]
struct Fragment {
    id: u32,
    offset: u16,
    more: bool,
}

/// An IPv4 or IPv6 packet.
#[derive(Debug, Clone)]
pub struct Datagram {
    source: IpAddr,
    target: IpAddr,
    protocol: u8,
    body: Vec<u8>,
    options: Vec<u8>,
    extensions: Vec<Extension>,
    fragment: Option<Fragment>,
    length: Option<u16>,
}

impl Datagram {
    /// `body` from `source` to `target` under the given IP protocol number.
    pub fn new(source: IpAddr, target: IpAddr, protocol: u8, body: Vec<u8>) -> Self {
        assert_eq!(source.is_ipv4(), target.is_ipv4(), "one family a datagram");
        Self {
            source,
            target,
            protocol,
            body,
            options: Vec::new(),
            extensions: Vec::new(),
            fragment: None,
            length: None,
        }
    }

    /// IPv4 options: a whole number of 32-bit words.
    pub fn options(mut self, options: &[u8]) -> Self {
        assert!(options.len().is_multiple_of(4) && options.len() <= 40, "IPv4 options");
        self.options = options.to_vec();
        self
    }

    /// Adds an IPv6 extension header after those there are.
    pub fn extension(mut self, extension: Extension) -> Self {
        self.extensions.push(extension);
        self
    }

    /// Writes this into the length field: total length of IPv4, payload length of IPv6.
    pub fn length(mut self, length: u16) -> Self {
        self.length = Some(length);
        self
    }

    /// Marks the body as a fragment at `offset` bytes (a multiple of eight).
    pub fn fragment(mut self, id: u32, offset: u16, more: bool) -> Self {
        assert!(offset.is_multiple_of(8), "fragments start at multiples of eight");
        self.fragment = Some(Fragment { id, offset, more });
        self
    }

    /// The datagram cut into fragments that carry at most `size` bytes of the body each.
    pub fn fragments(&self, id: u32, size: u16) -> Vec<Self> {
        let pieces = self.body.chunks(usize::from(size));
        let last = pieces.len() - 1;
        pieces
            .zip((0_u16..).step_by(usize::from(size)))
            .enumerate()
            .map(|(index, (piece, offset))| {
                let mut fragment = self.clone().fragment(id, offset, index < last);
                fragment.body = piece.to_vec();
                fragment
            })
            .collect()
    }

    /// From the IP header on.
    pub fn bytes(&self) -> Vec<u8> {
        match (self.source, self.target) {
            (IpAddr::V4(source), IpAddr::V4(target)) => self.v4(source.octets(), target.octets()),
            (IpAddr::V6(source), IpAddr::V6(target)) => self.v6(&source.octets(), &target.octets()),
            _ => unreachable!("checked when the datagram was made"),
        }
    }

    /// In an untagged Ethernet frame.
    pub fn ethernet(&self) -> Vec<u8> {
        Link::Ethernet.frame(self)
    }

    fn v4(&self, source: [u8; 4], target: [u8; 4]) -> Vec<u8> {
        let words = 5 + self.options.len() / 4;
        let header_len = words * 4;
        let length = self.length.unwrap_or_else(|| length(header_len + self.body.len()));
        let Fragment { id, offset, more } =
            self.fragment.unwrap_or(Fragment { id: 0x1234, offset: 0, more: false });
        let [.., id_high, id_low] = id.to_be_bytes();
        let mut bytes = vec![0x40 | u8::try_from(words).expect("at most 15 words"), 0];
        bytes.extend(length.to_be_bytes());
        bytes.extend([id_high, id_low]);
        bytes.extend(((u16::from(more) << 13) | (offset / 8)).to_be_bytes());
        bytes.extend([64, self.protocol, 0, 0]);
        bytes.extend(source);
        bytes.extend(target);
        bytes.extend(&self.options);
        let sum = checksum(&[&bytes]);
        bytes[10..12].copy_from_slice(&sum.to_be_bytes());
        bytes.extend(&self.body);
        bytes
    }

    fn v6(&self, source: &[u8; 16], target: &[u8; 16]) -> Vec<u8> {
        let mut numbers: Vec<u8> = self.extensions.iter().map(|e| e.number()).collect();
        numbers.extend(self.fragment.map(|_| FRAGMENT_HEADER));
        numbers.push(self.protocol);
        let length =
            self.length.unwrap_or_else(|| length((numbers.len() - 1) * 8 + self.body.len()));
        let mut bytes = vec![0x60, 0, 0, 0];
        bytes.extend(length.to_be_bytes());
        bytes.extend([numbers[0], 64]);
        bytes.extend(source);
        bytes.extend(target);
        for (extension, next) in self.extensions.iter().zip(&numbers[1..]) {
            bytes.extend([*next, 0]);
            bytes.extend(extension.content());
        }
        if let Some(Fragment { id, offset, more }) = self.fragment {
            bytes.extend([self.protocol, 0]);
            bytes.extend((offset | u16::from(more)).to_be_bytes());
            bytes.extend(id.to_be_bytes());
        }
        bytes.extend(&self.body);
        bytes
    }

    fn ethertype(&self) -> u16 {
        if self.source.is_ipv4() { 0x0800 } else { 0x86dd }
    }
}

impl Extension {
    const fn number(self) -> u8 {
        match self {
            Self::HopByHop => 0,
            Self::Routing => 43,
            Self::Destination => 60,
        }
    }

    const fn content(self) -> [u8; 6] {
        match self {
            Self::HopByHop | Self::Destination => [1, 4, 0, 0, 0, 0],
            Self::Routing => [253, 0, 0, 0, 0, 0],
        }
    }
}

/// What precedes the IP header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// Ethernet, padded to 60 bytes.
    Ethernet,
    /// Ethernet with one 802.1Q tag, padded.
    Vlan(u16),
    /// Ethernet with an 802.1ad tag and an 802.1Q tag in it, padded.
    QinQ(u16, u16),
    /// Linux cooked, version 1.
    Sll,
    /// Linux cooked, version 2.
    Sll2,
    /// BSD loopback, family in little-endian order.
    Null,
    /// BSD loopback, family in big-endian order as a big-endian host writes it.
    NullBig,
    /// `OpenBSD` loopback, family in network order.
    Loop,
    /// Nothing.
    Raw,
}

impl Link {
    /// One of each.
    pub const ALL: [Self; 9] = [
        Self::Ethernet,
        Self::Vlan(10),
        Self::QinQ(100, 10),
        Self::Sll,
        Self::Sll2,
        Self::Null,
        Self::NullBig,
        Self::Loop,
        Self::Raw,
    ];

    /// The link type number of capture files.
    pub const fn number(self) -> u32 {
        match self {
            Self::Null | Self::NullBig => 0,
            Self::Ethernet | Self::Vlan(_) | Self::QinQ(..) => 1,
            Self::Raw => 101,
            Self::Loop => 108,
            Self::Sll => 113,
            Self::Sll2 => 276,
        }
    }

    /// `datagram` behind this link's header.
    pub fn frame(self, datagram: &Datagram) -> Vec<u8> {
        let ethertype = datagram.ethertype();
        let family: u32 = if datagram.source.is_ipv4() { 2 } else { 30 };
        let mut bytes = match self {
            Self::Ethernet => ethernet_header(&[], ethertype),
            Self::Vlan(id) => ethernet_header(&[(ETHERTYPE_VLAN, id)], ethertype),
            Self::QinQ(outer, inner) => {
                ethernet_header(&[(ETHERTYPE_QINQ, outer), (ETHERTYPE_VLAN, inner)], ethertype)
            }
            Self::Sll => {
                [&[0, 0, 0, 1, 0, 6][..], &MAC_A, &[0, 0], &ethertype.to_be_bytes()].concat()
            }
            Self::Sll2 => {
                [&ethertype.to_be_bytes()[..], &[0, 0, 0, 0, 0, 3, 0, 1, 0, 6], &MAC_A, &[0, 0]]
                    .concat()
            }
            Self::Null => family.to_le_bytes().to_vec(),
            Self::NullBig | Self::Loop => family.to_be_bytes().to_vec(),
            Self::Raw => Vec::new(),
        };
        bytes.extend(datagram.bytes());
        if self.number() == 1 && bytes.len() < ETHERNET_MIN {
            bytes.resize(ETHERNET_MIN, 0);
        }
        bytes
    }
}

/// An Ethernet header with `tags` (type and VLAN id each, outermost first).
pub fn ethernet_header(tags: &[(u16, u16)], ethertype: u16) -> Vec<u8> {
    let mut bytes = [MAC_B, MAC_A].concat();
    for (kind, id) in tags {
        bytes.extend(kind.to_be_bytes());
        bytes.extend(id.to_be_bytes());
    }
    bytes.extend(ethertype.to_be_bytes());
    bytes
}

/// The Internet checksum (RFC 1071) over `parts`, each of which starts at an even offset.
pub fn checksum(parts: &[&[u8]]) -> u16 {
    let words = parts.iter().flat_map(|part| part.chunks(2));
    let sum: u64 = words
        .map(|pair| (u64::from(pair[0]) << 8) | pair.get(1).map_or(0, |low| u64::from(*low)))
        .sum();
    let mut folded = sum;
    while folded > 0xffff {
        folded = (folded & 0xffff) + (folded >> 16);
    }
    !u16::try_from(folded).expect("folded to 16 bits")
}

/// `bytes` as a 16-bit length field.
pub fn length(bytes: usize) -> u16 {
    u16::try_from(bytes).expect("a length field holds 16 bits")
}
