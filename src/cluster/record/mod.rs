//! What is kept of an object of the API server: a few fields, in a compact form.
//!
//! Objects are read straight into what is needed of them, so that the rest is never in memory. Whoever
//! makes sense of them together is [`super::World`].

mod backing;
mod image;
mod ingress;
mod node;
mod pod;
mod quantity;
mod serving;
mod wire;
mod workload;

pub use backing::Service;
pub(super) use backing::{EndpointSlice, ServiceObject, Slice};
pub use image::PodImage;
pub(super) use ingress::{Class, ClassName, ClassObject, IngressObject, Routed};
pub use node::{Namespace, Node, Pressure};
pub(super) use node::{NamespaceObject, NodeObject};
pub(super) use pod::PodObject;
pub use pod::{Phase, Pod};
pub use quantity::{Amounts, NoQuantity, Quantity};
pub use serving::Serving;
pub(super) use wire::{Meta, Object};
pub use workload::Managed;
pub(super) use workload::{
    Controlled, CronJobObject, DaemonSetObject, DeploymentObject, JobObject, ReplicaSetObject,
    StatefulSetObject,
};
