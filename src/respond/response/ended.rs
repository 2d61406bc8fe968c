//! Limits that are over without Weir: their time has come, or somebody has put an end to them.

use super::kept::Kept;
use super::settle::Afterwards;
use super::words::{limit, shown};
use super::{Act, Response, Scene};
use crate::respond::guard::AUTOMATIC;
use crate::respond::{Decision, DecisionKind, Held, IngressName, LimitStatus, Standing};

/// For how long what is read of Ingresses may be older than a limit that was just set, in µs.
const STALE_US: i64 = 30_000_000;

/// How long before its time a limit may be over by the clock of whoever undoes it, in µs.
const EARLY_US: i64 = 300_000_000;

/// How a limit came to be over.
struct Ending {
    afterwards: Afterwards,
    /// What there is to say of it, where nobody else says it.
    text: Option<String>,
}

impl Response {
    /// Lets go of limits whose time is over, of those that somebody has undone or replaced, and of
    /// those whose Ingress is gone.
    pub(super) fn drop_ended(&mut self, scene: &Scene<'_>) -> Vec<Act> {
        self.note_missing(scene);
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

    /// Notes since when Ingresses with a limit are not there.
    fn note_missing(&mut self, scene: &Scene<'_>) {
        for (ingress, kept) in &mut self.kept {
            let is_there = scene.sites.iter().any(|site| site.ingress == *ingress)
                || scene.limits.iter().any(|status| status.ingress == *ingress);
            kept.missing_us = if is_there { None } else { kept.missing_us.or(Some(scene.now_us)) };
        }
    }
}

fn ending(ingress: &IngressName, kept: &Kept, scene: &Scene<'_>) -> Option<Ending> {
    if scene.now_us >= kept.until_us {
        return Some(Ending { afterwards: Afterwards::Watch, text: None });
    }
    if scene.now_us.saturating_sub(kept.since_us) < STALE_US {
        return None;
    }
    if kept.missing_us.is_some_and(|since| scene.now_us.saturating_sub(since) >= STALE_US) {
        let text = format!("The Ingress {ingress} is gone, and Weir's limit with it");
        return Some(Ending { afterwards: Afterwards::Watch, text: Some(text) });
    }
    let status = scene.limits.iter().find(|status| status.ingress == *ingress)?;
    let is_early = kept.until_us.saturating_sub(scene.now_us) > EARLY_US;
    if status.standing == Standing::Unlimited && !is_early {
        // Its time is over for whoever undid it.
        return Some(Ending { afterwards: Afterwards::Watch, text: None });
    }
    let text = undone(ingress, kept, status)?;
    Some(Ending { afterwards: Afterwards::Leave, text: Some(text) })
}

/// What somebody has done to the limit, if they have.
fn undone(ingress: &IngressName, kept: &Kept, status: &LimitStatus) -> Option<String> {
    let left = |what: &str| {
        Some(format!(
            "somebody {what} at {ingress}: that is left as it is, and Weir sets none again by itself \
             for this attack"
        ))
    };
    match (status.standing, &status.held) {
        (Standing::Active, Some(held)) if is_taken(kept, held) => {
            let who = if held.by == AUTOMATIC { "another Weir" } else { &held.by };
            Some(format!(
                "{} has limited {ingress} to {} in place of Weir's limit: that is left as it is, and \
                 Weir does nothing more by itself about this attack there",
                shown(who),
                limit(&held.limit)
            ))
        }
        (Standing::Overridden, _) => left("has changed or removed Weir's limit"),
        (Standing::Foreign, _) => left("has set a limit in place of Weir's"),
        (Standing::Unlimited, _) => {
            left("has removed Weir's limit, and what was written down of it,")
        }
        (Standing::Active | Standing::Expired, _) => None,
    }
}

/// Whether it is not this limit any more, but one that somebody else has set.
fn is_taken(kept: &Kept, held: &Held) -> bool {
    held.by != AUTOMATIC || held.incident.is_none_or(|one| !kept.incidents.contains(&one))
}
