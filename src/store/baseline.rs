//! What is usual here: evidence that is accepted, learnt from traffic or from feedback on an alert.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Row, Transaction, params};
use serde_json::{Value, json};

use super::action::{Actions, By, found, record};
use super::announce::{self, Counts, announce};
use super::body::bad;
use super::database::Stop;
use super::view::{id, span};
use super::{Error, Reader, mark, schema};
use crate::detect::{Class, Weight};
use crate::incident::{Accepted, Feedback, Incident, IncidentId, Mark, Pivot, Place};

/// Places that feedback on one alert accepts at most: those with most flows.
const PLACES_OF_AN_ALERT: usize = 64;

/// Places that are named in an audit record.
const TOLD: usize = 16;

/// What was learnt from traffic in which nothing was wrong.
#[derive(Debug, Clone, Copy)]
pub struct Lesson<'a> {
    /// How much packet time there was, in µs.
    pub traffic_us: i64,
    /// The most evidence by class and place.
    pub accepted: &'a [(Class, Place, Weight)],
}

/// Evidence that is accepted at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepting {
    /// Of which class.
    pub class: Class,
    /// Where.
    pub place: Place,
    /// How much.
    pub weight: Weight,
    /// Who has learnt it.
    pub by: String,
    /// When by the wall clock, in µs since the epoch.
    pub at_us: i64,
    /// From what.
    pub origin: Origin,
}

/// What evidence was learnt from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// So much packet time, in µs.
    Traffic(i64),
    /// Feedback on this alert.
    Feedback(IncidentId),
}

/// What is to be forgotten; all where neither is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forgetting {
    /// What is accepted of this class alone.
    pub class: Option<Class>,
    /// What is accepted at this place alone.
    pub place: Option<Place>,
}

impl Forgetting {
    fn fits(&self, class: Class, place: Place) -> bool {
        self.class.is_none_or(|wanted| wanted == class)
            && self.place.is_none_or(|wanted| wanted == place)
    }
}

/// A row of what is accepted: under which names it is kept, and what they stand for.
struct Kept {
    class: String,
    place: String,
    lesson: i64,
    accepting: Option<Accepting>,
}

const SELECT: &str = "SELECT class, place, lesson, weight, author, learnt_us, traffic_us, incident \
     FROM accepted JOIN lessons ON lessons.id = lesson";

impl Kept {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let (class, place): (String, String) = (row.get(0)?, row.get(1)?);
        let origin = match row.get(6)? {
            Some(traffic_us) => Origin::Traffic(traffic_us),
            None => Origin::Feedback(id(row, 7)?),
        };
        let (weight, by, at_us) = (Weight::nats(row.get(3)?), row.get(4)?, row.get(5)?);
        // What this version does not understand is not accepted.
        let named = Class::named(&class).zip(place.parse().ok());
        let accepting =
            named.map(|(class, place)| Accepting { class, place, weight, by, at_us, origin });
        Ok(Self { class, place, lesson: row.get(2)?, accepting })
    }
}

impl Reader {
    /// All that is accepted, by class and place; of one place there may be several.
    pub fn baseline(&self) -> Result<Vec<Accepting>, Error> {
        let kept = self.0.read("read what is usual from", kept)?;
        Ok(kept.into_iter().filter_map(|kept| kept.accepting).collect())
    }

    /// What is accepted, and a number that changes with it; none where that number is still `since`.
    pub fn accepted(&self, since: Option<i64>) -> Result<Option<(Accepted, i64)>, Error> {
        self.0.read("read what is usual from", |transaction| {
            let select = "SELECT value FROM counters WHERE name = 'baseline'";
            let version = transaction.prepare_cached(select)?.query_row([], |row| row.get(0))?;
            if since == Some(version) {
                return Ok(None);
            }
            let mut accepted = Accepted::default();
            for Accepting { class, place, weight, .. } in
                kept(transaction)?.into_iter().filter_map(|kept| kept.accepting)
            {
                accepted.accept(class, place, weight);
            }
            Ok(Some((accepted, version)))
        })
    }
}

impl Actions {
    /// Opens the database, and makes or upgrades it first where no engine is at work on it: who learns
    /// may do so before anything is watched.
    pub fn open_or_make(path: &Path) -> Result<Self, Error> {
        schema::open_newest(path).map(Self)
    }

    /// Accepts what was learnt from traffic, besides what is accepted already.
    pub fn learn(&mut self, lesson: &Lesson<'_>, by: &By) -> Result<(), Error> {
        self.0.write("keep what is usual in", |transaction| {
            let number = begin(transaction, by, Some(lesson.traffic_us), None)?;
            for (class, place, weight) in lesson.accepted {
                accept_learnt(transaction, number, (*class, *place, *weight))?;
            }
            tidy(transaction)?;
            settled(transaction)?;
            let after = json!({
                "traffic_us": lesson.traffic_us,
                "places": lesson.accepted.len(),
                "accepted": told(lesson.accepted),
            });
            record(transaction, by, "baseline.learn", &"baseline", &Value::Null, &after)?;
            Ok(())
        })
    }

