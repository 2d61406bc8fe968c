//! Marks as columns of an incident's row, each change of them with a number of its own.

use rusqlite::{Row, Transaction, named_params};

use super::baseline;
use crate::incident::{IncidentId, Mark, Marks, MuteId};

/// The columns that [`read`] takes, in its order.
pub(super) const COLUMNS: &str = "acknowledged_life, acknowledged_by, acknowledged_us, \
    resolved_life, resolved_by, resolved_marked_us, muted_by, feedback, feedback_by, feedback_us";

/// Reads the marks of a row whose [`COLUMNS`] begin at `first`.
pub(super) fn read(row: &Row<'_>, first: usize) -> rusqlite::Result<Marks> {
    let mark = |at: usize| match row.get(at)? {
        None => Ok::<_, rusqlite::Error>(None),
        Some(life) => Ok(Some((life, named(row, at + 1)?))),
    };
    Ok(Marks {
        acknowledged: mark(first)?,
        resolved: mark(first + 3)?,
        muted_by: row.get::<_, Option<i64>>(first + 6)?.map(MuteId),
        feedback: baseline::feedback(row, first + 7)?
            .map(|said| Ok::<_, rusqlite::Error>((said, named(row, first + 8)?)))
            .transpose()?,
    })
}

/// Who made a mark, and when, from column `at` on.
fn named(row: &Row<'_>, at: usize) -> rusqlite::Result<Mark> {
    Ok(Mark { by: row.get(at)?, at_us: row.get(at + 1)? })
}

/// The marks of an incident that is in the database.
pub(super) fn of(transaction: &Transaction<'_>, id: IncidentId) -> rusqlite::Result<Marks> {
    let select = format!("SELECT {COLUMNS} FROM incidents WHERE id = ?1");
    let mut select = transaction.prepare_cached(&select)?;
    select.query_row([id.to_string()], |row| read(row, 0))
}

/// Replaces the marks of an incident.
pub(super) fn write(
    transaction: &Transaction<'_>,
    id: IncidentId,
    marks: &Marks,
    now_us: i64,
) -> rusqlite::Result<()> {
    let Marks { acknowledged, resolved, feedback, muted_by } = marks;
    let update = "UPDATE incidents SET acknowledged_life = :acknowledged_life, \
         acknowledged_by = :acknowledged_by, acknowledged_us = :acknowledged_us, \
         resolved_life = :resolved_life, resolved_by = :resolved_by, \
         resolved_marked_us = :resolved_us, muted_by = :muted_by, \
         feedback = :feedback, feedback_by = :feedback_by, feedback_us = :feedback_us, \
         marked_seq = :seq, written_us = :now WHERE id = :id";
    transaction.prepare_cached(update)?.execute(named_params! {
        ":acknowledged_life": acknowledged.as_ref().map(|(life, _)| life),
        ":acknowledged_by": acknowledged.as_ref().map(|(_, mark)| &mark.by),
        ":acknowledged_us": acknowledged.as_ref().map(|(_, mark)| mark.at_us),
        ":resolved_life": resolved.as_ref().map(|(life, _)| life),
        ":resolved_by": resolved.as_ref().map(|(_, mark)| &mark.by),
        ":resolved_us": resolved.as_ref().map(|(_, mark)| mark.at_us),
        ":muted_by": muted_by.map(|MuteId(id)| id),
        ":feedback": feedback.as_ref().map(|(said, _)| said.name()),
        ":feedback_by": feedback.as_ref().map(|(_, mark)| &mark.by),
        ":feedback_us": feedback.as_ref().map(|(_, mark)| mark.at_us),
        ":seq": counted(transaction, "marks")?,
        ":now": now_us,
        ":id": id.to_string(),
    })?;
    Ok(())
}

/// Counts one more of something; how often that was so far.
pub(super) fn counted(transaction: &Transaction<'_>, name: &str) -> rusqlite::Result<i64> {
    let update = "UPDATE counters SET value = value + 1 WHERE name = ?1 RETURNING value";
    transaction.prepare_cached(update)?.query_row([name], |row| row.get(0))
}
