//! What the operator does about incidents, mutes, the outbox and limits.

use weir::engine::Command;
use weir::store::Which;

use super::limiting::Draft;
use super::muting::Muting;
use super::prompt::{Answer, Prompt};
use super::{Console, Effect, LimitWish, Rights};
use crate::keymap::Action;
use crate::panes::Subject;
use crate::text;

impl Console {
    /// Does what `action` asks for about the selected row, or says why it cannot be done.
    pub(super) fn deed(&mut self, action: Action) -> Option<Effect> {
        if self.rights == Rights::Look {
            self.notice = Some("read-only: nothing is changed from here".into());
            return None;
        }
        if matches!(
            action,
            Action::NewPolicy | Action::EditPolicy | Action::DeletePolicy | Action::SwitchPolicy
        ) {
            return self.police(action);
        }
        let subject = self.top().subject(&self.scene());
        match (action, subject) {
            (Action::Acknowledge, Some(Subject::Incident(incident))) => {
                return Some(Effect::Act(Command::Acknowledge(incident.id)));
            }
            (Action::Resolve, Some(Subject::Incident(incident))) => {
                let words = format!("say that {} {} is over", incident.class, incident.id);
                self.ask(words, Effect::Act(Command::Resolve(incident.id)));
            }
            (Action::Mute, subject) => {
                let incident = match &subject {
                    Some(Subject::Incident(incident)) => Some(&**incident),
                    Some(Subject::Entry(entry)) => Some(&*entry.incident),
                    Some(
                        Subject::Mute(_)
                        | Subject::Limit(_)
                        | Subject::Policy(_)
                        | Subject::Image(_),
                    )
                    | None => None,
                };
                self.prompt = Some(Prompt::mute(&Muting::draft(incident)));
            }
            (Action::Undo, Some(Subject::Mute(mute))) => {
                let filter = text::clip(&text::clean(&mute.filter), 40);
                self.ask(
                    format!("end the mute of {filter}"),
                    Effect::Act(Command::Unmute(mute.id)),
                );
            }
            (Action::Retry, Some(Subject::Entry(entry))) => {
                let words = format!("try again what {} refused", entry.sink.name());
                self.ask(words, Effect::Act(Command::Retry(Which::Of(entry.sink))));
            }
            (Action::Limit, Some(Subject::Limit(status))) => {
                self.prompt = Some(Prompt::limit(&Draft::of_ingress(&status)));
            }
            (Action::Limit, Some(Subject::Incident(incident))) => {
                let draft = Draft::of_incident(&incident, &self.snapshot);
                self.prompt = Some(Prompt::limit(&draft));
            }
            (Action::Undo, Some(Subject::Limit(status))) if status.held.is_some() => {
                return Some(Effect::Limit(LimitWish::ProposeRevert(status.ingress.clone())));
            }
            (action, _) => self.notice = Some(lacking(action).into()),
        }
        None
    }

    /// Asks before something is done that cannot be taken back.
    fn ask(&mut self, words: String, effect: Effect) {
        self.prompt = Some(Prompt::question(words, Answer::Do(effect)));
    }
}

/// What must be selected for an action.
const fn lacking(action: Action) -> &'static str {
    match action {
        Action::Undo => "select a limit of Weir's first (pane 5), or a mute (`:mutes`)",
        Action::Limit => "select an Ingress (pane 5) or an alert first",
        Action::Retry => "select an entry of the outbox first: `o` lists them",
        _ => "select an alert first",
    }
}
