//! What an event says of a socket: which hook tells of what, and of whom.
//!
//! A hook counts only where it runs in the process that its event names. `inet_sock_set_state` often
//! does not: of its transitions four are made by a call of the process itself, the others by whoever the
//! arrival of a packet has interrupted. Ports are in host order here, as the agent gives them.

use std::net::{IpAddr, SocketAddr};

use super::event::{SocketStep, SocketUse};
use super::wire::KprobeArgument;
use super::wire::kprobe_argument::Arg;
use crate::packet::protocol::{TCP, UDP};

/// TCP states of Linux (`include/net/tcp_states.h`), as `inet_sock_set_state` numbers them.
mod state {
    pub(super) const ESTABLISHED: i64 = 1;
    pub(super) const SYN_SENT: i64 = 2;
    pub(super) const FIN_WAIT1: i64 = 4;
    pub(super) const CLOSE: i64 = 7;
    pub(super) const CLOSE_WAIT: i64 = 8;
    pub(super) const LAST_ACK: i64 = 9;
    pub(super) const LISTEN: i64 = 10;
}

/// A `sock_arg`, as the agent gives it.
#[derive(Debug, Clone, Copy, Default)]
struct Sock<'a> {
    kind: &'a str,
    protocol: &'a str,
    source: &'a str,
    target: &'a str,
    source_port: u32,
    target_port: u32,
    cookie: u64,
    state: &'a str,
}

/// An argument of a hook, as far as it matters here.
#[derive(Debug, Clone, Copy)]
enum Given<'a> {
    /// A socket.
    Sock(Sock<'a>),
    /// Where a socket is to be connected to.
    Sockaddr { address: &'a str, port: u32 },
    /// A whole number.
    Number(i64),
    /// Something else.
    Other,
}

impl<'a> From<&'a KprobeArgument> for Given<'a> {
    fn from(argument: &'a KprobeArgument) -> Self {
        match &argument.arg {
            Some(Arg::SockArg(sock)) => Self::Sock(Sock {
                kind: &sock.r#type,
                protocol: &sock.protocol,
                source: &sock.saddr,
                target: &sock.daddr,
                source_port: sock.sport,
                target_port: sock.dport,
                cookie: sock.cookie,
                state: &sock.state,
            }),
            Some(Arg::SockaddrArg(to)) => Self::Sockaddr { address: &to.addr, port: to.port },
            Some(Arg::IntArg(number)) => Self::Number((*number).into()),
            Some(Arg::UintArg(number)) => Self::Number((*number).into()),
            Some(Arg::LongArg(number)) => Self::Number(*number),
            _ => Self::Other,
        }
    }
}

/// What a hook says of a socket; none where it says nothing, or not of the process of its event. `call`
/// is the function, or `subsystem/event`.
pub(super) fn socket_use(
    call: &str,
    arguments: &[KprobeArgument],
    returned: Option<&KprobeArgument>,
) -> Option<SocketUse> {
    let given: Vec<_> = arguments.iter().map(Given::from).collect();
    used(call, &given, returned.map(Given::from))
}

