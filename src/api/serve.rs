//! Connections: taken, bounded and ended.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::{Api, router};

/// Connections served at once; more wait in the kernel's queue.
const CONNECTIONS: usize = 256;

/// How long the head of a request may take to come, and a connection be silent between requests.
const HEAD: Duration = Duration::from_secs(10);

/// The most bytes of a head that are held.
const LARGEST_HEAD: usize = 16 << 10;

/// How long a connection lasts: a client that reads slowly or never must not hold it for good.
const CONNECTION: Duration = Duration::from_mins(10);

/// How long a request that is under way may go on once its connection is to end.
const GRACE: Duration = Duration::from_secs(5);

/// How long to wait where the system gives no more connections.
const EXHAUSTED: Duration = Duration::from_millis(500);

/// Serves `api` on `listener` until `shutdown`; then takes no more requests and lets those under way
/// end, which lasts five seconds at most.
pub async fn serve(listener: TcpListener, api: Api, shutdown: impl Future<Output = ()>) {
    let api = Arc::new(api);
    let stop = api.ending.clone();
    let mut connections = JoinSet::new();
    {
        let accept = accept(&listener, router(Arc::clone(&api)), &stop, &mut connections);
        let keep = async {
            api.past.keep(api.handle.clone()).await;
            // Of an engine that has ended the API still tells.
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = shutdown => {}
            never = accept => match never {},
            () = keep => {}
        }
    }
    drop(listener);
    stop.cancel();
    while connections.join_next().await.is_some() {}
}

/// Takes connections for as long as it is polled.
async fn accept(
    listener: &TcpListener,
    router: Router,
    stop: &CancellationToken,
    connections: &mut JoinSet<()>,
) -> Infallible {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        // The semaphore is never closed.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            std::future::pending::<()>().await;
            continue;
        };
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, from)) => {
                let connection = Connection { stream, from, place };
                connections.spawn(connection.serve(router.clone(), stop.clone()));
            }
            Err(error) if is_of_one_connection(&error) => debug!(%error, "no connection"),
            Err(error) => {
                warn!(%error, "connections cannot be taken");
                sleep(EXHAUSTED).await;
            }
        }
    }
}

/// The client was gone before it was taken.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

struct Connection {
    stream: TcpStream,
    from: SocketAddr,
    place: OwnedSemaphorePermit,
}

impl Connection {
    async fn serve(self, router: Router, stop: CancellationToken) {
        let Self { stream, from, place: _place } = self;
        let service = TowerToHyperService::new(router);
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(from));
            service.call(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .max_buf_size(LARGEST_HEAD)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = pin!(connection);
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    debug!(%error, %from, "connection failed");
                }
                return;
            }
            () = stop.cancelled() => {}
            () = sleep(CONNECTION) => {}
        }
        connection.as_mut().graceful_shutdown();
        if timeout(GRACE, connection).await.is_err() {
            debug!(%from, "connection cut");
        }
    }
}
