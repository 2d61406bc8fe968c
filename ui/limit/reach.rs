//! The cluster and the database, as the verbs on limits come to them.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use weir::cluster::{Cluster, ClusterStatus, Effect, World};
use weir::engine::{Applied, LimitError, Responder, Reverted, serving, standings};
use weir::respond::{Controller, IngressName, LimitRequest, LimitStatus, Refusal};
use weir::settings::{Environment, Settings};
use weir::store::{By, Reader};

use super::Error;
use crate::survey;
use crate::visit::Visit;

/// A cluster that is known, and root given up.
pub(super) struct Reach {
    tasks: Runtime,
    cluster: Cluster,
    status: ClusterStatus,
    world: Arc<World>,
    visit: Visit,
}

impl Reach {
    /// Reads what is in the cluster. Its kubeconfig is read before root is given up: only root may
    /// be allowed to.
    pub(super) fn begin(settings: &Settings, environment: &Environment) -> Result<Self, Error> {
        let tasks = Builder::new_current_thread().enable_all().build().map_err(Error::Tasks)?;
        let place = survey::place(settings, environment)?;
        let visit = Visit::begin(settings, environment)?;
        let cluster = tasks.block_on(survey::connect(place))?;
        let (status, world) = tasks.block_on(survey::look(cluster.clone()))?;
        Ok(Self { tasks, cluster, status, world, visit })
    }

    /// In whose name something is done.
    pub(super) const fn by(&self) -> &By {
        &self.visit.by
    }

    /// The database, where there is one.
    pub(super) fn reader(&self) -> Option<Reader> {
        self.visit.reader().ok()
    }

    /// How the cluster is doing, as long as it was looked at.
    pub(super) const fn status(&self) -> &ClusterStatus {
        &self.status
    }

    /// What is in the cluster, where it is known which Ingresses there are.
    pub(super) fn world(&self) -> Result<&World, Error> {
        self.know_ingresses()?;
        Ok(&self.world)
    }

    /// Nothing where it is known which Ingresses there are.
    fn know_ingresses(&self) -> Result<(), Error> {
        Ok(self.status.listed("ingresses").map_err(LimitError::Cluster)?)
    }

    /// How Ingresses stand, in order of their names.
    pub(super) fn list(&self) -> Result<Vec<LimitStatus>, Error> {
        self.know_ingresses()?;
        Ok(standings(&self.world, now_us()))
    }

    /// How one Ingress stands.
    pub(super) fn look(&self, name: &IngressName) -> Result<LimitStatus, Error> {
        Ok(self.tasks.block_on(self.responder().look(name, now_us()))?)
    }

    /// Sets a limit.
    pub(super) fn apply(&self, request: LimitRequest) -> Result<Applied, Error> {
        Ok(self.tasks.block_on(self.responder().apply(request, self.by(), now_us()))?)
    }

    /// Lifts a limit, or has that checked.
    pub(super) fn revert(&self, name: &IngressName, effect: Effect) -> Result<Reverted, Error> {
        Ok(self.tasks.block_on(self.responder().revert(name, self.by(), effect, now_us()))?)
    }

    fn responder(
        &self,
    ) -> Responder<Cluster, impl Fn(&IngressName, &Value) -> Result<Controller, Refusal> + '_> {
        let serving = |name: &IngressName, _: &Value| serving(&self.world, name);
        Responder::new(self.cluster.clone(), serving, Box::new(self.visit.audit()))
    }
}

fn now_us() -> i64 {
    Timestamp::now().as_microsecond()
}
