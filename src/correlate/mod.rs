//! Which process is behind a flow: what processes do with sockets, joined with flows by 5-tuple and time.
//!
//! A process claims a connection by opening, taking, using or closing it, or a port by listening there.
//! A flow asks whose its two ends are. Rather no answer than a wrong one: where two may be meant there
//! is none. Claims may come before the flow or after it and in any order; clocks of nodes may differ.
//!
//! Pure, bounded, and deterministic: times are those of packets and events. Names and addresses of the
//! cluster come in through [`Places`]; what an event is belongs to [`crate::tetragon`], who asks and when
//! to [`crate::engine`].

mod claim;
mod halves;
mod listeners;
mod owners;
mod places;
mod skew;
mod span;
mod starts;
mod table;
#[cfg(test)]
mod tests;
mod track;

pub use claim::{Claim, End, Owner, Step};
pub use places::{Nowhere, Places};
pub use table::{Asked, Correlator, Found};

/// By how much the time of an event may be wrong against that of packets once the clocks are compared.
const SLACK_US: i64 = 5_000;
