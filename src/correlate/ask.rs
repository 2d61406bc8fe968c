//! Answers flows.
//!
//! Any event may be lost, so nothing is concluded from silence. A claim counts only for the one connection
//! that it must be about, by what packets say of all connections that it may be about:
//!
//! - One by which a connection is opened from a known port is about the first that began there after it,
//!   and soon after it.
//! - One by which it is taken, used or closed is about the one that had packets before and after it.
//! - Where a connection was opened from an unknown port and its socket was given one, or not even that was
//!   heard, another process may have been given the socket or have opened the connection. So no other
//!   connection that began meanwhile may be the one that was opened: each must be known to be of another
//!   socket.

use std::sync::Arc;

use super::SLACK_US;
use super::asked::{Asked, Found};
use super::claim::{End, Owner, Step};
use super::connections::Connection;
use super::halves::Half;
use super::pick::{Deed, Pick, pick};
use super::places::Places;
use super::table::Correlator;
use super::track::{Note, Pair};
use crate::packet::protocol;

/// How long after a connection was opened its first packet is seen, at most, in µs: longer where its ends
/// tell it from others.
const OPENED_WITHIN_US: i64 = 100_000;
const SENT_WITHIN_US: i64 = 2_000;

/// Connections and claims without a port that are weighed for one flow; where there are more, none of these
/// claims is believed.
const WEIGHED: usize = 256;

/// A connection, and what must be known to weigh claims about it.
#[derive(Debug)]
struct Question<'a, P> {
    asked: &'a Asked,
    connection: Connection,
    /// The pairs under which it may be claimed.
    views: Vec<Pair>,
    places: &'a P,
}

impl<P: Places> Question<'_, P> {
    const fn protocol(&self) -> u8 {
        self.asked.tuple.protocol
    }

    /// Whether another connection is the same on the other side of a service, seen twice.
    fn is_leg(&self, other: &Connection) -> bool {
        let Connection { source, target, first_us, last_us, .. } = self.connection;
        source == other.source
            && other.first_us <= last_us
            && first_us <= other.last_us
            && self.places.is_same(target.address, other.target.address)
    }
}

impl Correlator {
    /// Which processes are at the ends of a flow.
    pub fn ask(&mut self, asked: &Asked, places: &impl Places) -> Found {
        if !matches!(asked.tuple.protocol, protocol::TCP | protocol::UDP) {
            return Found::default();
        }
        let connection = self.connections.take(asked);
        self.compare(&connection, asked.tuple.protocol);
        let views = self.views(&connection, asked.tuple.protocol, places);
        let question = Question { asked, connection, views, places };
        let found = self.found(&question);
        // What was spoken of is kept longer.
        for view in question.views {
            self.tracks.promote(&view);
        }
        found
    }

    fn found<P: Places>(&self, question: &Question<'_, P>) -> Found {
        let Connection { source, target, .. } = question.connection;
        let mut client = self.side(question, |_| source);
        let mut server = self.side(question, |view| view.other(source));
        if question.protocol() == protocol::UDP {
            let Connection { first_us, last_us, .. } = question.connection;
            let at = |local, from_us| {
                self.listeners.at(local, (from_us, last_us), &self.skew, question.places)
            };
            // What is sent is seen a moment later.
            if matches!(client, Pick::Nobody) {
                client = at(source, first_us.saturating_sub(SENT_WITHIN_US));
            }
            if matches!(server, Pick::Nobody) {
                server = at(target, first_us);
            }
        }
        if matches!(client, Pick::Nobody) {
            client = self.opened(question).map_or(Pick::Nobody, Pick::Owner);
        }
        Found { client: client.into(), server: server.into() }
    }

    /// Compares the clocks where a connection was opened once.
    fn compare(&mut self, connection: &Connection, protocol: u8) {
        let source = connection.source;
        let pair = Pair::of(protocol, source, connection.target);
        let Some(track) = self.tracks.peek_mut(&pair).filter(|track| !track.is_sampled) else {
            return;
        };
        let mut opened = track.notes().iter().filter(|note| {
            note.local == source && matches!(note.step, Step::Connect | Step::Named)
        });
        if let (Some(note), None) = (opened.next(), opened.next()) {
            let at_us = match note.step {
                Step::Connect => Some(note.at_us),
                _ => self.halves.opener(note, pair.other(source)).map(|half| half.at_us),
            };
            if let Some(at_us) = at_us {
                self.skew.compare(note.node, at_us, connection.first_us);
                track.is_sampled = true;
            }
        }
    }

