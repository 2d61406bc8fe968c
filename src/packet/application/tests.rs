//! Messages told from their bytes, and any bytes at all.

use proptest::prelude::*;

use super::{Head, Host, Message, Request, Segment};

fn whole(payload: &[u8]) -> Segment<'_> {
    let sent_len = u32::try_from(payload.len()).expect("a segment");
    Segment { sequence: 1, payload, sent_len }
}

/// The same as a capture shows it that was cut.
fn cut(payload: &[u8]) -> Segment<'_> {
    let segment = whole(payload);
    Segment { sent_len: segment.sent_len + 1, ..segment }
}

fn lower(host: Option<Host<'_>>) -> Option<String> {
    host.map(|host| host.lower(&mut [0; Host::LONGEST]).to_owned())
}

/// Messages as `request HOST PATH HEAD`, with `-` for what is not known.
fn told(segment: &Segment<'_>) -> Vec<String> {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".into());
    let line = |message: Message<'_>| match message {
        Message::Request(Request { host, path, head }) => {
            let path = or_dash(path.map(str::to_owned));
            format!("request {} {path} {head:?}", or_dash(lower(host)))
        }
        Message::Answer(status) => format!("answer {status}"),
        Message::ClientHello(hello) => {
            format!("hello {} {:?}", or_dash(lower(hello.server_name)), hello.head)
        }
        Message::Http2 => "http2".into(),
    };
    segment.messages().map(line).collect()
}

/// A `ClientHello` that names `name`, behind an extension that says something else.
fn hello(name: &[u8]) -> Vec<u8> {
    let len16 = |len: usize| u16::try_from(len).expect("short").to_be_bytes();
    let mut names = vec![0];
    names.extend(len16(name.len()));
    names.extend(name);
    let mut extensions = vec![0x0a, 0x0a, 0, 1, 7];
    extensions.extend([0, 0]);
    extensions.extend(len16(names.len() + 2));
    extensions.extend(len16(names.len()));
    extensions.extend(names);
    let mut body = vec![3, 3];
    body.extend([0x5a; 32]);
    body.extend([4, 1, 2, 3, 4]);
    body.extend([0, 2, 0x13, 1]);
    body.extend([1, 0]);
    body.extend(len16(extensions.len()));
    body.extend(extensions);
    let mut record = vec![0x16, 3, 1];
    record.extend(len16(body.len() + 4));
    record.extend([1, 0]);
    record.extend(len16(body.len()));
    record.extend(body);
    record
}

#[test]
fn a_request_is_told_by_its_host_its_path_and_whether_its_head_is_there() {
    let long = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(64));
    for (text, expected) in [
        ("GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n", "request shop.example / Complete"),
        (
            "GET /a/b?c HTTP/1.0\r\nHOST:  Shop.EXAMPLE:8080 \r\n\r\n",
            "request shop.example /a Complete",
        ),
        ("POST /login?x HTTP/1.1\nX: y\nhost:a.b.\n\n", "request a.b /login Complete"),
        ("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "request [::1] / Complete"),
        ("GET / HTTP/1.1\r\nHost: 10.244.1.22:8080\r\n\r\n", "request 10.244.1.22 / Complete"),
        ("GET / HTTP/1.1\r\nAccept: */*\r\n\r\n", "request - / Complete"),
        ("GET / HTTP/1.1\r\nHost: a\r\nX-a: b\r\n", "request a / Open"),
        ("GET / HTTP/1.1\r\nHost: shop.exam", "request - / Open"),
        ("GET /login HTTP/1.", "request - /login Open"),
        ("GET /logi", "request - - Open"),
        ("GET /login/no", "request - /login Open"),
        (
            "GET http://Shop.example:80/a/b HTTP/1.1\r\nHost: b\r\n\r\n",
            "request shop.example /a Complete",
        ),
        ("GET HTTPS://u:p@a?q HTTP/1.1\r\n\r\n", "request a / Complete"),
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "request a - Complete"),
        ("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", "request a - Complete"),
        ("PROPFIND /dav HTTP/1.1\r\nHost: a\r\n\r\n", "request a /dav Complete"),
        ("GET / HTTP/1.1\r\nHost: a\r\nhost: A\r\n\r\n", "request a / Complete"),
        ("GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n", "request - / Complete"),
        ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", "request - / Complete"),
        ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "request - / Complete"),
        ("GET / HTTP/1.1\r\nHost: a\u{1b}[2J\r\n\r\n", "request - / Complete"),
        ("GET / HTTP/1.1\r\nHost: a:http\r\n\r\n", "request - / Complete"),
        ("GET / HTTP/1.1\r\nHost: ..\r\n\r\n", "request - / Complete"),
        ("GET /\u{1b}[2J HTTP/1.1\r\nHost: a\r\n\r\n", "request a - Complete"),
        (long.as_str(), "request a - Complete"),
    ] {
        assert_eq!(told(&whole(text.as_bytes())), [expected], "{text:?}");
    }
}

