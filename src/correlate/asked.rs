//! What is asked of a flow, and what is answered.

use std::sync::Arc;

use super::claim::{End, Owner};
use super::pick::Pick;
use crate::packet::Tuple;

/// How long a flow must be known before a claim without a port may be its, in µs: others that were over
/// before it, or began with it, are known by then.
const SETTLED_US: i64 = 6_000_000;

/// How a flow stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// More packets may come.
    Open,
    /// It is reported to the end, and its connection may go on as another flow.
    Cut,
    /// Its packets, or that there are none, say that no other will come.
    Over,
}

/// A flow whose processes are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Who spoke with whom; the source opened the flow.
    pub tuple: Tuple,
    /// First packet, in µs since the epoch.
    pub first_us: i64,
    /// Last packet so far, in µs since the epoch.
    pub last_us: i64,
    /// How it stands.
    pub ending: Ending,
    /// Packet time now, in µs since the epoch.
    pub now_us: i64,
}

impl Asked {
    /// Source and target.
    pub(super) const fn ends(&self) -> [End; 2] {
        let Tuple { source, target, source_port, target_port, .. } = self.tuple;
        [End { address: source, port: source_port }, End { address: target, port: target_port }]
    }

    /// Whether it has been known for so long that others that were over before it, or began with it, are too.
    pub(super) const fn is_settled(&self) -> bool {
        self.now_us.saturating_sub(self.first_us) >= SETTLED_US
    }
}

/// The process at one end of a flow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Answer {
    /// Nobody was heard of.
    #[default]
    Nobody,
    /// Several may be meant.
    Unclear,
    /// It is this one.
    Owner(Arc<Owner>),
}

impl Answer {
    /// The process, if it is known.
    #[must_use]
    pub const fn owner(&self) -> Option<&Arc<Owner>> {
        match self {
            Self::Owner(owner) => Some(owner),
            Self::Nobody | Self::Unclear => None,
        }
    }
}

impl From<Pick<'_>> for Answer {
    fn from(pick: Pick<'_>) -> Self {
        match pick {
            Pick::Nobody => Self::Nobody,
            Pick::Unclear => Self::Unclear,
            Pick::Owner(owner) => Self::Owner(Arc::clone(owner)),
        }
    }
}

/// The processes at the ends of a flow, as far as they are known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Who opened it; where that was not heard, who was handed it.
    pub client: Answer,
    /// Who took it; where that was not heard, who was handed it.
    pub server: Answer,
}

impl Found {
    /// Whether either process is known.
    #[must_use]
    pub const fn is_any(&self) -> bool {
        self.client.owner().is_some() || self.server.owner().is_some()
    }
}
