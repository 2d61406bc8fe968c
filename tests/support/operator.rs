//! Objects of the Prometheus operator, read strictly: a member that it does not know is a fault.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// An object of the API, which takes no members besides these.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Object<T> {
    pub api_version: String,
    pub kind: String,
    pub metadata: Metadata,
    pub spec: T,
}

/// What it is called.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    pub name: String,
    pub namespace: String,
    pub labels: BTreeMap<String, String>,
}

/// What a `PrometheusRule` holds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    pub groups: Vec<Group>,
}

/// Rules that are evaluated together.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    pub name: String,
    pub rules: Vec<Rule>,
}

/// A rule that alerts.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub alert: String,
    pub expr: String,
    #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
    pub lasting: Option<String>,
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
}

/// What a `ServiceMonitor` holds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Monitor {
    pub selector: Selector,
    pub endpoints: Vec<Endpoint>,
}

/// Which Services it finds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Selector {
    pub match_labels: BTreeMap<String, String>,
}

/// What of them is asked, and how often.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Endpoint {
    pub port: String,
    pub path: String,
    pub interval: String,
    pub scrape_timeout: String,
}
