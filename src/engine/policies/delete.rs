//! Deletes a policy.

use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::agents::{self, SAYS, askable};
use super::apply::NOT_KNOWN_YET;
use super::audit::Before;
use super::give::counted;
use super::object::{metadata, path, shown};
use super::settle::{Awaited, settled};
use super::{PolicyClient, PolicyDeleted, PolicyError};
use crate::cluster::{self, Effect, Objects};
use crate::engine::keeper::with_causes;
use crate::engine::limits::Written;
use crate::policy::{PolicyName, bare};
use crate::store::By;
use crate::tetragon::{Agent, AgentStatus};

/// How often it is tried to delete what somebody else changes meanwhile.
const TRIES: usize = 3;

impl<O: Objects + Send + Sync> PolicyClient<O> {
    /// Deletes the policy `name`, or has that checked; waits a few seconds for agents to unload it.
    pub async fn delete(
        &self,
        name: &PolicyName,
        by: &By,
        effect: Effect,
    ) -> Result<PolicyDeleted, PolicyError> {
        let mut before = Before::default();
        let done = self.try_delete(name, effect, &mut before).await;
        match &done {
            Ok(deleted) => self.deleted(by, &before, deleted),
            Err(error) => {
                let asked = json!({ "delete": true, "dry_run": effect == Effect::DryRun });
                self.failed(by, name, &asked, error);
            }
        }
        done
    }

    async fn try_delete(
        &self,
        name: &PolicyName,
        effect: Effect,
        before: &mut Before,
    ) -> Result<PolicyDeleted, PolicyError> {
        self.may_write(name, "delete", effect == Effect::DryRun)?;
        let agents = self.agents();
        if let Ok(objects) = &self.parts.cluster {
            if let Some(body) = remove(objects, name, effect).await? {
                let body = bare(body);
                before.object = body.clone();
                let written = Written { object: shown(name), how: "delete".into(), body };
                return Ok(self.unloaded(name, written, Vec::new(), &agents, effect).await);
            }
            // What somebody gave to agents by hand is nowhere else.
        } else {
            self.somewhere(&agents)?;
        }
        self.delete_at_agents(name, effect, &agents, before).await
    }

    async fn delete_at_agents(
        &self,
        name: &PolicyName,
        effect: Effect,
        agents: &[AgentStatus],
        before: &mut Before,
    ) -> Result<PolicyDeleted, PolicyError> {
        let had = agents::hear(agents, SAYS).await;
        let mut holders = askable(agents);
        holders.retain(|agent| had.at(&agents::named(agent), name).is_some());
        if holders.is_empty() {
            return Err(match (&self.parts.cluster, &*had.notes) {
                (Err(_), [first, ..]) if had.answered.is_empty() => {
                    PolicyError::Agent(format!("delete the policy {name}: {first}"))
                }
                _ => PolicyError::NoPolicy(name.clone()),
            });
        }
        let names: Vec<_> = holders.iter().map(agents::named).collect();
        before.object = json!({ "agents": names });
        let written = Written {
            object: format!("{} at {}", shown(name), counted(holders.len())),
            how: "delete".into(),
            body: Value::Null,
        };
        let mut notes = Vec::new();
        if self.parts.cluster.is_ok() {
            notes.push("the cluster knows nothing of it: it is deleted at agents".into());
        }
        if effect == Effect::Lasting {
            let remove = |_: AgentStatus, service: Agent| -> BoxFuture<'_, _> {
                Box::pin(async move {
                    service.delete_policy(name).await.map_err(|error| with_causes(&error))
                })
            };
            let told = agents::tell(holders, &remove).await;
            notes.extend(told.outcome(&format!("delete the policy {name}"))?);
        }
        Ok(self.unloaded(name, written, notes, agents, effect).await)
    }

    /// What came of it, once agents have unloaded it or had time to.
    async fn unloaded(
        &self,
        name: &PolicyName,
        written: Written,
        mut notes: Vec<String>,
        agents: &[AgentStatus],
        effect: Effect,
    ) -> PolicyDeleted {
        let is_dry_run = effect == Effect::DryRun;
        if !is_dry_run {
            let (heard, is_gone) = settled(agents, name, Awaited::Gone).await;
            if !is_gone {
                let left = counted(heard.of(name).count());
                notes.push(format!("{left} still have it; {NOT_KNOWN_YET}"));
            }
            notes.extend(heard.notes);
        }
        PolicyDeleted { name: name.clone(), written, notes, is_dry_run }
    }
}

/// Removes the object; what it was, or none where there was none.
async fn remove<O: Objects + Send + Sync>(
    objects: &O,
    name: &PolicyName,
    effect: Effect,
) -> Result<Option<Value>, PolicyError> {
    let path = path(name);
    let mut tries = 0;
    loop {
        let Some(object) = objects.get(&path).await? else { return Ok(None) };
        let [uid, version] =
            ["uid", "resourceVersion"].map(|member| metadata(&object, member).to_owned());
        tries += 1;
        match objects.delete(&path, &uid, &version, effect).await {
            Ok(()) => return Ok(Some(object)),
            Err(error) if error.status() == Some(409) && tries < TRIES => {}
            Err(error @ cluster::Error::Unreachable { .. }) if effect == Effect::Lasting => {
                return match objects.get(&path).await {
                    Ok(None) => Ok(Some(object)),
                    Ok(Some(_)) => Err(error.into()),
                    Err(_) => {
                        Err(PolicyError::Unsure { policy: name.clone(), source: Box::new(error) })
                    }
                };
            }
            Err(error) => return Err(error.into()),
        }
    }
}
