//! What people do about incidents: each in one transaction with its audit record and what is to be
//! told of it.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};
use serde_json::{Value, json};

use super::announce::{self, Counts, announce};
use super::audit::{self, Deed};
use super::database::{Database, Stop};
use super::mute::{self, Mutes};
use super::{Error, Mute, mark, row, text};
use crate::filter::Filter;
use crate::incident::{Incident, IncidentId, Mark, Marks, MuteId, SinkName, Status};

/// The longest that a mute may go on.
const LONGEST_US: i64 = 365 * 24 * 3_600 * 1_000_000;

/// Mutes that may go on at once.
const MOST_MUTES: i64 = 256;

/// Who does something, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// A user of the API, or of the system.
    pub who: String,
    /// Such as `198.51.100.7`, `console` or `command line`.
    pub from: String,
}

impl By {
    /// Both as they are kept: of one line, and not endless.
    pub(super) fn plain(&self) -> Self {
        let [who, from] = [&self.who, &self.from].map(|name| text::plain(name, text::NAME));
        Self { who, from }
    }
}

/// A mute as somebody wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMute {
    /// Which incidents, in the filter language; not all.
    pub filter: String,
    /// Why.
    pub reason: String,
    /// Until when, by the wall clock, in µs since the epoch.
    pub expires_us: i64,
}

/// Which parked entries are to be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// All.
    All,
    /// Those of one sink.
    Of(SinkName),
    /// Those of the incident and sink of one entry.
    Entry(i64),
}

/// A connection on which people act. It works beside a running engine.
#[derive(Debug)]
pub struct Actions(pub(super) Database);

impl Actions {
    /// Opens a database that an engine has made.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Database::open_made(path).map(Self)
    }

    /// Takes an incident on; it stays so until it is over. To do it again changes nothing.
    pub fn acknowledge(&mut self, id: IncidentId, by: &By) -> Result<Incident, Error> {
        self.0.write("acknowledge an alert in", |transaction| {
            let incident = found(transaction, id)?;
            match incident.status {
                Status::Resolved => Err(Error::Over(id).into()),
                Status::Acknowledged => Ok(incident),
                Status::Open => marked(transaction, &incident, "alert.ack", by, |marks, mark| {
                    marks.acknowledged = Some(mark);
                }),
            }
        })
    }

    /// Says that an incident is over. To do it again changes nothing.
    pub fn resolve(&mut self, id: IncidentId, by: &By) -> Result<Incident, Error> {
        self.0.write("resolve an alert in", |transaction| {
            let incident = found(transaction, id)?;
            if incident.status == Status::Resolved {
                return Ok(incident);
            }
            marked(transaction, &incident, "alert.resolve", by, |marks, mark| {
                marks.resolved = Some(mark);
            })
        })
    }

    /// Keeps incidents from the sinks from now on.
    pub fn mute(&mut self, mute: &NewMute, by: &By) -> Result<Mute, Error> {
        let now_us = Timestamp::now().as_microsecond();
        check(mute, now_us)?;
        let NewMute { filter, reason, expires_us } = mute;
        let reason = text::plain(reason.trim(), text::SAYING);
        self.0.write("mute alerts in", |transaction| {
            let select = "SELECT count(*) FROM mutes WHERE expires_us > ?1";
            let active: i64 = transaction.query_row(select, [now_us], |row| row.get(0))?;
            if active >= MOST_MUTES {
                let why = format!("{MOST_MUTES} mutes go on already, and no more may");
                return Err(Error::BadMute(why).into());
            }
            let insert = "INSERT INTO mutes (filter, reason, author, created_us, expires_us) \
                 VALUES (?1, ?2, ?3, ?4, ?5)";
            let row = params![filter, reason, by.plain().who, now_us, expires_us];
            transaction.execute(insert, row)?;
            let id = MuteId(transaction.last_insert_rowid());
            changed(transaction, now_us)?;
            let mute = kept(transaction, id)?.ok_or(Error::NoMute(id))?;
            record(transaction, by, "mute.add", &id, &Value::Null, &told(&mute))?;
            Ok(mute)
        })
    }

    /// Ends a mute now.
    pub fn unmute(&mut self, id: MuteId, by: &By) -> Result<Mute, Error> {
        self.0.write("end a mute in", |transaction| {
            let now_us = Timestamp::now().as_microsecond();
            let before = kept(transaction, id)?.filter(|mute| mute.expires_us > now_us);
            let before = told(&before.ok_or(Error::NoMute(id))?);
            let update = "UPDATE mutes SET expires_us = ?2 WHERE id = ?1";
            transaction.execute(update, params![id.0, now_us])?;
            changed(transaction, now_us)?;
            let mute = kept(transaction, id)?.ok_or(Error::NoMute(id))?;
            record(transaction, by, "mute.end", &id, &before, &told(&mute))?;
            Ok(mute)
        })
    }

    /// Has parked entries tried again, in order, behind what waits and under new numbers; how many.
    pub fn retry(&mut self, which: Which, by: &By) -> Result<u64, Error> {
        self.0.write("retry entries of the outbox of", |transaction| {
            let (wanted, object) = match which {
                Which::All => ("?1 = 'all'", "all".to_owned()),
                Which::Of(sink) => ("sink = ?1", sink.name().to_owned()),
                Which::Entry(seq) => (
                    "(incident, sink) IN (SELECT incident, sink FROM outbox WHERE seq = ?1)",
                    seq.to_string(),
                ),
            };
            // A digest that is under way stands for what waited up to some number: these did not.
            let insert = format!(
                "INSERT INTO outbox \
                 (sink, incident, news, stands_for, state, attempts, error, created_us, body) \
                 SELECT sink, incident, news, stands_for, 'waiting', attempts, error, created_us, \
                 body FROM outbox WHERE state = 'parked' AND {wanted} ORDER BY seq"
            );
            let entries = transaction.execute(&insert, [&object])?;
            let delete = format!("DELETE FROM outbox WHERE state = 'parked' AND {wanted}");
            transaction.execute(&delete, [&object])?;
            match which {
                Which::Entry(seq) if entries == 0 => return Err(Error::NoEntry(seq).into()),
                _ if entries == 0 => return Ok(0),
                _ => {}
            }
            let (before, after) = (json!({ "parked": entries }), json!({ "waiting": entries }));
            record(transaction, by, "outbox.retry", &object, &before, &after)?;
            Ok(entries as u64)
        })
    }

    /// Puts on record what `by` did to `object` outside of the database, or was refused.
    pub fn note(
        &mut self,
        by: &By,
        what: &str,
        object: &str,
        before: &Value,
        after: &Value,
    ) -> Result<(), Error> {
        self.0.write("put on record in", |transaction| {
            Ok(record(transaction, by, what, &object, before, after)?)
        })
    }
}

