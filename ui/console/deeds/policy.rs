//! What the engine was asked to do about a policy, and what came of it.

use weir::engine::{Policies, PolicyApplied, PolicyDeleted, PolicyError};
use weir::policy::Standing;
use weir::store::By;

use super::super::policing::{PolicyNews, PolicyWish, Wanted};
use super::super::{Effect, Message};
use super::with_causes;
use crate::panes::proposal::{self, Proposal, Said};
use crate::text;
use crate::theme::Role;

/// Does what `wish` says in the name of `by`, and says what came of it.
pub(super) async fn done(policies: &Policies, wish: PolicyWish, by: By) -> Message {
    match wish {
        PolicyWish::Check(wanted) => {
            news(match policies.apply(wanted.request(true), by.clone()).await {
                Ok(applied) => PolicyNews::Said(checked(&applied, None)),
                Err(PolicyError::Dangerous(why)) => {
                    // What it would break is said beside what the API server says.
                    let request = Wanted { is_forced: true, ..*wanted }.request(true);
                    match policies.apply(request, by).await {
                        Ok(applied) => PolicyNews::Said(checked(&applied, Some(why))),
                        Err(error) => refused(&error),
                    }
                }
                Err(error) => refused(&error),
            })
        }
        PolicyWish::ProposeApply(wanted) => {
            proposed(policies.apply(wanted.request(true), by).await, wanted)
        }
        PolicyWish::Apply(wanted) => {
            let applied = policies.apply(wanted.request(false), by).await;
            news(applied.map_or_else(|error| refused(&error), |applied| written(&applied)))
        }
        PolicyWish::ProposeDelete(name) => match policies.delete(name, by, true).await {
            Ok(deleted) => propose_delete(&deleted),
            Err(error) => news(refused(&error)),
        },
        PolicyWish::Delete(name) => match policies.delete(name, by, false).await {
            Ok(deleted) => {
                let words = format!("the policy {} is deleted", named(&deleted));
                Message::Told(noted(words, &deleted.notes))
            }
            Err(error) => news(refused(&error)),
        },
    }
}

fn news(news: PolicyNews) -> Message {
    Message::Policy(Box::new(news))
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
    let notes = match harms {
        Some(why) => vec![why],
        None => applied.notes.clone(),
    };
    let notes = notes.into_iter().map(|note| Said::new(Role::Warning, note));
    [Said::new(Role::Good, words)].into_iter().chain(notes).collect()
}

/// Whether it was refused, in the words of whoever did.
fn refused(error: &PolicyError) -> PolicyNews {
    let words = with_causes(error);
    PolicyNews::Said(words.lines().map(|line| Said::new(Role::Bad, line.to_owned())).collect())
}

/// What applying would write, and the question whether it is to be.
pub(in crate::console) fn proposed(
    applied: Result<PolicyApplied, PolicyError>,
    wanted: Box<Wanted>,
) -> Message {
    let applied = match applied {
        Ok(applied) => applied,
        Err(PolicyError::Dangerous(why)) if !wanted.is_forced => {
            return news(PolicyNews::Dangerous(why, wanted));
        }
        Err(error) => return news(refused(&error)),
    };
    let mode = wanted.mode.map(|mode| format!(" in mode {}", mode.name())).unwrap_or_default();
    let forced = if wanted.is_forced { ", although it would harm" } else { "" };
    let question = format!("apply {} {}{mode}{forced}", wanted.name.kind(), wanted.name);
    let lines = proposal::of_policy(&applied);
    let effect = Effect::Policy(PolicyWish::Apply(wanted));
    Message::Proposed(Box::new(Proposal { question, effect, lines }))
}

/// What was written, and how it stands so soon.
pub(in crate::console) fn written(applied: &PolicyApplied) -> PolicyNews {
    let name = text::clean(&applied.status.name.to_string());
    let stands = match applied.status.standing {
        Standing::NotLoaded | Standing::PartlyLoaded if !applied.status.why.is_empty() => {
            format!("{}: {}", applied.status.standing.name(), text::clean(&applied.status.why))
        }
        standing => standing.name().to_owned(),
    };
    let words = format!("the policy {name} is applied, and {stands} so far");
    PolicyNews::Applied(noted(words, &applied.notes))
}

/// What deleting would delete, and the question whether it is to be.
pub(in crate::console) fn propose_delete(deleted: &PolicyDeleted) -> Message {
    let question = format!("delete {} {}", deleted.name.kind(), named(deleted));
    let lines = proposal::of_deleted(deleted);
    let effect = Effect::Policy(PolicyWish::Delete(deleted.name.clone()));
    Message::Proposed(Box::new(Proposal { question, effect, lines }))
}

#[cfg(test)]
mod tests {
    use weir::policy::PolicyName;

    use super::*;

    #[tokio::test]
    async fn without_a_cluster_it_is_said_why() {
        let door = Policies::absent("there is no cluster, and no agent answers".into());
        let by = By { who: "alice".into(), from: "console".into() };
        let name = PolicyName { namespace: None, name: "a".into() };
        let manifest = serde_json::json!({});
        let wanted = Wanted { name: name.clone(), manifest, mode: None, is_forced: false };
        for wish in [
            PolicyWish::Check(Box::new(wanted.clone())),
            PolicyWish::ProposeApply(Box::new(wanted.clone())),
            PolicyWish::Apply(Box::new(wanted)),
            PolicyWish::ProposeDelete(name.clone()),
            PolicyWish::Delete(name),
        ] {
            let Message::Policy(news) = done(&door, wish, by.clone()).await else {
                panic!("it is refused");
            };
            let PolicyNews::Said(said) = *news else { panic!("it is said why") };
            assert_eq!(said[0].text(), "there is no cluster, and no agent answers");
        }
    }
}
