//! The objects as they are now, and how the values of a ledger are doing in them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::owned::{self, Operation, Owner};
use super::{MANAGED_BY, MANAGER};
use crate::respond::ledger::{LEDGER, Ledger, LedgerValue, Reading};
use crate::respond::{Controller, IngressName};

/// Who owns what was there before anybody was asked for a name.
const BEFORE: &str = "before-first-apply";

/// The objects as the API server shows them now.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// Which Ingress.
    pub name: &'a IngressName,
    /// The Ingress.
    pub ingress: &'a Value,
    /// Those of Traefik's Middlewares that are there, of all names that Weir gives
    /// ([`Controller::middlewares`]).
    pub middlewares: &'a BTreeMap<String, Value>,
}

/// How a value of the ledger stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// It is as Weir set it, and nobody else claims it.
    Ours,
    /// It is as it was before Weir set it.
    Back,
    /// Somebody has changed it, or claims it too: what is to be said of that.
    Theirs(String),
}

impl View<'_> {
    /// The annotation as it is.
    pub(super) fn annotation(&self, field: &str) -> Option<&str> {
        self.ingress["metadata"]["annotations"].get(field)?.as_str()
    }

    /// What is written down.
    pub(super) fn ledger(&self) -> Reading {
        Ledger::read(self.annotation(LEDGER))
    }

    /// Who owns an annotation beside Weir.
    pub(super) fn others(&self, field: &str) -> Vec<Owner> {
        let mut owners = self.owners(field);
        owners.retain(|owner| owner.manager != MANAGER);
        owners
    }

    /// Whether Weir owns an annotation.
    pub(super) fn is_owned(&self, field: &str) -> bool {
        let is_weir = |owner: &Owner| owner.manager == MANAGER;
        self.owners(field).iter().any(is_weir)
    }

    fn owners(&self, field: &str) -> Vec<Owner> {
        owned::owners(self.ingress, &["metadata", "annotations", field])
    }

    /// The part of the Ingress that `owner` owns.
    pub(super) fn part(&self, owner: &Owner) -> Value {
        owned::part(self.ingress, owner)
    }

    /// The `resourceVersion` of the Ingress.
    pub(super) fn version(&self) -> &str {
        self.ingress["metadata"]["resourceVersion"].as_str().unwrap_or_default()
    }

    /// How a value of the ledger stands.
    pub(super) fn place(&self, value: &LedgerValue) -> Place {
        let current = self.annotation(&value.field);
        let others = self.others(&value.field);
        if current == Some(&value.wanted) {
            let is_new = |owner: &&Owner| owner.manager != BEFORE && !value.owners.contains(owner);
            let claims: Vec<_> = others.iter().filter(is_new).collect();
            return match claims.first() {
                None if self.is_owned(&value.field) || others.iter().all(is_before) => Place::Ours,
                None => Place::Back,
                Some(owner) => Place::Theirs(format!(
                    "`{}` is `{}` for {} too, and is left so",
                    value.field, value.wanted, owner.manager
                )),
            };
        }
        if current == value.previous.as_deref() && !self.is_owned(&value.field) {
            return Place::Back;
        }
        let who = others.last().map_or("somebody", |owner| &owner.manager);
        Place::Theirs(match current {
            Some(current) => {
                format!(
                    "`{}` was set to `{}` by {who}, and is left so",
                    value.field,
                    short(current)
                )
            }
            None => format!("`{}` was removed, and is left so", value.field),
        })
    }

    /// Owners of before that do not own the value now.
    pub(super) fn missing<'v>(&self, value: &'v LedgerValue) -> Vec<&'v Owner> {
        let now = self.others(&value.field);
        value.owners.iter().filter(|owner| !now.contains(owner)).collect()
    }

    /// Annotations of any controller that Weir owns.
    pub(super) fn owned_fields(&self) -> Vec<&'static str> {
        let fields = Controller::ALL.into_iter().flat_map(Controller::annotations).copied();
        fields.filter(|field| self.is_owned(field)).collect()
    }

    /// Middlewares of Weir's that the Ingress does not name any more, with their UID and version.
    pub(super) fn unused(&self) -> Option<(&str, &Value)> {
        let listed: Vec<&str> = Controller::Traefik
            .annotations()
            .iter()
            .filter_map(|field| self.annotation(field))
            .flat_map(|list| list.split(',').map(str::trim))
            .collect();
        let is_used = |name: &str| {
            listed.contains(&crate::respond::controller::reference(self.name, name).as_str())
        };
        self.middlewares
            .iter()
            .find(|(name, object)| is_weirs(object) && !is_used(name))
            .map(|(name, object)| (name.as_str(), object))
    }
}

fn is_before(owner: &Owner) -> bool {
    owner.manager == BEFORE
}

/// Owners as they are written down: where nobody is named, the name that the API server gives to
/// what was there before.
pub(super) fn named(owners: Vec<Owner>) -> Vec<Owner> {
    if !owners.is_empty() {
        return owners;
    }
    vec![Owner {
        operation: Operation::Update,
        manager: BEFORE.to_owned(),
        api_version: super::write::API_VERSION.to_owned(),
    }]
}

/// Whether Weir has made this object.
pub(super) fn is_weirs(object: &Value) -> bool {
    let (label, value) = MANAGED_BY;
    object["metadata"]["labels"][label] == value
}

/// Whether nobody but Weir has set the limit of this Middleware.
pub(super) fn is_weirs_alone(object: &Value) -> bool {
    let owners = owned::owners(object, &["spec", "rateLimit", "average"]);
    owners.iter().all(|owner| owner.manager == MANAGER)
}

/// A value of somebody else's as it may be shown.
fn short(text: &str) -> String {
    text.chars().filter(|char| !char.is_control()).take(80).collect()
}
