//! Has a policy act from now on, or only tell.

use futures_util::future::BoxFuture;
use serde_json::json;
use tokio::time::Instant;

use super::agents::{self, HAS, UNLOADS, askable};
use super::apply::{Way, say_how_known};
use super::audit::Before;
use super::give::counted;
use super::object::{path, shown};
use super::settle::{Awaited, settled};
use super::{PolicyApplied, PolicyClient, PolicyError, PolicySwitch};
use crate::cluster::Objects;
use crate::engine::limits::Written;
use crate::policy::{Policy, PolicyMode};
use crate::store::By;
use crate::tetragon::{Agent, AgentStatus};

impl<O: Objects + Send + Sync> PolicyClient<O> {
    /// Switches a policy, or says what that would write.
    pub async fn switch(
        &self,
        switch: &PolicySwitch,
        by: &By,
    ) -> Result<PolicyApplied, PolicyError> {
        let mut before = Before::default();
        let done = self.try_switch(switch, &mut before).await;
        match &done {
            Ok(applied) => self.applied(by, &before, applied),
            Err(error) => {
                let asked = json!({ "mode": switch.mode.name(), "dry_run": switch.is_dry_run });
                self.failed(by, &switch.name, &asked, error);
            }
        }
        done
    }

    async fn try_switch(
        &self,
        switch: &PolicySwitch,
        before: &mut Before,
    ) -> Result<PolicyApplied, PolicyError> {
        let PolicySwitch { name, mode, is_forced, is_dry_run } = switch;
        let way = Way { is_forced: *is_forced, is_dry_run: *is_dry_run };
        self.may_write(name, "switch", *is_dry_run)?;
        let agents = self.agents();
        if let Ok(objects) = &self.parts.cluster {
            if let Some(object) = objects.get(&path(name)).await? {
                let policy = Policy::from_json(object).map_err(|problems| {
                    let why = problems.first().map(ToString::to_string).unwrap_or_default();
                    PolicyError::Invalid(format!("the policy {name} in the cluster: {why}"))
                })?;
                return self.try_apply(&policy.with_mode(*mode), way, before).await;
            }
        } else {
            self.somewhere(&agents)?;
        }
        self.switch_at_agents(switch, &agents, before).await
    }

    async fn switch_at_agents(
        &self,
        switch: &PolicySwitch,
        agents: &[AgentStatus],
        before: &mut Before,
    ) -> Result<PolicyApplied, PolicyError> {
        let PolicySwitch { name, mode, is_forced, is_dry_run } = switch;
        let began = Instant::now();
        let had = agents::hear(agents, HAS).await;
        had.some_answered(name)?;
        let mut holders = askable(agents);
        holders.retain(|agent| had.at(&agent.name(), name).is_some());
        if holders.is_empty() {
            return Err(had.none_has(name));
        }
        let may_act = had.of(name).any(|policy| !policy.is_monitor_only);
        if *mode == PolicyMode::Enforce && may_act {
            let danger =
                "what it would do is not known: only agents have it, and they do not show it";
            if !is_forced {
                let why = format!("the policy {name} is not switched to enforce: {danger}");
                return Err(PolicyError::Dangerous(why));
            }
            before.forced.push(danger.to_owned());
        }
        let modes = had.of(name).map(
            |policy| json!({ "node": policy.node, "mode": policy.mode.map(PolicyMode::name) }),
        );
        before.object = json!({ "agents": modes.collect::<Vec<_>>() });
        let written = Written {
            object: format!("{} at {}", shown(name), counted(holders.len())),
            how: "configure".into(),
            body: json!({ "mode": mode.name() }),
        };
        let mut notes: Vec<_> =
            before.forced.iter().map(|danger| format!("forced, although {danger}")).collect();
        let (diff, is_dry_run) = (String::new(), *is_dry_run);
        if is_dry_run {
            let status = self.standing(name, None, &had);
            return Ok(PolicyApplied { status, written, diff, notes, is_dry_run });
        }
        let mode = *mode;
        let turn = |_: AgentStatus, service: Agent| -> BoxFuture<'_, _> {
            Box::pin(
                async move { agents::within(UNLOADS, service.configure_policy(name, mode)).await },
            )
        };
        let action = format!("switch the policy {name} to {}", mode.name());
        let mut told = agents::tell(holders, &turn).await;
        if told.is_nothing() {
            told.outcome(&action, name)?;
        }
        let awaited = Awaited::Taken { before: Some(&had), mode: Some(mode) };
        let (heard, is_known) = settled(agents, name, awaited, began).await;
        told.find_out(|node| heard.at(node, name).is_some_and(|now| now.mode == Some(mode)));
        notes.extend(told.outcome(&action, name)?);
        say_how_known(agents, &heard, is_known, &mut notes);
        let status = self.standing(name, None, &heard);
        Ok(PolicyApplied { status, written, diff, notes, is_dry_run })
    }
}
