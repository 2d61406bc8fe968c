//! What was decided about an incident or a limit.

use serde::Serialize;
use utoipa::ToSchema;

use crate::incident::rfc3339;
use crate::respond::Decision;

/// What was decided about an incident or a limit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Decision)]
pub struct DecisionShape {
    /// When, by the time of the packets.
    #[schema(format = DateTime)]
    pub at: String,
    /// `applied`, `checked`, `recommended`, `refused`, `loosened`, `lifted`, `expired`, `overridden` or
    /// `failed`.
    #[schema(example = "recommended")]
    pub kind: &'static str,
    /// Id of the incident that it is about; null for what people asked for.
    #[schema(required = true, nullable)]
    pub incident: Option<String>,
    /// The class of the incident.
    #[schema(required = true, nullable, example = "dos-flood")]
    pub class: Option<&'static str>,
    /// Name of the Ingress; null where none was found.
    #[schema(required = true, nullable)]
    pub ingress_name: Option<String>,
    /// Its namespace.
    #[schema(required = true, nullable)]
    pub namespace: Option<String>,
    /// Why, and what to do about it.
    pub text: String,
}

impl From<&Decision> for DecisionShape {
    fn from(decision: &Decision) -> Self {
        let Decision { at_us, incident, class, ingress, kind, text } = decision;
        Self {
            at: rfc3339(*at_us),
            kind: kind.name(),
            incident: incident.map(|id| id.to_string()),
            class: class.map(crate::detect::Class::name),
            ingress_name: ingress.as_ref().map(|ingress| ingress.name().to_owned()),
            namespace: ingress.as_ref().map(|ingress| ingress.namespace().to_owned()),
            text: text.clone(),
        }
    }
}
