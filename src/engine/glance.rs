//! The cluster at a glance, however many look: what is not watched is asked for by one at a time, and
//! what came of it is kept for a while.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::manifests::manifests;
use crate::cluster::info::{Asked, ClusterInfo};
use crate::cluster::{Cluster, ClusterStatus, Error, Link, World};
use crate::posture::Manifests;

/// For how long what was asked for is taken as it is.
const FRESH: Duration = Duration::from_secs(10);

/// Somebody who looks at the cluster.
#[derive(Debug)]
pub(super) struct Glance {
    cluster: Cluster,
    /// What was asked for last, and when. Whoever asks holds the lock.
    last: Mutex<Option<(Instant, Asked)>>,
}

impl Glance {
    /// One that has not looked yet.
    pub(super) fn of(cluster: Cluster) -> Self {
        Self { cluster, last: Mutex::default() }
    }

    /// The cluster, of what the watch knows of it and of what was asked for lately. While the API
    /// server does not answer, what was asked for last stands, with when that was.
    pub(super) async fn at(&self, status: &ClusterStatus, world: &World) -> ClusterInfo {
        let asked = self.asked(&status.link).await;
        self.cluster.info(status, world, asked)
    }

    /// Manifests of all that runs, asked for anew.
    pub(super) async fn manifests(&self) -> Result<Manifests, Error> {
        manifests(&self.cluster).await
    }

    async fn asked(&self, link: &Link) -> Asked {
        let mut last = self.last.lock().await;
        match &*last {
            Some((at, asked)) if *link != Link::Up || at.elapsed() < FRESH => asked.clone(),
            None if *link != Link::Up => Asked::nothing(link),
            _ => {
                let asked = self.cluster.asked().await;
                *last = Some((Instant::now(), asked.clone()));
                asked
            }
        }
    }
}
