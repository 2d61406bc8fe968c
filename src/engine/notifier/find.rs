//! What a sink is told next.

use std::time::Duration;

use super::ends::Backlog;
use crate::incident::{Digest, Incident, News, Status};
use crate::notify::Manner;
use crate::store::{Cursor, Entry};

/// What a sink is told next.
#[derive(Debug)]
pub(super) enum Found {
    /// These entries, in one message.
    Entries(Vec<Entry>),
    /// All that waits in one message, because it is too much for one each.
    Digest {
        digest: Digest,
        /// The last entry that it stands for.
        through: i64,
        /// The first of them.
        first: Vec<Entry>,
    },
    /// Nothing yet; something in a while, even if nothing is put in.
    Nothing(Option<Duration>),
}

/// Looks for what a sink of this `manner` is told next; of several entries only the first where
/// `is_single`.
///
/// Turns go before growth: an incident that has both waiting has no growth before its turn. Growth
/// that bears a date in the future is told too, for then the wall clock was put back.
pub(super) fn find<B: Backlog>(
    backlog: &B,
    manner: &Manner,
    is_single: bool,
) -> Result<Found, B::Error> {
    let limit = if is_single { 1 } else { manner.batch.max(1) };
    let turns = backlog.next(i64::MIN, limit)?;
    if let Some(from) = manner.digest_from.filter(|_| !is_single && !turns.is_empty())
        && backlog.depth()?.turns >= from as u64
        && let Some((digest, through)) = backlog.digest()?
    {
        return Ok(Found::Digest { digest, through, first: turns.into_iter().take(1).collect() });
    }
    if !turns.is_empty() {
        return Ok(Found::Entries(turns));
    }
    let mut grown = backlog.next(i64::MAX, limit)?;
    let now_us = backlog.now_us();
    let due_in = |entry: &Entry| {
        let every = manner.growth_every.filter(|_| entry.news == News::Grown)?;
        let age_us = u64::try_from(now_us.saturating_sub(entry.created_us)).ok()?;
        every.checked_sub(Duration::from_micros(age_us)).filter(|left| !left.is_zero())
    };
    let early = grown.iter().position(|entry| due_in(entry).is_some());
    if early == Some(0) {
        return Ok(Found::Nothing(grown.first().and_then(due_in)));
    }
    grown.truncate(early.unwrap_or(limit));
    Ok(if grown.is_empty() { Found::Nothing(None) } else { Found::Entries(grown) })
}

/// How far the open incidents have been told again: those of this status up to here.
pub(super) type Place = (Status, Option<Cursor>);

/// Where a round begins.
pub(super) const FIRST: Place = (Status::Open, None);

/// The incidents behind `place` that are told again in one message, and where the next are; none
/// where these are the last.
pub(super) fn page<B: Backlog>(
    backlog: &B,
    manner: &Manner,
    place: Place,
) -> Result<(Vec<Incident>, Option<Place>), B::Error> {
    let mut place = Some(place);
    while let Some((status, after)) = place {
        let page = backlog.incidents(status, after, manner.batch.max(1))?;
        place = match page.next {
            Some(cursor) => Some((status, Some(cursor))),
            None => (status == Status::Open).then_some((Status::Acknowledged, None)),
        };
        let mut open = page.incidents;
        open.retain(|one| !(manner.heeds_mutes && one.muted_by.is_some()));
        if !open.is_empty() {
            return Ok((open, place));
        }
    }
    Ok((Vec::new(), None))
}
