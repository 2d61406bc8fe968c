//! Puts into the outbox what there is to tell of an incident, in the transaction that changes it.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::body::{self, bad, severity};
use super::view::id;
use super::{EntryState, Recipient};
use crate::detect::Class;
use crate::incident::{Incident, IncidentId, News, SinkName, Status, Told};

/// What there is to tell of an incident that stands as it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counts {
    /// Its counts have grown, or something else that is no turn has changed.
    Grown,
    /// Nothing.
    Same,
}

/// Who is told.
pub(super) fn recipients(connection: &Connection) -> rusqlite::Result<Vec<Recipient>> {
    let select = "SELECT sink, takes_growth, heeds_mutes FROM recipients WHERE is_told";
    let recipient = |row: &Row<'_>| {
        Ok(Recipient { sink: sink(row, 0)?, takes_growth: row.get(1)?, heeds_mutes: row.get(2)? })
    };
    connection.prepare_cached(select)?.query_map([], recipient)?.collect()
}

/// Tells `recipients` what they do not know of `incident`, which stands as it is to be told.
pub(super) fn announce(
    transaction: &Transaction<'_>,
    recipients: &[Recipient],
    incident: &Incident,
    counts: Counts,
    now_us: i64,
) -> rusqlite::Result<()> {
    let mut body = None;
    for Recipient { sink, takes_growth, heeds_mutes } in recipients {
        if *heeds_mutes && incident.muted_by.is_some() {
            continue;
        }
        let told = told(transaction, *sink, incident.id)?;
        let news = News::since(told, incident);
        if news == News::Grown && !(*takes_growth && counts == Counts::Grown) {
            continue;
        }
        let body = match &mut body {
            Some(body) => body,
            none => none.insert(body::write(incident)?),
        };
        let before = told.map(|_| Before::take(transaction, *sink, incident.id)).transpose()?;
        before.unwrap_or_default().put_in(transaction, *sink, news, incident.id, body, now_us)?;
        if news != News::Grown {
            tell(transaction, *sink, incident)?;
        }
    }
    Ok(())
}

/// Incidents that go on, and those of which somebody who is told does not know that they are over.
pub(super) fn unsettled(transaction: &Transaction<'_>) -> rusqlite::Result<Vec<IncidentId>> {
    let select = "SELECT id FROM incidents WHERE status IN ('open', 'acknowledged') \
         UNION SELECT incident FROM told JOIN recipients USING (sink) \
         WHERE is_told AND told.status <> 'resolved'";
    ids(transaction, select)
}

/// Incidents that go on.
pub(super) fn standing(transaction: &Transaction<'_>) -> rusqlite::Result<Vec<IncidentId>> {
    ids(transaction, "SELECT id FROM incidents WHERE status IN ('open', 'acknowledged')")
}

fn ids(transaction: &Transaction<'_>, select: &str) -> rusqlite::Result<Vec<IncidentId>> {
    let mut select = transaction.prepare_cached(select)?;
    select.query_map([], |row| id(row, 0))?.collect()
}

/// The entries of an incident for a sink as a further one finds them.
#[derive(Debug, Default)]
struct Before {
    /// What all of them are; none where there are none.
    state: Option<String>,
    /// Growth that was still to be told, now taken out.
    growth: Option<Growth>,
}

#[derive(Debug)]
struct Growth {
    stands_for: i64,
    attempts: i64,
    error: Option<String>,
    created_us: i64,
}

impl Before {
    fn take(
        transaction: &Transaction<'_>,
        sink: SinkName,
        id: IncidentId,
    ) -> rusqlite::Result<Self> {
        let select = "SELECT state FROM outbox WHERE incident = ?1 AND sink = ?2 LIMIT 1";
        let of = params![id.to_string(), sink.name()];
        let state = transaction.prepare_cached(select)?.query_row(of, |row| row.get(0));
        let Some(state) = state.optional()? else {
            return Ok(Self::default());
        };
        let delete = "DELETE FROM outbox WHERE incident = ?1 AND sink = ?2 AND news = 'grown' \
             RETURNING stands_for, attempts, error, created_us";
        let growth = |row: &Row<'_>| {
            Ok(Growth {
                stands_for: row.get(0)?,
                attempts: row.get(1)?,
                error: row.get(2)?,
                created_us: row.get(3)?,
            })
        };
        let mut delete = transaction.prepare_cached(delete)?;
        // There is one at most; the statement is to run to its end.
        let mut taken = delete.query_map(of, growth)?.collect::<Result<Vec<_>, _>>()?;
        Ok(Self { state, growth: taken.pop() })
    }

    /// Puts in a further entry, which stands for the growth taken out too.
    fn put_in(
        self,
        transaction: &Transaction<'_>,
        sink: SinkName,
        news: News,
        id: IncidentId,
        body: &str,
        now_us: i64,
    ) -> rusqlite::Result<()> {
        let Self { state, growth } = self;
        // Growth is told some time after it began, however it goes on.
        let began_us = growth.as_ref().filter(|_| news == News::Grown).map(|was| was.created_us);
        let insert = "INSERT INTO outbox \
             (sink, incident, news, stands_for, state, attempts, error, created_us, body) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        transaction.prepare_cached(insert)?.execute(params![
            sink.name(),
            id.to_string(),
            news.name(),
            growth.as_ref().map_or(0, |was| was.stands_for) + 1,
            state.as_deref().unwrap_or_else(|| EntryState::Waiting.name()),
            growth.as_ref().map_or(0, |was| was.attempts),
            growth.as_ref().and_then(|was| was.error.as_deref()),
            began_us.unwrap_or(now_us),
            body,
        ])?;
        Ok(())
    }
}

/// How a sink knows an incident.
pub(super) fn told(
    transaction: &Transaction<'_>,
    sink: SinkName,
    id: IncidentId,
) -> rusqlite::Result<Option<Told>> {
    let select = "SELECT reopened, status, severity, class FROM told \
         WHERE incident = ?1 AND sink = ?2";
    let told = |row: &Row<'_>| {
        let name = |at| Ok::<_, rusqlite::Error>(row.get_ref(at)?.as_str()?);
        Ok(Told {
            reopened: row.get(0)?,
            status: Status::named(name(1)?).ok_or_else(|| bad(1, "unknown status"))?,
            severity: severity(name(2)?).ok_or_else(|| bad(2, "unknown severity"))?,
            class: Class::named(name(3)?).ok_or_else(|| bad(3, "unknown class"))?,
        })
    };
    let mut select = transaction.prepare_cached(select)?;
    select.query_row([&*id.to_string(), sink.name()], told).optional()
}

/// Keeps how a sink knows an incident from now on.
fn tell(
    transaction: &Transaction<'_>,
    sink: SinkName,
    incident: &Incident,
) -> rusqlite::Result<()> {
    let Told { reopened, status, severity, class } = Told::from(incident);
    let upsert = "INSERT INTO told (incident, sink, reopened, status, severity, class) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (incident, sink) DO UPDATE SET \
         reopened = excluded.reopened, status = excluded.status, severity = excluded.severity, \
         class = excluded.class";
    transaction.prepare_cached(upsert)?.execute(params![
        incident.id.to_string(),
        sink.name(),
        reopened,
        status.name(),
        severity.name(),
        class.name(),
    ])?;
    Ok(())
}

/// The sink that column `at` names.
pub(super) fn sink(row: &Row<'_>, at: usize) -> rusqlite::Result<SinkName> {
    SinkName::named(row.get_ref(at)?.as_str()?).ok_or_else(|| bad(at, "unknown sink"))
}
