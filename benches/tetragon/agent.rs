//! An agent that sends events as fast as it is listened to.

use std::convert::Infallible;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::stream::{Stream, unfold};
use hyper::http::{Request, Response};
use prost::bytes::Bytes;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};
use tonic::server::Grpc;
use tonic::transport::Server;
use tonic::{Status, body};
use tower::service_fn;

use crate::codec::Raw;

/// How many it may be ahead of its rate.
const BURST: u64 = 256;

pub(crate) struct Agent {
    address: SocketAddr,
    sending: Arc<Sending>,
    /// It serves while this is there.
    tasks: Runtime,
}

struct Sending {
    messages: Vec<Vec<u8>>,
    rate: u64,
    has_listener: AtomicBool,
    is_on: AtomicBool,
    changed: Notify,
    sent: AtomicU64,
}

impl Agent {
    pub(crate) fn start(messages: Vec<Vec<u8>>, rate: u64) -> Result<Self, Box<dyn Error>> {
        let sending = Arc::new(Sending {
            messages,
            rate,
            has_listener: AtomicBool::new(false),
            is_on: AtomicBool::new(false),
            changed: Notify::new(),
            sent: AtomicU64::new(0),
        });
        let tasks = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = tasks.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let address = listener.local_addr()?;
        let lines = unfold(listener, async |listener| {
            let line = listener.accept().await.map(|(line, _)| line);
            Some((line, listener))
        });
        let shared = Arc::clone(&sending);
        let service = service_fn(move |request| answer(Arc::clone(&shared), request));
        tasks.spawn(Server::builder().serve_with_incoming(service, lines));
        Ok(Self { address, sending, tasks })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn wait_for_a_listener(&self, patience: Duration) -> Result<(), Box<dyn Error>> {
        let began = Instant::now();
        while !self.sending.has_listener.load(Ordering::Relaxed) {
            if began.elapsed() > patience {
                return Err("nobody listens to the agent".into());
            }
            self.tasks.block_on(async { sleep(Duration::from_millis(20)).await });
        }
        Ok(())
    }

    pub(crate) fn send(&self) {
        self.sending.is_on.store(true, Ordering::Relaxed);
        self.sending.changed.notify_waiters();
        self.sending.changed.notify_one();
    }

    /// Ends to send, and says how many were sent.
    pub(crate) fn stop(&self) -> u64 {
        self.sending.is_on.store(false, Ordering::Relaxed);
        // Whatever was being sent is on its way.
        self.tasks.block_on(async { sleep(Duration::from_millis(200)).await });
        self.sending.sent.load(Ordering::Relaxed)
    }
}

async fn answer(
    sending: Arc<Sending>,
    request: Request<body::Body>,
) -> Result<Response<body::Body>, Infallible> {
    let mut grpc = Grpc::new(Raw);
    if request.uri().path().ends_with("/GetEvents") {
        let events = service_fn(move |_| {
            let stream = events(&sending);
            async { Ok(tonic::Response::new(stream)) }
        });
        return Ok(grpc.server_streaming(events, request).await);
    }
    let unknown = service_fn(|_: tonic::Request<Bytes>| async {
        Err::<tonic::Response<Vec<u8>>, _>(Status::unimplemented("not known here"))
    });
    Ok(grpc.unary(unknown, request).await)
}

/// One message after another, whenever there is room for it on the line.
fn events(sending: &Arc<Sending>) -> impl Stream<Item = Result<Vec<u8>, Status>> + use<> {
    sending.has_listener.store(true, Ordering::Relaxed);
    unfold((Arc::clone(sending), None), async |(sending, began)| {
        while !sending.is_on.load(Ordering::Relaxed) {
            sending.changed.notified().await;
        }
        let began = began.unwrap_or_else(Instant::now);
        let number = sending.sent.fetch_add(1, Ordering::Relaxed);
        if sending.rate > 0 {
            let of = |count: u64| Duration::from_micros(count * 1_000_000 / sending.rate);
            let ahead = of(number).saturating_sub(began.elapsed());
            if ahead > of(BURST) {
                sleep(ahead).await;
            }
        }
        let index = usize::try_from(number).unwrap_or_default() % sending.messages.len();
        let message = sending.messages[index].clone();
        Some((Ok(message), (sending, Some(began))))
    })
}