    /// Accepts no more what fits `forgetting`; of how many classes and places that was.
    pub fn forget(&mut self, forgetting: &Forgetting, by: &By) -> Result<u64, Error> {
        self.0.write("forget what is usual in", |transaction| {
            let is_all = *forgetting == Forgetting::default();
            let fits = |kept: &Kept| match &kept.accepting {
                Some(one) => forgetting.fits(one.class, one.place),
                None => is_all,
            };
            let gone: Vec<_> = kept(transaction)?.into_iter().filter(fits).collect();
            let delete = "DELETE FROM accepted WHERE class = ?1 AND place = ?2 AND lesson = ?3";
            for Kept { class, place, lesson, .. } in &gone {
                transaction.prepare_cached(delete)?.execute(params![class, place, lesson])?;
            }
            if gone.is_empty() {
                return Ok(0);
            }
            tidy(transaction)?;
            settled(transaction)?;
            let places: BTreeSet<_> = gone.iter().map(|kept| (&kept.class, &kept.place)).collect();
            let words: Vec<_> = gone
                .iter()
                .filter_map(|kept| kept.accepting.as_ref())
                .map(|one| (one.class, one.place, one.weight))
                .collect();
            let before = json!({ "places": places.len(), "accepted": told(&words) });
            record(transaction, by, "baseline.forget", &"baseline", &before, &Value::Null)?;
            Ok(places.len() as u64)
        })
    }

    /// Says what somebody who looked says of an incident. Where nothing was wrong, as much evidence as it
    /// has is accepted where it is; where it was an attack, that is taken back. To say the same again
    /// changes nothing, unless the incident has more evidence than then. It is not over by that.
    pub fn feedback(
        &mut self,
        id: IncidentId,
        feedback: Feedback,
        by: &By,
    ) -> Result<Incident, Error> {
        self.0.write("keep feedback on an alert in", |transaction| {
            let incident = found(transaction, id)?;
            let is_said = incident.feedback.as_ref().is_some_and(|(said, _)| *said == feedback);
            match feedback {
                Feedback::False if is_said && accepted_of(transaction, id)? >= incident.weight => {
                    return Ok(incident);
                }
                Feedback::True if is_said => return Ok(incident),
                Feedback::False | Feedback::True => {}
            }
            let delete = "DELETE FROM lessons WHERE incident = ?1";
            transaction.prepare_cached(delete)?.execute([id.to_string()])?;
            let accepted = match feedback {
                Feedback::False => accept_incident(transaction, &incident, by)?,
                Feedback::True => Vec::new(),
            };
            settled(transaction)?;
            marked(transaction, &incident, feedback, &accepted, by)
        })
    }
}

/// Marks an incident with feedback, puts that on record and tells those who keep a list of incidents.
fn marked(
    transaction: &Transaction<'_>,
    incident: &Incident,
    feedback: Feedback,
    accepted: &[(Class, Place, Weight)],
    by: &By,
) -> Result<Incident, Stop> {
    let now_us = Timestamp::now().as_microsecond();
    let mut marks = mark::of(transaction, incident.id)?;
    marks.feedback = Some((feedback, Mark { by: by.plain().who, at_us: now_us }));
    mark::write(transaction, incident.id, &marks, now_us)?;
    let said = incident.feedback.as_ref().map(|(said, _)| said.name());
    let before = json!({ "feedback": said, "accepted": Value::Null });
    let after = json!({ "feedback": feedback.name(), "accepted": told(accepted) });
    record(transaction, by, "alert.feedback", &incident.id, &before, &after)?;
    let incident = found(transaction, incident.id)?;
    let recipients = announce::recipients(transaction)?;
    announce(transaction, &recipients, &incident, Counts::Grown, now_us)?;
    Ok(incident)
}

/// Accepts the evidence of an incident at each of its places.
fn accept_incident(
    transaction: &Transaction<'_>,
    incident: &Incident,
    by: &By,
) -> Result<Vec<(Class, Place, Weight)>, Stop> {
    let Incident { id, class, weight, .. } = *incident;
    if weight == Weight::ZERO {
        return Err(Error::NoWeight(id).into());
    }
    let places = places(transaction, incident)?;
    if places.is_empty() {
        return Err(Error::NoPlace(id).into());
    }
    let number = begin(transaction, by, None, Some(id))?;
    let accepted: Vec<_> = places.into_iter().map(|place| (class, place, weight)).collect();
    for one in &accepted {
        accept(transaction, number, *one)?;
    }
    Ok(accepted)
}

