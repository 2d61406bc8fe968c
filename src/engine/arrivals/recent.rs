//! Arrivals as they stood at a moment, for whoever reads them.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::block::Block;
use super::entry::{Entry, What};
use super::store::Server;
use super::table::Keys;
use crate::packet::Address;
use crate::packet::application::Head;
use crate::respond::{Answer, Arrival, ArrivalKind, Reset};

/// Tells the hosts that are wanted by their name, and whether arrivals without one are.
pub type HostTest<'a> = &'a dyn Fn(Option<&str>) -> bool;

/// What is wanted of the arrivals; what is left out does not matter.
#[derive(Clone, Default)]
pub struct Wanted<'a> {
    /// From when to when, in µs since the epoch of packet time.
    pub span_us: Option<RangeInclusive<i64>>,
    /// Whom they are for.
    pub servers: Option<&'a [Address]>,
    /// Which hosts they ask for; answers and resets have none.
    pub host: Option<HostTest<'a>>,
}

impl fmt::Debug for Wanted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { span_us, servers, host } = self;
        let mut shown = f.debug_struct("Wanted");
        shown.field("span_us", span_us).field("servers", servers);
        shown.field("host", &host.is_some()).finish()
    }
}

/// Arrivals, answers and resets as they stood at a moment; what comes later does not change it.
#[derive(Debug, Clone)]
pub struct Recent {
    pub(super) now_us: i64,
    pub(super) since_us: i64,
    pub(super) asked: Vec<Arc<Block>>,
    pub(super) answered: Vec<Arc<Block>>,
    pub(super) reset: Vec<Arc<Block>>,
    pub(super) servers: Keys<Server>,
    pub(super) hosts: Keys<Arc<str>>,
    pub(super) paths: Keys<Arc<str>>,
}

impl Recent {
    /// The newest packet time when something was last found, in µs since the epoch.
    #[must_use]
    pub const fn now_us(&self) -> i64 {
        self.now_us
    }

    /// The first arrival that is still there, in µs since the epoch; none where there is none.
    #[must_use]
    pub fn since_us(&self) -> Option<i64> {
        let first_us = self.asked.iter().map(|block| block.first_us).min()?;
        Some(first_us.max(self.since_us))
    }

    /// Requests, handshakes and HTTP/2 connections in order of time.
    pub fn arrivals(&self, wanted: &Wanted<'_>) -> impl Iterator<Item = Arrival> + use<'_> {
        let is_host = wanted.host.map(|is_wanted| {
            let each = self.hosts.iter().map(|name| is_wanted(name.as_deref()));
            (each.collect::<Vec<bool>>(), is_wanted(None))
        });
        let mut entries = self.entries(&self.asked, wanted);
        if let Some((each, of_none)) = is_host {
            let number = |entry: &Entry| host_of(entry).map(usize::from);
            entries.retain(|entry| {
                number(entry).and_then(|number| each.get(number).copied()).unwrap_or(of_none)
            });
        }
        entries.into_iter().filter_map(move |entry| self.arrival(&entry))
    }

    /// Answers in order of time.
    pub fn answers(&self, wanted: &Wanted<'_>) -> impl Iterator<Item = Answer> + use<'_> {
        let entries = self.entries(&self.answered, wanted);
        entries.into_iter().filter_map(move |entry| {
            let What::Answer { status } = entry.what else { return None };
            let Server { address: server, port: server_port } = self.server(&entry)?;
            let Entry { at_us, client_port, .. } = entry;
            Some(Answer { at_us, client: entry.client(), client_port, server, server_port, status })
        })
    }

    /// Connections broken off, in order of time.
    pub fn resets(&self, wanted: &Wanted<'_>) -> impl Iterator<Item = Reset> + use<'_> {
        let entries = self.entries(&self.reset, wanted);
        entries.into_iter().filter_map(move |entry| {
            let What::Reset { by } = entry.what else { return None };
            let Server { address: server, port: server_port } = self.server(&entry)?;
            let Entry { at_us, client_port, .. } = entry;
            Some(Reset { at_us, client: entry.client(), client_port, server, server_port, by })
        })
    }

    /// The entries of `blocks` for the wanted servers and times, in order of time.
    fn entries(&self, blocks: &[Arc<Block>], wanted: &Wanted<'_>) -> Vec<Entry> {
        let (from_us, until_us) = match &wanted.span_us {
            Some(span_us) => ((*span_us.start()).max(self.since_us), *span_us.end()),
            None => (self.since_us, i64::MAX),
        };
        let is_server: Option<Vec<bool>> = wanted.servers.map(|servers| {
            let is_one = |server: &Server| servers.contains(&server.address);
            self.servers.iter().map(|server| server.as_ref().is_some_and(is_one)).collect()
        });
        let is_wanted = |entry: &&Entry| {
            let to = usize::from(entry.server);
            (from_us..=until_us).contains(&entry.at_us)
                && is_server.as_ref().is_none_or(|is_server| is_server.get(to) == Some(&true))
        };
        let blocks = blocks.iter();
        let blocks = blocks.filter(|block| block.last_us >= from_us && block.first_us <= until_us);
        let entries = blocks.flat_map(|block| block.entries());
        let mut entries: Vec<Entry> = entries.filter(is_wanted).copied().collect();
        // Sources hand over by turns, and packets may be late.
        entries.sort_by_key(|entry| entry.at_us);
        entries
    }

    fn server(&self, entry: &Entry) -> Option<Server> {
        self.servers.get(usize::from(entry.server)).copied().flatten()
    }

    fn arrival(&self, entry: &Entry) -> Option<Arrival> {
        let name = |names: &Keys<Arc<str>>, number: Option<u16>| {
            names.get(usize::from(number?)).cloned().flatten()
        };
        let (kind, path, head) = match entry.what {
            What::Request { path, head, .. } => (ArrivalKind::Request, path, head),
            What::Handshake { head, .. } => (ArrivalKind::Handshake, None, head),
            What::Http2 => (ArrivalKind::Http2, None, Head::Complete),
            What::Answer { .. } | What::Reset { .. } => return None,
        };
        let Server { address: server, port: server_port } = self.server(entry)?;
        Some(Arrival {
            at_us: entry.at_us,
            client: entry.client(),
            client_port: entry.client_port,
            server,
            server_port,
            host: name(&self.hosts, host_of(entry)),
            path: name(&self.paths, path),
            kind,
            head,
        })
    }
}

const fn host_of(entry: &Entry) -> Option<u16> {
    match entry.what {
        What::Request { host, .. } | What::Handshake { host, .. } => host,
        What::Http2 | What::Answer { .. } | What::Reset { .. } => None,
    }
}
