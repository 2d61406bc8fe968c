//! What the flow table reports: flows that opened, flows as they stand, flows that ended.

use super::order::{End, Order};
use super::record::Flow;
use crate::packet::Tuple;

/// Whether a row is the last word on its flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// The flow has ended.
    Final(End),
    /// The flow is open; a later row with the same [`super::FlowId`] replaces this one.
    Provisional,
}

/// A flow with its statistics, at its end or as it stands.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// Its place among all reports.
    pub order: Order,
    /// Whether more is to come.
    pub state: State,
    /// The flow.
    pub flow: &'a Flow,
}

/// One thing that a table has to say.
#[derive(Debug, Clone, Copy)]
pub enum Report<'a> {
    /// A flow opened.
    Opened {
        /// Its place among all reports.
        order: Order,
        /// Who opened it, and to whom.
        tuple: Tuple,
    },
    /// A flow ended, or is shown as it stands.
    Row(Row<'a>),
}

impl Report<'_> {
    /// Its place among all reports.
    #[must_use]
    pub const fn order(&self) -> Order {
        match self {
            Self::Opened { order, .. } => *order,
            Self::Row(row) => row.order,
        }
    }
}
