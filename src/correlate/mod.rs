//! Which process is behind a flow: what processes do with sockets, joined with flows by 5-tuple and time.
//!
//! A process claims a connection by opening, taking, using or closing it, or a port by sending from there.
//! A flow asks whose its two ends are. Rather no answer than a wrong one: where two may be meant there
//! is none. Claims may come before the flow or after it, in any order, or never; clocks of nodes may
//! differ. Who waits for connections at a port is not believed to take them: a child may.
//!
//! Pure, bounded, and deterministic: times are those of packets and events. Names and addresses of the
//! cluster come in through [`Places`]; what an event is belongs to [`crate::tetragon`], who asks and when
//! to [`crate::engine`].

mod ask;
mod asked;
mod claim;
mod connections;
mod halves;
mod listeners;
mod owners;
mod pick;
mod places;
mod skew;
mod table;
#[cfg(test)]
mod tests;
mod track;

pub use asked::{Answer, Asked, Ending, Found};
pub use claim::{Claim, End, Owner, Step};
pub use places::{Nowhere, Places};
pub use table::Correlator;

/// By how much the time of an event may be wrong against that of packets once the clocks are compared.
const SLACK_US: i64 = 5_000;
