//! What all that listen to the API server share.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::{Notify, watch};

use super::super::status::{ClusterStatus, Link};
use super::super::store::{Kind, Store};
use super::super::{Cluster, Error};

/// What is known, and how.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) store: Store,
    context: String,
    version: String,
    link: Link,
    /// When anything was last heard, in µs since the epoch.
    heard_us: Option<i64>,
}

/// What all that listen to the API server share.
#[derive(Debug)]
pub(super) struct Ear {
    cluster: Cluster,
    state: Mutex<State>,
    changed: Notify,
    doubted: Notify,
    is_up: watch::Sender<bool>,
}

impl Ear {
    pub(super) fn new(cluster: Cluster) -> Self {
        let state = State { context: cluster.context().to_owned(), ..State::default() };
        Self {
            cluster,
            state: Mutex::new(state),
            changed: Notify::new(),
            doubted: Notify::new(),
            is_up: watch::Sender::new(false),
        }
    }

    pub(super) const fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Looks at what is known, or changes it. Nobody waits for anything in there.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until something is new.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Waits until somebody doubts that the API server answers.
    pub(super) async fn doubted(&self) {
        self.doubted.notified().await;
    }

    /// Waits until the API server answers again after it did not.
    pub(super) async fn is_back(&self) {
        let mut is_up = self.is_up.subscribe();
        // The sender is this very thing.
        is_up.wait_for(|is_up| !is_up).await.ok();
        is_up.wait_for(|is_up| *is_up).await.ok();
    }

    /// Waits until the API server has not answered for a while, and does again.
    pub(super) async fn was_away(&self) {
        // Before its first answer it was not away.
        self.is_up.subscribe().wait_for(|is_up| *is_up).await.ok();
        self.is_back().await;
    }

    /// The API server said something on `K`: `act` takes it in.
    pub(super) fn heard<K: Kind>(&self, act: impl FnOnce(&mut Store, i64)) {
        let now_us = now_us();
        let is_new = self.with(|state| {
            let before = state.store.changes;
            act(&mut state.store, now_us);
            let objects = u64::try_from(K::shelf(&mut state.store).len()).unwrap_or(u64::MAX);
            let watch = state.store.watch::<K>();
            let is_new = watch.failure.take().is_some() | watch.heard_us.is_none();
            (watch.objects, watch.heard_us) = (objects, Some(now_us));
            watch.refused = None;
            state.heard_us = Some(now_us);
            is_new || state.store.changes != before
        });
        if is_new {
            self.changed.notify_one();
        }
    }

    /// `K` cannot be followed for now.
    pub(super) fn failed<K: Kind>(&self, error: &Error) {
        let failure = Some(error.why());
        self.with(|state| {
            let watch = state.store.watch::<K>();
            (watch.failure, watch.refused) = (failure, error.status());
        });
        self.changed.notify_one();
        if error.status().is_none_or(|status| status == 401) {
            self.doubted.notify_one();
        }
    }

    /// The API server answers, and is of that version.
    pub(super) fn up(&self, version: String) {
        self.with(|state| {
            state.link = Link::Up;
            state.version = version;
            state.heard_us = Some(now_us());
        });
        self.is_up.send_replace(true);
        // The times at which it was last heard are told with that.
        self.changed.notify_one();
    }

    /// The API server does not answer, or refuses.
    pub(super) fn down(&self, error: &Error) {
        let why = error.why();
        self.with(|state| {
            let since_us = match state.link {
                Link::Down { since_us, .. } => since_us,
                _ => state.heard_us.unwrap_or_else(now_us),
            };
            state.link = Link::Down { since_us, why };
        });
        self.is_up.send_replace(false);
        self.changed.notify_one();
    }
}

impl State {
    /// How the cluster is doing.
    pub(super) fn status(&self) -> ClusterStatus {
        ClusterStatus {
            link: self.link.clone(),
            context: self.context.clone(),
            version: self.version.clone(),
            watches: self.store.watches.values().cloned().collect(),
        }
    }
}

pub(super) fn now_us() -> i64 {
    Timestamp::now().as_microsecond()
}
