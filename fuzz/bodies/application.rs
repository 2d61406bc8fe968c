//! Body of the fuzz target `application`: any bytes as a TCP segment, whole and cut by the capture.

use weir::packet::application::{Head, Host, Message, Messages, Request, Segment};

/// Bytes of a head that are read.
const LONGEST_HEAD: usize = 8_192;

/// The fewest bytes of a message behind which another can follow.
const SHORTEST: usize = 16;

/// Tells what the segment with the payload `data` opens with.
pub(crate) fn run(data: &[u8]) {
    let sent_len = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let whole = Segment { sequence: 0, payload: data, sent_len };
    let cut = Segment { sent_len: sent_len.saturating_add(1), ..whole };
    for message in bounded(whole.messages(), data.len()) {
        let head = plain(&message);
        assert!(head != Some(Head::Unseen) || data.len() >= LONGEST_HEAD, "all of it is there");
    }
    for message in bounded(cut.messages(), data.len()) {
        assert!(plain(&message) != Some(Head::Open), "nobody knows what was cut off");
    }
    assert_eq!(whole.messages().count(), cut.messages().count(), "a cut makes no message");
}

/// Messages as long as there are as many as fit.
fn bounded(messages: Messages<'_>, len: usize) -> impl Iterator<Item = Message<'_>> {
    messages.enumerate().map(move |(count, message)| {
        assert!(count <= len / SHORTEST, "{count} messages in {len} bytes");
        message
    })
}

/// How much of the message is there, and nothing in it that is no name.
fn plain(message: &Message<'_>) -> Option<Head> {
    let (host, head) = match message {
        Message::Request(request) => {
            let path = request.path.unwrap_or("/");
            assert!(path.starts_with('/') && path.len() <= Request::LONGEST_PATH, "{path:?}");
            assert!(path.bytes().all(|byte| byte.is_ascii_graphic()), "{path:?}");
            (request.host, request.head)
        }
        Message::ClientHello(hello) => (hello.server_name, hello.head),
        Message::Answer(status) => {
            assert!((100..=599).contains(status), "{status}");
            return None;
        }
        Message::Http2 => return None,
    };
    if let Some(host) = host {
        let mut room = [0; Host::LONGEST];
        let name = host.lower(&mut room);
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || b"0123456789.-:[]".contains(&byte);
        assert!((1..=Host::LONGEST).contains(&name.len()), "{name:?}");
        assert!(name.bytes().all(is_plain), "{name:?}");
    }
    Some(head)
}
