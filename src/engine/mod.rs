//! Wires the core to the edges: sources of packets, the flow table, what is done with its reports.
//!
//! The only place that knows both sides, and the only one that starts threads. It never formats:
//! where rows go is the business of the [`Sink`] it is given.

mod board;
mod handle;
mod inference;
mod interrupt;
mod live;
mod meters;
mod model;
mod pipeline;
mod replay;
mod shard;
mod sink;
mod snapshot;
mod subject;

pub use handle::Handle;
pub use inference::{Delivery, Inference, Mark, Pace, Progress, Scored};
pub use interrupt::Interrupts;
pub use live::{Live, LiveCounts, LiveEnd};
pub use meters::Meters;
pub use model::{Error as ModelError, LoadedModel, Models, Origin as ModelOrigin};
pub use pipeline::{Options, Outcome, Pipeline};
pub use replay::{Replay, ReplayEvent};
pub use sink::{Sink, Stopped};
pub use snapshot::{
    Conversation, FlowCounts, ModelStatus, ScorePoint, Snapshot, Source, SourceKind, SourceState,
    StoreStatus, Traffic,
};