    /// The pairs under which a connection may be claimed.
    fn views(&self, connection: &Connection, protocol: u8, places: &impl Places) -> Vec<Pair> {
        let Connection { source, target, .. } = *connection;
        let seen = Pair::of(protocol, source, target);
        let others = self.by_client.get(&(protocol, source)).into_iter().flatten();
        let others = others.filter(|pair| {
            **pair != seen && places.is_same(pair.other(source).address, target.address)
        });
        let all = std::iter::once(&seen).chain(others);
        all.filter(|pair| self.tracks.contains(pair)).copied().collect()
    }

    /// Whose the end of a connection is that each view calls `local`.
    fn side<P: Places>(
        &self,
        question: &Question<'_, P>,
        local: impl Fn(&Pair) -> End,
    ) -> Pick<'_> {
        let mut places = Vec::<([&str; 3], bool)>::new();
        let mut claims = Vec::<(i64, Deed, &Arc<Owner>)>::new();
        for view in &question.views {
            let local = local(view);
            let notes = self.tracks.peek(view).map_or(&[][..], |track| track.notes());
            for note in notes.iter().filter(|note| note.local == local) {
                let Some((deed, owner)) = self.weighed(note, view, question) else { continue };
                let has = question.places.has(owner, local.address);
                if has == Some(false) {
                    continue;
                }
                if !places.iter().any(|(known, _)| *known == owner.scope()) {
                    places.push((owner.scope(), has == Some(true)));
                }
                claims.push((self.at_us(note), deed, owner));
            }
        }
        claims.sort_by_key(|(at_us, ..)| *at_us);
        let of_place = |place: [&str; 3]| {
            let of_it = claims.iter().filter(move |(.., owner)| owner.scope() == place);
            pick(of_it.map(|(_, deed, owner)| (*deed, *owner)))
        };
        // Of several places that all claim it, the one that has the address, if it is known.
        let is_known = places.iter().filter(|(_, has)| *has).count() == 1;
        let believed = places.iter().filter(|(_, has)| *has || !is_known);
        believed.fold(Pick::Nobody, |all, (place, _)| all.and(of_place(*place)))
    }

    /// What a claim says of the connection, and whom it names; none where it may be about another.
    fn weighed<'a, P: Places>(
        &'a self,
        note: &'a Note,
        view: &Pair,
        question: &Question<'_, P>,
    ) -> Option<(Deed, &'a Arc<Owner>)> {
        let remote = view.other(question.connection.source);
        let at_us = self.at_us(note);
        match note.step {
            Step::Connect => {
                let owner = note.owner.as_ref()?;
                self.is_opened(at_us, remote, question).then_some((Deed::Began, owner))
            }
            Step::Named => Some((Deed::Began, self.opener(note, remote, question)?)),
            Step::Accept | Step::Use | Step::Close => {
                let owner = note.owner.as_ref()?;
                let deed = if note.step == Step::Accept { Deed::Began } else { Deed::Has };
                self.is_had(at_us, remote, question).then_some((deed, owner))
            }
            Step::Listen => None,
        }
    }

    /// The time of a claim by the clock of packets.
    fn at_us(&self, note: &Note) -> i64 {
        note.at_us.saturating_add(self.skew.of(note.node))
    }

    /// Whether what was opened to `remote` at `at_us`, from where it began, is this connection.
    fn is_opened<P: Places>(&self, at_us: i64, remote: End, question: &Question<'_, P>) -> bool {
        let Question { connection, asked, .. } = question;
        if at_us <= self.connections.forgotten_us(question.protocol(), connection.source) {
            return false;
        }
        let until_us = at_us.saturating_add(OPENED_WITHIN_US);
        let mut near = self.rivals(remote, question, |one| {
            at_us.saturating_sub(SLACK_US) <= one.first_us && one.first_us <= until_us
        });
        if connection.first_us > until_us {
            return false;
        }
        if let Some(next) = near.clone().find(|one| at_us <= one.first_us) {
            return next == connection;
        }
        // None began soon after it: then its clock may be late by a little.
        let is_late = near.next() == Some(connection) && near.next().is_none();
        // Another one that begins now may be known later.
        let is_sure = at_us.saturating_add(SLACK_US) <= connection.last_us || asked.is_settled();
        is_late && at_us <= connection.last_us && is_sure
    }

    /// Whether what was done at `at_us` with a connection between where it began and `remote` was done
    /// with this one.
    fn is_had<P: Places>(&self, at_us: i64, remote: End, question: &Question<'_, P>) -> bool {
        // What is sent without a connection is seen a moment later.
        let early_us = if question.protocol() == protocol::UDP { SENT_WITHIN_US } else { 0 };
        let seen_us = at_us.saturating_add(early_us);
        let is_at = |one: &Connection| one.is_at(at_us.max(one.first_us.min(seen_us)));
        is_at(&question.connection)
            && self.rivals(remote, question, is_at).all(|one| *one == question.connection)
    }

    /// Connections of that time from where this one began that may be claimed as one to `remote`, this one
    /// among them and what is only another leg of it not; in the order of time.
    fn rivals<'a, P: Places>(
        &'a self,
        remote: End,
        question: &'a Question<'_, P>,
        is_then: impl Fn(&Connection) -> bool + Clone + 'a,
    ) -> impl Iterator<Item = &'a Connection> + Clone {
        let all = self.connections.of(question.protocol(), question.connection.source).iter();
        all.filter(move |one| {
            is_then(one) && is_to(remote, one.target, question.places) && !question.is_leg(one)
        })
    }

    /// Who has opened the connection whose socket was given its port, by `note`.
    fn opener<'a, P: Places>(
        &'a self,
        note: &Note,
        remote: End,
        question: &Question<'_, P>,
    ) -> Option<&'a Arc<Owner>> {
        if !self.is_had(self.at_us(note), remote, question) {
            return None;
        }
        let half = self.halves.opener(note, remote)?;
        let until_us = question.connection.first_us;
        self.is_alone(half, until_us, question).then_some(&half.owner)
    }

    /// Whether no other connection but this one can be what was opened from an unknown port, of those that
    /// began until `until_us`.
    fn is_alone<P: Places>(&self, half: &Half, until_us: i64, question: &Question<'_, P>) -> bool {
        let Question { connection, asked, places, .. } = question;
        let opened_us = half.at_us.saturating_add(self.skew.of(half.node));
        let sent_us = opened_us.saturating_sub(SLACK_US)..=opened_us.saturating_add(SENT_WITHIN_US);
        if !asked.is_settled() || !sent_us.contains(&connection.first_us) {
            return false;
        }
        let protocol = question.protocol();
        let near = self.connections.between(protocol, *sent_us.start(), until_us, WEIGHED);
        near.is_some_and(|near| {
            near.iter().all(|one| {
                one == connection
                    || question.is_leg(one)
                    || !is_to(half.remote, one.target, *places)
                    || places.has(&half.owner, one.source.address) == Some(false)
                    || self.is_elsewhere(one, half, question)
            })
        })
    }

    /// Whether another connection is known not to be what was opened from an unknown port: of another
    /// socket, of the same one before that, or opened by another process.
    fn is_elsewhere<P: Places>(
        &self,
        other: &Connection,
        half: &Half,
        question: &Question<'_, P>,
    ) -> bool {
        let Question { asked, places, .. } = *question;
        let views = self.views(other, question.protocol(), places);
        let question = Question { asked, connection: *other, views, places };
        question.views.iter().any(|view| {
            let remote = view.other(other.source);
            let notes = self.tracks.peek(view).map_or(&[][..], |track| track.notes());
            notes.iter().filter(|note| note.local == other.source).any(|note| {
                let at_us = self.at_us(note);
                let is_socket = note.socket != 0 && half.socket != 0;
                let is_other = (note.node, note.socket) != (half.node, half.socket);
                if note.step == Step::Connect {
                    let is_other = note.owner.as_ref().is_some_and(|one| one.id != half.owner.id)
                        || (is_socket && is_other);
                    is_other && self.is_opened(at_us, remote, &question)
                } else {
                    let is_before = note.at_us < half.at_us;
                    is_socket && (is_other || is_before) && self.is_had(at_us, remote, &question)
                }
            })
        })
    }

    /// Who has opened a connection by claims that do not say from which port, and of whose socket nothing
    /// else was heard: only where no other connection and no other process may be meant.
    fn opened<P: Places>(&self, question: &Question<'_, P>) -> Option<&Arc<Owner>> {
        let Question { connection, places, .. } = question;
        let fits = |half: &&Half| {
            // What goes to a service may go to where no packet of it is seen.
            let is_remote = half.remote == connection.target;
            let is_protocol = half.protocol == 0 || half.protocol == question.protocol();
            let has = places.has(&half.owner, connection.source.address);
            is_remote && is_protocol && has != Some(false)
        };
        let first_us = connection.first_us;
        let from_us = first_us.saturating_sub(OPENED_WITHIN_US);
        let until_us = first_us.saturating_add(SLACK_US);
        let near = self.halves.between(from_us, until_us, WEIGHED)?;
        let mut near = near.into_iter().filter(fits);
        // Two by the same process are two connections, of which it may be either.
        let (half, None) = (near.next()?, near.next()) else { return None };
        let is_right = self.skew.of(half.node) == 0;
        let until_us = half.at_us.saturating_add(OPENED_WITHIN_US);
        (is_right && self.is_alone(half, until_us, question)).then_some(&half.owner)
    }
}

/// Whether what was opened to `remote` may be seen as a connection to `target`.
fn is_to(remote: End, target: End, places: &impl Places) -> bool {
    remote == target || places.is_same(remote.address, target.address)
}
