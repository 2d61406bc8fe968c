//! What was done to a process, as far as it is known.
//!
//! An event carries the action that its policy asks for, whether or not the policy may act: in
//! monitor mode `sigkill` kills nobody. Only with the mode of the policy is it known what was done.

use weir::engine::TetragonStatus;
use weir::policy::{PolicyMode, PolicyStatus};
use weir::tetragon::{Event, EventKind};

use crate::text;
use crate::theme::Role;

/// Actions that touch the process; the others only tell or remember.
const TOUCHING: [&str; 5] = ["sigkill", "override", "signal", "notifyenforcer", "set"];

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Done {
    /// It was told of, and no more.
    Nothing,
    /// What the action says.
    As,
    /// Nothing: the policy may only tell.
    Spared,
    /// The mode of the policy is not known, and so neither is this.
    Unknown,
}

impl Done {
    /// What was done about `event`, with what is known of policies now.
    pub(crate) fn about(event: &Event, status: &TetragonStatus) -> Self {
        if !TOUCHING.contains(&event.action.as_str()) {
            return Self::Nothing;
        }
        match mode(event, status) {
            Some(PolicyMode::Enforce) => Self::As,
            Some(PolicyMode::Monitor) => Self::Spared,
            None => Self::Unknown,
        }
    }

    /// How an event looks of which this is so: what touched a process stands out.
    pub(crate) fn role(self, event: &Event) -> Role {
        match (event.kind, self) {
            (EventKind::Throttle, _) if event.call == "stop" => Role::Text,
            (EventKind::Throttle | EventKind::RateLimit, _) => Role::Bad,
            (_, Self::As) if event.action == "sigkill" => Role::Critical,
            (_, Self::As | Self::Unknown) => Role::Bad,
            (_, Self::Spared) => Role::Warning,
            (EventKind::Exit, Self::Nothing) if is_killed(event) => Role::Warning,
            (_, Self::Nothing) => Role::Text,
        }
    }

    /// The action, in a word that says whether it was taken: `SIGKILL`, `would sigkill`, `sigkill?`.
    pub(crate) fn word(self, event: &Event) -> String {
        let action = text::clean(&event.action);
        match self {
            Self::Nothing => action,
            Self::As => action.to_uppercase(),
            Self::Spared => format!("would {action}"),
            Self::Unknown => format!("{action}?"),
        }
    }

    /// The same in a sentence.
    pub(crate) fn sentence(self, event: &Event) -> String {
        let action = text::clean(&event.action);
        match (self, action.as_str()) {
            (Self::Nothing, "post") => "post: it was told of, and no more".into(),
            (Self::Nothing, _) => action,
            (Self::As, "sigkill") => "SIGKILL: the process was killed".into(),
            (Self::As, "override") => "OVERRIDE: the call was made to fail".into(),
            (Self::As, _) => action.to_uppercase(),
            (Self::Spared, _) => {
                format!("would {action}: the policy is in monitor mode, and nothing was done")
            }
            (Self::Unknown, _) => {
                format!(
                    "{action}?: the mode of the policy is not known; in monitor mode nothing is done"
                )
            }
        }
    }
}

/// Whether a process ended by the signal that nothing withstands.
fn is_killed(event: &Event) -> bool {
    event.arguments.contains("SIGKILL")
}

/// The mode of the policy of an event on its node; none where it is not known, or not which policy it
/// is: an event says its name alone.
fn mode(event: &Event, status: &TetragonStatus) -> Option<PolicyMode> {
    let pod = event.process.as_ref().and_then(|process| process.pod.as_ref());
    let concerns = |policy: &&PolicyStatus| {
        policy.name.name == event.policy
            && policy
                .name
                .namespace
                .as_ref()
                .is_none_or(|namespace| pod.is_some_and(|pod| pod.namespace == *namespace))
    };
    let mut modes = status.policies.iter().map(AsRef::as_ref).filter(concerns).map(|policy| {
        let of_node = policy.agents.iter().find(|agent| agent.node == event.node);
        let asked = || match (&policy.manifest, policy.mode) {
            // A policy that says nothing of modes acts.
            (Some(_), None) => Some(PolicyMode::Enforce),
            (_, mode) => mode,
        };
        of_node.and_then(|agent| agent.mode).or_else(asked)
    });
    let first = modes.next()??;
    modes.all(|mode| mode == Some(first)).then_some(first)
}
