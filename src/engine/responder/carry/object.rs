//! Objects as the API server names them, and as people are told of them.

use crate::cluster::ObjectPath;
use crate::engine::limits::Written;
use crate::respond::IngressName;
use crate::respond::plan::{How, Target, Write};

pub(super) fn path(name: &IngressName, target: &Target) -> ObjectPath {
    let (api_version, resource, object) = match target {
        Target::Ingress => ("networking.k8s.io/v1", "ingresses", name.name()),
        Target::Middleware(middleware) => ("traefik.io/v1alpha1", "middlewares", &**middleware),
    };
    ObjectPath {
        api_version: api_version.to_owned(),
        resource: resource.to_owned(),
        namespace: Some(name.namespace().to_owned()),
        name: object.to_owned(),
    }
}

pub(super) fn written(name: &IngressName, write: Write) -> Written {
    let object = match &write.target {
        Target::Ingress => format!("Ingress {name}"),
        Target::Middleware(middleware) => format!("Middleware {}/{middleware}", name.namespace()),
    };
    let how = match write.how {
        How::Apply(manager) => format!("apply as {manager}"),
        How::Merge(manager) => format!("merge as {manager}"),
        How::Delete { .. } => "delete".to_owned(),
    };
    Written { object, how, body: write.body }
}
