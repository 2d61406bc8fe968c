//! A mute as it is written in one line: `class:scan src:10.0.0.9 for 2h because nightly scanner`.

use std::ops::Range;
use std::time::Duration;

use jiff::SignedDuration;
use weir::filter::Filter;
use weir::incident::{Incident, Pivot};

/// What separates a filter from how long it holds, and that from why.
pub(super) const FOR: &str = " for ";
pub(super) const BECAUSE: &str = " because ";

/// How long a mute holds where nothing else is said.
const USUAL: &str = "2h";

/// A mute that somebody has written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Muting {
    /// Which incidents.
    pub(crate) filter: String,
    /// For how long.
    pub(crate) span: Duration,
    /// Why.
    pub(crate) reason: String,
}

/// What is wrong with what is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// In words.
    pub(crate) message: String,
    /// Where, in bytes.
    pub(crate) span: Range<usize>,
}

impl Muting {
    /// The beginning of a mute of incidents like `incident`; the reason is to be written.
    pub(super) fn draft(incident: Option<&Incident>) -> String {
        let filter = incident.map_or_else(String::new, |incident| {
            let end = match Pivot::of(incident.class) {
                Pivot::Source => "src",
                Pivot::Target => "dst",
            };
            format!("class:{} {end}:{}", incident.class, incident.pivot)
        });
        format!("{filter}{FOR}{USUAL}{BECAUSE}")
    }

    /// The mute that `text` says.
    pub(super) fn parse(text: &str) -> Result<Self, Mistake> {
        let mistake = |message: &str, span| Mistake { message: message.into(), span };
        let end = text.len();
        let Some((said, reason)) = text.split_once(BECAUSE) else {
            return Err(mistake("how it is written: FILTER for 2h because REASON", 0..end));
        };
        let Some((filter, span)) = said.rsplit_once(FOR) else {
            return Err(mistake("for how long? such as `for 2h`", 0..said.len()));
        };
        let parsed = Filter::parse(filter)
            .map_err(|error| Mistake { message: error.message, span: error.span })?;
        if parsed.is_empty() {
            return Err(mistake(
                "which alerts? a mute of all would hide everything",
                0..filter.len(),
            ));
        }
        let span = span_of(span.trim()).ok_or_else(|| {
            let at = filter.len() + FOR.len()..said.len();
            mistake("expected a duration such as 30m, 2h or 1d", at)
        })?;
        if reason.trim().is_empty() {
            return Err(mistake("why? who finds the mute later wants to know", end..end));
        }
        Ok(Self { filter: filter.trim().into(), span, reason: reason.trim().into() })
    }
}

/// A span as people write it.
pub(super) fn span_of(text: &str) -> Option<Duration> {
    // Days have 24 hours where it is not said of which day one speaks.
    let hours = text.strip_suffix('d').and_then(|days| days.parse::<i64>().ok()?.checked_mul(24));
    let span = match hours {
        Some(hours) => SignedDuration::try_from_hours(hours)?,
        None => text.parse().ok()?,
    };
    Duration::try_from(span).ok().filter(|span| !span.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mute_has_a_filter_a_span_and_a_reason() {
        let muting =
            Muting::parse("class:scan src:10.0.0.9 for 2h because our own scanner").unwrap();
        assert_eq!(muting.filter, "class:scan src:10.0.0.9");
        assert_eq!(muting.span, Duration::from_hours(2));
        assert_eq!(muting.reason, "our own scanner");
        let day = Muting::parse("dst:10.0.0.0/8 for 1d because it moves").unwrap();
        assert_eq!(day.span, Duration::from_hours(24));
    }

    #[test]
    fn what_is_wrong_is_marked_where_it_stands() {
        for (text, marked) in [
            ("class:scan", "class:scan"),
            ("prt:80 for 2h because x", "prt"),
            (" for 2h because x", ""),
            ("class:scan for ever because x", "ever"),
            ("class:scan for -2h because x", "-2h"),
            ("class:scan for 2h because  ", ""),
        ] {
            let mistake = Muting::parse(text).unwrap_err();
            assert_eq!(text.get(mistake.span).unwrap(), marked, "{text}: {}", mistake.message);
        }
    }
}
