//! What a TCP segment opens with: an HTTP/1 request or answer, a TLS handshake, the start of HTTP/2.
//!
//! Total and without an allocation: any bytes give messages or none, in time proportional to their
//! number. Each segment is looked at by itself: one that carries on where another stopped is no
//! message, and of a message that goes on elsewhere only what is here is told. Streams are not put
//! together, bodies not followed, nothing is decrypted. Requests are read as RFC 9110 and RFC 9112
//! say, handshakes as RFC 8446 and RFC 6066. Who keeps what was found is [`crate::engine`].

mod host;
mod http;
mod tls;

#[cfg(test)]
mod tests;

pub use host::Host;

/// One TCP segment with what was captured of its payload.
#[derive(Debug, Clone, Copy)]
pub struct Segment<'a> {
    /// Sequence number of its first byte (RFC 9293, 3.1).
    pub sequence: u32,
    /// What was captured of its payload.
    pub payload: &'a [u8],
    /// Length of the payload on the wire in bytes; more than `payload` holds where it was cut.
    pub sent_len: u32,
}

/// How much of a message is in its segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Head {
    /// All of the request's head, or of the handshake's record.
    Complete,
    /// The segment ends before: the rest comes later, or never.
    Open,
    /// The capture was cut before, so nobody knows.
    Unseen,
}

/// An HTTP/1 request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    /// Whom it is for: the host of an absolute target, else that of the `Host` header. None where
    /// that is not in the segment, is no name, or is there twice and differs.
    pub host: Option<Host<'a>>,
    /// The first segment of its path, as `/login` of `/login/now?as=me`. None where the target has no
    /// path, or that is longer than [`Request::LONGEST_PATH`] or holds what no path does.
    pub path: Option<&'a str>,
    /// How much of it is in the segment.
    pub head: Head,
}

impl Request<'_> {
    /// Bytes of a path that is told.
    pub const LONGEST_PATH: usize = 64;
}

/// The first flight of a TLS client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientHello<'a> {
    /// The server it names (RFC 6066, section 3); none where it names none or that is not in the
    /// segment.
    pub server_name: Option<Host<'a>>,
    /// How much of it is in the segment.
    pub head: Head,
}

/// What a segment opens with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message<'a> {
    /// An HTTP/1 request.
    Request(Request<'a>),
    /// An HTTP/1 answer and its status, from 100 to 599.
    Answer(u16),
    /// A TLS handshake.
    ClientHello(ClientHello<'a>),
    /// An HTTP/2 connection in the clear (RFC 9113, 3.4); its requests are not seen.
    Http2,
}

impl<'a> Segment<'a> {
    /// Every message in it that can be told: mostly none or one, more where a client sends requests
    /// without bodies on the heels of each other.
    #[must_use]
    #[inline]
    pub fn messages(&self) -> Messages<'a> {
        let is_whole = self.payload.len() >= self.sent_len as usize;
        Messages { rest: self.payload, at_end: if is_whole { Head::Open } else { Head::Unseen } }
    }
}

/// The messages of a segment, from [`Segment::messages`].
#[derive(Debug, Clone)]
pub struct Messages<'a> {
    rest: &'a [u8],
    /// How a message stands that the end of the bytes cuts off.
    at_end: Head,
}

impl<'a> Iterator for Messages<'a> {
    type Item = Message<'a>;

    #[inline]
    fn next(&mut self) -> Option<Message<'a>> {
        // Nearly every segment of a transfer is turned away by its first byte.
        match self.rest.first()? {
            b'A'..=b'Z' => self.text(),
            &tls::HANDSHAKE => {
                let bytes = std::mem::take(&mut self.rest);
                tls::client_hello(bytes, self.at_end).map(Message::ClientHello)
            }
            _ => None,
        }
    }
}

impl<'a> Messages<'a> {
    fn text(&mut self) -> Option<Message<'a>> {
        let bytes = std::mem::take(&mut self.rest);
        if let Some(status) = http::status(bytes) {
            return Some(Message::Answer(status));
        }
        if http::is_http2(bytes) {
            return Some(Message::Http2);
        }
        let (request, rest) = http::request(bytes, self.at_end)?;
        self.rest = rest;
        Some(Message::Request(request))
    }
}
