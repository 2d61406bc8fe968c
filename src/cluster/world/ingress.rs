//! Ingresses as the rest of Weir sees them.

use crate::packet::Address;

/// A path of an Ingress and where it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The host, in lower case; `*.example.org` for all below it, empty for any.
    pub host: String,
    /// The path; empty for any.
    pub path: String,
    /// The service, in the namespace of the Ingress; empty where it is no service.
    pub service: String,
}

/// What serves an Ingress, by its class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServedBy {
    /// The class names this controller.
    Controller {
        /// `spec.controller` of the class.
        controller: String,
        /// What its pods that are ready say they are, where they are found: image names without registry and tag.
        images: Vec<String>,
        /// Pods of it that are ready; 0 where they are not found.
        replicas: u32,
        /// Their addresses, and those of the services in front of them.
        addresses: Vec<Address>,
    },
    /// It cannot be said: no class, a class that is not there, more than one default.
    Unknown(String),
}

/// An Ingress, as far as Weir is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ingress {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its UID.
    pub uid: String,
    /// Annotations, without the one in which kubectl repeats the whole object.
    pub annotations: Vec<(String, String)>,
    /// Labels.
    pub labels: Vec<(String, String)>,
    /// Its class: `spec.ingressClassName`, the old annotation, or the default.
    pub class: Option<String>,
    /// What serves it.
    pub served_by: ServedBy,
    /// Where it leads.
    pub routes: Vec<Route>,
    /// Addresses of the pods behind all of its services, and of these services; sorted.
    pub backends: Vec<Address>,
}
