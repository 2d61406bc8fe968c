//! The edge towards Tetragon: what processes do, and the policies that say what of it is told.
//!
//! An agent runs on each node. Its events come over gRPC, from the file it exports them to, or
//! through the log of its pod; each source is followed for ever, with back-off and jitter, and says what
//! it lost. [`Event`] is what Weir reads of an event; its whole text stays with it.
//!
//! What is made of events belongs to [`crate::engine`]; what a policy says to [`crate::policy`].

mod client;
mod event;
mod file;
mod find;
mod follow;
mod group;
mod json;
mod log;
mod pause;
mod present;
mod socket;
mod status;
mod stream;
pub mod wire;
mod wish;

pub use client::{Agent, Error, Health};
pub use event::{
    Capabilities, Details, Event, EventKind, Exit, Fact, Namespace, Origin, Pod, Process,
    SocketStep, SocketUse, Unreadable,
};
pub use find::LABEL;
pub use follow::{EventSink, follow};
pub use group::groups;
pub use present::present;
pub use status::{AgentLink, AgentStatus, Endpoint};
pub use wish::{NoWish, SOCKET, Wish};
