//! The connections of the agent: over a unix socket or TCP, and frozen on command.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::watch;
use tonic::transport::server::Connected;

/// What takes connections.
pub enum Listener {
    Unix(UnixListener),
    Tcp(TcpListener),
}

/// A connection.
pub struct Line {
    socket: Socket,
    is_frozen: watch::Receiver<bool>,
    thaw: Option<BoxFuture<'static, ()>>,
}

enum Socket {
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Listener {
    /// At a path, from which what an earlier one left there is removed.
    pub fn at_socket(path: &Path) -> Self {
        std::fs::remove_file(path).ok();
        Self::Unix(UnixListener::bind(path).expect("the socket can be made"))
    }

    /// At an address that was free.
    pub fn on_tcp(address: SocketAddr) -> Self {
        let listener = std::net::TcpListener::bind(address).expect("the address is still free");
        listener.set_nonblocking(true).expect("a socket");
        Self::Tcp(TcpListener::from_std(listener).expect("a runtime"))
    }

    /// The next connection.
    pub async fn accept(&self, is_frozen: watch::Receiver<bool>) -> io::Result<Line> {
        let socket = match self {
            Self::Unix(listener) => Socket::Unix(listener.accept().await?.0),
            Self::Tcp(listener) => Socket::Tcp(listener.accept().await?.0),
        };
        Ok(Line { socket, is_frozen, thaw: None })
    }
}

impl Line {
    /// Waits while it is frozen.
    fn poll_thawed(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.thaw.is_none() {
            if !*self.is_frozen.borrow() {
                return Poll::Ready(());
            }
            let mut is_frozen = self.is_frozen.clone();
            let thaw = async move { drop(is_frozen.wait_for(|is_frozen| !is_frozen).await) };
            self.thaw = Some(thaw.boxed());
        }
        if let Some(thaw) = &mut self.thaw {
            ready!(thaw.as_mut().poll(context));
            self.thaw = None;
        }
        Poll::Ready(())
    }
}

impl Connected for Line {
    type ConnectInfo = ();

    fn connect_info(&self) {}
}

impl AsyncRead for Line {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let line = self.get_mut();
        ready!(line.poll_thawed(context));
        match &mut line.socket {
            Socket::Unix(socket) => Pin::new(socket).poll_read(context, buffer),
            Socket::Tcp(socket) => Pin::new(socket).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let line = self.get_mut();
        ready!(line.poll_thawed(context));
        match &mut line.socket {
            Socket::Unix(socket) => Pin::new(socket).poll_write(context, bytes),
            Socket::Tcp(socket) => Pin::new(socket).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().socket {
            Socket::Unix(socket) => Pin::new(socket).poll_flush(context),
            Socket::Tcp(socket) => Pin::new(socket).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().socket {
            Socket::Unix(socket) => Pin::new(socket).poll_shutdown(context),
            Socket::Tcp(socket) => Pin::new(socket).poll_shutdown(context),
        }
    }
}
