//! Claims about one end in the order of time, as connections that follow one another there.

use std::sync::Arc;

use super::SLACK_US;
use super::claim::{Owner, Step};
use super::halves::ESTABLISHED_WITHIN_US;
use super::table::Asked;

/// How long after a connection was closed for one direction it may be closed for good, in µs.
const CLOSED_AGAIN_US: i64 = 60_000_000;

/// Which end of a flow is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Client,
    Server,
}

/// Whose an end is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pick<'a> {
    /// Nobody claims it.
    Nobody,
    /// It may be of several.
    Unclear,
    Owner(&'a Arc<Owner>),
}

impl Pick<'_> {
    /// Both together.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nobody, one) | (one, Self::Nobody) => one,
            (Self::Owner(one), Self::Owner(other)) if one.id == other.id => Self::Owner(one),
            _ => Self::Unclear,
        }
    }
}

/// A claim by the clock of packets. [`Step::Named`] stands for a connection that somebody unknown has
/// opened before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heard<'a> {
    pub(super) at_us: i64,
    pub(super) step: Step,
    pub(super) socket: u64,
    pub(super) owner: Option<&'a Arc<Owner>>,
    /// Last packet of the last flow before the one asked for that may have been this connection.
    pub(super) over_us: Option<i64>,
}

/// A connection at an end.
#[derive(Debug)]
struct Span<'a> {
    /// When it was opened or taken; of one of which that was not heard, what it was not before.
    from_us: i64,
    until_us: i64,
    is_closed: bool,
    /// First and last time at which its process was heard of, where it was not heard how it began.
    within_us: Option<(i64, i64)>,
    socket: u64,
    owner: Option<&'a Arc<Owner>>,
    over_us: Option<i64>,
}

impl<'a> Span<'a> {
    const fn opened(heard: &Heard<'a>) -> Self {
        Self {
            from_us: heard.at_us,
            until_us: i64::MAX,
            is_closed: false,
            within_us: None,
            socket: heard.socket,
            owner: heard.owner,
            over_us: heard.over_us,
        }
    }

    const fn under_way(from_us: i64, heard: &Heard<'a>) -> Self {
        Self { from_us, within_us: Some((heard.at_us, heard.at_us)), ..Self::opened(heard) }
    }

    /// Whether what is heard may be of this connection.
    fn fits(&self, heard: &Heard<'_>) -> bool {
        let is_socket = self.socket == 0 || heard.socket == 0 || self.socket == heard.socket;
        let is_kin = match (self.owner, heard.owner) {
            (Some(one), Some(other)) => one.is_kin(other),
            _ => true,
        };
        is_socket && is_kin
    }

    /// Whether the flow may be this connection, where a connection may seem to begin `slack_us` too late.
    fn is_of(&self, asked: &Asked, role: Role, slack_us: i64) -> bool {
        let Asked { first_us, is_over, .. } = *asked;
        let last_us = asked.last_us.max(first_us);
        let is_begun = match self.within_us {
            None => {
                // Opened before its first packet; taken some time after it.
                let begun_us = if role == Role::Client { first_us } else { last_us };
                let latest_us = begun_us.saturating_add(slack_us);
                self.from_us <= if is_over { latest_us.min(last_us) } else { latest_us }
            }
            Some((heard_us, heard_last_us)) => {
                self.from_us <= first_us
                    && first_us <= heard_last_us
                    && (!is_over || heard_us <= last_us)
            }
        };
        is_begun && first_us <= self.until_us
    }

    /// Whether it is over with an earlier flow: none begins before that is over.
    fn is_before(&self) -> bool {
        let begun_us = self.within_us.map_or(self.from_us, |(_, heard_last_us)| heard_last_us);
        self.over_us.is_some_and(|over_us| begun_us <= over_us)
    }

    /// No later than that it was over.
    fn end(&mut self, at_us: i64) {
        self.until_us = self.until_us.min(at_us).max(self.from_us);
    }
}

