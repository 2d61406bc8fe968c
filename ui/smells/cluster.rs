//! Manifests of what runs now in the cluster that the settings name.

use tokio::runtime::Builder;
use weir::capture::privilege;
use weir::engine;
use weir::posture::Manifests;
use weir::settings::{Environment, Settings};

use super::Error;
use crate::survey;

/// All of it. The kubeconfig is read before root is given up: only root may be allowed to.
pub(super) fn all(settings: &Settings, environment: &Environment) -> Result<Manifests, Error> {
    let tasks = Builder::new_current_thread().enable_all().build().map_err(Error::Tasks)?;
    let place = survey::place(settings, environment)?;
    privilege::drop_root(environment.invoker())?;
    tasks.block_on(async {
        let cluster = survey::connect(place).await?;
        engine::manifests(&cluster).await.map_err(Error::Cluster)
    })
}
