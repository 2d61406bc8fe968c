//! The messages of Tetragon's gRPC API, made of `tetragon.proto`, with their JSON form.
//!
//! What is in them is what an agent said: nothing is checked, numbers of enums may be unknown. What Weir
//! reads of an event is [`Event`](super::Event).

use std::collections::BTreeMap;
use std::fmt;

use prost_types::Timestamp;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use super::json::{Time, member};

#[expect(
    missing_docs,
    clippy::large_enum_variant,
    clippy::pedantic,
    reason = "made by a program; the definition has comments"
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/tetragon.rs"));
}

pub use generated::*;

/// The event first, as agents write it.
impl Serialize for GetEventsResponse {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct Shape<'a> {
            #[serde(flatten)]
            event: &'a Option<get_events_response::Event>,
            #[serde(skip_serializing_if = "str::is_empty")]
            node_name: &'a str,
            #[serde(skip_serializing_if = "Option::is_none", serialize_with = "Time::serialize")]
            time: &'a Option<Timestamp>,
            #[serde(skip_serializing_if = "Option::is_none")]
            aggregation_info: &'a Option<AggregationInfo>,
            #[serde(skip_serializing_if = "str::is_empty")]
            cluster_name: &'a str,
            #[serde(skip_serializing_if = "BTreeMap::is_empty")]
            node_labels: &'a BTreeMap<String, String>,
        }
        let Self { event, node_name, time, aggregation_info, cluster_name, node_labels } = self;
        Shape { event, node_name, time, aggregation_info, cluster_name, node_labels }
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for GetEventsResponse {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ResponseVisitor)
    }
}

struct ResponseVisitor;

impl<'de> Visitor<'de> for ResponseVisitor {
    type Value = GetEventsResponse;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<GetEventsResponse, A::Error> {
        let mut response = GetEventsResponse::default();
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "node_name" => response.node_name = map.next_value()?,
                "time" => response.time = map.next_value_seed(TimeSeed)?,
                "aggregation_info" => response.aggregation_info = map.next_value()?,
                "cluster_name" => response.cluster_name = map.next_value()?,
                "node_labels" => response.node_labels = map.next_value()?,
                name => {
                    if let Some(event) = member(name, &mut map)? {
                        response.event = Some(event);
                    }
                }
            }
        }
        Ok(response)
    }
}

struct TimeSeed;

impl<'de> DeserializeSeed<'de> for TimeSeed {
    type Value = Option<Timestamp>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        Time::deserialize(deserializer)
    }
}

impl Serialize for KprobeArgument {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct Shape<'a> {
            #[serde(flatten)]
            arg: &'a Option<kprobe_argument::Arg>,
            #[serde(skip_serializing_if = "str::is_empty")]
            label: &'a str,
        }
        Shape { arg: &self.arg, label: &self.label }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for KprobeArgument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ArgumentVisitor)
    }
}

struct ArgumentVisitor;

impl<'de> Visitor<'de> for ArgumentVisitor {
    type Value = KprobeArgument;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an argument of a hook")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<KprobeArgument, A::Error> {
        let mut argument = KprobeArgument::default();
        while let Some(name) = map.next_key::<String>()? {
            if name == "label" {
                argument.label = map.next_value()?;
            } else if let Some(arg) = member(&name, &mut map)? {
                argument.arg = Some(arg);
            }
        }
        Ok(argument)
    }
}