#[test]
fn what_a_capture_cut_off_is_unseen_and_not_late() {
    for (bytes, expected) in [
        (&b"GET / HTTP/1.1\r\nHost: a\r\nX"[..], "request a / Unseen"),
        (b"GET / HTTP/1.1\r\nHost: a.b", "request - / Unseen"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "request a / Complete"),
        (&hello(b"a.b")[..20], "hello - Unseen"),
    ] {
        assert_eq!(told(&cut(bytes)), [expected]);
    }
}

#[test]
fn requests_on_the_heels_of_each_other_are_each_told_but_no_body_is_taken_for_one() {
    let pair = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\nHEAD /b HTTP/1.1\r\nHost: b\r\n\r\n";
    assert_eq!(told(&whole(pair)), ["request a /a Complete", "request b /b Complete"]);
    for header in ["Content-Length: 27", "Transfer-Encoding: chunked"] {
        let post = format!(
            "POST / HTTP/1.1\r\nHost: a\r\n{header}\r\n\r\nGET / HTTP/1.1\r\nHost: b\r\n\r\n"
        );
        assert_eq!(told(&whole(post.as_bytes())), ["request a / Complete"], "{header}");
    }
}

#[test]
fn an_answer_is_told_by_its_status() {
    for (text, expected) in [
        ("HTTP/1.1 503 Service Temporarily Unavailable\r\n", Some("answer 503")),
        ("HTTP/1.0 200\r\n", Some("answer 200")),
        ("HTTP/1.1 429", Some("answer 429")),
        ("HTTP/1.1 099 x\r\n", None),
        ("HTTP/1.1 2000\r\n", None),
        ("HTTP/2 200\r\n", None),
        ("HTTP/1.x 200\r\n", None),
    ] {
        let expected: Vec<&str> = expected.into_iter().collect();
        assert_eq!(told(&whole(text.as_bytes())), expected, "{text:?}");
    }
}

