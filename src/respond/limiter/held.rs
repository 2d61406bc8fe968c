//! Connections at once: `limit_conn` of nginx and `conn_cur` of `HAProxy`.
//!
//! Both count connections on which a request is being served. Packets do not say when that is over:
//! it is from its answer on, from the next request on the same connection, and after a minute.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::clients::Clients;
use super::{Asker, Ruling};

/// For how long a request is taken to be served whose answer is not seen, in µs: what nginx waits
/// for an answer by itself.
pub(in crate::respond) const SERVED_US: i64 = 60_000_000;

/// Connections of each client with a request being served.
#[derive(Debug)]
pub(super) struct Held {
    most: usize,
    /// By port: since when.
    served: Clients<HashMap<u16, i64, RandomState>>,
}

impl Held {
    /// At most `connections` of one address.
    pub(super) fn new(connections: u32) -> Self {
        Self { most: connections as usize, served: Clients::new() }
    }

    pub(super) fn offer(&mut self, at_us: i64, asker: Asker) -> Ruling {
        let served = self.served.entry(asker, HashMap::default);
        served.remove(&asker.port);
        if served.len() >= self.most {
            served.retain(|_, since_us| at_us.saturating_sub(*since_us) < SERVED_US);
        }
        if served.len() >= self.most {
            return Ruling::Refused;
        }
        served.insert(asker.port, at_us);
        Ruling::Passed
    }

    pub(super) fn release(&mut self, asker: Asker) {
        if let Some(served) = self.served.known(asker) {
            served.remove(&asker.port);
        }
    }
}
