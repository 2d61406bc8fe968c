//! A limit as somebody asks for it.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use jiff::{Span, SpanRelativeTo};
use serde::Deserialize;
use serde_json::Number;
use utoipa::ToSchema;

use super::super::acts;
use super::super::error::Problem;
use crate::respond::{Burst, IngressName, Limit, LimitRequest};

/// What an id of an incident is.
pub(super) const INCIDENT: &str = "expected the 16 digits of an incident's id";

/// A limit as somebody wants it: `rps`, `rpm` or `connections`, and what belongs to them.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApplyRequest)]
pub(in crate::api) struct Wanted {
    /// Name of the Ingress.
    #[schema(example = "web")]
    ingress_name: String,
    /// Its namespace.
    #[schema(example = "shop")]
    namespace: String,
    /// Requests a second of each client address.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 1_000_000, example = 5)]
    rps: Option<Number>,
    /// Requests a minute of each client address.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 1_000_000)]
    rpm: Option<Number>,
    /// Connections at once of each client address.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 1_000_000)]
    connections: Option<Number>,
    /// Requests beyond the rate.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 1_000_000)]
    burst: Option<Number>,
    /// The same in multiples of the rate; not both.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 1_000_000)]
    burst_multiplier: Option<Number>,
    /// Networks that it does not hold, at most 256.
    #[serde(default)]
    #[schema(example = json!(["10.0.0.0/8"]))]
    allowlist: Vec<String>,
    /// For how long, in seconds or such as `15m`; 10 s to 24 h, and 15 min where it is not said.
    #[schema(required = false, example = "15m")]
    ttl: Option<Ttl>,
    /// Why.
    #[serde(default)]
    #[schema(example = "flood since 03:10")]
    reason: String,
    /// Id of the incident that it answers.
    incident: Option<String>,
    /// Whether the API server only checks it.
    #[serde(default)]
    dry_run: bool,
}

/// A span of time.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
enum Ttl {
    /// Seconds.
    #[schema(value_type = u32)]
    Seconds(Number),
    /// A number and its unit.
    Text(String),
}

impl Wanted {
    /// What is asked of the engine in the name of `by`.
    pub(super) fn request(self, by: &str) -> Result<LimitRequest, Problem> {
        let ttl = self.ttl.as_ref().map_or(Some(LimitRequest::USUAL_TTL), Ttl::span);
        let ttl = ttl.filter(|ttl| LimitRequest::TTL.contains(ttl)).ok_or_else(|| {
            Problem::parameter("ttl", "expected 10 s to 24 h, in seconds or such as \"15m\"")
        })?;
        let times = whole("burst_multiplier", self.burst_multiplier.as_ref())?;
        let burst = match (whole("burst", self.burst.as_ref())?, times) {
            (Some(_), Some(_)) => {
                return Err(Problem::parameter("burst", "expected it or `burst_multiplier`"));
            }
            (requests, times) => requests.map(Burst::Requests).or(times.map(Burst::Multiplier)),
        };
        let incident = self
            .incident
            .as_deref()
            .map(|text| acts::id(text).map_err(|_| Problem::parameter("incident", INCIDENT)));
        let limit = Limit {
            rps: whole("rps", self.rps.as_ref())?,
            rpm: whole("rpm", self.rpm.as_ref())?,
            connections: whole("connections", self.connections.as_ref())?,
            burst,
            allowlist: self.allowlist.iter().map(|text| network(text)).collect::<Result<_, _>>()?,
        };
        if !LimitRequest::is_reason(&self.reason) {
            let expected = format!("expected one line of at most {} bytes", LimitRequest::REASON);
            return Err(Problem::parameter("reason", &expected));
        }
        let request = LimitRequest {
            ingress: IngressName::new(&self.namespace, &self.ingress_name)?,
            limit,
            ttl,
            reason: self.reason,
            incident: incident.transpose()?,
            by: by.to_owned(),
            is_dry_run: self.dry_run,
        };
        Ok(request.checked()?)
    }
}

impl Ttl {
    fn span(&self) -> Option<Duration> {
        match self {
            Self::Seconds(seconds) => seconds.as_u64().map(Duration::from_secs),
            Self::Text(text) => {
                let span: Span = text.trim().parse().ok()?;
                let span = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
                span.try_into().ok()
            }
        }
    }
}

fn whole(name: &str, number: Option<&Number>) -> Result<Option<u32>, Problem> {
    let Some(number) = number else { return Ok(None) };
    let value = number.as_u64().and_then(|value| u32::try_from(value).ok());
    let value = value.filter(|value| (1..=Limit::MOST).contains(value));
    let expected = format!("expected a whole number from 1 to {}", Limit::MOST);
    value.map(Some).ok_or_else(|| Problem::parameter(name, &expected))
}

/// A network, or an address that stands for itself.
fn network(text: &str) -> Result<IpNet, Problem> {
    let text = text.trim();
    let alone = || text.parse::<IpAddr>().ok().map(IpNet::from);
    let network = text.parse::<IpNet>().ok().or_else(alone).map(|network| network.trunc());
    network
        .ok_or_else(|| Problem::parameter("allowlist", "expected networks such as 203.0.113.0/24"))
}
