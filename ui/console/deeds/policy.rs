//! What the engine was asked to do about a policy, and what came of it.

use serde_json::Value;
use weir::engine::{Policies, PolicyApplied, PolicyDeleted, PolicyError, PolicySwitch};
use weir::store::By;

use super::super::policing::{Asker, Change, PolicyNews, PolicyWish, Wanted};
use super::super::{Effect, Message};
use crate::panes::proposal::{self, Proposal, Said};
use crate::text;
use crate::theme::Role;
use crate::words;

/// Does what `wish` says in the name of `by`, and tells `asker` what came of it.
pub(super) async fn done(policies: &Policies, wish: PolicyWish, asker: Asker, by: By) -> Message {
    match wish {
        PolicyWish::Check(wanted) => news(check(policies, *wanted, by).await, asker),
        PolicyWish::Propose(change) => {
            let would = changed(policies, change.clone(), by, true).await;
            proposed(would, change, asker)
        }
        PolicyWish::Change(change) => {
            let about = change.manifest().cloned();
            let done = changed(policies, change, by, false).await;
            let done =
                done.map_or_else(|error| refused(&error, about), |applied| written(&applied));
            news(done, asker)
        }
        PolicyWish::ProposeDelete(name) => match policies.delete(name, by, true).await {
            Ok(deleted) => propose_delete(&deleted),
            Err(error) => news(refused(&error, None), asker),
        },
        PolicyWish::Delete(name) => match policies.delete(name, by, false).await {
            Ok(deleted) => {
                let words = format!("the policy {} is deleted", named(&deleted));
                Message::Told(noted(words, &deleted.notes))
            }
            Err(error) => news(refused(&error, None), asker),
        },
    }
}

/// Has the API server check a policy; what it would break is said beside what the server says.
async fn check(policies: &Policies, wanted: Wanted, by: By) -> PolicyNews {
    let about = Some(wanted.manifest.clone());
    let harms = match policies.apply(wanted.clone().request(true), by.clone()).await {
        Ok(applied) => return PolicyNews::Said(checked(&applied, None), about),
        Err(PolicyError::Dangerous(why)) => why,
        Err(error) => return refused(&error, about),
    };
    let request = Wanted { is_forced: true, ..wanted }.request(true);
    match policies.apply(request, by).await {
        Ok(applied) => PolicyNews::Said(checked(&applied, Some(harms)), about),
        Err(error) => refused(&error, about),
    }
}

/// Changes a policy, or has that checked.
async fn changed(
    policies: &Policies,
    change: Change,
    by: By,
    is_dry_run: bool,
) -> Result<PolicyApplied, PolicyError> {
    match change {
        Change::Apply(wanted) => policies.apply(wanted.request(is_dry_run), by).await,
        Change::Switch(switch) => policies.switch(PolicySwitch { is_dry_run, ..switch }, by).await,
    }
}

fn news(news: PolicyNews, asker: Asker) -> Message {
    Message::Policy(Box::new(news), asker)
}

fn named(deleted: &PolicyDeleted) -> String {
    text::clean(&deleted.name.to_string())
}

/// `words`, and what else there is to say.
fn noted(words: String, notes: &[String]) -> String {
    notes.iter().fold(words, |words, note| format!("{words}; {}", text::clean(note)))
}

/// What a dry run says; `harms` says why it would not be applied unless somebody insists.
fn checked(applied: &PolicyApplied, harms: Option<String>) -> Vec<Said> {
    let changes = |sign: char, head: &str| {
        applied.diff.lines().filter(|l| l.starts_with(sign) && !l.starts_with(head)).count()
    };
    let (added, removed) = (changes('+', "+++"), changes('-', "---"));
    let words = match (added, removed) {
        (0, 0) => "it would be taken, and change nothing".to_owned(),
        (added, removed) => {
            format!("it would be taken: {added} lines added, {removed} removed; nothing is written")
        }
    };
    // That it was forced is how this was asked, and not what the API server says.
    let notes = applied.notes.iter().filter(|note| !note.starts_with("forced, although")).cloned();
    let notes = harms.into_iter().chain(notes).map(|note| Said::new(Role::Warning, note));
    [Said::new(Role::Good, words)].into_iter().chain(notes).collect()
}

/// That it was refused, in the words of whoever did; `about` is the manifest, if it is about one.
fn refused(error: &PolicyError, about: Option<Value>) -> PolicyNews {
    let words = words::with_causes(error);
    let said = words.lines().map(|line| Said::new(Role::Bad, line.to_owned())).collect();
    PolicyNews::Said(said, about)
}

/// What a change would write, and the question whether it is to be.
pub(in crate::console) fn proposed(
    applied: Result<PolicyApplied, PolicyError>,
    change: Change,
    asker: Asker,
) -> Message {
    let applied = match applied {
        Ok(applied) => applied,
        Err(PolicyError::Dangerous(why)) if !change.is_forced() => {
            return news(PolicyNews::Dangerous(why, change), asker);
        }
        Err(error) => return news(refused(&error, change.manifest().cloned()), asker),
    };
    let (question, lines) = (change.to_string(), proposal::of_policy(&applied));
    let effect = Effect::Policy(PolicyWish::Change(change), asker);
    Message::Proposed(Box::new(Proposal { question, effect, lines }))
}

/// What was written, and how it stands so soon.
pub(in crate::console) fn written(applied: &PolicyApplied) -> PolicyNews {
    let name = text::clean(&applied.status.name.to_string());
    let words = format!("the policy {name} is applied, so far {}", words::stands(&applied.status));
    PolicyNews::Applied(applied.written.body.clone(), noted(words, &applied.notes))
}

/// What deleting would delete, and the question whether it is to be.
pub(in crate::console) fn propose_delete(deleted: &PolicyDeleted) -> Message {
    let question = format!("delete {} {}", deleted.name.kind(), named(deleted));
    let lines = proposal::of_deleted(deleted);
    let effect = Effect::Policy(PolicyWish::Delete(deleted.name.clone()), None);
    Message::Proposed(Box::new(Proposal { question, effect, lines }))
}

#[cfg(test)]
mod tests {
    use weir::policy::{PolicyMode, PolicyName};

    use super::*;
    use crate::panes::policy_editor::EditorId;

    #[tokio::test]
    async fn without_a_cluster_it_is_said_why() {
        let door = Policies::absent("there is no cluster, and no agent answers".into());
        let by = By { who: "alice".into(), from: "console".into() };
        let name = PolicyName { namespace: None, name: "a".into() };
        let manifest = serde_json::json!({});
        let wanted = Box::new(Wanted { name: name.clone(), manifest, is_forced: false });
        let mode = PolicyMode::Enforce;
        let switch = PolicySwitch { name: name.clone(), mode, is_forced: false, is_dry_run: false };
        for wish in [
            PolicyWish::Check(wanted.clone()),
            PolicyWish::Propose(Change::Apply(wanted.clone())),
            PolicyWish::Change(Change::Apply(wanted)),
            PolicyWish::Propose(Change::Switch(switch.clone())),
            PolicyWish::Change(Change::Switch(switch)),
            PolicyWish::ProposeDelete(name.clone()),
            PolicyWish::Delete(name),
        ] {
            let asker = Some(EditorId(7));
            let Message::Policy(news, told) = done(&door, wish, asker, by.clone()).await else {
                panic!("it is refused");
            };
            assert_eq!(told, asker, "whoever asked is told");
            let PolicyNews::Said(said, _) = *news else { panic!("it is said why") };
            assert_eq!(said[0].text(), "there is no cluster, and no agent answers");
        }
    }
}
