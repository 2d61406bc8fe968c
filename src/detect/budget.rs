//! How many false incidents somebody is willing to look at, and how much evidence an incident needs for it.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize, Serializer};

use super::weight::Weight;

/// The numbers allowed.
const NUMBERS: std::ops::RangeInclusive<f64> = 0.001..=1_000.0;

/// What is allowed, in words.
const EXPECTED: &str =
    "expected a number from 0.001 to 1000 and `/hour`, `/day` or `/week`, such as \"4/hour\"";

/// The most evidence that may be asked for: what a thousand sure flows weigh.
const MOST_NATS: f64 = 10_000.0;

/// In what time so many false incidents may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Period {
    Hour,
    Day,
    Week,
}

impl Period {
    const ALL: [Self; 3] = [Self::Hour, Self::Day, Self::Week];

    const fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
        }
    }

    const fn hours(self) -> f64 {
        match self {
            Self::Hour => 1.0,
            Self::Day => 24.0,
            Self::Week => 168.0,
        }
    }
}

/// So many false incidents in some time, of all classes together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AlertBudget {
    incidents: f64,
    period: Period,
}

impl AlertBudget {
    /// So many an hour.
    #[must_use]
    pub const fn hourly(incidents: f64) -> Self {
        Self { incidents, period: Period::Hour }
    }

    /// False incidents an hour.
    #[must_use]
    pub fn per_hour(self) -> f64 {
        self.incidents / self.period.hours()
    }
}

impl Default for AlertBudget {
    fn default() -> Self {
        Self::hourly(4.0)
    }
}

impl fmt::Display for AlertBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.incidents, self.period.name())
    }
}

impl FromStr for AlertBudget {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (number, name) = text.split_once('/').ok_or(EXPECTED)?;
        let period = Period::ALL.into_iter().find(|period| period.name() == name.trim());
        let incidents = number.trim().parse().ok().filter(|number| NUMBERS.contains(number));
        Ok(Self { incidents: incidents.ok_or(EXPECTED)?, period: period.ok_or(EXPECTED)? })
    }
}

impl Serialize for AlertBudget {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AlertBudget {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer).map_err(|_| D::Error::custom(EXPECTED))?;
        text.parse().map_err(D::Error::custom)
    }
}

/// What a class costs: by the evidence that an incident needs, how many false ones an hour there were in
/// traffic in which nobody attacked and which the model had not seen.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cost(Vec<Point>);

/// From this weight on so many incidents an hour.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Point {
    per_hour: f64,
    weight: Weight,
}

impl Cost {
    /// Of pairs of incidents an hour and nats, the dearest first. None if they are not that.
    pub(super) fn new(written: &[[f64; 2]]) -> Option<Self> {
        let is_sound = |&[per_hour, nats]: &[f64; 2]| {
            (0.0..=MOST_NATS).contains(&nats) && (0.0..=1e6).contains(&per_hour)
        };
        if !written.iter().all(is_sound) {
            return None;
        }
        let points: Vec<_> = written
            .iter()
            .map(|&[per_hour, nats]| Point { per_hour, weight: Weight::nats(nats) })
            .collect();
        let falls = points.is_sorted_by(|a, b| a.per_hour > b.per_hour && a.weight < b.weight);
        let ends = points.last().is_some_and(|point| point.per_hour == 0.0);
        (falls && ends).then_some(Self(points))
    }

    /// The least evidence that costs at most so much; [`Cost::new`] saw to it that some costs nothing.
    fn within(&self, per_hour: f64) -> Point {
        self.0
            .iter()
            .find(|point| point.per_hour <= per_hour)
            .copied()
            .unwrap_or(Point { per_hour: 0.0, weight: Weight::nats(MOST_NATS) })
    }
}

/// The evidence that each class needs so that all together cost at most the budget: equal shares, and
/// what one class leaves of its share is shared among those who want more.
pub(super) fn affordable<const N: usize>(
    costs: [Option<&Cost>; N],
    budget: AlertBudget,
) -> [Option<Weight>; N] {
    let mut found = costs.map(|cost| cost.map(|cost| cost.within(0.0)));
    let classes = costs.iter().flatten().count().max(1);
    // Whoever gets less than its share leaves some to the others, so that shares only grow.
    for _ in 0..classes {
        let spent: f64 = found.iter().flatten().map(|point| point.per_hour).sum();
        let share = (budget.per_hour() - spent).max(0.0)
            / f64::from(u32::try_from(classes).unwrap_or(u32::MAX));
        for (found, cost) in found.iter_mut().zip(costs) {
            if let (Some(found), Some(cost)) = (found, cost) {
                *found = cost.within(found.per_hour + share);
            }
        }
    }
    found.map(|point| point.map(|point| point.weight))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(points: &[[f64; 2]]) -> Cost {
        Cost::new(points).unwrap()
    }

    #[test]
    fn a_budget_is_a_number_and_a_time() {
        let day: AlertBudget = "12/day".parse().unwrap();
        assert!((day.per_hour() - 0.5).abs() < 1e-12);
        assert_eq!(day.to_string(), "12/day");
        assert_eq!("4/hour".parse(), Ok(AlertBudget::hourly(4.0)));
        for text in ["", "4", "/hour", "0/hour", "-1/hour", "NaN/day", "inf/day", "4/minute"] {
            assert_eq!(text.parse::<AlertBudget>(), Err(EXPECTED), "{text}");
        }
    }

    #[test]
    fn costs_fall_to_nothing_as_more_evidence_is_asked_for() {
        assert!(Cost::new(&[[2.0, 5.0], [0.5, 7.0], [0.0, 900.0]]).is_some());
        for bad in [
            &[][..],
            &[[1.0, 5.0]],
            &[[1.0, 5.0], [0.0, 5.0]],
            &[[1.0, 5.0], [2.0, 6.0], [0.0, 9.0]],
        ] {
            assert!(Cost::new(bad).is_none(), "{bad:?}");
        }
        assert!(Cost::new(&[[f64::NAN, 5.0], [0.0, 9.0]]).is_none());
        assert!(Cost::new(&[[1.0, 5.0], [0.0, 10_001.0]]).is_none());
    }

    #[test]
    fn what_one_class_leaves_goes_to_the_others() {
        let cheap = cost(&[[0.0, 2.0]]);
        let dear = cost(&[[3.0, 3.0], [1.0, 6.0], [0.4, 8.0], [0.0, 95.0]]);
        let of = |budget| {
            let found = affordable([Some(&cheap), Some(&dear), None], AlertBudget::hourly(budget));
            found.map(|weight| weight.map(Weight::value))
        };
        assert_eq!(of(0.1), [Some(2.0), Some(95.0), None]);
        assert_eq!(of(1.0), [Some(2.0), Some(8.0), None]);
        assert_eq!(of(9.0), [Some(2.0), Some(3.0), None]);
    }

    #[test]
    fn all_together_keep_the_budget() {
        let own = cost(&[[4.0, 1.0], [2.0, 3.0], [1.0, 5.0], [0.5, 6.0], [0.25, 7.0], [0.0, 8.0]]);
        for budget in [0.1, 0.3, 0.9, 2.0, 5.0, 40.0] {
            let found = affordable([Some(&own); 6], AlertBudget::hourly(budget));
            let spent: f64 = found
                .iter()
                .flatten()
                .map(|found| own.0.iter().find(|point| point.weight >= *found).unwrap().per_hour)
                .sum();
            assert!(spent <= budget, "{spent} of {budget}");
        }
    }
}
