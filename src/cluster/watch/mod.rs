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
    let mut followers: FuturesUnordered<BoxFuture<'_, ()>> = FuturesUnordered::new();
    followers.push(Box::pin(pulse::pulse(&ear)));
    followers.push(Box::pin(follow::<NodeObject>(&ear)));
    followers.push(Box::pin(follow::<NamespaceObject>(&ear)));
    followers.push(Box::pin(follow::<ReplicaSetObject>(&ear)));
    followers.push(Box::pin(follow::<PodObject>(&ear)));
    followers.push(Box::pin(follow::<ServiceObject>(&ear)));
    followers.push(Box::pin(follow::<EndpointSlice>(&ear)));
    followers.push(Box::pin(follow::<ClassObject>(&ear)));
    followers.push(Box::pin(follow::<IngressObject>(&ear)));
    followers.push(Box::pin(follow::<DeploymentObject>(&ear)));
    followers.push(Box::pin(follow::<StatefulSetObject>(&ear)));
    followers.push(Box::pin(follow::<DaemonSetObject>(&ear)));
    followers.push(Box::pin(follow::<JobObject>(&ear)));
    followers.push(Box::pin(follow::<CronJobObject>(&ear)));
    tokio::select! {
        () = stop.cancelled() => {}
        () = publish(&ear, &tell) => {}
        () = async { while followers.next().await.is_some() {} } => {}
    }
}

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
