//! What stands around incidents: marks, flows, mutes, the outbox and the sinks.

use std::net::IpAddr;

use rusqlite::{Row, params};

use super::announce::{self, sink};
use super::body::bad;
use super::outbox::{self, depth};
use super::{Depth, Entry, Error, Mute, Reader, mark, mute, row};
use crate::flow::FlowId;
use crate::incident::{FlowSpan, IncidentId, Marks, SinkName, Told};
use crate::packet::{Address, Tuple};

/// Marked incidents that are read at once.
const MARKED: i64 = 10_000;

impl Reader {
    /// Incidents on which people or mutes have acted after the `since`th time, oldest first, and the
    /// number to go on from. Where 10,000 are read there may be more; after `i64::MAX` there are
    /// none, and the number is how often that was so far.
    pub fn marked(&self, since: i64) -> Result<(Vec<(IncidentId, Marks)>, i64), Error> {
        self.0.read("read marks of alerts from", |transaction| {
            let select = "SELECT value FROM counters WHERE name = 'marks'";
            let so_far = transaction.prepare_cached(select)?.query_row([], |row| row.get(0))?;
            let select = format!(
                "SELECT id, marked_seq, {} FROM incidents \
                 WHERE marked_seq > 0 AND marked_seq > ?1 ORDER BY marked_seq LIMIT {MARKED}",
                mark::COLUMNS
            );
            let mut select = transaction.prepare_cached(&select)?;
            let mut rows = select.query([since])?;
            let (mut marked, mut last) = (Vec::new(), so_far);
            while let Some(row) = rows.next()? {
                marked.push((id(row, 0)?, mark::read(row, 2)?));
                last = row.get(1)?;
            }
            let is_all = i64::try_from(marked.len()).is_ok_and(|read| read < MARKED);
            Ok((marked, if is_all { so_far } else { last }))
        })
    }

    /// Flows of an incident whose packets may be found, in the order in which they began.
    pub fn spans(&self, id: IncidentId) -> Result<Vec<FlowSpan>, Error> {
        let select = "SELECT flow, source, target, source_port, target_port, protocol, icmp_type, \
             first_us, last_us FROM flow_spans WHERE incident = ?1 ORDER BY first_us, flow";
        self.0.read("read flows of an alert from", |transaction| {
            let mut select = transaction.prepare_cached(select)?;
            select.query_map([id.to_string()], span)?.collect()
        })
    }

    /// Events of Tetragon that touch an incident, oldest first, as its JSON export has them.
    pub fn events(&self, id: IncidentId) -> Result<Vec<String>, Error> {
        let select = "SELECT event FROM incident_events WHERE incident = ?1 ORDER BY at_us, event";
        self.0.read("read events of an alert from", |transaction| {
            let mut select = transaction.prepare_cached(select)?;
            select.query_map([id.to_string()], |row| row.get(0))?.collect()
        })
    }

    /// Mutes, the newest first; those that have ended too where `all`.
    pub fn mutes(&self, all: bool) -> Result<Vec<Mute>, Error> {
        let now_us = jiff::Timestamp::now().as_microsecond();
        self.0.read("read mutes from", |transaction| {
            let select = format!("{} WHERE ?1 OR expires_us > ?2 ORDER BY id DESC", mute::SELECT);
            let mut select = transaction.prepare_cached(&select)?;
            select.query_map(params![all, now_us], Mute::read)?.collect()
        })
    }

    /// Entries of the outbox after `after`, in order, at most `limit`.
    pub fn outbox(&self, after: i64, limit: usize) -> Result<Vec<Entry>, Error> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.0.read("read the outbox of", |transaction| {
            let select = format!("{} WHERE seq > ?1 ORDER BY seq LIMIT ?2", outbox::SELECT);
            let mut select = transaction.prepare_cached(&select)?;
            select.query_map([after, limit], Entry::read)?.collect()
        })
    }

    /// How an incident stood when the last entry on it was put in, for each sink that is told, or was,
    /// by name.
    pub fn told(&self, id: IncidentId) -> Result<Vec<(SinkName, Told)>, Error> {
        self.0.read("read the outbox of", |transaction| {
            let told = |sink| Ok(announce::told(transaction, sink, id)?.map(|told| (sink, told)));
            SinkName::ALL.into_iter().filter_map(|sink| told(sink).transpose()).collect()
        })
    }

    /// How much each sink that is told, or was, is behind.
    pub fn sinks(&self) -> Result<Vec<(SinkName, Depth)>, Error> {
        self.0.read("read the outbox of", |transaction| {
            let mut select = transaction.prepare_cached("SELECT sink FROM recipients")?;
            let sinks = select.query_map([], |row| sink(row, 0))?;
            let mut sinks = sinks.collect::<Result<Vec<_>, _>>()?;
            sinks.sort_unstable();
            sinks.into_iter().map(|sink| Ok((sink, depth(transaction, sink)?))).collect()
        })
    }

    /// A number that changes when another connection has written.
    pub fn version(&self) -> Result<i64, Error> {
        let version = self.0.connection.query_row("PRAGMA data_version", [], |row| row.get(0));
        version.map_err(|source| self.0.failed("read the version of", source))
    }
}

/// The identity of an incident that column `at` holds.
pub(super) fn id(row: &Row<'_>, at: usize) -> rusqlite::Result<IncidentId> {
    row::bits(row.get_ref(at)?.as_str()?, at).map(IncidentId)
}

pub(super) fn span(row: &Row<'_>) -> rusqlite::Result<FlowSpan> {
    let text = |at| Ok::<_, rusqlite::Error>(row.get_ref(at)?.as_str()?);
    let address = |at| {
        let address = text(at)?.parse::<IpAddr>().map_err(|error| bad(at, error))?;
        Ok::<_, rusqlite::Error>(Address::from(address))
    };
    Ok(FlowSpan {
        id: FlowId(row::bits(text(0)?, 0)?),
        tuple: Tuple {
            source: address(1)?,
            target: address(2)?,
            source_port: row.get(3)?,
            target_port: row.get(4)?,
            protocol: row.get(5)?,
            icmp_type: row.get(6)?,
        },
        first_us: row.get(7)?,
        last_us: row.get(8)?,
    })
}
