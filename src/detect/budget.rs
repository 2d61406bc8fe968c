//! How many false incidents somebody is willing to look at, and the thresholds that follow from it.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize, Serializer};

/// The numbers allowed.
const NUMBERS: std::ops::RangeInclusive<f64> = 0.001..=1_000.0;

/// What is allowed, in words.
const EXPECTED: &str =
    "expected a number from 0.001 to 1000 and `/hour`, `/day` or `/week`, such as \"4/hour\"";

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

/// What a class costs: by threshold, how many false incidents an hour there were in traffic in which
/// nobody attacked and which the model had not seen.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cost(Vec<Point>);

/// From this score on so many incidents an hour.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Point {
    per_hour: f64,
    threshold: f64,
}

impl Cost {
    /// Of pairs of incidents an hour and threshold, the dearest first. None if they are not that.
    pub(super) fn new(written: &[[f64; 2]]) -> Option<Self> {
        let points: Vec<_> =
            written.iter().map(|&[per_hour, threshold]| Point { per_hour, threshold }).collect();
        let is_sound = points.iter().all(|point| {
            (0.0..=1.0).contains(&point.threshold) && (0.0..=1e6).contains(&point.per_hour)
        });
        let falls =
            points.is_sorted_by(|a, b| a.per_hour > b.per_hour && a.threshold < b.threshold);
        let ends = points.last().is_some_and(|point| point.per_hour == 0.0);
        (is_sound && falls && ends).then_some(Self(points))
    }

    /// The least threshold that costs at most so much; [`Cost::new`] saw to it that one costs nothing.
    fn within(&self, per_hour: f64) -> Point {
        self.0
            .iter()
            .find(|point| point.per_hour <= per_hour)
            .copied()
            .unwrap_or(Point { per_hour: 0.0, threshold: 1.0 })
    }
}

/// A threshold for each class so that all together cost at most the budget: equal shares, and what
/// one class leaves of its share is shared among those who want more.
pub(super) fn affordable<const N: usize>(
    costs: [Option<&Cost>; N],
    budget: AlertBudget,
) -> [Option<f64>; N] {
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
    found.map(|point| point.map(|point| point.threshold))
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
    fn costs_fall_to_nothing_as_thresholds_rise() {
        assert!(Cost::new(&[[2.0, 0.5], [0.5, 0.7], [0.0, 0.9]]).is_some());
        for bad in [
            &[][..],
            &[[1.0, 0.5]],
            &[[1.0, 0.5], [0.0, 0.5]],
            &[[1.0, 0.5], [2.0, 0.6], [0.0, 0.9]],
        ] {
            assert!(Cost::new(bad).is_none(), "{bad:?}");
        }
        assert!(Cost::new(&[[f64::NAN, 0.5], [0.0, 0.9]]).is_none());
        assert!(Cost::new(&[[1.0, 0.5], [0.0, 1.1]]).is_none());
    }

    #[test]
    fn what_one_class_leaves_goes_to_the_others() {
        let cheap = cost(&[[0.0, 0.2]]);
        let dear = cost(&[[3.0, 0.3], [1.0, 0.6], [0.4, 0.8], [0.0, 0.95]]);
        let of =
            |budget| affordable([Some(&cheap), Some(&dear), None], AlertBudget::hourly(budget));
        assert_eq!(of(0.1), [Some(0.2), Some(0.95), None]);
        assert_eq!(of(1.0), [Some(0.2), Some(0.8), None]);
        assert_eq!(of(9.0), [Some(0.2), Some(0.3), None]);
    }

    #[test]
    fn all_together_keep_the_budget() {
        let own = cost(&[[4.0, 0.1], [2.0, 0.3], [1.0, 0.5], [0.5, 0.6], [0.25, 0.7], [0.0, 0.8]]);
        for budget in [0.1, 0.3, 0.9, 2.0, 5.0, 40.0] {
            let found = affordable([Some(&own); 6], AlertBudget::hourly(budget));
            let spent: f64 = found
                .iter()
                .flatten()
                .map(|found| own.0.iter().find(|point| point.threshold >= *found).unwrap().per_hour)
                .sum();
            assert!(spent <= budget, "{spent} of {budget}");
        }
    }
}
