//! What is done about policies: written, tried, agreed to, switched and deleted.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;
use weir::engine::{PolicyRequest, PolicySwitch};
use weir::policy::{PolicyMode, PolicyName, PolicyStatus};

use super::prompt::{Answer, Prompt};
use super::{Console, Effect};
use crate::keymap::Action;
use crate::panes::Subject;
use crate::panes::policies::mode_of;
use crate::panes::policy_editor::{EditorId, PolicyEditor};
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
    /// Whether it is applied although it would harm.
    pub(crate) is_forced: bool,
}

impl Wanted {
    /// The question to the engine.
    pub(super) fn request(self, is_dry_run: bool) -> PolicyRequest {
        let Self { manifest, is_forced, .. } = self;
        PolicyRequest { manifest, mode: None, is_forced, is_dry_run }
    }
}

/// How a policy is to be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// It is written as it is wanted.
    Apply(Box<Wanted>),
    /// It acts from now on, or only tells.
    Switch(PolicySwitch),
}

impl Change {
    /// The manifest that is wanted, if it is one.
    pub(super) fn manifest(&self) -> Option<&Value> {
        match self {
            Self::Apply(wanted) => Some(&wanted.manifest),
            Self::Switch(_) => None,
        }
    }

    /// The same, whatever it harms.
    pub(super) fn forced(mut self) -> Self {
        match &mut self {
            Self::Apply(wanted) => wanted.is_forced = true,
            Self::Switch(switch) => switch.is_forced = true,
        }
        self
    }

    /// Whether it is done whatever it harms.
    pub(super) fn is_forced(&self) -> bool {
        match self {
            Self::Apply(wanted) => wanted.is_forced,
            Self::Switch(switch) => switch.is_forced,
        }
    }
}

/// As somebody is asked whether it is to be.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Apply(wanted) => write!(f, "apply {} {}", wanted.name.kind(), wanted.name)?,
            Self::Switch(PolicySwitch { name, mode, .. }) => {
                write!(f, "switch {} {name} to {}", name.kind(), mode.name())?;
            }
        }
        f.write_str(if self.is_forced() { ", although it would harm" } else { "" })
    }
}

/// What is to be done about a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PolicyWish {
    /// Say whether the API server would take it.
    Check(Box<Wanted>),
    /// Say what a change would write.
    Propose(Change),
    /// Change it.
    Change(Change),
    /// Say what deleting it would delete.
    ProposeDelete(PolicyName),
    /// Delete it.
    Delete(PolicyName),
}

/// The editor in which something was asked for; none where that was a list or a page.
pub(crate) type Asker = Option<EditorId>;

/// What came of it.
#[derive(Debug)]
pub(crate) enum PolicyNews {
    /// What there is to say of the manifest that was asked about, if it was one.
    Said(Vec<Said>, Option<Value>),
    /// It would harm: why, and what is to be asked for once somebody insists.
    Dangerous(String, Change),
    /// It is applied: the object, and that in words.
    Applied(Value, String),
}

impl Console {
    /// Does what `action` asks for about a policy.
    pub(super) fn police(&mut self, action: Action) -> Option<Effect> {
        let subject = self.top().subject(&self.scene());
        match (action, subject) {
            (Action::NewPolicy, _) => {
                let id = self.next_editor();
                self.lay(PolicyEditor::new(id));
            }
            (Action::EditPolicy, Some(Subject::Policy(status))) => {
                let id = self.next_editor();
                match PolicyEditor::of(&status, id) {
                    Some(editor) => self.lay(editor),
                    None => self.notice = Some(ONLY_AGENTS.into()),
                }
            }
            (Action::SwitchPolicy, Some(Subject::Policy(status))) => {
                return Some(self.switch(&status));
            }
            (Action::DeletePolicy, Some(Subject::Policy(status))) => {
                self.notice = Some("asking what this would delete".into());
                return Some(Effect::Policy(PolicyWish::ProposeDelete(status.name.clone()), None));
            }
            _ => self.notice = Some("select a policy first: `p` lists them".into()),
        }
        None
    }

