//! Opens the socket of an agent, and says what is in the way of that.

use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper_util::rt::TokioIo;
use nix::unistd::{Gid, Group, Uid, User, geteuid};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

use crate::cluster::said;
use crate::tetragon::Endpoint;

/// A connection to an agent.
pub(super) enum Line {
    Unix(UnixStream),
    Tcp(TcpStream),
}

/// Connects to the agent at `endpoint`, as whoever runs this.
pub(super) async fn connect(endpoint: Endpoint) -> io::Result<TokioIo<Line>> {
    let line = match endpoint {
        Endpoint::Unix(path) => Line::Unix(UnixStream::connect(path).await?),
        Endpoint::Tcp(address) => {
            let line = TcpStream::connect(address).await?;
            line.set_nodelay(true)?;
            Line::Tcp(line)
        }
        Endpoint::File(_) | Endpoint::Log { .. } | Endpoint::Cluster(_) => {
            return Err(ErrorKind::Unsupported.into());
        }
    };
    Ok(TokioIo::new(line))
}

/// Why the socket of `endpoint` could not be opened, and how to mend it.
pub(super) fn trouble(endpoint: &Endpoint, error: &io::Error) -> String {
    match (endpoint, error.kind()) {
        (Endpoint::Unix(path), ErrorKind::PermissionDenied) => forbidden(path),
        (Endpoint::Unix(_), ErrorKind::NotFound) => {
            "there is no such socket: is Tetragon running on this node, and its folder mounted here?"
                .to_owned()
        }
        (Endpoint::Unix(path), ErrorKind::ConnectionRefused) => match path.symlink_metadata() {
            Ok(found) if !found.file_type().is_socket() => "this is no socket".to_owned(),
            _ => "nobody listens at this socket any more: is Tetragon running on this node?".to_owned(),
        },
        (Endpoint::Tcp(_), ErrorKind::ConnectionRefused) => {
            "nobody listens there: Tetragon listens at a unix socket, unless its chart says otherwise \
             (`tetragon.grpc.address`)"
                .to_owned()
        }
        _ => said(&error.to_string()),
    }
}

fn forbidden(path: &Path) -> String {
    let me = user(geteuid());
    match path.metadata() {
        Ok(found) => {
            let (owner, group) =
                (user(Uid::from_raw(found.uid())), group(Gid::from_raw(found.gid())));
            let mode = found.mode() & 0o777;
            format!(
                "{me}, as whom Weir runs, may not open this socket: it belongs to {owner} and the \
                 group {group} (mode {mode:03o}); run Weir as {owner}, or let {me} write to it"
            )
        }
        Err(_) => format!(
            "{me}, as whom Weir runs, may not enter the folder of this socket: run Weir as root, or \
             open the folder to {me}"
        ),
    }
}

/// A user by name where the system knows one.
fn user(id: Uid) -> String {
    let known = User::from_uid(id).ok().flatten();
    known.map_or_else(|| format!("user {id}"), |user| said(&user.name))
}

fn group(id: Gid) -> String {
    let known = Group::from_gid(id).ok().flatten();
    known.map_or_else(|| id.to_string(), |group| said(&group.name))
}

impl AsyncRead for Line {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Unix(line) => Pin::new(line).poll_read(context, buffer),
            Self::Tcp(line) => Pin::new(line).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Unix(line) => Pin::new(line).poll_write(context, bytes),
            Self::Tcp(line) => Pin::new(line).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Unix(line) => Pin::new(line).poll_flush(context),
            Self::Tcp(line) => Pin::new(line).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Unix(line) => Pin::new(line).poll_shutdown(context),
            Self::Tcp(line) => Pin::new(line).poll_shutdown(context),
        }
    }
}
