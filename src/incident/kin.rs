//! Classes that one attack may show at once, and how little it takes to believe one of them.

use crate::detect::Class;

/// Whether flows of one attack may be taken for both classes by turns.
///
/// A flood looks like a scan in its first moments and, on a login page, like guessing; guessing over
/// HTTP looks like a probe of the application, and what a probe finds is used. But a scan and the
/// guessing that follows it are two attacks, and so are a way in and what is done inside. What is
/// unlike all that was learnt may be a part of anything.
pub(super) const fn are_kin(a: Class, b: Class) -> bool {
    use Class::{
        Beacon, Benign, BruteForce, Exfiltration, Exploit, LateralMovement, Scan, Unknown,
        WebAttack,
    };
    if matches!((a, b), (Unknown, other) | (other, Unknown) if !matches!(other, Benign)) {
        return true;
    }
    matches!(
        (a, b),
        (Scan, Scan)
            | (BruteForce | WebAttack, BruteForce | WebAttack)
            | (Exploit | WebAttack, Exploit | WebAttack)
            | (Beacon | Exfiltration | LateralMovement, Beacon | Exfiltration | LateralMovement)
    ) || is_denial(a) && (is_denial(b) || matches!(b, Scan | BruteForce | WebAttack))
        || is_denial(b) && matches!(a, Scan | BruteForce | WebAttack)
}

const fn is_denial(class: Class) -> bool {
    matches!(class, Class::DosFlood | Class::DosSlow | Class::DosReflection)
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
            | Class::Unknown
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinship_is_mutual_and_every_attack_is_its_own_kin() {
        for a in Class::ALL {
            assert_eq!(are_kin(a, a), a != Class::Benign, "{a}");
            assert!(Class::ALL.into_iter().all(|b| are_kin(a, b) == are_kin(b, a)), "{a}");
        }
    }

    #[test]
    fn a_scan_is_no_kin_of_what_may_follow_it() {
        let follow = [Class::BruteForce, Class::WebAttack, Class::Exploit, Class::Exfiltration];
        assert!(follow.into_iter().all(|class| !are_kin(Class::Scan, class)));
    }
}