pub(super) fn found(transaction: &Transaction<'_>, id: IncidentId) -> Result<Incident, Stop> {
    row::find(transaction, id)?.ok_or_else(|| Error::NoIncident(id).into())
}

/// Has `mark` put into the marks of an incident, and tells of it.
fn marked(
    transaction: &Transaction<'_>,
    incident: &Incident,
    what: &str,
    by: &By,
    mark: impl FnOnce(&mut Marks, (u32, Mark)),
) -> Result<Incident, Stop> {
    let now_us = Timestamp::now().as_microsecond();
    let before = stands(incident);
    let mut marks = mark::of(transaction, incident.id)?;
    mark(&mut marks, (incident.reopened, Mark { by: by.plain().who, at_us: now_us }));
    mark::write(transaction, incident.id, &marks, now_us)?;
    let incident = found(transaction, incident.id)?;
    record(transaction, by, what, &incident.id, &before, &stands(&incident))?;
    let recipients = announce::recipients(transaction)?;
    announce(transaction, &recipients, &incident, Counts::Same, now_us)?;
    Ok(incident)
}

/// How an incident stands, for the record.
fn stands(incident: &Incident) -> Value {
    let by = |mark: &Option<Mark>| mark.as_ref().map(|mark| mark.by.clone());
    json!({
        "status": incident.status.name(),
        "acknowledged_by": by(&incident.acknowledged),
        "resolved_by": by(&incident.resolved_by),
    })
}

/// Refuses a mute that would be none, or hide everything.
fn check(mute: &NewMute, now_us: i64) -> Result<(), Error> {
    let refused = |why: &str| Err(Error::BadMute(why.to_owned()));
    match Filter::parse(&mute.filter) {
        Err(error) => {
            return refused(&format!("{error} (at byte {} of the filter)", error.span.start));
        }
        Ok(filter) if filter.is_empty() => {
            return refused("the filter lets everything through, so that nobody would be told");
        }
        Ok(_) => {}
    }
    if mute.reason.trim().is_empty() {
        return refused("expected a reason");
    }
    match mute.expires_us.checked_sub(now_us) {
        Some(1..=LONGEST_US) => Ok(()),
        _ => refused("expected an end that is to come, within a year"),
    }
}

/// Says that mutes are others than before, and hides what they hide now.
fn changed(transaction: &Transaction<'_>, now_us: i64) -> rusqlite::Result<()> {
    mark::counted(transaction, "mutes")?;
    let recipients = announce::recipients(transaction)?;
    Mutes::default().refresh(transaction, &recipients, now_us)
}

fn kept(transaction: &Transaction<'_>, id: MuteId) -> rusqlite::Result<Option<Mute>> {
    let select = format!("{} WHERE id = ?1", mute::SELECT);
    transaction.query_row(&select, [id.0], Mute::read).optional()
}

/// A mute, for the record.
fn told(mute: &Mute) -> Value {
    let Mute { filter, reason, author, expires_us, hidden, .. } = mute;
    json!({
        "filter": filter, "reason": reason, "author": author, "expires_us": expires_us,
        "hidden": hidden,
    })
}

pub(super) fn record(
    transaction: &Transaction<'_>,
    by: &By,
    what: &str,
    object: &impl ToString,
    before: &Value,
    after: &Value,
) -> rusqlite::Result<()> {
    audit::append(transaction, by, Deed { what, object: &object.to_string(), before, after })
}
