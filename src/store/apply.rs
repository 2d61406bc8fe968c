//! What the engine has found, written with what is to be told of it.

use jiff::Timestamp;
use rusqlite::{Transaction, params};

use super::announce::{self, Counts, announce};
use super::mute::Mutes;
use super::{Changes, Recipient, Witness, mark, row};
use crate::incident::{Deed, FlowSpan, Incident, IncidentId};

/// Says who is told from now on, and tells them what they do not know of incidents.
pub(super) fn tell(
    transaction: &Transaction<'_>,
    recipients: &[Recipient],
) -> rusqlite::Result<()> {
    transaction.execute("UPDATE recipients SET is_told = 0", [])?;
    let upsert = "INSERT INTO recipients (sink, is_told, takes_growth, heeds_mutes) \
         VALUES (?1, 1, ?2, ?3) ON CONFLICT (sink) DO UPDATE SET is_told = 1, \
         takes_growth = excluded.takes_growth, heeds_mutes = excluded.heeds_mutes";
    for Recipient { sink, takes_growth, heeds_mutes } in recipients {
        transaction.execute(upsert, params![sink.name(), takes_growth, heeds_mutes])?;
    }
    let now_us = Timestamp::now().as_microsecond();
    for id in announce::unsettled(transaction)? {
        if let Some(incident) = row::find(transaction, id)? {
            announce(transaction, recipients, &incident, Counts::Same, now_us)?;
        }
    }
    Ok(())
}

/// Writes all of `changes`.
pub(super) fn apply(
    transaction: &Transaction<'_>,
    mutes: &mut Mutes,
    changes: &Changes<'_>,
) -> rusqlite::Result<()> {
    let now_us = Timestamp::now().as_microsecond();
    let recipients = announce::recipients(transaction)?;
    mutes.refresh(transaction, &recipients, now_us)?;
    for incident in changes.incidents {
        let mut incident = Incident::clone(incident);
        match row::find(transaction, incident.id)? {
            Some(known) => {
                // What the engine does not know any more, the database does.
                incident = incident.joined(&known);
                // Who reads a capture again begins with its first life; those that were told of stay
                // told.
                incident.reopened = incident.reopened.max(known.reopened);
                let mut names = known.names;
                names.join(&incident.names);
                incident.names = names;
            }
            None => incident.names = incident.names.opened(incident.pivot),
        }
        if row::write(transaction, &incident, now_us)? {
            let marks = mark::of(transaction, incident.id)?;
            let mut incident = incident.marked(&marks);
            mutes.apply(transaction, &mut incident, now_us)?;
            announce(transaction, &recipients, &incident, Counts::Grown, now_us)?;
        }
    }
    changes.spans.iter().try_for_each(|(id, span)| write_span(transaction, *id, span))?;
    changes.events.iter().try_for_each(|event| write_event(transaction, event))
}

/// Writes an event that touches an incident, as long as there are few of them.
fn write_event(transaction: &Transaction<'_>, event: &Witness) -> rusqlite::Result<()> {
    let insert = "INSERT OR IGNORE INTO incident_events (incident, at_us, event) \
         SELECT id, ?2, ?3 FROM incidents WHERE id = ?1 \
         AND (SELECT count(*) FROM incident_events WHERE incident = ?1) < ?4";
    let Witness { incident, deed, at_us, event } = event;
    let most = match deed {
        Deed::Started => Witness::OF_AN_INCIDENT,
        Deed::Client | Deed::Server => Witness::OF_AN_INCIDENT / 2,
    };
    transaction.prepare_cached(insert)?.execute(params![
        incident.to_string(),
        at_us,
        event,
        most
    ])?;
    Ok(())
}

fn write_span(
    transaction: &Transaction<'_>,
    id: IncidentId,
    span: &FlowSpan,
) -> rusqlite::Result<()> {
    let FlowSpan { id: flow, tuple, first_us, last_us } = span;
    let upsert = "INSERT INTO flow_spans (incident, flow, source, target, source_port, \
         target_port, protocol, icmp_type, first_us, last_us) \
         SELECT id, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10 FROM incidents WHERE id = ?1 \
         ON CONFLICT (incident, flow) DO UPDATE SET source = excluded.source, \
         target = excluded.target, source_port = excluded.source_port, \
         target_port = excluded.target_port, protocol = excluded.protocol, \
         icmp_type = excluded.icmp_type, first_us = excluded.first_us, last_us = excluded.last_us";
    transaction.prepare_cached(upsert)?.execute(params![
        id.to_string(),
        flow.to_string(),
        tuple.source.to_string(),
        tuple.target.to_string(),
        tuple.source_port,
        tuple.target_port,
        tuple.protocol,
        tuple.icmp_type,
        first_us,
        last_us,
    ])?;
    Ok(())
}
