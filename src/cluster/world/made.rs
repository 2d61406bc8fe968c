//! A world of objects at hand, as if the API server had listed them.

use std::sync::Arc;

use serde_json::Value;

use super::{Past, World};
use crate::cluster::record::{
    ClassObject, CronJobObject, DaemonSetObject, DeploymentObject, EndpointSlice, IngressObject,
    JobObject, NamespaceObject, NodeObject, Object, PodObject, ReplicaSetObject, ServiceObject,
    StatefulSetObject,
};
use crate::cluster::store::{Kind, Store};

impl World {
    /// The world that `objects` make, each as `kubectl get --output json` writes it. Those of kinds
    /// that are not watched count for nothing.
    ///
    /// It is an error if one of them is not what its `kind` says.
    pub fn made_of(objects: &[Value]) -> Result<Self, serde_json::Error> {
        let mut store = Store::default();
        for object in objects {
            put(&mut store, object)?;
        }
        store.mark_listed::<PodObject>();
        Ok(Self::of(&store, &Past::default(), store.changes.max(1)))
    }
}

fn put(store: &mut Store, object: &Value) -> Result<(), serde_json::Error> {
    match object.get("kind").and_then(Value::as_str).unwrap_or_default() {
        "Node" => put_as::<NodeObject>(store, object),
        "Namespace" => put_as::<NamespaceObject>(store, object),
        "Pod" => put_as::<PodObject>(store, object),
        "Service" => put_as::<ServiceObject>(store, object),
        "EndpointSlice" => put_as::<EndpointSlice>(store, object),
        "Ingress" => put_as::<IngressObject>(store, object),
        "IngressClass" => put_as::<ClassObject>(store, object),
        "ReplicaSet" => put_as::<ReplicaSetObject>(store, object),
        "Deployment" => put_as::<DeploymentObject>(store, object),
        "StatefulSet" => put_as::<StatefulSetObject>(store, object),
        "DaemonSet" => put_as::<DaemonSetObject>(store, object),
        "Job" => put_as::<JobObject>(store, object),
        "CronJob" => put_as::<CronJobObject>(store, object),
        _ => Ok(()),
    }
}

fn put_as<K: Kind>(store: &mut Store, object: &Value) -> Result<(), serde_json::Error> {
    let object = K::deserialize(object)?;
    let key = (object.meta().namespace.clone(), object.meta().name.clone());
    K::shelf(store).insert(key, Arc::new(Object::record(object)));
    store.changes += 1;
    Ok(())
}
