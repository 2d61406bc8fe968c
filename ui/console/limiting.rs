//! A limit as it is written in one line: `shop/web rps=10 burst=50 for 15m because it is flooded`.

use std::ops::Range;
use std::time::Duration;

use weir::engine::Snapshot;
use weir::incident::{Incident, IncidentId};
use weir::respond::{Burst, IngressName, Limit, LimitRequest, LimitStatus};

use super::muting::{BECAUSE, FOR, Mistake, span_of};

/// How long a limit holds where nothing else is said.
const USUAL: &str = "15m";

/// A limit that somebody has written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Limiting {
    /// Where.
    pub(crate) ingress: IngressName,
    /// What.
    pub(crate) limit: Limit,
    /// For how long.
    pub(crate) ttl: Duration,
    /// Why.
    pub(crate) reason: String,
    /// The incident from which it was begun.
    pub(crate) incident: Option<IncidentId>,
}

/// The beginning of a limit, and the incident that it answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Draft {
    /// As it is to be written on.
    pub(crate) text: String,
    /// What it answers.
    pub(crate) incident: Option<IncidentId>,
}

impl Draft {
    /// A limit of the Ingress that is selected.
    pub(super) fn of_ingress(status: &LimitStatus) -> Self {
        let text = format!("{} rps=10{FOR}{USUAL}{BECAUSE}", status.ingress);
        Self { text, incident: None }
    }

    /// A limit against an incident, where it is known which Ingress it comes through.
    pub(super) fn of_incident(incident: &Incident, snapshot: &Snapshot) -> Self {
        let decisions = snapshot.response.decisions.iter();
        let place = decisions
            .filter(|decision| decision.incident == Some(incident.id))
            .find_map(|decision| decision.ingress.as_ref());
        let place = place.map_or_else(|| "NAMESPACE/INGRESS".to_owned(), ToString::to_string);
        let text = format!("{place} rps=10{FOR}{USUAL}{BECAUSE}{} {}", incident.class, incident.id);
        Self { text, incident: Some(incident.id) }
    }
}

impl Limiting {
    /// The limit that `text` says, in answer to `incident`.
    pub(super) fn parse(text: &str, incident: Option<IncidentId>) -> Result<Self, Mistake> {
        let mistake = |message: &str, span| Mistake { message: message.into(), span };
        let end = text.len();
        let Some((said, reason)) = text.split_once(BECAUSE) else {
            let how = "how it is written: NAMESPACE/INGRESS rps=10 for 15m because REASON";
            return Err(mistake(how, 0..end));
        };
        let Some((what, span)) = said.rsplit_once(FOR) else {
            return Err(mistake("for how long? such as `for 15m`", 0..said.len()));
        };
        let at = what.len() + FOR.len()..said.len();
        let ttl = span_of(span.trim())
            .filter(|ttl| LimitRequest::TTL.contains(ttl))
            .ok_or_else(|| mistake("expected a duration from 10s to 24h, such as 15m", at))?;
        let mut words = spans(what);
        let (place, at) = words.next().unwrap_or(("", 0..0));
        let ingress = IngressName::parse(place)
            .map_err(|refusal| Mistake { message: refusal.to_string(), span: at })?;
        let mut limit = Limit::default();
        for (word, at) in words {
            take(&mut limit, word).map_err(|message| Mistake { message, span: at })?;
        }
        let limit = limit
            .checked()
            .map_err(|refusal| Mistake { message: refusal.to_string(), span: 0..what.len() })?;
        if reason.trim().is_empty() {
            return Err(mistake("why? who finds the limit later wants to know", end..end));
        }
        Ok(Self { ingress, limit, ttl, reason: reason.trim().into(), incident })
    }
}

/// Takes one `name=value`.
fn take(limit: &mut Limit, word: &str) -> Result<(), String> {
    let wrong = || {
        "expected rps=N, rpm=N, connections=N, burst=N, burst-multiplier=N or allow=CIDR".to_owned()
    };
    let (name, value) = word.split_once('=').ok_or_else(wrong)?;
    if name == "allow" {
        let network = value.parse().map_err(|_| format!("`{value}` is no network (CIDR)"))?;
        limit.allowlist.push(network);
        return Ok(());
    }
    let number: u32 = value.parse().map_err(|_| format!("`{value}` is no whole number"))?;
    match name {
        "rps" => limit.rps = Some(number),
        "rpm" => limit.rpm = Some(number),
        "connections" => limit.connections = Some(number),
        "burst" => limit.burst = Some(Burst::Requests(number)),
        "burst-multiplier" => limit.burst = Some(Burst::Multiplier(number)),
        _ => return Err(wrong()),
    }
    Ok(())
}

/// The words of `text` and where they stand, in bytes.
fn spans(text: &str) -> impl Iterator<Item = (&str, Range<usize>)> {
    let mut from = 0;
    text.split(' ').filter_map(move |word| {
        let at = from..from + word.len();
        from = at.end + 1;
        (!word.is_empty()).then_some((word, at))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_has_an_ingress_a_rate_a_span_and_a_reason() {
        let text = "shop/web rps=10 burst=50 allow=203.0.113.0/24 for 20m because it is flooded";
        let limiting = Limiting::parse(text, None).unwrap();
        assert_eq!(limiting.ingress.to_string(), "shop/web");
        assert_eq!((limiting.limit.rps, limiting.limit.rpm), (Some(10), None));
        assert_eq!(limiting.limit.burst, Some(Burst::Requests(50)));
        assert_eq!(limiting.limit.allowlist.len(), 1);
        assert_eq!(limiting.ttl, Duration::from_mins(20));
        assert_eq!(limiting.reason, "it is flooded");
    }

    #[test]
    fn what_is_wrong_is_marked_where_it_stands() {
        for (text, marked) in [
            ("shop/web rps=10", "shop/web rps=10"),
            ("Shop/web rps=10 for 15m because x", "Shop/web"),
            ("shop/web rps=ten for 15m because x", "rps=ten"),
            ("shop/web  speed=3 for 15m because x", "speed=3"),
            ("shop/web for 15m because x", "shop/web"),
            ("shop/web rps=0 for 15m because x", "shop/web rps=0"),
            ("shop/web rps=10 for 3s because x", "3s"),
            ("shop/web rps=10 for 15m because ", ""),
            (" rps=10 for 15m because x", "rps=10"),
        ] {
            let mistake = Limiting::parse(text, None).unwrap_err();
            assert_eq!(text.get(mistake.span).unwrap(), marked, "{text}: {}", mistake.message);
        }
    }
}
