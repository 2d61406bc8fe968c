//! One page of alerts as it is sent.

use super::error::Problem;
use super::{Api, locked};
use crate::filter::Filter;
use crate::incident::{Alert, Incident};
use crate::store::{Cursor, Page, Query};

/// Bytes of JSON with which a page ends, however few alerts are in it, so that many clients that
/// read slowly do not hold much.
const LARGEST: usize = 1 << 20;

/// Incidents looked at with which a page ends, however few of them the filter lets through.
const MOST_LOOKED_AT: usize = 10_000;

/// Incidents read at once where it is not known how many the filter lets through.
const READ_AT_ONCE: usize = 1_000;

/// A page of alerts.
#[derive(Debug)]
pub(super) struct Listing {
    /// The alerts, a JSON array.
    pub(super) json: Vec<u8>,
    /// How many they are.
    pub(super) alerts: usize,
    /// Where the next page begins, if there may be one.
    pub(super) next: Option<Cursor>,
}

impl Listing {
    /// The first incidents that `query` asks for and `filter` lets through.
    pub(super) fn read(api: &Api, query: &Query, filter: &Filter) -> Result<Self, Problem> {
        let now_us = api.handle.snapshot().now_us;
        let limit = if filter.is_empty() { query.limit } else { READ_AT_ONCE };
        let mut part = Query { limit, ..*query };
        let mut listing = Self { json: vec![b'['], alerts: 0, next: None };
        let mut looked_at = 0;
        loop {
            // Others may read between two parts.
            let Page { incidents, next } = locked(&api.reader).incidents(&part)?;
            for (at, incident) in incidents.iter().enumerate() {
                if filter.matches(incident, now_us) {
                    listing.push(incident)?;
                }
                looked_at += 1;
                let is_full = listing.alerts == query.limit || listing.json.len() >= LARGEST;
                if is_full || looked_at == MOST_LOOKED_AT {
                    let is_last = at + 1 == incidents.len() && next.is_none();
                    listing.next = (!is_last).then(|| Cursor::from(incident));
                    return Ok(listing.closed());
                }
            }
            if next.is_none() {
                return Ok(listing.closed());
            }
            part.after = next;
        }
    }

    fn push(&mut self, incident: &Incident) -> serde_json::Result<()> {
        if self.alerts > 0 {
            self.json.push(b',');
        }
        self.alerts += 1;
        serde_json::to_writer(&mut self.json, &Alert::from(incident))
    }

    fn closed(mut self) -> Self {
        self.json.push(b']');
        self
    }
}
