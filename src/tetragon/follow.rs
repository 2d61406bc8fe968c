//! Follows all agents that are wished for, each by itself: one that fails keeps none of the others up.

mod board;

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::error;

pub(super) use self::board::{Board, Ear};
use super::find::find;
use super::pause::Pause;
use super::{AgentStatus, Endpoint, Event, SOCKET, Wish, file, stream};
use crate::cluster::Cluster;

/// How often it is looked whether there is a socket by now.
const GLANCE: Duration = Duration::from_secs(10);

/// How long a source that broke off by a fault of its own is left alone at least: long enough that it is
/// seen.
const FAULT: Duration = Duration::from_secs(1);

/// Who takes events. Neither call may wait: whatever waits for them waits at every agent.
pub trait EventSink: Send + Sync + 'static {
    /// Namespaces whose events nobody wants: agents that can are asked not to send them, and what comes of
    /// them all the same is passed over and counts for nothing. None where it does not say.
    fn denied_namespaces(&self) -> &[String] {
        &[]
    }

    /// Takes an event; false where there is no room: it is then counted as dropped.
    fn take(&self, event: Event) -> bool;

    /// How agents stand; called when that has changed, at most four times a second.
    fn agents(&self, agents: Vec<AgentStatus>);
}

/// Follows what `wishes` name until `stop`, for ever and with back-off, and hands all that comes to
/// `sink`. Agents of the cluster are looked for in `cluster`.
///
/// An event is taken or counted, in the order in which its agent sent it; events of several agents come
/// as they come. Must be called in a tokio runtime.
pub async fn follow(
    mut wishes: Vec<Wish>,
    cluster: Option<Cluster>,
    sink: Arc<dyn EventSink>,
    stop: CancellationToken,
) {
    let board = Board::new(sink);
    let mut sources = JoinSet::new();
    while let Some(wish) = wishes.pop() {
        if wishes.contains(&wish) {
            continue;
        }
        let board = Arc::clone(&board);
        match wish {
            Wish::Nobody => {}
            Wish::Auto => drop(sources.spawn(hear_at_socket(board, SOCKET.into()))),
            Wish::At(endpoint) => drop(sources.spawn(hear_at(board, endpoint))),
            Wish::Cluster(port) => drop(sources.spawn(find(board, cluster.clone(), port))),
        }
    }
    tokio::select! {
        () = stop.cancelled() => {}
        () = board.publish() => {}
    }
    sources.shutdown().await;
}

/// Hears the agent of this node, as soon as it has a socket at `path`.
async fn hear_at_socket(board: Arc<Board>, path: PathBuf) {
    // Whoever may not look is told why by what opens it.
    while matches!(path.try_exists(), Ok(false)) {
        sleep(GLANCE).await;
    }
    hear_at(board, Endpoint::Unix(path)).await;
}

async fn hear_at(board: Arc<Board>, endpoint: Endpoint) {
    let Some(ear) = board.ear(AgentStatus::new(endpoint.clone())) else { return };
    let reader = || async {
        match &endpoint {
            Endpoint::File(path) => file::follow(&ear, path).await,
            _ => stream::follow(&ear).await,
        }
    };
    keep(&ear, reader).await;
}

/// Reads by `reader` for ever. Should that break off, it is said, and begun again.
pub(super) async fn keep<F: Future<Output = ()>>(ear: &Ear, mut reader: impl FnMut() -> F) {
    let mut pause = Pause::default();
    loop {
        let outcome = AssertUnwindSafe(reader()).catch_unwind().await;
        if outcome.is_ok() {
            return;
        }
        error!(agent = %ear.endpoint(), "what reads its events broke off");
        ear.gap();
        ear.down("what reads its events broke off, a fault of Weir; it begins again".to_owned());
        sleep(FAULT + pause.next()).await;
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::sync::Mutex;

    use super::*;

    /// Knows how many agents there are.
    #[derive(Default)]
    struct Counter(Mutex<Option<usize>>);

    impl EventSink for Counter {
        fn take(&self, _event: Event) -> bool {
            false
        }

        fn agents(&self, agents: Vec<AgentStatus>) {
            *self.0.lock().unwrap() = Some(agents.len());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_agent_of_this_node_stands_among_the_others_once_it_has_a_socket() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tetragon.sock");
        let counter = Arc::new(Counter::default());
        let board = Board::new(Arc::<Counter>::clone(&counter));
        let mut tasks = JoinSet::new();
        tasks.spawn(hear_at_socket(Arc::clone(&board), path.clone()));
        tasks.spawn(async move { board.publish().await });
        sleep(GLANCE * 5).await;
        assert_eq!(*counter.0.lock().unwrap(), Some(0));
        let _socket = UnixListener::bind(path).unwrap();
        sleep(GLANCE * 2).await;
        assert_eq!(*counter.0.lock().unwrap(), Some(1));
    }
}
