//! Limits that are over without Weir: their time has come, or somebody has put an end to them.

use super::kept::Kept;
use super::settle::Afterwards;
use super::words::{limit, shown};
use super::{Act, Response, Scene};
use crate::respond::guard::AUTOMATIC;
use crate::respond::{Decision, DecisionKind, Held, IngressName, LimitStatus, Standing};

/// For how long what is read of Ingresses may be older than a limit that was just set, in µs.
const STALE_US: i64 = 30_000_000;

/// How a limit came to be over.
struct Ending {
    afterwards: Afterwards,
    /// What there is to say of it, where nobody else says it.
    text: Option<String>,
}

impl Response {
    /// Lets go of limits whose time is over, and of those that somebody has undone or replaced.
    pub(super) fn drop_ended(&mut self, scene: &Scene<'_>) -> Vec<Act> {
        let ended: Vec<_> = self
            .kept
            .iter()
            .filter(|(ingress, _)| !self.pending.contains_key(*ingress))
            .filter_map(|(ingress, kept)| Some((ingress.clone(), ending(ingress, kept, scene)?)))
            .collect();
        let acts = ended.into_iter().filter_map(|(ingress, Ending { afterwards, text })| {
            let kept = self.end(&ingress, afterwards, scene.now_us)?;
            let decision = Decision {
                at_us: scene.now_us,
                incident: Some(kept.incident),
                class: Some(kept.class),
                ingress: Some(ingress),
                kind: DecisionKind::Overridden,
                text: text?,
            };
            Some(Act::Say(Box::new(decision)))
        });
        acts.collect()
    }
}

fn ending(ingress: &IngressName, kept: &Kept, scene: &Scene<'_>) -> Option<Ending> {
    if scene.now_us >= kept.until_us {
        return Some(Ending { afterwards: Afterwards::Watch, text: None });
    }
    if scene.now_us.saturating_sub(kept.since_us) < STALE_US {
        return None;
    }
    let status = scene.limits.iter().find(|status| status.ingress == *ingress)?;
    let text = undone(ingress, kept, status)?;
    Some(Ending { afterwards: Afterwards::Leave, text })
}

/// What somebody has done to the limit, if they have.
fn undone(ingress: &IngressName, kept: &Kept, status: &LimitStatus) -> Option<Option<String>> {
    match (status.standing, &status.held) {
        (Standing::Active, Some(held)) if is_taken(kept, held) => {
            let who = if held.by == AUTOMATIC { "another Weir" } else { &held.by };
            Some(Some(format!(
                "{} has limited {ingress} to {} in place of Weir's limit: that is left as it is, and \
                 Weir does nothing more by itself about this attack there",
                shown(who),
                limit(&held.limit)
            )))
        }
        (Standing::Overridden | Standing::Unlimited | Standing::Foreign, _) => Some(None),
        (Standing::Active | Standing::Expired, _) => None,
    }
}

/// Whether it is not this limit any more, but one that somebody else has set.
fn is_taken(kept: &Kept, held: &Held) -> bool {
    held.by != AUTOMATIC || held.incident.is_none_or(|one| !kept.incidents.contains(&one))
}
