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
        self.is_kin(alarm).then_some(Fit::Kin)
    }

    /// Whether and how `alarm` is this attack again after it was over.
    ///
    /// An alarm of its class is when it is about the pivot or, where that is the target, about any
    /// target. Not by the way of an ingress: what a target attacks later is another attack. Packets
    /// from before the end are no sign of any.
    pub(super) fn fit_again(&self, alarm: &Alarm) -> Option<Fit> {
        if alarm.flow.last_us <= self.ended_us() {
            return None;
        }
        let is_about = match Pivot::of(alarm.class) {
            Pivot::Source => alarm.source() == self.incident.pivot,
            Pivot::Target => self.targets.contains(alarm.target()),
        };
        if alarm.class == self.incident.class && is_about {
            return Some(Fit::Class);
        }
        self.is_kin(alarm).then_some(Fit::Kin)
    }

    /// Whether `alarm` is of a kindred class, between hosts that are in it.
    fn is_kin(&self, alarm: &Alarm) -> bool {
        are_kin(alarm.class, self.incident.class)
            && self.sources.contains(alarm.source())
            && self.targets.contains(alarm.target())
    }

    /// Whether `leg` is the other leg of this attack through an ingress that has another address on
    /// either side.
    ///
    /// Then no address tells, but both legs begin within two seconds, all of one comes from the
    /// ingress, and at least one of them is an attack on its target.
    pub(super) fn is_other_leg(&self, leg: &Leg) -> bool {
        let is_on_target = |class| Pivot::of(class) == Pivot::Target;
        self.began_us.abs_diff(leg.first_us) <= LEGS_US
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