    fn next_editor(&mut self) -> EditorId {
        self.editors += 1;
        EditorId(self.editors)
    }

    /// Asks what it would write to have a policy act, or only tell.
    fn switch(&mut self, status: &Arc<PolicyStatus>) -> Effect {
        // What does not say whether it acts had better only tell.
        let mode = mode_of(status).unwrap_or(PolicyMode::Enforce).other();
        let name = status.name.clone();
        self.notice = Some("asking what this would write".into());
        let switch = PolicySwitch { name, mode, is_forced: false, is_dry_run: true };
        Effect::Policy(PolicyWish::Propose(Change::Switch(switch)), None)
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
        let wanted = Box::new(Wanted { name, manifest, is_forced: false });
        let wish = match action {
            Action::CheckPolicy => PolicyWish::Check(wanted),
            _ => PolicyWish::Propose(Change::Apply(wanted)),
        };
        let asker = Some(editor.id());
        self.notice = Some("asking the API server".into());
        Some(Effect::Policy(wish, asker))
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

    /// Takes what came of what was to be done, which belongs to whoever asked.
    pub(super) fn learn(&mut self, news: PolicyNews, asker: Asker) {
        self.notice = None;
        match news {
            PolicyNews::Said(said, about) => {
                if let Some(editor) = asker.and_then(|id| self.views.editor_of(id)) {
                    editor.tell(said, about.as_ref());
                } else {
                    let words = said.iter().map(Said::text).collect::<Vec<_>>().join("; ");
                    let whose = if asker.is_some() { "of an editor that was left: " } else { "" };
                    self.notice = Some(format!("{whose}{words}"));
                }
            }
            PolicyNews::Dangerous(why, change) => {
                let mut lines = vec![Said::new(Role::Bad, "it would harm:".into())];
                lines.extend(why.lines().map(|line| Said::new(Role::Warning, line.into())));
                lines.push(Said::new(Role::Text, String::new()));
                let words = format!("write `{WORD}` below to be shown what it would write");
                lines.push(Said::new(Role::Text, words));
                let question = change.to_string();
                let effect = Effect::Policy(PolicyWish::Propose(change.forced()), asker);
                self.ask_later(&question, asker, lines, Prompt::word(effect));
            }
            PolicyNews::Applied(object, words) => {
                let is_done = asker
                    .and_then(|id| self.views.editor_of(id))
                    .is_some_and(|editor| editor.applied(&object));
                // One that lies below something else is closed by whoever comes back to it.
                if is_done && self.views.editor().map(PolicyEditor::id) == asker {
                    self.views.close();
                    // Whatever was asked about what is written there has found its answer.
                    self.prompt.take_if(|prompt| prompt.is_about_editor());
                }
                self.notice = Some(words);
            }
        }
    }

    /// Shows what would be written to the cluster, and asks whether it is to be.
    pub(super) fn propose(&mut self, proposal: Proposal) {
        let Proposal { question, effect, lines } = proposal;
        self.notice = None;
        let asker = if let Effect::Policy(_, asker) = &effect { *asker } else { None };
        let question = text::clean(&question);
        let prompt = Prompt::question(question.clone(), Answer::Do(effect));
        self.ask_later(&question, asker, lines, prompt);
    }

    /// Asks something long after the key was pressed for it: only where nothing else is being answered
    /// or written meanwhile, where the editor that wanted it is still there, and with what it is about
    /// in sight.
    fn ask_later(&mut self, question: &str, asker: Asker, lines: Vec<Said>, prompt: Prompt) {
        let is_elsewhere = asker.is_some() && self.views.editor().map(PolicyEditor::id) != asker;
        if self.prompt.is_some() || is_elsewhere {
            self.notice = Some(format!("not asked meanwhile, so ask again: {question}?"));
        } else if self.lay_any(Box::new(ProposalPage::new(lines))) {
            self.prompt = Some(prompt);
            self.is_unread = true;
        }
    }
}

/// Why there is no text to write on.
const ONLY_AGENTS: &str = "only agents have this policy, and they do not give its text away";
