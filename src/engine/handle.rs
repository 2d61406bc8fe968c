//! The door to a running engine: its newest snapshot, and the wish that it end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::command::{ActError, Command, Done};
use super::events::Events;
use super::glance::Glance;
use super::limits::Limits;
use super::policies::Policies;
use super::scans::{NOT_TOLD, Scans};
use super::snapshot::Snapshot;
use crate::cluster::info::ClusterInfo;
use crate::cluster::{self, Cluster};
use crate::posture::Manifests;
use crate::store::{Actions, By};

/// What a face holds of a running engine. Cheap to clone; it cannot hold the engine up.
#[derive(Debug, Clone)]
pub struct Handle {
    snapshots: watch::Receiver<Arc<Snapshot>>,
    stop: Arc<AtomicBool>,
    actions: Option<Arc<Mutex<Actions>>>,
    limits: Limits,
    policies: Policies,
    scans: Scans,
    cluster: Option<Arc<Glance>>,
    events: Events,
}

impl Handle {
    /// A door through which `snapshots` are seen and `stop` is set.
    #[must_use]
    pub fn new(snapshots: watch::Receiver<Arc<Snapshot>>, stop: Arc<AtomicBool>) -> Self {
        let limits = Limits::absent("this engine has no cluster".into());
        let policies = Policies::absent("this engine has neither a cluster nor agents".into());
        let scans = Scans::absent(NOT_TOLD.into());
        let events = Events::default();
        Self { snapshots, stop, actions: None, limits, policies, scans, cluster: None, events }
    }

    /// The door through which people act too.
    #[must_use]
    pub fn with_actions(self, actions: Actions) -> Self {
        Self { actions: Some(Arc::new(Mutex::new(actions))), ..self }
    }

    /// The door through which limits are set too.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The door through which policies are read and written too.
    #[must_use]
    pub fn with_policies(self, policies: Policies) -> Self {
        Self { policies, ..self }
    }

    /// The door through which images are scanned too.
    #[must_use]
    pub fn with_scans(self, scans: Scans) -> Self {
        Self { scans, ..self }
    }

    /// The door through which the cluster is asked what it is made of too.
    #[must_use]
    pub fn with_cluster(self, cluster: Option<Cluster>) -> Self {
        Self { cluster: cluster.map(Glance::of).map(Arc::new), ..self }
    }

    /// The door through which events are read too.
    #[must_use]
    pub fn with_events(self, events: Events) -> Self {
        Self { events, ..self }
    }

    /// What is in the cluster and how it is doing; none where there is no cluster. However many ask,
    /// the cluster is asked by one at a time, and not again for the next ten seconds; while it does
    /// not answer it is not asked.
    pub async fn cluster_info(&self) -> Option<ClusterInfo> {
        let snapshot = self.snapshot();
        let glance = self.cluster.as_ref()?;
        Some(glance.at(&snapshot.cluster, &snapshot.world).await)
    }

    /// Manifests of all that runs in the cluster, as far as it may be read; none where there is no
    /// cluster. It is asked anew each time.
    pub async fn manifests(&self) -> Option<Result<Manifests, cluster::Error>> {
        let glance = self.cluster.as_ref()?;
        Some(glance.manifests().await)
    }

    /// The door to limits at Ingresses.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The door to policies.
    #[must_use]
    pub const fn policies(&self) -> &Policies {
        &self.policies
    }

    /// The door to scans of images.
    #[must_use]
    pub const fn scans(&self) -> &Scans {
        &self.scans
    }

    /// The door to what processes did lately.
    #[must_use]
    pub const fn events(&self) -> &Events {
        &self.events
    }

    /// Does what somebody wants done, where that holds nobody up; the next snapshots show it.
    pub async fn act(&self, command: Command, by: By) -> Result<Done, ActError> {
        let actions = self.actions.clone().ok_or(ActError::NoStore)?;
        let done = tokio::task::spawn_blocking(move || {
            // What a panic has left undone is undone by the database.
            let mut actions = actions.lock().unwrap_or_else(PoisonError::into_inner);
            match command {
                Command::Acknowledge(id) => {
                    actions.acknowledge(id, &by).map(Box::new).map(Done::Incident)
                }
                Command::Resolve(id) => actions.resolve(id, &by).map(Box::new).map(Done::Incident),
                Command::Feedback(id, feedback) => {
                    actions.feedback(id, feedback, &by).map(Box::new).map(Done::Incident)
                }
                Command::Mute(mute) => actions.mute(&mute, &by).map(Done::Mute),
                Command::Unmute(id) => actions.unmute(id, &by).map(Done::Mute),
                Command::Retry(which) => actions.retry(which, &by).map(Done::Retried),
            }
        });
        match done.await {
            Ok(done) => Ok(done?),
            Err(ended) => std::panic::resume_unwind(ended.into_panic()),
        }
    }

    /// The newest snapshot.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshots.borrow())
    }

    /// Waits for a newer snapshot than the last one seen through this handle; none once the engine
    /// has ended.
    pub async fn changed(&mut self) -> Option<Arc<Snapshot>> {
        self.snapshots.changed().await.ok()?;
        Some(Arc::clone(&self.snapshots.borrow_and_update()))
    }

    /// Asks the engine to end in order.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
