//! Applies a policy: has it checked, says what it would change, and what became of it.

use serde_json::{Value, json};
use tokio::time::Instant;

use super::agents::{self, HAS, Heard, WHOLE};
use super::audit::Before;
use super::object::{MANAGER, path, shown};
use super::settle::{Awaited, settled};
use super::{PolicyApplied, PolicyClient, PolicyError, PolicyRequest};
use crate::cluster::{self, Conflicts, Effect, Objects};
use crate::engine::keeper::with_causes;
use crate::engine::limits::Written;
use crate::policy::{self, Policy, PolicyName, Problem, bare};
use crate::store::By;
use crate::tetragon::AgentStatus;

/// What is said of a policy of which it is not known yet whether agents have loaded it.
pub(super) const NOT_KNOWN_YET: &str = "not every agent has said yet whether it has loaded it: how \
                                        policies stand is known in a few seconds";

impl<O: Objects + Send + Sync> PolicyClient<O> {
    /// Applies the policy that is asked for, or has it checked; waits a few seconds for what agents
    /// make of it.
    pub async fn apply(
        &self,
        request: PolicyRequest,
        by: &By,
    ) -> Result<PolicyApplied, PolicyError> {
        let PolicyRequest { manifest, mode, is_forced, is_dry_run } = request;
        let policy = Policy::from_json(manifest).map_err(|problems| invalid(&problems))?;
        let policy = match mode {
            Some(mode) => policy.with_mode(mode),
            None => policy,
        };
        let name = policy.name().clone();
        let mut before = Before::default();
        let way = Way { is_forced, is_dry_run };
        let done = self.try_apply(&policy, way, &mut before).await;
        match &done {
            Ok(applied) => self.applied(by, &before, applied),
            Err(error) => {
                let asked = json!({
                    "object": policy.manifest(), "force": is_forced, "dry_run": is_dry_run,
                });
                self.failed(by, &name, &asked, error);
            }
        }
        done
    }

    pub(super) async fn try_apply(
        &self,
        policy: &Policy,
        way: Way,
        before: &mut Before,
    ) -> Result<PolicyApplied, PolicyError> {
        self.may_write(policy.name(), "apply", way.is_dry_run)?;
        let agents = self.agents();
        spared(policy.name(), policy.dangers(&self.guarded(&agents)), way, before)?;
        if let Ok(objects) = &self.parts.cluster {
            return self.in_cluster(objects, policy, way, &agents, before).await;
        }
        self.somewhere(&agents)?;
        self.give(policy, way, &agents, before).await
    }

    /// An error where nothing is to be changed.
    pub(super) fn may_write(
        &self,
        name: &PolicyName,
        verb: &str,
        is_dry_run: bool,
    ) -> Result<(), PolicyError> {
        if self.parts.is_read_only && !is_dry_run {
            let action = format!("{verb} the policy {name}");
            return Err(cluster::Error::ReadOnly { action }.into());
        }
        Ok(())
    }

    async fn in_cluster(
        &self,
        objects: &O,
        policy: &Policy,
        way: Way,
        agents: &[AgentStatus],
        before: &mut Before,
    ) -> Result<PolicyApplied, PolicyError> {
        let name = policy.name();
        let path = path(name);
        let began = Instant::now();
        let (live, had) = tokio::join!(objects.get(&path), agents::hear(agents, HAS));
        let live = live?.map(bare);
        before.object = live.clone().unwrap_or_default();
        let (would, mut notes) = self.checked(objects, policy).await?;
        // What others have written stays in it, and may harm too.
        let dangers = match Policy::from_json(would.clone()) {
            Ok(whole) => whole.dangers(&self.guarded(agents)),
            Err(problems) => vec![unreadable(&problems)],
        };
        spared(name, dangers, way, before)?;
        let written = Written {
            object: shown(name),
            how: format!("apply as {MANAGER}"),
            body: policy.manifest().clone(),
        };
        let diff = policy::diff(live.as_ref(), Some(&would));
        notes.extend(before.forced.iter().map(|danger| format!("forced, although {danger}")));
        if way.is_dry_run {
            let status = self.standing(name, live.as_ref(), &had);
            return Ok(PolicyApplied { status, written, diff, notes, is_dry_run: true });
        }
        if began.elapsed() >= WHOLE {
            // Whoever asked may have been told that there is no answer.
            return Err(PolicyError::Silent(format!(
                "apply the policy {name}: the API server took too long to check it, so that nothing is written"
            )));
        }
        let applied = objects
            .apply(&path, policy.manifest(), MANAGER, Conflicts::Forced, Effect::Lasting)
            .await;
        let object = match applied {
            Ok(object) => bare(object),
            Err(error) => self.found_out(objects, name, &would, error).await?,
        };
        let is_same_spec = live.as_ref().is_some_and(|live| live.get("spec") == object.get("spec"));
        let awaited =
            Awaited::Taken { before: (!is_same_spec).then_some(&had), mode: policy.mode() };
        let (heard, is_known) = settled(agents, name, awaited, began).await;
        say_how_known(agents, &heard, is_known, &mut notes);
        let status = self.standing(name, Some(&object), &heard);
        Ok(PolicyApplied { status, written, diff, notes, is_dry_run: false })
    }

