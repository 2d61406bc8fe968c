//! Answers that go on for as long as there is something to say.

use std::io::{ErrorKind, Result, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, RecvTimeoutError};

use super::http::Piece;
use super::server::GLANCE;

/// Whether a connection can be used again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Line {
    Open,
    Closed,
}

/// Sends what comes, in chunks, until it is over or the client has gone.
pub fn bring(
    pieces: &Receiver<Piece>,
    mut stream: &TcpStream,
    is_over: impl Fn() -> bool,
) -> Result<Line> {
    while !is_over() {
        match pieces.recv_timeout(GLANCE) {
            Err(RecvTimeoutError::Timeout) if has_gone(stream)? => return Ok(Line::Closed),
            Err(RecvTimeoutError::Timeout) => {}
            Ok(Piece::Text(text)) if text.is_empty() => {}
            Ok(Piece::Text(text)) => {
                let chunk = format!("{:x}\r\n{text}\r\n", text.len());
                stream.write_all(chunk.as_bytes())?;
            }
            Ok(Piece::Half(text)) => {
                write!(stream, "{:x}\r\n", text.len())?;
                stream.write_all(&text.as_bytes()[..text.len() / 2])?;
                return Ok(Line::Closed);
            }
            Ok(Piece::End) | Err(RecvTimeoutError::Disconnected) => {
                stream.write_all(b"0\r\n\r\n")?;
                return Ok(Line::Open);
            }
            Ok(Piece::Cut) => return Ok(Line::Closed),
        }
    }
    Ok(Line::Closed)
}

/// Whether the client has closed its side.
fn has_gone(stream: &TcpStream) -> Result<bool> {
    stream.set_nonblocking(true)?;
    let peeked = stream.peek(&mut [0]);
    stream.set_nonblocking(false)?;
    match peeked {
        Ok(bytes) => Ok(bytes == 0),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
        Err(error) => Err(error),
    }
}
