//! What is kept for how long.
//!
//! What is removed leaves free pages in the file, which what comes next fills: the file does not
//! shrink, and what counts of it is what is not free.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Row, Transaction, params};
use serde_json::{Value, json};

use super::action::By;
use super::audit::{self, Deed};
use super::view::id;
use super::{Error, Store};
use crate::incident::IncidentId;

/// Incidents, and entries, that are removed at once at most.
const AT_ONCE: u32 = 500;

/// Incidents that are removed before the size is looked at again.
const BETWEEN_LOOKS: u32 = 50;

/// What is kept for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Since an incident was last written.
    pub age: Duration,
    /// Of the whole database, in bytes.
    pub bytes: u64,
}

/// What was removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Incidents.
    pub incidents: u64,
    /// Entries of the outbox: those that nobody had retried, and those for sinks that are not told
    /// any more.
    pub entries: u64,
}

impl Store {
    /// Removes what is too old, and the oldest where the database is too large, a bounded part at a
    /// time: never an incident that is open, or of which something waits for a sink that is told.
    /// Audit records are all kept.
    pub fn prune(&mut self, retention: &Retention) -> Result<Pruned, Error> {
        let Retention { age, bytes } = *retention;
        let age_us = i64::try_from(age.as_micros()).unwrap_or(i64::MAX);
        let before_us = Timestamp::now().as_microsecond().saturating_sub(age_us);
        self.database.write("remove what is old from", |transaction| {
            let mut removal = Removal::default();
            for id in oldest(transaction, before_us, AT_ONCE)? {
                removal.remove(transaction, id)?;
            }
            while removal.is_bounded() && used(transaction)? > bytes {
                let oldest = oldest(transaction, i64::MAX, BETWEEN_LOOKS)?;
                if oldest.is_empty() {
                    break;
                }
                for id in oldest {
                    removal.remove(transaction, id)?;
                }
            }
            removal.remove_untold(transaction, before_us)?;
            removal.record(transaction)?;
            Ok(removal.pruned)
        })
    }
}

/// What was removed so far.
#[derive(Debug, Default)]
struct Removal {
    pruned: Pruned,
    /// First and last time at which incidents among it were detected.
    span_us: Option<(i64, i64)>,
}

impl Removal {
    const fn is_bounded(&self) -> bool {
        self.pruned.incidents < AT_ONCE as u64
    }

    /// Removes an incident and all that stands in the database about it.
    fn remove(&mut self, transaction: &Transaction<'_>, id: IncidentId) -> rusqlite::Result<()> {
        let id = id.to_string();
        let delete = "DELETE FROM outbox WHERE incident = ?1";
        self.pruned.entries += transaction.prepare_cached(delete)?.execute([&id])? as u64;
        let delete = "DELETE FROM incidents WHERE id = ?1 RETURNING detected_us";
        let mut delete = transaction.prepare_cached(delete)?;
        let detected_us: i64 = delete.query_row([&id], |row| row.get(0))?;
        let (first_us, last_us) = self.span_us.unwrap_or((detected_us, detected_us));
        self.span_us = Some((first_us.min(detected_us), last_us.max(detected_us)));
        self.pruned.incidents += 1;
        Ok(())
    }

    /// Removes the first of the entries that were put in before `before_us` and that nobody will tell.
    fn remove_untold(
        &mut self,
        transaction: &Transaction<'_>,
        before_us: i64,
    ) -> rusqlite::Result<()> {
        let delete = "DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox \
             WHERE (state = 'parked' OR sink NOT IN (SELECT sink FROM recipients WHERE is_told)) \
             AND created_us < ?1 ORDER BY seq LIMIT ?2)";
        self.pruned.entries += transaction.execute(delete, params![before_us, AT_ONCE])? as u64;
        Ok(())
    }

    fn record(&self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        if self.pruned == Pruned::default() {
            return Ok(());
        }
        let by = By { who: "weir".into(), from: "engine".into() };
        let before = json!({
            "incidents": self.pruned.incidents,
            "entries": self.pruned.entries,
            "first_detected_us": self.span_us.map(|(first_us, _)| first_us),
            "last_detected_us": self.span_us.map(|(_, last_us)| last_us),
        });
        let after = &Value::Null;
        let deed = Deed { what: "retention.prune", object: "alerts", before: &before, after };
        audit::append(transaction, &by, deed)
    }
}

/// The first incidents of those written before `before_us` that may be removed.
fn oldest(
    transaction: &Transaction<'_>,
    before_us: i64,
    limit: u32,
) -> rusqlite::Result<Vec<IncidentId>> {
    let select = "SELECT id FROM incidents WHERE written_us < ?1 AND status = 'resolved' \
         AND NOT EXISTS (SELECT 1 FROM outbox JOIN recipients USING (sink) \
         WHERE incident = incidents.id AND state = 'waiting' AND is_told) \
         ORDER BY written_us, id LIMIT ?2";
    let mut select = transaction.prepare_cached(select)?;
    let id = |row: &Row<'_>| id(row, 0);
    select.query_map(params![before_us, limit], id)?.collect()
}

/// Bytes of the database that are not free.
fn used(transaction: &Transaction<'_>) -> rusqlite::Result<u64> {
    let number = |pragma| transaction.query_row(pragma, [], |row| row.get::<_, i64>(0));
    let pages = number("PRAGMA page_count")? - number("PRAGMA freelist_count")?;
    Ok((pages * number("PRAGMA page_size")?).try_into().unwrap_or(0))
}