    /// Has the API server check it as if it were applied: the object as it would be, and whose fields
    /// would be taken over.
    async fn checked(
        &self,
        objects: &O,
        policy: &Policy,
    ) -> Result<(Value, Vec<String>), PolicyError> {
        let path = path(policy.name());
        let check =
            |conflicts| objects.apply(&path, policy.manifest(), MANAGER, conflicts, Effect::DryRun);
        let mut notes = Vec::new();
        let checked = match check(Conflicts::Refused).await {
            Err(cluster::Error::Refused { status: 409, message, .. }) => {
                let whose = message.split_once(": ").map_or(&*message, |(_, whose)| whose);
                notes.push(format!("taken over from others: {whose}"));
                check(Conflicts::Forced).await
            }
            checked => checked,
        };
        match checked {
            Ok(object) => Ok((bare(object), notes)),
            Err(error) => Err(why_not(policy.name(), error)),
        }
    }

    /// What became of a write that failed: where nobody has said so, the object itself does.
    async fn found_out(
        &self,
        objects: &O,
        name: &PolicyName,
        would: &Value,
        error: cluster::Error,
    ) -> Result<Value, PolicyError> {
        if !may_be_written(&error) {
            return Err(error.into());
        }
        match objects.get(&path(name)).await.map(|object| object.map(bare)) {
            Ok(Some(object)) if object == *would => Ok(object),
            // Who refused has not written. Who said nothing, or that something took too long, may do so yet.
            Ok(_) if has_refused(&error) => Err(error.into()),
            _ => Err(unsure(name, &error)),
        }
    }
}

/// An error where the policy `name` would harm, by `dangers`, and nobody insists.
fn spared(
    name: &PolicyName,
    dangers: Vec<String>,
    way: Way,
    before: &mut Before,
) -> Result<(), PolicyError> {
    if dangers.is_empty() {
        return Ok(());
    }
    if !way.is_forced {
        let why = format!("the policy {name} is not applied: {}", dangers.join("; "));
        return Err(PolicyError::Dangerous(why));
    }
    for danger in dangers {
        if !before.forced.contains(&danger) {
            before.forced.push(danger);
        }
    }
    Ok(())
}

/// Whether what failed so may have been written all the same.
pub(super) fn may_be_written(error: &cluster::Error) -> bool {
    match error {
        cluster::Error::Unreachable { .. } => true,
        error => error.status().is_some_and(|status| status >= 500),
    }
}

/// Whether the API server said that it has not written, and knows so: what it stores in may take longer
/// than it waits.
pub(super) fn has_refused(error: &cluster::Error) -> bool {
    error.status().is_some_and(|status| !matches!(status, 500 | 504))
}

pub(super) fn unsure(policy: &PolicyName, error: &cluster::Error) -> PolicyError {
    PolicyError::Unsure { policy: policy.clone(), why: with_causes(error) }
}

/// What is feared of a policy in which others have written what Weir cannot read.
fn unreadable(problems: &[Problem]) -> String {
    let first = problems.first().map(ToString::to_string).unwrap_or_default();
    format!(
        "with what others have written in it, it cannot be read, so that it may do anything: {first}"
    )
}

/// How a policy is applied.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    pub(super) is_forced: bool,
    pub(super) is_dry_run: bool,
}

/// Why something is no policy, each fault with its place.
fn invalid(problems: &[Problem]) -> PolicyError {
    let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
    PolicyError::Invalid(problems.join("; "))
}

/// Says what is not known of what agents made of it.
pub(super) fn say_how_known(
    agents: &[AgentStatus],
    heard: &Heard,
    is_known: bool,
    notes: &mut Vec<String>,
) {
    if agents.is_empty() {
        notes.push("no agent is known that could say whether it has loaded it".into());
    } else if !is_known && !heard.answered.is_empty() {
        notes.push(NOT_KNOWN_YET.into());
    }
    notes.extend(heard.notes.iter().cloned());
}

/// A path that is not there means that the definitions are not, unless it is the namespace.
fn why_not(name: &PolicyName, error: cluster::Error) -> PolicyError {
    match &error {
        cluster::Error::Refused { status: 404, message, .. }
            if !message.starts_with("namespaces") =>
        {
            PolicyError::NotInstalled
        }
        _ => {
            tracing::info!(policy = %name, %error, "the API server did not take a policy");
            error.into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_been_written_is_not_said_to_be_refused() {
        let refused = |status| cluster::Error::Refused {
            action: "apply it".into(),
            status,
            reason: "Failure".into(),
            message: "no".into(),
        };
        for (status, may_be, has) in [
            (403, false, true),
            (409, false, true),
            (500, true, false),
            (503, true, true),
            (504, true, false),
        ] {
            let error = refused(status);
            assert_eq!((may_be_written(&error), has_refused(&error)), (may_be, has), "{status}");
        }
        let away = cluster::Error::Unreachable { action: "apply it".into(), why: "away".into() };
        assert!(may_be_written(&away) && !has_refused(&away));
    }
}
