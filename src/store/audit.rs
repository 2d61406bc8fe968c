//! Who did what, from where, and how it was before and after: a chain of records of which none can
//! be changed, removed or moved without the chain telling.
//!
//! Each record has the hash of itself and of the hash before it; how many there are, and the hash of
//! the last, is kept beside them, so that what is cut off at the end is missed too. Whoever can write
//! to the database can write a whole new chain: against that helps a head that was noted elsewhere.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::action::By;
use super::body::parsed;
use super::{Error, Reader};

/// One record.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditRecord {
    /// Its place in the chain, from 1.
    pub seq: u64,
    /// When, by the wall clock, in µs since the epoch.
    pub at_us: i64,
    /// Who.
    pub who: String,
    /// From where.
    pub from: String,
    /// What was done, such as `alert.ack`.
    pub what: String,
    /// To what, such as the id of an incident.
    pub object: String,
    /// How it was before; null where it was not.
    pub before: Value,
    /// How it is since; null where it is no more.
    pub after: Value,
    /// Hash of this record and the one before, 64 hexadecimal digits.
    pub hash: String,
}

/// What a look at the whole chain has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Records.
    pub records: u64,
    /// Hash of the last; of none, 64 zeros.
    pub head: String,
    /// The first fault, in words, if there is one.
    pub fault: Option<String>,
}

/// Reads the columns of a [`Kept`], in its order.
const SELECT: &str =
    "SELECT seq, at_us, who, origin, what, object, \"before\", \"after\", hash FROM audit";

/// What was done, and to what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deed<'a> {
    pub(super) what: &'a str,
    pub(super) object: &'a str,
    pub(super) before: &'a Value,
    pub(super) after: &'a Value,
}

/// A record as it stands in its row.
#[derive(Debug)]
struct Kept {
    seq: i64,
    at_us: i64,
    /// Who, from where, what, to what, before and after.
    texts: [String; 6],
    hash: String,
}

impl Kept {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            seq: row.get(0)?,
            at_us: row.get(1)?,
            texts: [row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?, row.get(7)?],
            hash: row.get(8)?,
        })
    }

    /// The hash that it has behind a record with the hash `previous`: of all of it, each text behind
    /// its length, so that none can give to its neighbour.
    fn expected(&self, previous: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(previous);
        hash.update(self.seq.to_be_bytes());
        hash.update(self.at_us.to_be_bytes());
        for text in &self.texts {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        format!("{:064x}", hash.finalize())
    }

    fn record(self) -> rusqlite::Result<AuditRecord> {
        let [who, from, what, object, before, after] = self.texts;
        Ok(AuditRecord {
            seq: self.seq.try_into().unwrap_or(0),
            at_us: self.at_us,
            who,
            from,
            what,
            object,
            before: parsed(&before, 6)?,
            after: parsed(&after, 7)?,
            hash: self.hash,
        })
    }
}

/// Adds a record, in the transaction that does what it says.
pub(super) fn append(
    transaction: &Transaction<'_>,
    by: &By,
    deed: Deed<'_>,
) -> rusqlite::Result<()> {
    let By { who, from } = by.plain();
    let (records, previous) = head(transaction)?.unwrap_or_else(|| (0, none()));
    let [what, object] = [deed.what, deed.object].map(ToOwned::to_owned);
    let mut kept = Kept {
        seq: records.saturating_add(1),
        at_us: Timestamp::now().as_microsecond(),
        texts: [who, from, what, object, deed.before.to_string(), deed.after.to_string()],
        hash: String::new(),
    };
    kept.hash = kept.expected(&previous);
    let Kept { seq, at_us, texts: [who, from, what, object, before, after], hash } = kept;
    let insert = "INSERT INTO audit \
         (seq, at_us, who, origin, what, object, \"before\", \"after\", hash) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let row = params![seq, at_us, who, from, what, object, before, after, hash];
    transaction.prepare_cached(insert)?.execute(row)?;
    let update = "UPDATE audit_head SET records = ?1, hash = ?2";
    transaction.prepare_cached(update)?.execute(params![seq, hash])?;
    Ok(())
}

/// How many records there are, and the hash of the last.
fn head(transaction: &Transaction<'_>) -> rusqlite::Result<Option<(i64, String)>> {
    let select = "SELECT records, hash FROM audit_head";
    let head = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    transaction.prepare_cached(select)?.query_row([], head).optional()
}

/// The hash before the first record.
fn none() -> String {
    "0".repeat(64)
}

/// Follows the chain from its beginning to the first fault.
fn verify(transaction: &Transaction<'_>) -> rusqlite::Result<Verified> {
    let mut select = transaction.prepare(&format!("{SELECT} ORDER BY seq"))?;
    let mut rows = select.query([])?;
    let (mut records, mut last) = (0, none());
    let faulty = |records: i64, last, fault| {
        Ok(Verified { records: records.try_into().unwrap_or(0), head: last, fault: Some(fault) })
    };
    while let Some(row) = rows.next()? {
        let kept = Kept::read(row)?;
        let next = records + 1;
        if kept.seq != next {
            let fault = if kept.seq > next {
                format!("record {next} is missing")
            } else {
                format!("record {} stands before the first", kept.seq)
            };
            return faulty(records, last, fault);
        }
        if kept.expected(&last) != kept.hash {
            let fault = format!("record {next} is not the one that was written there");
            return faulty(records, last, fault);
        }
        (records, last) = (next, kept.hash);
    }
    let fault = match head(transaction)? {
        None => Some("the head of the chain is missing".to_owned()),
        Some((kept, _)) if kept > records => Some(format!("record {} is missing", records + 1)),
        Some((kept, _)) if kept < records => {
            Some(format!("record {} was added by somebody else", kept + 1))
        }
        Some((_, hash)) if hash != last => {
            Some("the head of the chain is not that of its last record".to_owned())
        }
        Some(_) => None,
    };
    Ok(Verified { records: records.try_into().unwrap_or(0), head: last, fault })
}

impl Reader {
    /// Records before `before` (all where it is none), newest first, at most `limit`.
    pub fn audit(&self, before: Option<u64>, limit: usize) -> Result<Vec<AuditRecord>, Error> {
        let before = before.map_or(i64::MAX, |seq| seq.try_into().unwrap_or(i64::MAX));
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.0.read("read audit records from", |transaction| {
            let select = format!("{SELECT} WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2");
            let mut select = transaction.prepare_cached(&select)?;
            let rows = select.query_map([before, limit], Kept::read)?;
            rows.map(|kept| kept.and_then(Kept::record)).collect()
        })
    }

    /// Follows the whole chain, one record at a time.
    pub fn verify_audit(&self) -> Result<Verified, Error> {
        self.0.read("read audit records from", verify)
    }
}
