//! One page of alerts as it is sent.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::error::Problem;
use super::shared::SharedCursor;
use super::{Api, locked};
use crate::filter::Filter;
use crate::incident::Alert;
use crate::store::{Cursor, Page, Query};

/// Bytes of JSON with which a page ends, however few alerts are in it, so that many clients that
/// read slowly do not hold much.
pub(super) const LARGEST: usize = 1 << 20;

/// Incidents looked at with which a page ends, however few of them the filter lets through.
pub(super) const MOST_LOOKED_AT: usize = 10_000;

/// Incidents read at once where it is not known how many the filter lets through.
const READ_AT_ONCE: usize = 1_000;

/// Where a page begins: each of the two lists has an order of its own.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Spot {
    /// In the database.
    Local(Cursor),
    /// In the list that several share.
    Shared(SharedCursor),
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(cursor) => cursor.fmt(f),
            Self::Shared(cursor) => cursor.fmt(f),
        }
    }
}

impl FromStr for Spot {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.parse() {
            Ok(cursor) => Ok(Self::Shared(cursor)),
            Err(()) => text.parse().map(Self::Local).map_err(|_| ()),
        }
    }
}

/// A page of alerts.
#[derive(Debug)]
pub(super) struct Listing {
    /// The alerts, a JSON array.
    pub(super) json: Vec<u8>,
    /// How many they are.
    pub(super) alerts: usize,
    /// Where the next page begins, if there may be one.
    pub(super) next: Option<Spot>,
}

impl Default for Listing {
    /// A page without alerts yet.
    fn default() -> Self {
        Self { json: vec![b'['], alerts: 0, next: None }
    }
}

impl Listing {
    /// The first incidents that `query` asks for and `filter` lets through.
    pub(super) fn read(api: &Api, query: &Query, filter: &Filter) -> Result<Self, Problem> {
        let now_us = api.handle.snapshot().now_us;
        let limit = if filter.is_empty() { query.limit } else { READ_AT_ONCE };
        let mut part = Query { limit, ..*query };
        let mut listing = Self::default();
        let mut looked_at = 0;
        loop {
            // Others may read between two parts.
            let Page { incidents, next } = locked(&api.reader).incidents(&part)?;
            for (at, incident) in incidents.iter().enumerate() {
                if filter.matches(incident, now_us) {
                    listing.push(&Alert::from(incident))?;
                }
                looked_at += 1;
                let is_full = listing.alerts == query.limit || listing.json.len() >= LARGEST;
                if is_full || looked_at == MOST_LOOKED_AT {
                    let is_last = at + 1 == incidents.len() && next.is_none();
                    listing.next = (!is_last).then(|| Spot::Local(Cursor::from(incident)));
                    return Ok(listing.closed());
                }
            }
            if next.is_none() {
                return Ok(listing.closed());
            }
            part.after = next;
        }
    }

    /// Puts an alert at the end.
    pub(super) fn push(&mut self, alert: &impl Serialize) -> serde_json::Result<()> {
        if self.alerts > 0 {
            self.json.push(b',');
        }
        self.alerts += 1;
        serde_json::to_writer(&mut self.json, alert)
    }

    /// The whole page.
    pub(super) fn closed(mut self) -> Self {
        self.json.push(b']');
        self
    }
}
