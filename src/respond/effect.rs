//! What a limit does, as traffic shows it.

/// What a limit does, as traffic since it was set shows it. Answers are seen where HTTP is in the
/// clear; otherwise those figures are none.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Effect {
    /// Clients that the incident names, and came since.
    pub offenders: u64,
    /// What these asked a second before.
    pub offered_before_per_s: f64,
    /// What they ask a second now.
    pub offered_per_s: f64,
    /// Answers a minute that refuse them.
    pub refused_per_min: Option<f64>,
    /// Clients that nothing is held against, and came since.
    pub bystanders: u64,
    /// Answers to these that refuse.
    pub bystanders_refused: Option<u64>,
    /// Connections of these that were reset.
    pub bystanders_reset: u64,
}
