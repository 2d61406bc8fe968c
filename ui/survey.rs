//! The cluster as it is at a moment, for verbs that ask it once and watch nothing.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use weir::cluster::{
    self, Cluster, ClusterStatus, Found, Link, ObjectPath, Objects, Options, Place, World,
};
use weir::settings::{Environment, Settings};

/// How long the cluster may take to say what is in it.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why it is not known what is in the cluster.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The cluster that was named cannot be asked.
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    /// There is none.
    #[error("{0}")]
    Nothing(String),
    /// It does not say what is in it.
    #[error("read what is in the cluster: {0}")]
    Silent(String),
}

/// Where the cluster is that the settings name, or that is to be found. It is read before root is
/// given up: only root may be allowed to.
pub(crate) fn place(settings: &Settings, environment: &Environment) -> Result<Place, Error> {
    Ok(Place::read(&options(settings), environment)?)
}

/// Which cluster the settings mean.
pub(crate) fn options(settings: &Settings) -> Options {
    Options {
        kubeconfig: settings.kubeconfig.clone(),
        context: settings.context.clone(),
        is_read_only: settings.read_only,
    }
}

/// The cluster at `place`. What a kubeconfig has run for that is not run as root: that is given up
/// before.
pub(crate) async fn connect(place: Place) -> Result<Cluster, Error> {
    match Cluster::connect(place).await? {
        Found::Cluster(cluster) => Ok(cluster),
        Found::Nothing(why) => Err(Error::Nothing(why)),
    }
}

/// Whether `cluster` lets anybody in who has these credentials: what a watch would go on trying, a
/// verb had better say.
async fn knock(cluster: &Cluster) -> Result<(), Error> {
    let path = ObjectPath {
        api_version: "v1".into(),
        resource: "namespaces".into(),
        namespace: None,
        name: "default".into(),
    };
    match cluster.get(&path).await {
        // Whoever may not read this may still read something.
        Err(error) if error.status() != Some(403) => Err(error.into()),
        _ => Ok(()),
    }
}

/// What is in `cluster`, once it has said so of every kind that may be read.
pub(crate) async fn look(cluster: Cluster) -> Result<(ClusterStatus, Arc<World>), Error> {
    knock(&cluster).await?;
    let (tell, mut told) = watch::channel((ClusterStatus::default(), Arc::<World>::default()));
    let follow = cluster::watch(
        cluster,
        move |status, world| {
            tell.send_replace((status, world));
        },
        CancellationToken::new(),
    );
    let complete = async {
        let known = told.wait_for(|(status, _)| is_complete(status) || is_down(status)).await;
        known.map(|known| (*known).clone()).unwrap_or_default()
    };
    let known = tokio::select! {
        known = timeout(PATIENCE, complete) => known,
        () = follow => Ok((ClusterStatus::default(), Arc::default())),
    };
    match known {
        Ok((status, world)) if is_complete(&status) => Ok((status, world)),
        Ok((ClusterStatus { link: Link::Down { why, .. }, .. }, _)) => Err(Error::Silent(why)),
        _ => Err(Error::Silent(format!("it has not answered within {} s", PATIENCE.as_secs()))),
    }
}

fn is_complete(status: &ClusterStatus) -> bool {
    let mut watches = status.watches.iter();
    status.link == Link::Up
        && !status.watches.is_empty()
        && watches.all(|one| one.heard_us.is_some() || one.failure.is_some())
}

const fn is_down(status: &ClusterStatus) -> bool {
    matches!(status.link, Link::Down { .. })
}
