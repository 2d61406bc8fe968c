//! HTTP/1 request and status lines and the few headers that matter (RFC 9112), the preface of HTTP/2.

use super::{Head, Host, Request};

/// Bytes of a head that are read; what is longer is left unread.
const LONGEST_HEAD: usize = 8_192;

/// Bytes of the longest method (`BASELINE-CONTROL`, and room).
const LONGEST_METHOD: usize = 24;

/// Methods that are believed before the end of the request line is seen (RFC 9110, 9.1; RFC 5789).
/// Other protocols have commands that look like a method until the line ends without `HTTP`.
const METHODS: [&[u8]; 9] =
    [b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"CONNECT", b"OPTIONS", b"TRACE", b"PATCH"];

const VERSION: &[u8] = b"HTTP/1.";

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The status of the answer that `bytes` begin with.
pub(super) fn status(bytes: &[u8]) -> Option<u16> {
    let [minor, b' ', digits @ ..] = bytes.strip_prefix(VERSION)? else { return None };
    let (digits, rest) = digits.split_first_chunk::<3>()?;
    let is_over = matches!(rest.first(), None | Some(b' ' | b'\r' | b'\n'));
    if !minor.is_ascii_digit() || !is_over || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let status = digits.iter().fold(0, |status, digit| status * 10 + u16::from(digit - b'0'));
    (100..=599).contains(&status).then_some(status)
}

/// Whether `bytes` begin with the preface of HTTP/2, of which the first line is enough.
pub(super) fn is_http2(bytes: &[u8]) -> bool {
    let len = bytes.len().min(PREFACE.len());
    len >= 14 && bytes.get(..len) == PREFACE.get(..len)
}

/// The request that `bytes` begin with, and what follows it where that can be another.
pub(super) fn request(bytes: &[u8], at_end: Head) -> Option<(Request<'_>, &[u8])> {
    let (method, _) = until(bytes.get(..LONGEST_METHOD).unwrap_or(bytes), b' ')?;
    if method.len() < 3 || !method.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'-') {
        return None;
    }
    let line_at = method.len() + 1;
    let (read, at_end) = match bytes.get(..LONGEST_HEAD) {
        Some(read) => (read, Head::Unseen),
        None => (bytes, at_end),
    };
    let Some((line, _)) = until(read.get(line_at..)?, b'\n') else {
        let request = unfinished(method, read.get(line_at..)?, at_end)?;
        return Some((request, &[]));
    };
    let target = target_of(method, without_cr(line))?;
    let mut headers = Headers::default();
    let end = headers.read(read, line_at + line.len() + 1);
    let request = Request {
        host: target.host.or(headers.host).name(),
        path: target.path,
        head: if end.is_some() { Head::Complete } else { at_end },
    };
    let next = end.filter(|_| !headers.has_body).and_then(|end| bytes.get(end..));
    Some((request, next.unwrap_or_default()))
}

/// A request whose first line goes on elsewhere.
fn unfinished<'a>(method: &[u8], line: &'a [u8], at_end: Head) -> Option<Request<'a>> {
    if !METHODS.contains(&method) {
        return None;
    }
    let (target, version) = match until(line, b' ') {
        Some((target, version)) => (target, Some(version)),
        None => (line, None),
    };
    if version.is_some_and(|version| !version.starts_with(VERSION) && !VERSION.starts_with(version))
    {
        return None;
    }
    let Target { host, path } = Target::of(method, target)?;
    // Without what ends them nobody knows whether they are whole.
    let path_end = path.map_or(0, str::len);
    let is_origin = matches!(host, Named::Nobody) && target.len() > path_end;
    let is_whole = version.is_some() || is_origin;
    let (host, path) = if is_whole { (host.name(), path) } else { (None, None) };
    Some(Request { host, path, head: at_end })
}

/// The target of a whole request line behind its method.
fn target_of<'a>(method: &[u8], line: &'a [u8]) -> Option<Target<'a>> {
    let version_at = line.iter().rposition(|byte| *byte == b' ')?;
    let minor = line.get(version_at + 1..)?.strip_prefix(VERSION)?;
    if minor.len() != 1 || !minor.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Target::of(method, line.get(..version_at)?)
}

/// Whom a part of a request is for.
#[derive(Debug, Clone, Copy, Default)]
enum Named<'a> {
    /// It does not say.
    #[default]
    Nobody,
    /// It says what is no name, or more than one.
    Nonsense,
    Host(Host<'a>),
}

impl<'a> Named<'a> {
    fn of(host: Option<Host<'a>>) -> Self {
        host.map_or(Self::Nonsense, Self::Host)
    }

