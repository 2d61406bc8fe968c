//! The cluster, the agents and the database, as the verbs on policies come to them.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use weir::cluster::{Cluster, Effect, Found};
use weir::engine::{PolicyApplied, PolicyClient, PolicyDeleted, PolicyList, PolicyRequest};
use weir::policy::PolicyName;
use weir::settings::{Environment, Reach as Setting, Settings};
use weir::store::By;
use weir::tetragon;

use super::Error;
use crate::survey;
use crate::visit::Visit;
use crate::watch::policing;

/// What reads and writes policies, and root given up.
pub(super) struct Reach {
    tasks: Runtime,
    client: PolicyClient<Cluster>,
    by: By,
}

impl Reach {
    /// Finds the cluster and the agents. The kubeconfig is read before root is given up: only root may
    /// be allowed to.
    pub(super) fn begin(settings: &Settings, environment: &Environment) -> Result<Self, Error> {
        let tasks = Builder::new_current_thread().enable_all().build().map_err(Error::Tasks)?;
        let place = match settings.cluster {
            Setting::Off => None,
            Setting::Auto | Setting::On => Some(survey::place(settings, environment)?),
        };
        let groups = tetragon::groups(&settings.tetragon);
        let visit = Visit::within(&groups, settings, environment)?;
        let (cluster, agents) = tasks.block_on(async {
            let cluster = match place {
                None => Err("no cluster: `cluster` is `off`".to_owned()),
                Some(place) => match Cluster::connect(place).await? {
                    Found::Cluster(cluster) => Ok(cluster),
                    Found::Nothing(why) if settings.cluster == Setting::On => {
                        return Err(Error::Survey(survey::Error::Nothing(why)));
                    }
                    Found::Nothing(why) => Err(why),
                },
            };
            let agents = tetragon::present(&settings.tetragon, cluster.as_ref().ok()).await?;
            Ok((cluster, agents))
        })?;
        let audit = Box::new(visit.audit());
        let (_, agents) = watch::channel(Arc::new(agents));
        let client = PolicyClient::new(policing(settings).parts(cluster, agents, audit));
        Ok(Self { tasks, client, by: visit.by })
    }

    /// How all policies stand.
    pub(super) fn list(&self) -> Result<PolicyList, Error> {
        let now_us = Timestamp::now().as_microsecond();
        Ok(self.tasks.block_on(self.client.list(now_us))?)
    }

    /// Applies a policy, or has that checked.
    pub(super) fn apply(&self, request: PolicyRequest) -> Result<PolicyApplied, Error> {
        Ok(self.tasks.block_on(self.client.apply(request, &self.by))?)
    }

    /// Deletes a policy, or has that checked.
    pub(super) fn delete(&self, name: &PolicyName, effect: Effect) -> Result<PolicyDeleted, Error> {
        Ok(self.tasks.block_on(self.client.delete(name, &self.by, effect))?)
    }
}
