//! What is kept of all sources.

use std::sync::Arc;

use super::batch::{Batch, Text};
use super::block::{Block, Blocks};
use super::entry::{Entry, Found, What};
use super::recent::Recent;
use super::repeats::Repeats;
use super::table::Table;
use super::{ArrivalCounts, WINDOW_US};
use crate::packet::{Address, Tuple};
use crate::respond::ResetBy;

/// Requests, handshakes and HTTP/2 connections kept, and answers kept: 40 MiB each.
const MOST: usize = 1 << 20;

/// Resets kept: 5 MiB. They are apart, so that a flood of them pushes nothing else out.
const MOST_RESETS: usize = MOST / 8;

/// Hosts, and first segments of paths.
const NAMES: u16 = 4_096;

/// Addresses and ports of servers.
const SERVERS: u16 = u16::MAX;

/// An address and port of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Server {
    pub(super) address: Address,
    pub(super) port: u16,
}

impl Server {
    /// The target of `tuple`.
    const fn of(tuple: Tuple) -> Self {
        Self { address: tuple.target, port: tuple.target_port }
    }
}

impl From<&Self> for Server {
    fn from(server: &Self) -> Self {
        *server
    }
}

/// What is kept of all sources.
#[derive(Debug)]
pub(super) struct Store {
    /// The newest packet time, in µs since the epoch.
    now_us: i64,
    asked: Blocks,
    answered: Blocks,
    reset: Blocks,
    servers: Table<Server>,
    hosts: Table<Arc<str>>,
    paths: Table<Arc<str>>,
    repeats: Repeats,
    counts: ArrivalCounts,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            now_us: i64::MIN,
            asked: Blocks::new(MOST),
            answered: Blocks::new(MOST),
            reset: Blocks::new(MOST_RESETS),
            servers: Table::new(SERVERS),
            hosts: Table::new(NAMES),
            paths: Table::new(NAMES),
            repeats: Repeats::default(),
            counts: ArrivalCounts::default(),
        }
    }
}

impl Store {
    /// Takes over what a source has found up to `now_us`.
    pub(super) fn take(&mut self, batch: &Batch, now_us: i64) {
        if batch.is_restart() {
            *self = Self { counts: self.counts, ..Self::default() };
        }
        self.now_us = self.now_us.max(now_us);
        for found in batch.found() {
            if !self.repeats.has_seen(found.print, found.at_us) {
                self.keep(batch, found);
            }
        }
        let since_us = self.since_us();
        for blocks in [Self::asked, Self::answered, Self::reset] {
            while let Some(block) = blocks(self).expired(since_us) {
                self.forget(&block);
            }
        }
    }

    pub(super) const fn counts(&self) -> ArrivalCounts {
        self.counts
    }

    pub(super) fn recent(&self) -> Recent {
        Recent {
            now_us: self.now_us,
            since_us: self.since_us(),
            asked: self.asked.shared(),
            answered: self.answered.shared(),
            reset: self.reset.shared(),
            servers: self.servers.keys(),
            hosts: self.hosts.keys(),
            paths: self.paths.keys(),
        }
    }

    const fn since_us(&self) -> i64 {
        self.now_us.saturating_sub(WINDOW_US)
    }

    const fn asked(&mut self) -> &mut Blocks {
        &mut self.asked
    }

    const fn answered(&mut self) -> &mut Blocks {
        &mut self.answered
    }

    const fn reset(&mut self) -> &mut Blocks {
        &mut self.reset
    }

    fn keep(&mut self, batch: &Batch, found: &Found<Text>) {
        let Some((tuple, what)) = self.oriented(found) else { return };
        let Some(server) = self.servers.take(&Server::of(tuple)) else {
            self.counts.unrecorded += 1;
            return;
        };
        let what = self.named(batch, what);
        let client = (tuple.source, tuple.source_port);
        let entry = Entry::new(found.at_us, client, server, what);
        let blocks = match what {
            What::Request { .. } | What::Handshake { .. } | What::Http2 => &mut self.asked,
            What::Answer { .. } => &mut self.answered,
            What::Reset { .. } => &mut self.reset,
        };
        if let Some(block) = blocks.push(entry) {
            self.forget(&block);
        }
    }

    /// Client to server, and what was found. A reset does not say which of its ends is a server: one at
    /// which something arrived; without one nobody asks about the connection.
    fn oriented(&self, found: &Found<Text>) -> Option<(Tuple, What<Text>)> {
        let there = found.tuple;
        let What::Reset { .. } = found.what else { return Some((there, found.what)) };
        let back = there.reversed();
        let is_server = |tuple: Tuple| self.servers.number(&Server::of(tuple)).is_some();
        if is_server(there) {
            Some((there, What::Reset { by: ResetBy::Client }))
        } else if is_server(back) {
            Some((back, What::Reset { by: ResetBy::Server }))
        } else {
            None
        }
    }

    /// The same with the numbers of its names, and counted.
    fn named(&mut self, batch: &Batch, what: What<Text>) -> What<u16> {
        let mut host = |host: Option<Text>| {
            let number = host.and_then(|host| self.hosts.take(batch.name(host)));
            self.counts.recorded += 1;
            self.counts.without_host += u64::from(host.is_none());
            self.counts.unnamed += u64::from(host.is_some() && number.is_none());
            number
        };
        match what {
            What::Request { host: name, path, head } => {
                let host = host(name);
                let path = path.and_then(|path| self.paths.take(batch.name(path)));
                What::Request { host, path, head }
            }
            What::Handshake { host: name, head } => What::Handshake { host: host(name), head },
            What::Http2 => {
                host(None);
                What::Http2
            }
            What::Answer { status } => What::Answer { status },
            What::Reset { by } => What::Reset { by },
        }
    }

    fn forget(&mut self, block: &Block) {
        for entry in block.entries() {
            self.servers.release(entry.server);
            let (host, path) = match entry.what {
                What::Request { host, path, .. } => (host, path),
                What::Handshake { host, .. } => (host, None),
                What::Http2 | What::Answer { .. } | What::Reset { .. } => (None, None),
            };
            if let Some(host) = host {
                self.hosts.release(host);
            }
            if let Some(path) = path {
                self.paths.release(path);
            }
        }
    }
}
