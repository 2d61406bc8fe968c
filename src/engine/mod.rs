//! Wires the core to the edges: sources of packets, the flow table, what is done with its reports.
//!
//! The only place that knows both sides, and the only one that starts threads. It never formats:
//! where rows go is the business of the [`Sink`] it is given.

mod abroad;
mod arrivals;
mod board;
mod command;
mod desk;
mod detection;
mod events;
mod feed;
#[cfg(test)]
mod fixture;
mod gauges;
mod glance;
mod handle;
mod inference;
mod interrupt;
mod keeper;
mod limits;
mod listen;
mod live;
mod manifests;
pub mod map;
mod meters;
mod model;
mod naming;
mod notifier;
mod pipeline;
mod policies;
mod processes;
mod rate;
mod recording;
mod replay;
mod responder;
mod scans;
mod scoring;
mod shard;
mod shelf;
mod sink;
mod snapshot;
mod start;
mod subject;
mod watcher;

pub use abroad::{Abroad, preview, sites};
pub use arrivals::{ArrivalCounts, Arrivals, HostTest, Recent, Wanted, arrivals_of};
pub use command::{ActError, Command, Done};
pub use detection::Detection;
#[cfg(test)]
pub(crate) use events::Recorder;
pub use events::{After, EventId, Events, KeptEvent};
pub use feed::Feed;
pub use handle::Handle;
pub use inference::{Delivery, Inference, Mark, Pace, Progress, Scored};
pub use interrupt::Interrupts;
#[cfg(test)]
pub(crate) use limits::LimitAsk;
pub use limits::{Applied, LimitError, Limits, Reverted, Written};
pub use listen::Listening;
pub use live::{Live, LiveCounts, LiveEnd};
pub use manifests::manifests;
pub use meters::Meters;
pub use model::{Error as ModelError, LoadedModel, Models, Origin as ModelOrigin};
pub use pipeline::{Options, Outcome, Pipeline};
#[cfg(test)]
pub(crate) use policies::PolicyAsk;
pub use policies::{
    Policies, Policing, PolicyApplied, PolicyClient, PolicyDeleted, PolicyError, PolicyList,
    PolicyParts, PolicyRequest, PolicySwitch,
};
pub use processes::Processes;
pub use recording::{Recording, RecordingMeters};
pub use replay::{Replay, ReplayEvent};
pub use responder::{Audit, Responder, Tended, serving, standings};
#[cfg(test)]
pub(crate) use scans::{FakeTrivy, ScanAsk};
pub use scans::{
    Found, ImageState, ImageStatus, Queued, Running, RunningImage, RunningImages, ScanCounts,
    ScanError, ScanProgress, Scans, ScansStatus, running_images,
};
pub use scoring::{FlowMeters, Scoring};
pub use sink::{Sink, Stopped};
pub use snapshot::{
    Conversation, FlowCounts, Holder, ModelStatus, ResponseStatus, ScorePoint, SinkStatus,
    Snapshot, Source, SourceKind, SourceState, StoreStatus, TetragonStatus, Traffic,
};
pub use start::{Engine, Error, Parts};
