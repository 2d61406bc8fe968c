//! Follows the cluster and tells what it is like, for as long as it is wanted.
//!
//! Each kind of objects is listed and then watched by itself: one that is forbidden or fails keeps
//! none of the others up. While the API server is away, what was known stays.

mod ear;
mod follow;
mod pause;
mod pulse;

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use self::ear::{Ear, now_us};
use self::follow::follow;
use super::record::{
    ClassObject, CronJobObject, DaemonSetObject, DeploymentObject, EndpointSlice, IngressObject,
    JobObject, NamespaceObject, NodeObject, PodObject, ReplicaSetObject, ServiceObject,
    StatefulSetObject,
};
use super::world::Past;
use super::{Cluster, ClusterStatus, World};

/// How often what is new is told, at most.
const EVERY: Duration = Duration::from_millis(250);

/// Of the time, at most one part in this many goes into building worlds.
const SHARE: u32 = 10;

/// Watches `cluster` until `stop`, and tells what it is like whenever that has changed, at most four
/// times a second. Never ends before, whatever the API server does.
pub async fn watch(
    cluster: Cluster,
    tell: impl Fn(ClusterStatus, Arc<World>) + Send + Sync,
    stop: CancellationToken,
) {
    let ear = Ear::new(cluster);
    let mut followers = followers(&ear);
    followers.push(Box::pin(pulse::pulse(&ear)));
    tokio::select! {
        () = stop.cancelled() => {}
        () = publish(&ear, &tell) => {}
        () = async { while followers.next().await.is_some() {} } => {}
    }
}

/// Makes of the kinds that are watched a follower for each, and their list.
macro_rules! watched {
    ($($kind:ty),* $(,)?) => {
        fn followers(ear: &Ear) -> FuturesUnordered<BoxFuture<'_, ()>> {
            let followers = FuturesUnordered::<BoxFuture<'_, ()>>::new();
            $(
                // Whoever asks what is known yet is told of all kinds from the first moment.
                ear.with(|state| _ = state.store.watch::<$kind>());
                followers.push(Box::pin(follow::<$kind>(ear)));
            )*
            followers
        }

        /// Where each kind that is watched is.
        #[cfg(test)]
        pub(super) const WATCHED: &[&str] = &[$(<$kind as super::store::Kind>::PATH),*];
    };
}

watched!(
    NodeObject,
    NamespaceObject,
    ReplicaSetObject,
    PodObject,
    ServiceObject,
    EndpointSlice,
    ClassObject,
    IngressObject,
    DeploymentObject,
    StatefulSetObject,
    DaemonSetObject,
    JobObject,
    CronJobObject,
);

/// Tells what is new, for ever.
async fn publish(ear: &Ear, tell: &(impl Fn(ClusterStatus, Arc<World>) + Sync)) {
    let mut world = Arc::new(World::default());
    let mut past = Past::default();
    let mut told = None;
    loop {
        let began = Instant::now();
        let status = ear.with(|state| {
            if state.store.changes != world.revision() {
                let ended = std::mem::take(&mut state.store.ended);
                past.take(ended, &world, now_us());
                world = Arc::new(World::of(&state.store, &past, state.store.changes));
            }
            state.status()
        });
        if told.as_ref() != Some(&(status.clone(), world.revision())) {
            tell(status.clone(), Arc::clone(&world));
            told = Some((status, world.revision()));
        }
        let rest = EVERY.max(began.elapsed() * SHARE);
        ear.changed().await;
        sleep_until(began + rest).await;
    }
}
