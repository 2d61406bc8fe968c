//! All that waits for a sink in one, whatever it is, in the memory of a handful.

use rusqlite::{Row, Transaction};

use super::body::{bad, severity};
use super::row;
use crate::detect::Class;
use crate::incident::{Digest, SinkName, Status};

/// Incidents of which something waits for the sink.
const WAITING: &str = "SELECT incident FROM outbox WHERE sink = ?1 AND state = 'waiting'";

/// All that waits for `sink`, and the last entry of it; none where nothing waits. Incidents are told
/// as they stand.
pub(super) fn of(
    transaction: &Transaction<'_>,
    sink: SinkName,
) -> rusqlite::Result<Option<(Digest, i64)>> {
    let select = "SELECT max(seq), coalesce(sum(stands_for), 0) FROM outbox \
         WHERE sink = ?1 AND state = 'waiting'";
    let counted = |row: &Row<'_>| Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, i64>(1)?));
    let (last, changes) = transaction.query_row(select, [sink.name()], counted)?;
    let Some(last) = last else {
        return Ok(None);
    };
    let mut digest = Digest {
        changes: changes.try_into().unwrap_or(0),
        first_us: i64::MAX,
        last_us: i64::MIN,
        ..Digest::default()
    };
    let select = format!(
        "SELECT class, severity, status, count(*), min(first_us), max(last_us) FROM incidents \
         WHERE id IN ({WAITING}) GROUP BY class, severity, status"
    );
    let mut select = transaction.prepare_cached(&select)?;
    let mut groups = select.query([sink.name()])?;
    while let Some(row) = groups.next()? {
        add(&mut digest, row)?;
    }
    digest.by_class.sort_by_key(|(class, incidents)| (std::cmp::Reverse(*incidents), *class));
    digest.by_severity.sort_by_key(|(severity, _)| std::cmp::Reverse(*severity));
    let order = "ORDER BY urgency DESC, score DESC, detected_us, id";
    let select = format!(
        "{} WHERE id IN (SELECT id FROM incidents WHERE id IN ({WAITING}) {order} LIMIT {}) {order}",
        *row::SELECT,
        Digest::LISTED
    );
    let mut select = transaction.prepare_cached(&select)?;
    digest.worst = select.query_map([sink.name()], row::read)?.collect::<Result<_, _>>()?;
    Ok(Some((digest, last)))
}

/// Adds incidents of one class, severity and status.
fn add(digest: &mut Digest, row: &Row<'_>) -> rusqlite::Result<()> {
    let name = |at| Ok::<_, rusqlite::Error>(row.get_ref(at)?.as_str()?);
    let class = Class::named(name(0)?).ok_or_else(|| bad(0, "unknown class"))?;
    let severity = severity(name(1)?).ok_or_else(|| bad(1, "unknown severity"))?;
    let incidents = row.get::<_, i64>(3)?.try_into().unwrap_or(0);
    digest.incidents += incidents;
    *count(&mut digest.by_class, class) += incidents;
    *count(&mut digest.by_severity, severity) += incidents;
    if name(2)? == Status::Resolved.name() {
        digest.resolved += incidents;
    }
    digest.first_us = digest.first_us.min(row.get(4)?);
    digest.last_us = digest.last_us.max(row.get(5)?);
    Ok(())
}

/// The count of `of`, which begins at nothing.
fn count<T: Copy + PartialEq>(counts: &mut Vec<(T, u64)>, of: T) -> &mut u64 {
    let at = counts.iter().position(|(counted, _)| *counted == of).unwrap_or_else(|| {
        counts.push((of, 0));
        counts.len() - 1
    });
    &mut counts[at].1
}
