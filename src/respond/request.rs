//! What somebody wants of an Ingress.

use std::time::Duration;

use super::{IngressName, Limit, Refusal};
use crate::incident::IncidentId;

/// A limit that somebody, or the response to an incident, wants set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitRequest {
    /// Where.
    pub ingress: IngressName,
    /// What.
    pub limit: Limit,
    /// For how long; every limit ends.
    pub ttl: Duration,
    /// Why, in the words of whoever asks.
    pub reason: String,
    /// The incident it answers.
    pub incident: Option<IncidentId>,
    /// Who asks, as in the audit: `alice via api`, `weir (auto)`.
    pub by: String,
    /// Whether nothing is to be written.
    pub is_dry_run: bool,
}

impl LimitRequest {
    /// The shortest and the longest that a limit may last.
    pub const TTL: std::ops::RangeInclusive<Duration> =
        Duration::from_secs(10)..=Duration::from_hours(24);

    /// How long a limit lasts that nobody says.
    pub const USUAL_TTL: Duration = Duration::from_mins(15);

    /// Bytes of a reason.
    pub const REASON: usize = 512;

    /// Whether `text` can be a reason: one line, not endless.
    #[must_use]
    pub fn is_reason(text: &str) -> bool {
        text.len() <= Self::REASON && !text.chars().any(char::is_control)
    }

    /// The same request if it is one that could be meant.
    pub fn checked(self) -> Result<Self, Refusal> {
        let limit = self.limit.checked()?;
        if !Self::TTL.contains(&self.ttl) {
            return Err(Refusal::Guarded(format!(
                "`ttl` must be from 10 s to 24 h, and is {} s",
                self.ttl.as_secs()
            )));
        }
        if !Self::is_reason(&self.reason) {
            return Err(Refusal::Guarded(format!(
                "`reason` must be one line of at most {} bytes",
                Self::REASON
            )));
        }
        Ok(Self { limit, ..self })
    }
}
