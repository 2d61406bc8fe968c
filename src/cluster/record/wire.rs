//! The parts that all objects have, as the API server writes them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use crate::incident::Workload;
use crate::packet::Address;

/// An object as it is read, and what is kept of it.
pub(crate) trait Object: DeserializeOwned + Clone + Send + 'static {
    /// What is kept.
    type Record: PartialEq + Send + Sync + 'static;

    /// What every object has.
    fn meta(&self) -> &Meta;

    /// What is kept of it.
    fn record(self) -> Self::Record;
}

/// `metadata`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Meta {
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) uid: String,
    pub(crate) resource_version: String,
    pub(crate) creation_timestamp: Option<Timestamp>,
    #[serde(deserialize_with = "nullable")]
    pub(crate) labels: BTreeMap<String, String>,
    #[serde(deserialize_with = "nullable")]
    pub(crate) annotations: BTreeMap<String, String>,
    #[serde(deserialize_with = "nullable")]
    owner_references: Vec<OwnerReference>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct OwnerReference {
    kind: String,
    name: String,
    controller: Option<bool>,
}

impl Meta {
    /// What manages the object.
    pub(super) fn owner(&self) -> Option<Workload> {
        let owner = self.owner_references.iter().find(|owner| owner.controller == Some(true))?;
        Some(Workload { kind: owner.kind.clone(), name: owner.name.clone() })
    }

    /// When it came to be, in µs since the epoch.
    pub(super) fn created_us(&self) -> Option<i64> {
        self.creation_timestamp.map(Timestamp::as_microsecond)
    }
}

/// A list or a table that may be there, be missing, or be `null`: all three mean the same.
pub(super) fn nullable<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// The address that `text` is; none where it is a name, or nothing.
pub(super) fn address(text: &str) -> Option<Address> {
    text.parse::<IpAddr>().ok().map(Address::from)
}
