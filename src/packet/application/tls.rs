//! The `ClientHello` of TLS (RFC 8446, 4.1.2; older versions differ in nothing that is read here) and
//! the server name in it (RFC 6066, section 3).

use super::{ClientHello, Head, Host};

/// The type of a record that carries a handshake (RFC 8446, 5.1).
pub(super) const HANDSHAKE: u8 = 0x16;

/// The type of a handshake message that opens a connection.
const CLIENT_HELLO: u8 = 1;

const RECORD_HEADER: usize = 5;
const MESSAGE_HEADER: usize = 4;

/// The type of the extension and of the name in it.
const SERVER_NAME: u16 = 0;
const HOST_NAME: u8 = 0;

/// The handshake that `bytes` begin with.
pub(super) fn client_hello(bytes: &[u8], at_end: Head) -> Option<ClientHello<'_>> {
    let [HANDSHAKE, 3, 0..=4, high, low, CLIENT_HELLO, ..] = bytes else { return None };
    let record_len = usize::from(u16::from_be_bytes([*high, *low]));
    if record_len < MESSAGE_HEADER {
        return None;
    }
    let record = bytes.get(RECORD_HEADER..)?;
    let (record, head) = match record.get(..record_len) {
        Some(record) => (record, Head::Complete),
        None => (record, at_end),
    };
    let body = record.get(MESSAGE_HEADER..).unwrap_or_default();
    Some(ClientHello { server_name: server_name(Fields(body)), head })
}

fn server_name(mut hello: Fields<'_>) -> Option<Host<'_>> {
    const VERSION_AND_RANDOM: usize = 2 + 32;
    hello.take(VERSION_AND_RANDOM)?;
    let session_len = hello.u8()?;
    hello.take(session_len.into())?;
    let suites_len = hello.u16()?;
    hello.take(suites_len.into())?;
    let compression_len = hello.u8()?;
    hello.take(compression_len.into())?;
    let _extensions_len = hello.u16()?;
    loop {
        let (kind, len) = (hello.u16()?, hello.u16()?);
        let mut extension = Fields(hello.take(len.into())?);
        if kind != SERVER_NAME {
            continue;
        }
        let _list_len = extension.u16()?;
        let (kind, len) = (extension.u8()?, extension.u16()?);
        let name = extension.take(len.into())?;
        return if kind == HOST_NAME { Host::of_name(name) } else { None };
    }
}

/// Fields one after the other, none of which is believed to be there.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (field, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(field)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2)?.first_chunk().copied().map(u16::from_be_bytes)
    }
}