    /// What this part says, or if it says nothing the `other`.
    fn or(self, other: Self) -> Self {
        if matches!(self, Self::Nobody) { other } else { self }
    }

    fn name(self) -> Option<Host<'a>> {
        if let Self::Host(host) = self { Some(host) } else { None }
    }
}

/// What a request target says (RFC 9112, 3.2).
struct Target<'a> {
    /// Overrides the header.
    host: Named<'a>,
    path: Option<&'a str>,
}

impl<'a> Target<'a> {
    fn of(method: &[u8], text: &'a [u8]) -> Option<Self> {
        if text.first() == Some(&b'/') {
            return Some(Self { host: Named::Nobody, path: first_segment(text) });
        }
        if method == b"CONNECT" || text == b"*" {
            return Some(Self { host: Named::Nobody, path: None });
        }
        let behind = ["http://", "https://"].iter().find_map(|scheme| {
            let (start, rest) = text.split_at_checked(scheme.len())?;
            start.eq_ignore_ascii_case(scheme.as_bytes()).then_some(rest)
        })?;
        let end = behind.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#'));
        let (authority, path) = behind.split_at_checked(end.unwrap_or(behind.len()))?;
        // What stands before `@` is for nobody to believe (RFC 9110, 4.2.4).
        let host = authority.rsplit(|byte| *byte == b'@').next().and_then(Host::of_authority);
        let path = if path.first() == Some(&b'/') { first_segment(path) } else { Some("/") };
        Some(Self { host: Named::of(host), path })
    }
}

/// `/login` of `/login/now?as=me`.
fn first_segment(target: &[u8]) -> Option<&str> {
    let inner = target.get(1..)?;
    let is_end = |byte: &u8| matches!(byte, b'/' | b'?' | b'#');
    let len = inner.iter().take(Request::LONGEST_PATH).position(is_end).unwrap_or(inner.len());
    let segment = target.get(..=len).filter(|segment| segment.len() <= Request::LONGEST_PATH)?;
    if segment.iter().all(u8::is_ascii_graphic) { str::from_utf8(segment).ok() } else { None }
}

/// What the headers of a request say that matters here.
#[derive(Default)]
struct Headers<'a> {
    host: Named<'a>,
    has_body: bool,
}

impl<'a> Headers<'a> {
    /// Reads the header lines from `at` on, and says where the head ends if it does.
    fn read(&mut self, bytes: &'a [u8], mut at: usize) -> Option<usize> {
        loop {
            let (line, _) = until(bytes.get(at..)?, b'\n')?;
            at += line.len() + 1;
            match without_cr(line) {
                [] => return Some(at),
                line => self.line(line),
            }
        }
    }

    fn line(&mut self, line: &'a [u8]) {
        // Of a dozen headers one or two matter.
        if !matches!(line.first(), Some(b'H' | b'h' | b'C' | b'c' | b'T' | b't')) {
            return;
        }
        // A name with a space behind it is none (RFC 9112, 5.1).
        let Some((name, value)) = until(line, b':') else { return };
        if name.eq_ignore_ascii_case(b"host") {
            let host = Named::of(Host::of_authority(value.trim_ascii()));
            self.host = match (self.host, host) {
                (Named::Nobody, host) => host,
                (Named::Host(before), Named::Host(again)) if before.is(again) => host,
                _ => Named::Nonsense,
            };
        } else {
            self.has_body |= name.eq_ignore_ascii_case(b"content-length")
                || name.eq_ignore_ascii_case(b"transfer-encoding");
        }
    }
}

/// What lies before the first `mark`, and what behind it.
fn until(bytes: &[u8], mark: u8) -> Option<(&[u8], &[u8])> {
    let at = position(bytes, mark)?;
    Some((bytes.get(..at)?, bytes.get(at + 1..)?))
}

/// Where the first `mark` is. Most of a head is looked at for nothing but the ends of its lines, so
/// sixteen bytes are compared at a time, without a branch for each.
fn position(bytes: &[u8], mark: u8) -> Option<usize> {
    let (chunks, rest) = bytes.as_chunks::<16>();
    let in_chunk =
        |chunk: &[u8; 16]| chunk.iter().fold(0, |found, byte| found | u8::from(*byte == mark)) != 0;
    let (passed, rest) = match chunks.iter().position(in_chunk) {
        Some(index) => (index * 16, chunks.get(index)?.as_slice()),
        None => (chunks.len() * 16, rest),
    };
    rest.iter().position(|byte| *byte == mark).map(|at| passed + at)
}

/// Lines end in CR LF; a lone LF is taken too (RFC 9112, 2.2).
fn without_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}