/// Whose the end of `asked` is by what was `heard` of it, in the order of time.
pub(super) fn pick<'a>(heard: &[Heard<'a>], asked: &Asked, role: Role) -> Pick<'a> {
    let mut spans = spans(heard);
    spans.retain(|span| !span.is_before());
    let owner = |span: &Span<'a>| span.owner.map_or(Pick::Unclear, Pick::Owner);
    let all = |slack_us| {
        let of_it = spans.iter().filter(move |span| span.is_of(asked, role, slack_us));
        of_it.fold(Pick::Nobody, |all, span| all.and(owner(span)))
    };
    match all(0) {
        Pick::Nobody => all(SLACK_US),
        Pick::Owner(one) => {
            // Where one follows the other without a word of an end, it may have begun a moment before.
            let is_sure = spans.iter().any(|span| span.is_of(asked, role, 0) && span.is_closed);
            if is_sure { Pick::Owner(one) } else { all(SLACK_US) }
        }
        Pick::Unclear => Pick::Unclear,
    }
}

/// The connections that follow one another.
fn spans<'a>(heard: &[Heard<'a>]) -> Vec<Span<'a>> {
    let mut spans = Vec::<Span<'a>>::new();
    for heard in heard {
        match heard.step {
            Step::Connect | Step::Accept => open(&mut spans, heard),
            Step::Named => unknown(&mut spans, heard),
            Step::Use | Step::Close => go_on(&mut spans, heard),
            Step::Listen => {}
        }
    }
    spans
}

fn open<'a>(spans: &mut Vec<Span<'a>>, heard: &Heard<'a>) {
    if let Some(last) = spans.last_mut().filter(|last| !last.is_closed) {
        let is_same = last.owner.zip(heard.owner).is_some_and(|(one, other)| one.id == other.id);
        // Two hooks tell of the same.
        if is_same && last.fits(heard) && last.within_us.is_none() {
            return;
        }
        last.end(heard.at_us);
    }
    spans.push(Span::opened(heard));
}

/// Somebody unknown has opened a connection, at some time before.
fn unknown<'a>(spans: &mut Vec<Span<'a>>, heard: &Heard<'a>) {
    let earliest_us = heard.at_us.saturating_sub(ESTABLISHED_WITHIN_US);
    if let Some(last) = spans.last_mut().filter(|last| !last.is_closed) {
        if last.fits(heard) && last.from_us >= earliest_us {
            return;
        }
        last.end(earliest_us);
    }
    let from_us = spans.last().map_or(i64::MIN, |last| last.until_us).max(earliest_us);
    spans.push(Span::under_way(from_us, heard));
}

/// A process uses or closes the connection.
fn go_on<'a>(spans: &mut Vec<Span<'a>>, heard: &Heard<'a>) {
    let is_close = heard.step == Step::Close;
    let from_us = match spans.last_mut() {
        None => i64::MIN,
        Some(last) if last.is_closed => {
            let is_soon = heard.at_us.saturating_sub(last.until_us) <= CLOSED_AGAIN_US;
            let is_same =
                last.owner.zip(heard.owner).is_some_and(|(one, other)| one.id == other.id);
            if is_close && is_soon && is_same && last.fits(heard) {
                last.until_us = last.until_us.max(heard.at_us);
                return;
            }
            last.until_us
        }
        Some(last) if last.fits(heard) => {
            let first_us = match (last.owner, last.within_us) {
                (Some(_), Some((first_us, _))) => first_us,
                // Nothing was heard of the process before.
                _ => heard.at_us,
            };
            last.within_us = last.within_us.map(|_| (first_us, heard.at_us));
            last.owner = last.owner.or(heard.owner);
            if is_close {
                last.end(heard.at_us);
                last.is_closed = true;
            }
            return;
        }
        // Not of whoever opened it: either it was handed over or another one began.
        Some(last) => last.from_us,
    };
    let mut span = Span::under_way(from_us, heard);
    if is_close {
        span.until_us = heard.at_us;
        span.is_closed = true;
    }
    spans.push(span);
}
