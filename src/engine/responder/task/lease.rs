//! The task's part in the election.

use std::time::Duration;

use serde_json::Value;

use super::Task;
use crate::cluster::{self, Effect, ObjectPath, Objects};
use crate::engine::keeper::with_causes;
use crate::engine::snapshot::Holder;
use crate::respond::plan::MANAGER;
use crate::respond::{Controller, Election, IngressName, LeaseStep, Refusal};

/// The election, and who was last seen to hold the Lease.
#[derive(Debug)]
pub(super) struct Lease {
    election: Election,
    other: Option<String>,
}

impl Lease {
    pub(super) const fn new(election: Election) -> Self {
        Self { election, other: None }
    }

    /// Whether this one may act.
    pub(super) fn is_held(&self, now: Duration) -> bool {
        self.election.is_held(now)
    }

    /// Who holds it.
    pub(super) fn holder(&self, now: Duration) -> Holder {
        match &self.other {
            _ if self.is_held(now) => Holder::Us,
            Some(other) => Holder::Other(other.clone()),
            None => Holder::Unknown,
        }
    }

    fn path(&self) -> ObjectPath {
        ObjectPath {
            api_version: "coordination.k8s.io/v1".to_owned(),
            resource: "leases".to_owned(),
            namespace: Some(self.election.namespace().to_owned()),
            name: self.election.name().to_owned(),
        }
    }

    async fn step(
        &mut self,
        objects: &impl Objects,
        now: Duration,
        wall_us: i64,
    ) -> Result<(), cluster::Error> {
        let path = self.path();
        let lease = objects.get(&path).await?;
        match self.election.step(lease.as_ref(), now, wall_us) {
            LeaseStep::Create(body) => {
                objects.create(&path, &body, MANAGER, Effect::Lasting).await?;
            }
            LeaseStep::Renew(body) => {
                objects.merge(&path, &body, MANAGER, Effect::Lasting).await?;
            }
            LeaseStep::Wait { holder } => {
                self.other = Some(holder);
                return Ok(());
            }
        }
        self.election.written(now);
        self.other = None;
        Ok(())
    }
}

impl<O, S> Task<O, S>
where
    O: Objects + Send + Sync,
    S: Fn(&IngressName, &Value) -> Result<Controller, Refusal> + Send + Sync,
{
    /// Takes part in the election.
    pub(super) async fn elect(&mut self) {
        let (now, wall_us) = (self.now(), (self.parts.wall_us)());
        let Some(lease) = &mut self.lease else { return };
        match lease.step(&self.parts.responder.objects, now, wall_us).await {
            // Somebody else was faster: the next look shows who.
            Err(error) if error.status() == Some(409) => {}
            Err(error) => {
                let why = with_causes(&error);
                self.fail(None, format!("limits are not looked after by this Weir: {why}"));
            }
            Ok(()) => drop(self.said.remove(&None)),
        }
    }

    /// Lets another take over at once.
    pub(super) async fn release(&mut self) {
        let wall_us = (self.parts.wall_us)();
        let Some(lease) = self.lease.as_ref().filter(|lease| lease.is_held(self.now())) else {
            return;
        };
        let (objects, path) = (&self.parts.responder.objects, lease.path());
        // It runs out by itself where this fails.
        if let Ok(Some(found)) = objects.get(&path).await
            && let Some(body) = lease.election.release(&found, wall_us)
        {
            objects.merge(&path, &body, MANAGER, Effect::Lasting).await.ok();
        }
    }
}
