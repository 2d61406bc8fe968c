//! What is done about policies: written, tried, agreed to, switched and deleted.

use std::sync::Arc;

use serde_json::Value;
use weir::engine::PolicyRequest;
use weir::policy::{PolicyMode, PolicyName, PolicyStatus};

use super::prompt::{Answer, Prompt};
use super::{Console, Effect};
use crate::keymap::Action;
use crate::panes::Subject;
use crate::panes::policy_editor::PolicyEditor;
use crate::panes::proposal::{Proposal, ProposalPage, Said};
use crate::text;
use crate::theme::Role;

/// The word that says that somebody insists.
pub(crate) const WORD: &str = "force";

/// A policy that somebody wants applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Which.
    pub(crate) name: PolicyName,
    /// The whole object.
    pub(crate) manifest: Value,
    /// The mode to put into it; none leaves it as it is.
    pub(crate) mode: Option<PolicyMode>,
    /// Whether it is applied although it would harm.
    pub(crate) is_forced: bool,
}

impl Wanted {
    /// The question to the engine.
    pub(super) fn request(&self, is_dry_run: bool) -> PolicyRequest {
        let Self { manifest, mode, is_forced, .. } = self.clone();
        PolicyRequest { manifest, mode, is_forced, is_dry_run }
    }
}

/// What is to be done about a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PolicyWish {
    /// Say whether the API server would take it.
    Check(Box<Wanted>),
    /// Say what applying it would write.
    ProposeApply(Box<Wanted>),
    /// Apply it.
    Apply(Box<Wanted>),
    /// Say what deleting it would delete.
    ProposeDelete(PolicyName),
    /// Delete it.
    Delete(PolicyName),
}

/// What came of it.
#[derive(Debug)]
pub(crate) enum PolicyNews {
    /// What there is to say of what is written.
    Said(Vec<Said>),
    /// It would harm: why, and what is to be asked for once somebody insists.
    Dangerous(String, Box<Wanted>),
    /// It is applied, in words.
    Applied(String),
}

impl Console {
    /// Does what `action` asks for about a policy.
    pub(super) fn police(&mut self, action: Action) -> Option<Effect> {
        let subject = self.top().subject(&self.scene());
        match (action, subject) {
            (Action::NewPolicy, _) => self.views.open(Some(Box::new(PolicyEditor::new()))),
            (Action::EditPolicy, Some(Subject::Policy(status))) => {
                match PolicyEditor::of(&status) {
                    Some(editor) => self.views.open(Some(Box::new(editor))),
                    None => self.notice = Some(ONLY_AGENTS.into()),
                }
            }
            (Action::SwitchPolicy, Some(Subject::Policy(status))) => return self.switch(&status),
            (Action::DeletePolicy, Some(Subject::Policy(status))) => {
                self.notice = Some("asking what this would delete".into());
                return Some(Effect::Policy(PolicyWish::ProposeDelete(status.name.clone())));
            }
            _ => self.notice = Some("select a policy first: `p` lists them".into()),
        }
        None
    }

    /// Asks what it would write to have a policy act, or only tell.
    fn switch(&mut self, status: &Arc<PolicyStatus>) -> Option<Effect> {
        let Some(manifest) = status.manifest.as_deref() else {
            self.notice = Some(ONLY_AGENTS.into());
            return None;
        };
        // What asks for no mode acts.
        let mode = status.mode.unwrap_or(PolicyMode::Enforce).other();
        let (name, manifest) = (status.name.clone(), manifest.clone());
        let wanted = Wanted { name, manifest, mode: Some(mode), is_forced: false };
        self.notice = Some("asking the API server what this would write".into());
        Some(Effect::Policy(PolicyWish::ProposeApply(Box::new(wanted))))
    }

    /// Does what `action` asks for in the editor.
    pub(super) fn edit(&mut self, action: Action) -> Option<Effect> {
        let editor = self.views.editor_mut()?;
        if action == Action::Template {
            if editor.is_changed() && !editor.is_template() {
                let words = "write a template over what stands here".to_owned();
                self.prompt = Some(Prompt::question(words, Answer::Template));
            } else {
                editor.next_template();
            }
            return None;
        }
        let Some(policy) = editor.wanted() else {
            self.notice = Some("mend this first".into());
            return None;
        };
        let (name, manifest) = (policy.name().clone(), policy.manifest().clone());
        let wanted = Box::new(Wanted { name, manifest, mode: None, is_forced: false });
        self.notice = Some("asking the API server".into());
        Some(Effect::Policy(match action {
            Action::CheckPolicy => PolicyWish::Check(wanted),
            _ => PolicyWish::ProposeApply(wanted),
        }))
    }

    /// Leaves the editor, if nothing is lost or that is meant.
    pub(super) fn leave_editor(&mut self) {
        let is_changed = self.views.editor().is_some_and(PolicyEditor::is_changed);
        if is_changed {
            let words = "leave, and lose what is written".to_owned();
            self.prompt = Some(Prompt::question(words, Answer::Leave));
        } else {
            self.views.close();
        }
    }

    /// Takes what came of what was to be done.
    pub(super) fn learn(&mut self, news: PolicyNews) {
        self.notice = None;
        match news {
            PolicyNews::Said(said) => {
                if let Some(editor) = self.views.editor_mut() {
                    editor.tell(said);
                } else {
                    let words: Vec<_> = said.iter().map(Said::text).collect();
                    self.notice = Some(words.join("; "));
                }
            }
            PolicyNews::Dangerous(why, wanted) => {
                let mut lines = vec![Said::new(Role::Bad, "it would harm:".into())];
                lines.extend(why.lines().map(|line| Said::new(Role::Warning, line.into())));
                lines.push(Said::new(Role::Text, String::new()));
                let words = format!("write `{WORD}` below to be shown what it would write");
                lines.push(Said::new(Role::Text, words));
                self.views.open(Some(Box::new(ProposalPage::new(lines))));
                let wanted = Box::new(Wanted { is_forced: true, ..*wanted });
                let effect = Effect::Policy(PolicyWish::ProposeApply(wanted));
                self.prompt = Some(Prompt::word(effect));
            }
            PolicyNews::Applied(words) => {
                if self.views.editor_mut().is_some_and(PolicyEditor::applied) {
                    self.views.close();
                }
                self.notice = Some(words);
            }
        }
    }

    /// Shows what would be written to the cluster, and asks whether it is to be.
    pub(super) fn propose(&mut self, proposal: Proposal) {
        let Proposal { question, effect, lines } = proposal;
        self.notice = None;
        self.views.open(Some(Box::new(ProposalPage::new(lines))));
        self.prompt = Some(Prompt::question(text::clean(&question), Answer::Do(effect)));
    }
}

/// Why there is no text to write on.
const ONLY_AGENTS: &str = "only agents have this policy, and they do not give its text away";
