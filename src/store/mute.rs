//! Mutes: which incidents they keep from the sinks that heed them.

use rusqlite::{Row, Transaction, params};

use super::announce::{Counts, announce, standing};
use super::{Recipient, mark, row};
use crate::filter::Filter;
use crate::incident::{Incident, MuteId};

/// A filter on incidents that no sink is to be told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mute {
    /// Under which it is kept.
    pub id: MuteId,
    /// Which incidents, in the filter language.
    pub filter: String,
    /// Why.
    pub reason: String,
    /// Who wanted it.
    pub author: String,
    /// Since when, by the wall clock, in µs since the epoch.
    pub created_us: i64,
    /// Until when, likewise; earlier where somebody has ended it.
    pub expires_us: i64,
    /// Incidents that it has hidden.
    pub hidden: u64,
}

/// Reads the columns that [`Mute::read`] takes, in its order.
pub(super) const SELECT: &str =
    "SELECT id, filter, reason, author, created_us, expires_us, hidden FROM mutes";

impl Mute {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: MuteId(row.get(0)?),
            filter: row.get(1)?,
            reason: row.get(2)?,
            author: row.get(3)?,
            created_us: row.get(4)?,
            expires_us: row.get(5)?,
            hidden: row.get::<_, i64>(6)?.try_into().unwrap_or(0),
        })
    }
}

/// The mutes that go on, read again when they are others.
#[derive(Debug, Default)]
pub(super) struct Mutes {
    /// How often mutes had changed when these were read; none before they were.
    version: Option<i64>,
    active: Vec<Active>,
}

#[derive(Debug)]
struct Active {
    id: MuteId,
    filter: Filter,
    expires_us: i64,
}

impl Mutes {
    /// Brings them up to date, and with them what they hide.
    pub(super) fn refresh(
        &mut self,
        transaction: &Transaction<'_>,
        recipients: &[Recipient],
        now_us: i64,
    ) -> rusqlite::Result<()> {
        let select = "SELECT value FROM counters WHERE name = 'mutes'";
        let version = transaction.prepare_cached(select)?.query_row([], |row| row.get(0))?;
        let has_ended = self.active.iter().any(|mute| mute.expires_us <= now_us);
        if self.version == Some(version) && !has_ended {
            return Ok(());
        }
        let select = "SELECT id, filter, expires_us FROM mutes WHERE expires_us > ?1 ORDER BY id";
        let mut select = transaction.prepare_cached(select)?;
        let active = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?));
        let rows = select.query_map([now_us], active)?.collect::<Result<Vec<_>, _>>()?;
        // A filter that this version does not understand any more hides nothing.
        let parsed = rows.into_iter().filter_map(|(id, filter, expires_us)| {
            Some(Active { id: MuteId(id), filter: Filter::parse(&filter).ok()?, expires_us })
        });
        self.active = parsed.collect();
        self.version = Some(version);
        self.settle(transaction, recipients, now_us)
    }

    /// Mutes incidents that go on or does so no more, and tells of those whoever may be told: who
    /// heeds no mutes shows them.
    fn settle(
        &self,
        transaction: &Transaction<'_>,
        recipients: &[Recipient],
        now_us: i64,
    ) -> rusqlite::Result<()> {
        for id in standing(transaction)? {
            let Some(mut incident) = row::find(transaction, id)? else {
                continue;
            };
            let muted_by = incident.muted_by;
            self.apply(transaction, &mut incident, now_us)?;
            if incident.muted_by != muted_by {
                announce(transaction, recipients, &incident, Counts::Grown, now_us)?;
            }
        }
        Ok(())
    }

    /// Gives an incident the first mute that fits it, or none.
    pub(super) fn apply(
        &self,
        transaction: &Transaction<'_>,
        incident: &mut Incident,
        now_us: i64,
    ) -> rusqlite::Result<()> {
        let fits = |mute: &&Active| mute.filter.matches(incident, incident.last_us);
        let muted_by = self.active.iter().find(fits).map(|mute| mute.id);
        if muted_by == incident.muted_by {
            return Ok(());
        }
        incident.muted_by = muted_by;
        let mut marks = mark::of(transaction, incident.id)?;
        marks.muted_by = muted_by;
        mark::write(transaction, incident.id, &marks, now_us)?;
        let Some(MuteId(mute)) = muted_by else {
            return Ok(());
        };
        let insert = "INSERT INTO hidden (incident, mute) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        let of = params![incident.id.to_string(), mute];
        if transaction.prepare_cached(insert)?.execute(of)? > 0 {
            let update = "UPDATE mutes SET hidden = hidden + 1 WHERE id = ?1";
            transaction.prepare_cached(update)?.execute([mute])?;
        }
        Ok(())
    }
}