#[test]
fn http_2_is_told_by_its_first_line() {
    assert_eq!(told(&whole(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x12\x04")), ["http2"]);
    assert_eq!(told(&whole(b"PRI * HTTP/2.0")), ["http2"]);
    assert_eq!(told(&whole(b"PRI * HTTP/2.0\r\n\r\nXX")), [""; 0]);
}

#[test]
fn a_handshake_is_told_by_the_server_it_names() {
    let long = vec![b'a'; 254];
    for (name, expected) in [
        (&b"Shop.Example"[..], "hello shop.example Complete"),
        (b"shop.example.", "hello shop.example Complete"),
        (b"a_b", "hello - Complete"),
        (b"a\0b", "hello - Complete"),
        (b"", "hello - Complete"),
        (b"a..b", "hello - Complete"),
        (&long, "hello - Complete"),
    ] {
        assert_eq!(told(&whole(&hello(name))), [expected], "{name:?}");
    }
}

#[test]
fn a_handshake_in_parts_is_one_without_a_name_until_the_name_is_there() {
    let bytes = hello(b"shop.example");
    assert_eq!(told(&whole(&bytes[..5])), [""; 0]);
    for len in 6..bytes.len() {
        assert_eq!(told(&whole(&bytes[..len])), ["hello - Open"], "{len} of {}", bytes.len());
    }
    let mut more = bytes.clone();
    more.extend([0x14, 3, 3, 0, 1, 1]);
    assert_eq!(told(&whole(&more)), ["hello shop.example Complete"]);
}

#[test]
fn other_protocols_are_none() {
    for bytes in [
        &b"SSH-2.0-OpenSSH_9.2p1\r\n"[..],
        b"USER anonymous\r\n",
        b"RETR /etc/passwd\r\n",
        b"EHLO shop.example\r\n",
        b"MAIL FROM:<a@b>\r\n",
        b"INVITE sip:bob@shop.example SIP/2.0\r\n",
        b"DESCRIBE rtsp://a/b RTSP/1.0\r\n",
        b"OPTIONS rtsp://a/b RTSP/1.0\r\n",
        b"GET key\r\n",
        b"GET /a HTTP/1.1 x\r\n\r\n",
        b"GET",
        b"Get / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x03\x00\x04\x02\x00\x00\x00",
        b"\x16\x03\x01\x00\x00\x01",
        b"\x16\x02\x01\x00\x04\x01\x00\x00\x00",
        b"\x17\x03\x03\x00\x10",
        b"",
    ] {
        assert_eq!(told(&whole(bytes)), [""; 0], "{}", bytes.escape_ascii());
    }
}

/// Bytes that look like a request or a handshake, damaged at some places.
fn nearly() -> impl Strategy<Value = Vec<u8>> {
    let requests = "(GET|POST|PRI|HTTP/1.1) (/|\\*|http://|[a-z/:@.\\[\\]]{0,9}|2)[a-z/?%]{0,80} HTTP/1.[01x]\r?\n\
                    ((Host|host|Content-Length|X): ?[a-zA-Z0-9.:\\[\\]_-]{0,20}\r?\n){0,3}(\r\n)?";
    let names = prop::collection::vec(any::<u8>(), 0..300);
    let texts = prop_oneof![
        requests.prop_map(String::into_bytes),
        (requests, requests).prop_map(|(a, b)| (a + &b).into_bytes()),
        names.prop_map(|name| hello(&name)),
    ];
    (texts, prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4)).prop_map(
        |(mut bytes, damage)| {
            for (at, byte) in damage {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            bytes
        },
    )
}

fn check(segment: &Segment<'_>) {
    let messages: Vec<_> = segment.messages().collect();
    assert!(messages.len() <= segment.payload.len() / 16 + 1, "{} messages", messages.len());
    for message in messages {
        let (host, head) = match message {
            Message::Request(request) => {
                let path = request.path.unwrap_or("/");
                assert!(path.starts_with('/') && path.len() <= Request::LONGEST_PATH, "{path:?}");
                assert!(path.bytes().all(|byte| byte.is_ascii_graphic()), "{path:?}");
                (request.host, request.head)
            }
            Message::ClientHello(hello) => (hello.server_name, hello.head),
            Message::Answer(status) => {
                assert!((100..=599).contains(&status));
                continue;
            }
            Message::Http2 => continue,
        };
        if let Some(host) = lower(host) {
            let is_plain =
                |byte: u8| byte.is_ascii_lowercase() || b"0123456789.-:[]".contains(&byte);
            assert!((1..=Host::LONGEST).contains(&host.len()), "{host:?}");
            assert!(host.bytes().all(is_plain), "{host:?}");
        }
        let is_cut = segment.payload.len() < segment.sent_len as usize;
        let is_long = segment.payload.len() > 8_000;
        assert!(head != Head::Unseen || is_cut || is_long, "all was captured");
        assert!(head != Head::Open || !is_cut, "nobody knows what the capture cut off");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_messages_with_plain_names_or_none(
        bytes in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        check(&whole(&bytes));
        check(&cut(&bytes));
    }

    #[test]
    fn damaged_messages_are_messages_with_plain_names_or_none(bytes in nearly()) {
        check(&whole(&bytes));
        check(&cut(&bytes));
    }

    #[test]
    fn of_a_part_no_other_name_is_told_than_of_the_whole(
        host in "[a-z]{1,8}(\\.[a-z]{1,8}){0,3}",
        path in "(/[a-z]{0,9}){1,3}",
        len in any::<prop::sample::Index>(),
    ) {
        let request = format!("GET {path} HTTP/1.1\r\nA: b\r\nHost: {host}\r\nB: c\r\n\r\n");
        let len = len.index(request.len());
        let segment = whole(&request.as_bytes()[..len]);
        for message in segment.messages() {
            let Message::Request(part) = message else { panic!("{message:?}") };
            prop_assert_eq!(part.head, Head::Open);
            prop_assert!(part.host.is_none() || lower(part.host) == Some(host.clone()));
            let first = format!("/{}", path.split('/').nth(1).unwrap_or_default());
            prop_assert!(part.path.is_none_or(|path| path == first), "{:?}", part.path);
        }
    }
}
