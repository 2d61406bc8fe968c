//! The Kubernetes API: who has which address, what leads where, and objects that are read and written.
//!
//! It watches and reports; what is to be done about an attack is decided by [`crate::respond`], and
//! carried out by [`crate::engine`]. Nothing here is asked on the way of a packet: whoever wants to
//! know looks into the newest [`World`].

mod access;
mod connect;
mod credential;
mod error;
pub mod info;
mod log;
mod objects;
mod place;
mod read_only;
mod record;
mod request;
mod status;
mod store;
mod watch;
mod words;
mod world;

pub use access::{Access, Part, RIGHTS, Right, Scope};
pub use connect::{Cluster, Found, Options};
pub use error::Error;
pub use log::{LogFrom, PodLog};
pub use objects::{Collection, Conflicts, Effect, ObjectPath, Objects};
pub use place::Place;
pub use record::{
    Amounts, Managed, Namespace, NoQuantity, Node, Phase, Pod, PodImage, Pressure, Quantity,
    Service, Serving,
};
pub use status::{ClusterStatus, Link, WatchStatus};
pub use watch::watch;
pub(crate) use words::said;
pub use world::{Backing, Ingress, Route, ServedBy, World};
