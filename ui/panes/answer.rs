//! What is done about an incident: the limit that answers it, else what was decided about it.

use std::sync::Arc;

use weir::engine::ResponseStatus;
use weir::incident::{Incident, IncidentId, Status};
use weir::respond::{Decision, DecisionKind, Held, LimitStatus, Standing};

use super::decisions::role;
use super::facts::Fact;
use crate::format;
use crate::text;
use crate::theme::Role;
use crate::words;

/// Decisions that are shown.
const DECISIONS: usize = 20;

/// Columns of why something was not done.
const WHY_COLUMNS: usize = 32;

/// In a few words: `limited: shop/web 5 r/s, 14:31 left`. Of what is over, only a limit that is still
/// there is worth them.
pub(crate) fn words(incident: &Incident, response: &ResponseStatus) -> String {
    let mut limits = limits(incident.id, response);
    if let Some((status, held)) = limits.next() {
        let said = match amiss(status.standing) {
            "" => "limited: ".to_owned(),
            amiss => format!("limit {amiss}"),
        };
        let more = match limits.count() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        return format!("{said}{}{more}", limited(status, held, response.read_us));
    }
    let newest = decisions(incident.id, response).next();
    let newest = newest.filter(|_| incident.status != Status::Resolved);
    newest.map_or_else(String::new, decided)
}

/// Each limit and each decision, the newest first.
pub(crate) fn facts(incident: &Incident, response: &ResponseStatus) -> Vec<Fact> {
    let limits = limits(incident.id, response).map(|(status, held)| {
        let (amiss, by) = (amiss(status.standing), text::clean(&held.by));
        let words = format!("{amiss}{}, by {by}", limited(status, held, response.read_us));
        Fact::told("limit", words, urgency(status.standing))
    });
    let decisions = decisions(incident.id, response).take(DECISIONS).map(|decision| {
        let (at, kind) = (format::clock(decision.at_us), decision.kind.name());
        let words = format!("{at} {kind}{}: {}", place(decision), text::clean(&decision.text));
        Fact::told("response", words, role(decision.kind))
    });
    limits.chain(decisions).collect()
}

fn limits(
    id: IncidentId,
    response: &ResponseStatus,
) -> impl Iterator<Item = (&LimitStatus, &Held)> {
    let held = response.limits.iter().filter_map(|status| Some((&**status, status.held.as_ref()?)));
    held.filter(move |(_, held)| held.incident == Some(id))
}

fn decisions(id: IncidentId, response: &ResponseStatus) -> impl Iterator<Item = &Decision> {
    let all = response.decisions.iter().map(Arc::as_ref);
    all.filter(move |decision| decision.incident == Some(id))
}

/// How the limit stands, where that is not as Weir wants it.
const fn amiss(standing: Standing) -> &'static str {
    match standing {
        Standing::Overridden => "OVERRIDDEN: ",
        Standing::Expired => "being lifted: ",
        Standing::Active | Standing::Foreign | Standing::Unlimited => "",
    }
}

/// `shop/web 5 r/s, 14:31 left`.
fn limited(status: &LimitStatus, held: &Held, now_us: i64) -> String {
    let (place, limit) = (text::clean(&status.ingress.to_string()), words::limit(&held.limit));
    let left_us = held.until_us.saturating_sub(now_us);
    match status.standing {
        Standing::Overridden | Standing::Expired => format!("{place} {limit}"),
        _ if left_us > 0 => format!("{place} {limit}, {} left", format::minutes(left_us)),
        _ => format!("{place} {limit}, overdue"),
    }
}

const fn urgency(standing: Standing) -> Role {
    match standing {
        Standing::Overridden | Standing::Expired => Role::Bad,
        Standing::Active | Standing::Foreign | Standing::Unlimited => Role::Warning,
    }
}

fn decided(decision: &Decision) -> String {
    let why = || text::clip(&text::clean(&decision.text), WHY_COLUMNS);
    let place = place(decision);
    match decision.kind {
        DecisionKind::Applied => format!("limit set{place}"),
        DecisionKind::Checked => format!("limit checked, not set{place}"),
        DecisionKind::Recommended => format!("limit recommended{place}"),
        DecisionKind::Refused => format!("not limited: {}", why()),
        DecisionKind::Loosened => format!("limit loosened{place}"),
        DecisionKind::Lifted => format!("limit lifted{place}"),
        DecisionKind::Expired => format!("limit over{place}"),
        DecisionKind::Overridden => format!("limit OVERRIDDEN{place}"),
        DecisionKind::Failed => format!("limit FAILED: {}", why()),
    }
}

/// ` at shop/web`.
fn place(decision: &Decision) -> String {
    let ingress = decision.ingress.as_ref();
    ingress.map_or_else(String::new, |ingress| format!(" at {}", text::clean(&ingress.to_string())))
}
