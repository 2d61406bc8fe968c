//! Deletes a policy.

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::agents::{self, HAS, Heard, UNLOADS, askable};
use super::apply::{NOT_KNOWN_YET, has_refused, may_be_written, unsure};
use super::audit::Before;
use super::give::counted;
use super::object::{metadata, path, shown};
use super::settle::{Awaited, settled};
use super::{PolicyClient, PolicyDeleted, PolicyError};
use crate::cluster::{Effect, Objects};
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
        let (agents, began) = (self.agents(), Instant::now());
        if let Ok(objects) = &self.parts.cluster {
            if let Some(body) = remove(objects, name, effect).await? {
                let body = bare(body);
                before.object = body.clone();
                let written = Written { object: shown(name), how: "delete".into(), body };
                let is_dry_run = effect == Effect::DryRun;
                let mut notes = Vec::new();
                if !is_dry_run {
                    let (heard, is_gone) = settled(&agents, name, Awaited::Gone, began).await;
                    notes = left(name, heard, is_gone);
                }
                return Ok(PolicyDeleted { name: name.clone(), written, notes, is_dry_run });
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
        let began = Instant::now();
        let had = agents::hear(agents, HAS).await;
        had.some_answered(name)?;
        let mut holders = askable(agents);
        holders.retain(|agent| had.at(&agent.name(), name).is_some());
        if holders.is_empty() {
            return Err(had.none_has(name));
        }
        let names: Vec<_> = holders.iter().map(AgentStatus::name).collect();
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
        if effect == Effect::DryRun {
            return Ok(PolicyDeleted { name: name.clone(), written, notes, is_dry_run: true });
        }
        let remove = |_: AgentStatus, service: Agent| -> BoxFuture<'_, _> {
            Box::pin(async move { agents::within(UNLOADS, service.delete_policy(name)).await })
        };
        let mut told = agents::tell(holders, &remove).await;
        if !told.is_nothing() {
            let (heard, is_gone) = settled(agents, name, Awaited::Gone, began).await;
            told.find_out(|node| heard.lacks(node, name));
            notes.extend(left(name, heard, is_gone));
        }
        let refused = told.outcome(&format!("delete the policy {name}"), name)?;
        notes.extend(refused);
        Ok(PolicyDeleted { name: name.clone(), written, notes, is_dry_run: false })
    }
}

/// What there is to say of agents after a policy was deleted.
fn left(name: &PolicyName, heard: Heard, is_gone: bool) -> Vec<String> {
    let still = (!is_gone).then(|| {
        let left = counted(heard.of(name).count());
        format!("{left} still have it; {NOT_KNOWN_YET}")
    });
    still.into_iter().chain(heard.notes).collect()
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
            Err(error) if may_be_written(&error) && effect == Effect::Lasting => {
                return match objects.get(&path).await {
                    Ok(None) => Ok(Some(object)),
                    // Who refused has not deleted it. Who said nothing may do so yet.
                    Ok(Some(_)) if has_refused(&error) => Err(error.into()),
                    _ => Err(unsure(name, &error)),
                };
            }
            Err(error) => return Err(error.into()),
        }
    }
}
