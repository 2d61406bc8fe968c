//! Who owns which fields: `metadata.managedFields`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::fields::FieldSet;

/// How an owner came by its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Server-side apply.
    Apply,
    /// Anything else.
    Update,
}

impl Operation {
    const fn name(self) -> &'static str {
        match self {
            Self::Apply => "Apply",
            Self::Update => "Update",
        }
    }
}

/// An owner, as the API server tells them apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Manager {
    /// How.
    pub operation: Operation,
    /// Its field manager.
    pub name: String,
    /// Empty for the object itself.
    pub subresource: String,
    /// Empty for an applier, which is the same in every version.
    pub api_version: String,
}

impl Manager {
    /// One who writes objects of `api_version`.
    pub fn new(operation: Operation, name: &str, subresource: &str, api_version: &str) -> Self {
        let api_version = match operation {
            Operation::Apply => String::new(),
            Operation::Update => api_version.into(),
        };
        Self { operation, name: name.into(), subresource: subresource.into(), api_version }
    }

    /// As conflicts name it.
    pub fn shown(&self) -> String {
        let mut shown = format!("{:?}", self.name);
        if !self.subresource.is_empty() {
            shown = format!("{shown} with subresource {:?}", self.subresource);
        }
        match self.operation {
            Operation::Apply => shown,
            Operation::Update => format!("{shown} using {}", self.api_version),
        }
    }
}

/// What one owns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Owned {
    /// The fields.
    pub fields: FieldSet,
    /// The version they are fields of.
    pub api_version: String,
    /// Since when, as it is written.
    pub time: String,
}

/// Who owns what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Managers(pub BTreeMap<Manager, Owned>);

impl Managers {
    /// Reads `metadata.managedFields`; none where it says nothing that can be understood.
    pub fn of(object: &Value) -> Option<Self> {
        let list = object["metadata"]["managedFields"].as_array()?;
        let managers: Option<BTreeMap<_, _>> = list.iter().map(entry).collect();
        managers.filter(|managers| !managers.is_empty()).map(Self)
    }

    /// Writes them into `object`, in the order of the API server.
    pub fn write_into(&self, object: &mut Value) {
        let mut order: Vec<_> = self.0.iter().collect();
        order.sort_by_key(|(manager, owned)| (manager.operation, &owned.time, *manager));
        let entry = |(manager, owned): &(&Manager, &Owned)| {
            let mut entry = json!({
                "manager": manager.name,
                "operation": manager.operation.name(),
                "apiVersion": owned.api_version,
                "time": owned.time,
                "fieldsType": "FieldsV1",
                "fieldsV1": owned.fields.fields_v1(),
            });
            if !manager.subresource.is_empty() {
                entry["subresource"] = manager.subresource.as_str().into();
            }
            entry
        };
        let Some(metadata) = object["metadata"].as_object_mut() else { return };
        if order.is_empty() {
            metadata.remove("managedFields");
        } else {
            metadata.insert("managedFields".into(), order.iter().map(entry).collect());
        }
    }
}

/// Whether a body takes all ownership back: `managedFields: [{}]` or an empty list.
pub fn is_reset(object: &Value) -> bool {
    let list = object["metadata"]["managedFields"].as_array();
    list.is_some_and(|list| list.is_empty() || *list == [json!({})])
}

fn entry(entry: &Value) -> Option<(Manager, Owned)> {
    let text = |member: &str| entry[member].as_str().unwrap_or_default();
    let operation = match text("operation") {
        "Apply" => Operation::Apply,
        "Update" => Operation::Update,
        _ => return None,
    };
    let api_version = text("apiVersion");
    let manager = Manager::new(operation, text("manager"), text("subresource"), api_version);
    let owned = Owned {
        fields: FieldSet::of(&entry["fieldsV1"])?,
        api_version: api_version.into(),
        time: text("time").into(),
    };
    Some((manager, owned))
}
