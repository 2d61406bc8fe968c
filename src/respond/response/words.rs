//! Limits and attackers in words that are understood at 03:00.

use std::fmt::Display;
use std::time::Duration;

use crate::respond::{Burst, Choice, IngressName, Limit};

/// Names that are told.
const TOLD: usize = 3;

/// The longest text of others that is shown, in characters.
const SHOWN: usize = 80;

/// Text of others as it may be shown: without control characters, and cut.
pub(in crate::respond) fn shown(text: &str) -> String {
    let mut shown: String = text.chars().filter(|c| !c.is_control()).take(SHOWN).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// ` (shop/web, shop/api or 3 others)`, or nothing.
pub(super) fn such_as<T: Display>(names: &[T]) -> String {
    let mut told: Vec<_> = names.iter().take(TOLD).map(ToString::to_string).collect();
    match names.len() {
        0 => return String::new(),
        1..=TOLD => {}
        many => told.push(format!("{} others", many - TOLD)),
    }
    let last = told.pop().unwrap_or_default();
    if told.is_empty() { format!(" ({last})") } else { format!(" ({} or {last})", told.join(", ")) }
}

/// `20 requests a second (burst 5 times that)`.
pub(super) fn limit(limit: &Limit) -> String {
    let parts = [
        (limit.rps, "requests a second"),
        (limit.rpm, "requests a minute"),
        (limit.connections, "connections at once"),
    ];
    let parts = parts.into_iter().filter_map(|(value, what)| Some(format!("{} {what}", value?)));
    let parts = parts.collect::<Vec<_>>().join(" and ");
    match limit.burst {
        None | Some(Burst::Multiplier(1)) => parts,
        Some(Burst::Multiplier(times)) => format!("{parts} (burst {times} times that)"),
        Some(Burst::Requests(burst)) => format!("{parts} (burst {burst})"),
    }
}

/// `10 min`, `1 h`.
pub(super) fn duration(duration: Duration) -> String {
    match duration.as_secs() {
        seconds if seconds >= 3_600 && seconds.is_multiple_of(3_600) => {
            format!("{} h", seconds / 3_600)
        }
        seconds if seconds >= 60 && seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}

/// `each client of shop/web to 20 requests a second for 10 min`.
pub(super) fn plan(ingress: &IngressName, of: &Limit, ttl: Duration) -> String {
    format!("each client of {ingress} to {} for {}", limit(of), duration(ttl))
}

/// What a limit is to do, from what came before it.
pub(super) fn expected(choice: &Choice) -> String {
    let others = match choice.usual.clients {
        0 => "nobody else came".to_owned(),
        1 => "the only other client is spared".to_owned(),
        others => format!("all {others} other clients are spared"),
    };
    let asked = match choice.limit.connections {
        Some(_) => format!("hold {} connections", choice.connections),
        None => format!("ask {:.0} requests a second", choice.offered_per_s),
    };
    format!(
        "The attackers {asked}, of which about {:.0} % are refused; of those who came in the last \
         minutes, {others}",
        choice.refused * 100.0
    )
}
