//! HTTP/1.1 as far as the doubles need it: requests with a stated length, answers in one piece, or in
//! pieces for as long as there are some.
//!
//! Written by hand, because the tests break it off at any byte.

use std::fmt::Write as _;
use std::io::{BufRead, Error, ErrorKind, Read, Result};
use std::sync::mpsc::Receiver;

use reqwest::Url;
use serde_json::Value;

use super::fault::Fault;

/// The longest head that is read, in bytes.
const HEAD: u64 = 64 << 10;

/// The longest body that is read, in bytes.
const BODY: usize = 8 << 20;

/// The first part of a request.
#[derive(Debug)]
pub struct Head {
    method: String,
    url: Url,
    headers: Vec<(String, String)>,
}

/// A whole request.
#[derive(Debug)]
pub struct Request {
    /// In capitals.
    pub method: String,
    /// Path and query; the host means nothing.
    pub url: Url,
    headers: Vec<(String, String)>,
    /// What was sent.
    pub body: Vec<u8>,
}

/// What a service answers.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    /// What it says.
    pub body: String,
    /// Whether the request has changed something: an answer that is lost makes the client repeat it.
    pub has_taken: bool,
    /// What follows, as it comes.
    pub pieces: Option<Receiver<Piece>>,
    /// How the service itself has it fail.
    pub fault: Option<Fault>,
}

/// A part of an answer that goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// This much; nothing where it is empty.
    Text(String),
    /// Half of this, and the connection is closed.
    Half(String),
    /// Nothing more.
    End,
    /// Nothing more, though the answer is not at its end.
    Cut,
}

impl Head {
    /// Reads up to the empty line.
    pub fn read(stream: &mut impl BufRead) -> Result<Self> {
        let mut lines = stream.take(HEAD).lines();
        let mut line = || lines.next().unwrap_or_else(|| Err(ErrorKind::UnexpectedEof.into()));
        let first = line()?;
        let mut words = first.split(' ');
        let (Some(method), Some(target)) = (words.next(), words.next()) else {
            return Err(wrong("no request line"));
        };
        let url = Url::parse(&format!("http://double{target}")).map_err(|_| wrong("no target"))?;
        let mut headers = Vec::new();
        loop {
            let line = line()?;
            if line.is_empty() {
                return Ok(Self { method: method.into(), url, headers });
            }
            let (name, value) = line.split_once(':').ok_or_else(|| wrong("no header"))?;
            headers.push((name.to_ascii_lowercase(), value.trim().into()));
        }
    }

    /// Reads the body that belongs to it.
    pub fn with_body(self, stream: &mut impl Read) -> Result<Request> {
        let Self { method, url, headers } = self;
        let length = header(&headers, "content-length").map_or(Ok(0), str::parse);
        let length = length.ok().filter(|length| *length <= BODY);
        let mut body = vec![0; length.ok_or_else(|| wrong("no length to read"))?];
        stream.read_exact(&mut body)?;
        Ok(Request { method, url, headers, body })
    }
}

impl Request {
    /// The value of a header, whose name is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The value of a parameter in the query.
    pub fn parameter(&self, name: &str) -> Option<String> {
        self.url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// The body as JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

impl Answer {
    /// Something was taken.
    pub fn taken(status: u16, body: impl Into<String>) -> Self {
        Self { has_taken: true, ..Self::refused(status, body) }
    }

    /// Nothing has changed.
    pub fn refused(status: u16, body: impl Into<String>) -> Self {
        let (headers, body) = (Vec::new(), body.into());
        Self { status, headers, body, has_taken: false, pieces: None, fault: None }
    }

    /// What `pieces` brings, for as long as it does.
    pub fn streamed(pieces: Receiver<Piece>) -> Self {
        Self { pieces: Some(pieces), ..Self::refused(200, "") }
    }

    /// With a header.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// As it is sent: up to half of what it says, and the rest.
    pub fn halves(&self) -> (Vec<u8>, Vec<u8>) {
        let mut head = format!("HTTP/1.1 {} Said\r\n", self.status);
        for (name, value) in &self.headers {
            write!(head, "{name}: {value}\r\n").expect("a text grows");
        }
        if self.pieces.is_some() {
            head.push_str("transfer-encoding: chunked\r\n");
        } else if self.status != 204 {
            write!(head, "content-length: {}\r\n", self.body.len()).expect("a text grows");
        }
        head.push_str("\r\n");
        let middle = match self.body.len() {
            0 | 1 => head.len() / 2,
            length => head.len() + length / 2,
        };
        let mut whole = (head + &self.body).into_bytes();
        let rest = whole.split_off(middle);
        (whole, rest)
    }
}

/// Text with every `%XX` in it replaced by its byte.
pub fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, others @ ..] = rest {
        let hex = others.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        let byte = byte.filter(|_| *first == b'%');
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &others[2..] } else { others };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

fn wrong(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, what)
}