/// Where an incident is: the host that does it or, of those about a target, the services attacked, on
/// either side of an ingress; those with most flows first.
fn places(transaction: &Transaction<'_>, incident: &Incident) -> rusqlite::Result<Vec<Place>> {
    if Pivot::of(incident.class) == Pivot::Source {
        return Ok(vec![Place::Host(incident.pivot)]);
    }
    let select = "SELECT flow, source, target, source_port, target_port, protocol, icmp_type, \
         first_us, last_us FROM flow_spans WHERE incident = ?1 \
         GROUP BY target_port, protocol, icmp_type ORDER BY count(*) DESC, target_port";
    let mut select = transaction.prepare_cached(select)?;
    let mut spans = select.query_map([incident.id.to_string()], span)?;
    let mut places = Vec::new();
    while let Some(span) = spans.next().transpose()?
        && places.len() < PLACES_OF_AN_ALERT
    {
        let place = Place::of(incident.class, &span.tuple);
        if !places.contains(&place) {
            places.push(place);
        }
    }
    Ok(places)
}

/// Begins a lesson; its number.
fn begin(
    transaction: &Transaction<'_>,
    by: &By,
    traffic_us: Option<i64>,
    incident: Option<IncidentId>,
) -> rusqlite::Result<i64> {
    let insert = "INSERT INTO lessons (author, learnt_us, traffic_us, incident) \
         VALUES (?1, ?2, ?3, ?4)";
    let (by, now_us) = (by.plain().who, Timestamp::now().as_microsecond());
    let incident = incident.map(|id| id.to_string());
    transaction.execute(insert, params![by, now_us, traffic_us, incident])?;
    Ok(transaction.last_insert_rowid())
}

fn accept(
    transaction: &Transaction<'_>,
    lesson: i64,
    (class, place, weight): (Class, Place, Weight),
) -> rusqlite::Result<()> {
    let insert = "INSERT INTO accepted (class, place, lesson, weight) VALUES (?1, ?2, ?3, ?4)";
    let row = params![class.name(), place.to_string(), lesson, weight.value()];
    transaction.prepare_cached(insert)?.execute(row)?;
    Ok(())
}

/// Accepts what traffic has taught, in place of what earlier traffic did, unless that was as much.
fn accept_learnt(
    transaction: &Transaction<'_>,
    lesson: i64,
    learnt: (Class, Place, Weight),
) -> rusqlite::Result<()> {
    let (class, place, weight) = (learnt.0.name(), learnt.1.to_string(), learnt.2.value());
    let of_traffic = "class = ?1 AND place = ?2 \
         AND lesson IN (SELECT id FROM lessons WHERE traffic_us IS NOT NULL)";
    let delete = format!("DELETE FROM accepted WHERE {of_traffic} AND weight < ?3");
    transaction.prepare_cached(&delete)?.execute(params![class, place, weight])?;
    let select = format!("SELECT count(*) FROM accepted WHERE {of_traffic}");
    let known: i64 =
        transaction.prepare_cached(&select)?.query_row([class, &place], |row| row.get(0))?;
    if known > 0 { Ok(()) } else { accept(transaction, lesson, learnt) }
}

/// Removes lessons of which nothing is left, but for the last one.
fn tidy(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let delete = "DELETE FROM lessons WHERE id NOT IN (SELECT lesson FROM accepted) \
         AND id < (SELECT max(id) FROM lessons)";
    transaction.execute(delete, [])?;
    Ok(())
}

/// Says that other evidence is accepted than before, and refuses more than anybody would heed.
fn settled(transaction: &Transaction<'_>) -> Result<(), Stop> {
    mark::counted(transaction, "baseline")?;
    let select = "SELECT count(*) FROM accepted";
    let rows: i64 = transaction.query_row(select, [], |row| row.get(0))?;
    let is_too_much = usize::try_from(rows).is_ok_and(|rows| rows > Accepted::MOST);
    if is_too_much { Err(Error::FullBaseline.into()) } else { Ok(()) }
}

/// How much feedback on an incident has accepted.
fn accepted_of(transaction: &Transaction<'_>, id: IncidentId) -> rusqlite::Result<Weight> {
    let select = "SELECT max(weight) FROM accepted JOIN lessons ON lessons.id = lesson \
         WHERE incident = ?1";
    let weight: Option<f64> =
        transaction.prepare_cached(select)?.query_row([id.to_string()], |row| row.get(0))?;
    Ok(weight.map_or(Weight::ZERO, Weight::nats))
}

fn kept(transaction: &Transaction<'_>) -> rusqlite::Result<Vec<Kept>> {
    let select = format!("{SELECT} ORDER BY class, place, lesson");
    transaction.prepare_cached(&select)?.query_map([], Kept::read)?.collect()
}

/// What is accepted, for the record: the beginning of it.
fn told(accepted: &[(Class, Place, Weight)]) -> Value {
    let one = |(class, place, weight): &(Class, Place, Weight)| format!("{class} {place} {weight}");
    accepted.iter().take(TOLD).map(one).collect()
}

/// The feedback that column `at` names, if there is any.
pub(super) fn feedback(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<Feedback>> {
    let name: Option<String> = row.get(at)?;
    let feedback = |name: String| Feedback::named(&name).ok_or_else(|| bad(at, "unknown feedback"));
    name.map(feedback).transpose()
}
