//! Many incidents in one message, where each of its own would be a storm.

use super::record::{Incident, Severity};
use crate::detect::Class;

/// Many incidents in one message.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Digest {
    /// Changes that it stands for.
    pub changes: u64,
    /// Different incidents among them.
    pub incidents: u64,
    /// How many of each class, the most first.
    pub by_class: Vec<(Class, u64)>,
    /// How many of each severity, the most urgent first.
    pub by_severity: Vec<(Severity, u64)>,
    /// How many of them are over.
    pub resolved: u64,
    /// First packet of any of them, in µs since the epoch.
    pub first_us: i64,
    /// Last packet of any of them, in µs since the epoch.
    pub last_us: i64,
    /// The most urgent of them, at most [`Digest::LISTED`].
    pub worst: Vec<Incident>,
}

impl Digest {
    /// How many are listed.
    pub const LISTED: usize = 10;
}
