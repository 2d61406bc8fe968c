//! Whether an alarm belongs to an open incident.

use super::alarm::Alarm;
use super::kin::are_kin;
use super::ongoing::Ongoing;
use super::record::Pivot;
use crate::detect::Class;

/// By how much the beginnings of the two legs of an attack through an ingress may differ.
const LEGS_US: u64 = 2_000_000;

/// How an alarm belongs to an incident, the closer first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// It is of its class.
    Class,
    /// It is of a kindred class, between hosts that are in it.
    Kin,
}

impl Ongoing {
    /// Whether and how `alarm` belongs to it.
    ///
    /// An alarm of its class does when it is about the pivot or, where that is the target, about
    /// any target; when its source is a target (the leg from an ingress to a pod); and when its
    /// target is the only source (the leg from a client to the ingress, seen later).
    pub(super) fn fit(&self, alarm: &Alarm) -> Option<Fit> {
        let Self { sources, targets, incident, .. } = self;
        let (source, target) = (alarm.source(), alarm.target());
        if alarm.class == incident.class {
            let is_in = match Pivot::of(alarm.class) {
                Pivot::Source => source == incident.pivot,
                Pivot::Target => {
                    targets.contains(target)
                        || targets.contains(source)
                        || sources.only() == Some(target)
                }
            };
            if is_in {
                return Some(Fit::Class);
            }
        }
        let is_kin = are_kin(alarm.class, incident.class)
            && sources.contains(source)
            && targets.contains(target);
        is_kin.then_some(Fit::Kin)
    }

    /// Whether `leg` is the other leg of this attack through an ingress that has another address on
    /// either side.
    ///
    /// Then no address tells, but both legs begin within two seconds, all of one comes from the
    /// ingress, and at least one of them is an attack on its target.
    pub(super) fn is_other_leg(&self, leg: &Leg) -> bool {
        let is_on_target = |class| Pivot::of(class) == Pivot::Target;
        self.incident.first_us.abs_diff(leg.first_us) <= LEGS_US
            && are_kin(leg.class, self.incident.class)
            && (is_on_target(leg.class) || is_on_target(self.incident.class))
            && (leg.has_one_source || self.sources.only().is_some())
    }
}

/// Alarms of one class and pivot that are enough for an incident.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leg {
    class: Class,
    /// The first packet of their flows.
    pub(super) first_us: i64,
    has_one_source: bool,
}

impl Leg {
    /// What is common to `alarms`; nothing if there are none.
    pub(super) fn of(alarms: &[Alarm]) -> Option<Self> {
        let first = alarms.first()?;
        Some(Self {
            class: first.class,
            first_us: alarms.iter().map(|alarm| alarm.flow.first_us).min()?,
            has_one_source: alarms.iter().all(|alarm| alarm.source() == first.source()),
        })
    }
}
