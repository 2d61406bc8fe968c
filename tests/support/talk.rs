//! Two endpoints and what they say to each other.

use std::net::{IpAddr, SocketAddr};

use super::frame::Datagram;
use super::pcap::{Timed, ms};
use super::transport::flag::{ACK, FIN, PSH, SYN};
use super::transport::{Tcp, echo_reply, echo_request, tcp, udp};

/// A client and a server.
#[derive(Debug, Clone, Copy)]
pub struct Talk {
    /// Speaks first.
    pub client: SocketAddr,
    /// Answers.
    pub server: SocketAddr,
}

impl Talk {
    /// Between two `address:port` texts.
    pub fn new(client: &str, server: &str) -> Self {
        let parse = |text: &str| text.parse().expect("an address and a port");
        Self { client: parse(client), server: parse(server) }
    }

    /// From port `client` of 198.18.2.1 to port `server` of 198.18.0.1.
    pub fn v4(client: u16, server: u16) -> Self {
        Self { client: ([198, 18, 2, 1], client).into(), server: ([198, 18, 0, 1], server).into() }
    }

    /// From port `client` of `2001:db8::1` to port `server` of `2001:db8::2`.
    pub fn v6(client: u16, server: u16) -> Self {
        let host = |last| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, last]);
        Self { client: (host(1), client).into(), server: (host(2), server).into() }
    }

    /// A TCP segment from the client.
    pub fn ask(&self, flags: u8) -> Tcp {
        tcp(self.client, self.server, flags)
    }

    /// A TCP segment from the server.
    pub fn answer(&self, flags: u8) -> Tcp {
        tcp(self.server, self.client, flags)
    }

    /// A UDP datagram from the client.
    pub fn ask_udp(&self, payload: usize) -> Datagram {
        udp(self.client, self.server, payload)
    }

    /// A UDP datagram from the server.
    pub fn answer_udp(&self, payload: usize) -> Datagram {
        udp(self.server, self.client, payload)
    }

    /// An echo request from the client.
    pub fn ping(&self, id: u16, seq: u16, payload: usize) -> Datagram {
        echo_request(self.client.ip(), self.server.ip(), id, seq, payload)
    }

    /// An echo reply from the server.
    pub fn pong(&self, id: u16, seq: u16, payload: usize) -> Datagram {
        echo_reply(self.server.ip(), self.client.ip(), id, seq, payload)
    }

    /// Three packets, 10 ms apart, that open a connection at `at`.
    pub fn open(&self, at: i64) -> Vec<Timed> {
        vec![
            (at, self.ask(SYN).ip()),
            (at + ms(10), self.answer(SYN | ACK).window(65_160).ip()),
            (at + ms(20), self.ask(ACK).window(502).ip()),
        ]
    }

    /// Three packets, 10 ms apart, by which first the client, then the server closes at `at`.
    pub fn close(&self, at: i64) -> Vec<Timed> {
        vec![
            (at, self.ask(FIN | ACK).ip()),
            (at + ms(10), self.answer(FIN | ACK).ip()),
            (at + ms(20), self.ask(ACK).ip()),
        ]
    }

    /// Opened at `at`, one request of 100 bytes, one answer of 1,000, closed: nine packets in
    /// 420 ms.
    pub fn whole(&self, at: i64) -> Vec<Timed> {
        let mut packets = self.open(at);
        packets.extend([
            (at + ms(100), self.ask(PSH | ACK).payload(100).ip()),
            (at + ms(200), self.answer(PSH | ACK).window(501).payload(1_000).ip()),
            (at + ms(300), self.ask(ACK).ip()),
        ]);
        packets.extend(self.close(at + ms(400)));
        packets
    }
}

/// `count` conversations at once, in order of time: connections, queries, scans and echoes that
/// start 7 ms apart, so that about sixty are open at any time.
pub fn crowd(count: u16) -> Vec<Timed> {
    let mut packets = Vec::new();
    for index in 0..count {
        let at = ms(7 * i64::from(index));
        let talk = match index % 3 {
            0 => Talk::v6(20_000 + index, 443),
            _ => Talk::v4(20_000 + index, 443),
        };
        match index % 8 {
            0 => packets.push((at, talk.ask(SYN).ip())),
            1 => packets.extend([(at, talk.ask_udp(40)), (at + ms(3), talk.answer_udp(400))]),
            2 => packets
                .extend([(at, talk.ping(index, 1, 56)), (at + ms(1), talk.pong(index, 1, 56))]),
            _ => packets.extend(talk.whole(at)),
        }
    }
    packets.sort_by_key(|(at, _)| *at);
    packets
}
