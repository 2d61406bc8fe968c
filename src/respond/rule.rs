//! What the settings say of the response: where it goes how far, and whom no limit holds.

use std::fmt;

use ipnet::IpNet;
use jiff::Timestamp;
use serde::de::{Deserializer, Error as _};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use super::Mode;
use crate::detect::Class;
use crate::incident::{parse_rfc3339, rfc3339};

/// What a rule is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Ingresses of a namespace.
    Namespace(String),
    /// Incidents of a class.
    Class(Class),
}

/// How far Weir goes by itself in a scope, written `namespace/shop=enforce`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseRule {
    /// Where.
    pub scope: Scope,
    /// How far.
    pub mode: Mode,
}

impl ResponseRule {
    fn parse(text: &str) -> Option<Self> {
        let (scope, mode) = text.split_once('=')?;
        let scope = match scope.trim().split_once('/')? {
            ("namespace", name) if !name.is_empty() => Scope::Namespace(name.to_owned()),
            ("class", name) => Scope::Class(Class::named(name)?),
            _ => return None,
        };
        Some(Self { scope, mode: Mode::named(mode.trim())? })
    }
}

impl fmt::Display for ResponseRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.scope {
            Scope::Namespace(name) => write!(f, "namespace/{name}={}", self.mode.name()),
            Scope::Class(class) => write!(f, "class/{}={}", class.name(), self.mode.name()),
        }
    }
}

/// A network that no limit of Weir's holds, written `203.0.113.0/24 until 2026-12-31T00:00:00Z our
/// office`: for how long and why belong to it, so that nobody has to wonder later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedNetwork {
    /// Which.
    pub network: IpNet,
    /// Until when, in µs since the epoch.
    pub until_us: i64,
    /// Why.
    pub reason: String,
}

impl AllowedNetwork {
    fn parse(text: &str) -> Option<Self> {
        let (network, rest) = text.trim().split_once(" until ")?;
        let (until, reason) = rest.trim().split_once(' ')?;
        let day = || until.parse::<jiff::civil::Date>().ok()?.at(0, 0, 0, 0).in_tz("UTC").ok();
        let until_us = parse_rfc3339(until)
            .or_else(|| day().map(|day| Timestamp::from(day).as_microsecond()))?;
        let reason = reason.trim().to_owned();
        (!reason.is_empty()).then_some(Self {
            network: network.trim().parse().ok()?,
            until_us,
            reason,
        })
    }
}

impl fmt::Display for AllowedNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} until {} {}", self.network, rfc3339(self.until_us), self.reason)
    }
}

impl Serialize for ResponseRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ResponseRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).ok_or_else(|| {
            D::Error::custom(
                "expected rules such as \"namespace/shop=enforce\" or \"class/scan=observe\", with \
                 observe, dry-run or enforce",
            )
        })
    }
}

impl Serialize for AllowedNetwork {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AllowedNetwork {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).ok_or_else(|| {
            D::Error::custom(
                "expected networks such as \"203.0.113.0/24 until 2026-12-31 our office\"",
            )
        })
    }
}
