//! Classes that one attack may show at once, and how little it takes to believe one of them.

use crate::detect::Class;

/// Classes that the flows of one attack are taken for by turns.
///
/// A flood looks like a scan in its first moments, and guessing over HTTP like a probe of the
/// application; but a scan and the guessing that follows it are two attacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Family {
    /// Many flows, or flows held open: scans and denial of service.
    Volume,
    /// Ways in: guessing, probing, exploiting.
    Entry,
    /// What a host under control does: beacons, exfiltration, movement.
    Inside,
}

impl Family {
    /// How many there are.
    pub(super) const COUNT: usize = 3;

    /// The family of `class`. A benign flow never alarms, so where it stands does not matter.
    pub(super) const fn of(class: Class) -> Self {
        match class {
            Class::Benign
            | Class::Scan
            | Class::DosFlood
            | Class::DosSlow
            | Class::DosReflection => Self::Volume,
            Class::BruteForce | Class::WebAttack | Class::Exploit => Self::Entry,
            Class::Beacon | Class::Exfiltration | Class::LateralMovement => Self::Inside,
        }
    }
}

/// Whether one flow that alarms in verdict after verdict is an attack of this class by itself.
///
/// Floods, scans, forged answers and guessing are made of many flows; one alone is an error of the
/// model or does no harm.
pub(super) const fn one_flow_suffices(class: Class) -> bool {
    matches!(
        class,
        Class::DosSlow
            | Class::WebAttack
            | Class::Beacon
            | Class::Exfiltration
            | Class::LateralMovement
            | Class::Exploit
    )
}
