//! What the operator does about incidents, mutes and the outbox.

use weir::engine::Command;
use weir::store::Which;

use super::muting::Muting;
use super::prompt::Prompt;
use super::{Console, Effect, Rights};
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
        let subject = self.top().subject(&self.scene());
        match (action, subject) {
            (Action::Acknowledge, Some(Subject::Incident(incident))) => {
                return Some(Effect::Act(Command::Acknowledge(incident.id)));
            }
            (Action::Resolve, Some(Subject::Incident(incident))) => {
                let words = format!("say that {} {} is over", incident.class, incident.id);
                self.ask(words, Command::Resolve(incident.id));
            }
            (Action::Mute, subject) => {
                let incident = match &subject {
                    Some(Subject::Incident(incident)) => Some(&**incident),
                    Some(Subject::Entry(entry)) => Some(&*entry.incident),
                    Some(Subject::Mute(_)) | None => None,
                };
                self.prompt = Some(Prompt::mute(&Muting::draft(incident)));
            }
            (Action::Unmute, Some(Subject::Mute(mute))) => {
                let filter = text::clip(&text::clean(&mute.filter), 40);
                self.ask(format!("end the mute of {filter}"), Command::Unmute(mute.id));
            }
            (Action::Retry, Some(Subject::Entry(entry))) => {
                let words = format!("try again what {} refused", entry.sink.name());
                self.ask(words, Command::Retry(Which::Of(entry.sink)));
            }
            (action, _) => self.notice = Some(lacking(action).into()),
        }
        None
    }

    /// Asks before something is done that cannot be taken back.
    fn ask(&mut self, words: String, command: Command) {
        self.prompt = Some(Prompt::question(words, command));
    }
}

/// What must be selected for an action.
const fn lacking(action: Action) -> &'static str {
    match action {
        Action::Unmute => "select a mute first: `:mutes` lists them",
        Action::Retry => "select an entry of the outbox first: `o` lists them",
        _ => "select an alert first",
    }
}
