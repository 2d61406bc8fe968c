//! The bodies that are written.

use serde_json::{Map, Value, json};

use super::owned::{Operation, Owner};
use super::view::View;
use super::{How, MANAGED_BY, MANAGER, Target, Write};
use crate::respond::ledger::{LEDGER, Ledger, LedgerValue, ValueState};

pub(super) const API_VERSION: &str = "networking.k8s.io/v1";

const MIDDLEWARE_VERSION: &str = "traefik.io/v1alpha1";

/// The Ingress as far as it is Weir's: the ledger and the values that are in it and not lost.
pub(super) fn ledger(view: &View<'_>, ledger: &Ledger) -> Write {
    let is_ours = |value: &&LedgerValue| value.state != ValueState::Lost;
    let values = ledger.values.iter().filter(is_ours);
    let mut annotations: Map<String, Value> =
        values.map(|value| (value.field.clone(), value.wanted.clone().into())).collect();
    annotations.insert(LEDGER.to_owned(), ledger.write().into());
    let mut body = json!({ "metadata": { "annotations": annotations } });
    name(view, API_VERSION, &mut body);
    Write { target: Target::Ingress, how: How::Apply(MANAGER.to_owned()), body }
}

/// Weir lets go of the Ingress: what nobody else owns is gone with it.
pub(super) fn nothing(view: &View<'_>) -> Write {
    let mut body = json!({ "metadata": {} });
    name(view, API_VERSION, &mut body);
    Write { target: Target::Ingress, how: How::Apply(MANAGER.to_owned()), body }
}

/// A value is put back under the name of `owner`, by the kind of operation that it owned it by.
pub(super) fn back(view: &View<'_>, value: &LedgerValue, owner: &Owner) -> Write {
    let previous = value.previous.clone().map_or(Value::Null, Value::String);
    match owner.operation {
        Operation::Apply => applied_back(view, value, owner),
        Operation::Update => merge(view, &value.field, previous, &owner.manager),
    }
}

/// A value is put back by server-side apply, whatever it was before.
///
/// An apply says all that its manager wants: what it left out would be removed. So it says again
/// what the manager owns still.
pub(super) fn applied_back(view: &View<'_>, value: &LedgerValue, owner: &Owner) -> Write {
    let owner = Owner { operation: Operation::Apply, ..owner.clone() };
    let mut body = view.part(&owner);
    let previous = value.previous.clone().map_or(Value::Null, Value::String);
    let annotations = body.pointer("/metadata/annotations").and_then(Value::as_object);
    let mut annotations = annotations.cloned().unwrap_or_default();
    annotations.insert(value.field.clone(), previous);
    let metadata = body.pointer("/metadata").and_then(Value::as_object);
    let mut metadata = metadata.cloned().unwrap_or_default();
    metadata.insert("annotations".to_owned(), annotations.into());
    body["metadata"] = metadata.into();
    name(view, &owner.api_version, &mut body);
    Write { target: Target::Ingress, how: How::Apply(owner.manager), body }
}

/// An annotation is removed that nobody is known to own.
pub(super) fn taken_out(view: &View<'_>, field: &str) -> Write {
    merge(view, field, Value::Null, MANAGER)
}

fn merge(view: &View<'_>, field: &str, value: Value, manager: &str) -> Write {
    let body = json!({
        "metadata": { "resourceVersion": view.version(), "annotations": { field: value } },
    });
    Write { target: Target::Ingress, how: How::Merge(manager.to_owned()), body }
}

fn name(view: &View<'_>, api_version: &str, body: &mut Value) {
    body["apiVersion"] = api_version.into();
    body["kind"] = "Ingress".into();
    let metadata = &mut body["metadata"];
    metadata["name"] = view.name.name().into();
    metadata["namespace"] = view.name.namespace().into();
    metadata["resourceVersion"] = view.version().into();
}

/// A Middleware that goes when its Ingress goes.
pub(super) fn middleware(view: &View<'_>, name: &str, spec: &Value) -> Write {
    let (label, value) = MANAGED_BY;
    let body = json!({
        "apiVersion": MIDDLEWARE_VERSION,
        "kind": "Middleware",
        "metadata": {
            "name": name,
            "namespace": view.name.namespace(),
            "labels": { label: value },
            "ownerReferences": [{
                "apiVersion": API_VERSION,
                "kind": "Ingress",
                "name": view.name.name(),
                "uid": view.ingress["metadata"]["uid"],
            }],
        },
        "spec": spec,
    });
    Write { target: Target::Middleware(name.to_owned()), how: How::Apply(MANAGER.to_owned()), body }
}

/// A Middleware is removed if it is still `object`.
pub(super) fn removed(name: &str, object: &Value) -> Write {
    let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
    Write {
        target: Target::Middleware(name.to_owned()),
        how: How::Delete { uid: text("uid"), resource_version: text("resourceVersion") },
        body: Value::Null,
    }
}