fn used(call: &str, given: &[Given<'_>], returned: Option<Given<'_>>) -> Option<SocketUse> {
    let found = match call {
        "sock/inet_sock_set_state" => transition(given),
        _ => function(call, given, returned),
    };
    found.filter(says_something)
}

/// Whether it can be joined with anything.
fn says_something(found: &SocketUse) -> bool {
    let SocketUse { step, local, remote, .. } = found;
    match step {
        SocketStep::Connect => remote.is_some(),
        SocketStep::Accept | SocketStep::Use | SocketStep::Named => {
            local.is_some() && remote.is_some()
        }
        // Without another end it is a listener, also where that closes.
        SocketStep::Listen | SocketStep::Close => local.is_some(),
    }
}

/// A raw `inet_sock_set_state`: the socket as it still is, the state it leaves and the one it enters.
fn transition(given: &[Given<'_>]) -> Option<SocketUse> {
    let sock = sock(given)?;
    let mut numbers = given.iter().filter_map(|one| match one {
        Given::Number(number) => Some(*number),
        _ => None,
    });
    let step = match (numbers.next()?, numbers.next()?) {
        (state::CLOSE, state::SYN_SENT) => SocketStep::Connect,
        (state::CLOSE, state::LISTEN) => SocketStep::Listen,
        (state::ESTABLISHED, state::FIN_WAIT1) | (state::CLOSE_WAIT, state::LAST_ACK) => {
            SocketStep::Close
        }
        // The kernel picks the port after the first of these states, so that only the next has it.
        (state::SYN_SENT, state::ESTABLISHED | state::CLOSE_WAIT | state::CLOSE) => {
            SocketStep::Named
        }
        _ => return None,
    };
    of_sock(step, &sock)
}

fn function(call: &str, given: &[Given<'_>], returned: Option<Given<'_>>) -> Option<SocketUse> {
    let sock = sock(given);
    let used = |step| of_sock(step, sock.as_ref()?);
    match bare(call) {
        "tcp_connect" => used(SocketStep::Connect),
        // As it is called nothing is known of the socket but that it is one of TCP.
        "tcp_v4_connect" | "tcp_v6_connect" => connect(sock.as_ref(), given, TCP),
        "ip4_datagram_connect"
        | "ip6_datagram_connect"
        | "udp_pre_connect"
        | "udpv6_pre_connect" => connect(sock.as_ref(), given, UDP),
        "security_socket_connect" | "socket_connect" => connect(sock.as_ref(), given, 0),
        "inet_csk_accept" => accept(sock.as_ref(), returned),
        "inet_csk_listen_start" | "inet_listen" | "security_socket_listen" | "socket_listen" => {
            used(SocketStep::Listen)
        }
        "tcp_close" | "__tcp_close" | "tcp_shutdown" => {
            // The connection was over before: a port that the process picked itself may be another's now.
            let is_over = sock.is_some_and(|sock| sock.state == "TCP_CLOSE");
            if is_over { None } else { used(SocketStep::Close) }
        }
        "tcp_sendmsg" | "tcp_sendmsg_locked" | "tcp_recvmsg" => used(SocketStep::Use),
        "udp_sendmsg" | "udpv6_sendmsg" => datagram(sock.as_ref()),
        _ => None,
    }
}

/// The name of a function without what an agent or the kernel puts before it.
fn bare(call: &str) -> &str {
    call.strip_prefix("bpf_lsm_").unwrap_or(call)
}

/// Its argument is where to, its socket mostly has no address yet.
fn connect(sock: Option<&Sock<'_>>, given: &[Given<'_>], protocol: u8) -> Option<SocketUse> {
    let mut found = match sock {
        Some(sock) => of_sock(SocketStep::Connect, sock)?,
        None => {
            SocketUse { step: SocketStep::Connect, protocol, local: None, remote: None, socket: 0 }
        }
    };
    if protocol != 0 {
        found.protocol = protocol;
    } else if sock.is_some_and(|sock| sock.protocol.is_empty() && sock.kind.is_empty()) {
        found.protocol = 0;
    }
    let to = given.iter().find_map(|one| match one {
        Given::Sockaddr { address, port } => end(address, *port).filter(is_one),
        _ => None,
    });
    found.remote = to.or(found.remote);
    Some(found)
}

/// The connection is what it returns; what it is called with is the listener.
fn accept(sock: Option<&Sock<'_>>, returned: Option<Given<'_>>) -> Option<SocketUse> {
    if let Some(Given::Sock(connection)) = returned {
        let found = of_sock(SocketStep::Accept, &connection).filter(says_something);
        if found.is_some() {
            return found;
        }
    }
    let listener = of_sock(SocketStep::Listen, sock?)?;
    listener.remote.is_none().then_some(listener)
}

/// A socket that is not connected takes what comes to its port.
fn datagram(sock: Option<&Sock<'_>>) -> Option<SocketUse> {
    let mut found = of_sock(SocketStep::Use, sock?)?;
    found.protocol = UDP;
    if found.remote.is_none() {
        found.step = SocketStep::Listen;
    }
    Some(found)
}

fn sock<'a>(given: &[Given<'a>]) -> Option<Sock<'a>> {
    given.iter().find_map(|one| match one {
        Given::Sock(sock) => Some(*sock),
        _ => None,
    })
}

fn of_sock(step: SocketStep, sock: &Sock<'_>) -> Option<SocketUse> {
    Some(SocketUse {
        step,
        protocol: protocol(sock)?,
        local: end(sock.source, sock.source_port),
        remote: end(sock.target, sock.target_port).filter(is_one),
        socket: sock.cookie,
    })
}

/// None for what never becomes a flow with ports that is joined.
fn protocol(sock: &Sock<'_>) -> Option<u8> {
    match (sock.protocol, sock.kind) {
        ("IPPROTO_TCP", _) | ("" | "IPPROTO_IP", "SOCK_STREAM" | "") => Some(TCP),
        ("IPPROTO_UDP", _) | ("" | "IPPROTO_IP", "SOCK_DGRAM") => Some(UDP),
        _ => None,
    }
}

/// Address and port; none without a port. Of a socket that waits at any address the text may be empty.
fn end(address: &str, port: u32) -> Option<SocketAddr> {
    let port = u16::try_from(port).ok().filter(|port| *port != 0)?;
    let address = if address.is_empty() { "0.0.0.0" } else { address };
    let address: IpAddr = address.parse().ok()?;
    Some(SocketAddr::new(address.to_canonical(), port))
}

/// Whether it is the address of somebody.
const fn is_one(end: &SocketAddr) -> bool {
    match end.ip() {
        IpAddr::V4(address) => !address.is_unspecified(),
        IpAddr::V6(address) => !address.is_unspecified(),
    }
}

#[cfg(test)]
mod tests;
