//! Hooks and what they say of sockets.

use super::*;

const SOCK: Sock<'static> = Sock {
    kind: "SOCK_STREAM",
    protocol: "IPPROTO_TCP",
    source: "10.244.1.5",
    target: "10.96.0.10",
    source_port: 40_000,
    target_port: 80,
    cookie: 7,
    state: "TCP_ESTABLISHED",
};

fn kprobe(call: &str, given: &[Given<'_>]) -> Option<SocketUse> {
    used(call, given, None)
}

fn entered(from: i64, to: i64, sock: Sock<'_>) -> Option<SocketUse> {
    let given = [Given::Sock(sock), Given::Number(from), Given::Number(to)];
    used("sock/inet_sock_set_state", &given, None)
}

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

#[test]
fn a_connection_that_is_opened_has_both_ends_in_host_order() {
    let found = kprobe("tcp_connect", &[Given::Sock(SOCK)]).unwrap();
    assert_eq!(found.step, SocketStep::Connect);
    assert_eq!((found.protocol, found.socket), (6, 7));
    assert_eq!(
        (found.local, found.remote),
        (Some(at("10.244.1.5:40000")), Some(at("10.96.0.10:80")))
    );
}

#[test]
fn of_the_transitions_only_those_that_a_call_makes_are_of_the_process() {
    let all = (0..=12).flat_map(|from| (0..=12).map(move |to| (from, to)));
    let of_process: Vec<_> = all
        .filter(|(from, to)| {
            entered(*from, *to, SOCK).is_some_and(|found| found.step.is_of_process())
        })
        .collect();
    assert_eq!(of_process, [(1, 4), (7, 2), (7, 10), (8, 9)]);
    // What softirq does for a server: whoever runs then is nobody.
    assert_eq!(entered(3, 1, SOCK), None);
    assert_eq!(entered(10, 3, SOCK), None);
}

#[test]
fn the_port_that_the_kernel_picks_later_comes_by_the_socket() {
    let unnamed = Sock { source_port: 0, ..SOCK };
    let connect = entered(7, 2, unnamed).unwrap();
    assert_eq!((connect.step, connect.local, connect.socket), (SocketStep::Connect, None, 7));
    let named = entered(2, 1, SOCK).unwrap();
    assert_eq!((named.step, named.local), (SocketStep::Named, Some(at("10.244.1.5:40000"))));
    // A refused connection has given its port back.
    assert_eq!(entered(2, 7, unnamed), None);
}

#[test]
fn an_accepted_connection_is_what_is_returned() {
    let listener = Sock { source: "0.0.0.0", source_port: 80, target: "", target_port: 0, ..SOCK };
    let accepted = Sock {
        source: "::ffff:10.244.2.9",
        source_port: 80,
        target: "::ffff:10.244.1.5",
        target_port: 40_000,
        ..SOCK
    };
    let given = [Given::Sock(listener), Given::Other];
    let found = used("inet_csk_accept", &given, Some(Given::Sock(accepted))).unwrap();
    assert_eq!(found.step, SocketStep::Accept);
    assert_eq!(
        (found.local, found.remote),
        (Some(at("10.244.2.9:80")), Some(at("10.244.1.5:40000")))
    );
    let without = kprobe("inet_csk_accept", &given).unwrap();
    assert_eq!((without.step, without.local), (SocketStep::Listen, Some(at("0.0.0.0:80"))));
}

#[test]
fn a_sockaddr_says_where_to_and_not_from_where() {
    let blank =
        Sock { source: "0.0.0.0", target: "0.0.0.0", source_port: 0, target_port: 0, ..SOCK };
    let to = Given::Sockaddr { address: "10.96.0.10", port: 443 };
    let found = kprobe("security_socket_connect", &[Given::Sock(blank), to]).unwrap();
    assert_eq!((found.local, found.remote, found.protocol), (None, Some(at("10.96.0.10:443")), 6));
    assert_eq!(kprobe("socket_connect", &[to]).unwrap().protocol, 0);
    // To a path, or to nobody.
    let nowhere = [Given::Sockaddr { address: "", port: 0 }];
    assert_eq!(kprobe("security_socket_connect", &nowhere), None);
}

#[test]
fn zeroes_are_not_addresses() {
    let given = [Given::Sock(Sock { target: "0.0.0.0", target_port: 0, ..SOCK })];
    assert_eq!(kprobe("tcp_connect", &given), None);
    let closed = kprobe("tcp_close", &given).unwrap();
    assert_eq!((closed.step, closed.remote), (SocketStep::Close, None));
    let given = [Given::Sock(Sock { source_port: 0, ..SOCK })];
    assert_eq!(kprobe("tcp_close", &given), None);
    let given = [Given::Sock(Sock { source_port: 70_000, source: "nonsense", ..SOCK })];
    assert_eq!(kprobe("tcp_close", &given), None);
}

#[test]
fn what_is_closed_after_its_connection_was_over_says_nothing() {
    assert!(kprobe("tcp_close", &[Given::Sock(SOCK)]).is_some());
    assert_eq!(kprobe("tcp_close", &[Given::Sock(Sock { state: "TCP_CLOSE", ..SOCK })]), None);
}

#[test]
fn a_datagram_is_of_its_connection_or_of_its_port() {
    let udp = Sock { kind: "SOCK_DGRAM", protocol: "IPPROTO_UDP", ..SOCK };
    let found = kprobe("udp_sendmsg", &[Given::Sock(udp)]).unwrap();
    assert_eq!((found.step, found.protocol), (SocketStep::Use, 17));
    let open =
        Sock { target: "0.0.0.0", target_port: 0, source: "0.0.0.0", source_port: 53, ..udp };
    let found = kprobe("udp_sendmsg", &[Given::Sock(open)]).unwrap();
    assert_eq!((found.step, found.local), (SocketStep::Listen, Some(at("0.0.0.0:53"))));
}

#[test]
fn what_is_not_known_to_run_in_the_process_says_nothing() {
    let given = [Given::Sock(SOCK), Given::Number(7), Given::Number(2)];
    for call in ["tcp_rcv_established", "tcp_v4_rcv", "tcp_retransmit_skb", "tcp/tcp_probe", ""] {
        assert_eq!(kprobe(call, &given), None, "{call}");
    }
    let raw = [Given::Sock(Sock { kind: "SOCK_RAW", protocol: "IPPROTO_ICMP", ..SOCK })];
    assert_eq!(kprobe("tcp_connect", &raw), None);
}
