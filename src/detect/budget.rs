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
        Self::hourly(1.0)
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

/// What bounds of a class come to: counted over traffic that the model had not seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    /// False incidents an hour where nobody attacked.
    per_hour: f64,
    /// From which score on a flow alarms.
    pub(super) score: f64,
    /// How much evidence makes an incident.
    pub(super) weight: Weight,
    /// The share of runs with an attack of which an incident tells.
    found: f64,
}

/// What there is to choose from for a class, the dearest first, which finds the most.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cost(Vec<Point>);

impl Cost {
    /// Of false incidents an hour, score, nats and share found. None if they are not that, or if no point
    /// costs nothing.
    pub(super) fn new(written: &[[f64; 4]]) -> Option<Self> {
        let is_sound = |&[per_hour, score, nats, found]: &[f64; 4]| {
            (0.0..=1e6).contains(&per_hour)
                && (0.0..=MOST_NATS).contains(&nats)
                && [score, found].iter().all(|share| (0.0..=1.0).contains(share))
        };
        if !written.iter().all(is_sound) {
            return None;
        }
        let point = |&[per_hour, score, nats, found]: &[f64; 4]| Point {
            per_hour,
            score,
            weight: Weight::nats(nats),
            found,
        };
        let points: Vec<_> = written.iter().map(point).collect();
        let falls = points.is_sorted_by(|a, b| a.per_hour > b.per_hour && a.found > b.found);
        let ends = points.last().is_some_and(|point| point.per_hour == 0.0);
        (falls && ends).then_some(Self(points))
    }

    /// What costs nothing; [`Cost::new`] saw to it that something does.
    fn free(&self) -> Point {
        let nothing =
            Point { per_hour: 0.0, score: 1.0, weight: Weight::nats(MOST_NATS), found: 0.0 };
        self.0.last().copied().unwrap_or(nothing)
    }
}

/// A point for each class so that all together cost at most the budget. It is spent where it finds most:
/// step by step for the class and point that find the most more for each false incident more.
pub(super) fn affordable<const N: usize>(
    costs: [Option<&Cost>; N],
    budget: AlertBudget,
) -> [Option<Point>; N] {
    let mut chosen = costs.map(|cost| cost.map(Cost::free));
    loop {
        let spent: f64 = chosen.iter().flatten().map(|point| point.per_hour).sum();
        let left = budget.per_hour() - spent;
        let mut best: Option<(f64, &mut Point, Point)> = None;
        for (chosen, cost) in chosen.iter_mut().zip(costs) {
            let (Some(chosen), Some(cost)) = (chosen, cost) else { continue };
            let (has, now) = (*chosen, Some(chosen));
            let step = cost.0.iter().filter_map(|point| {
                let more = point.per_hour - has.per_hour;
                let is_step = more > 0.0 && more <= left;
                is_step.then(|| ((point.found - has.found) / more, *point))
            });
            // Of equals the first counts, as in training.
            let step = step.reduce(|a, b| if b.0 > a.0 { b } else { a });
            if let (Some((gain, point)), Some(now)) = (step, now)
                && best.as_ref().is_none_or(|(most, ..)| gain > *most)
            {
                best = Some((gain, now, point));
            }
        }
        let Some((_, now, point)) = best else { return chosen };
        *now = point;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(points: &[[f64; 4]]) -> Cost {
        Cost::new(points).unwrap()
    }

    fn nats(found: [Option<Point>; 3]) -> [Option<f64>; 3] {
        found.map(|point| point.map(|point| point.weight.value()))
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
    fn what_costs_less_finds_less_and_something_costs_nothing() {
        let good = [[2.0, 0.5, 5.0, 0.9], [0.5, 0.9, 4.0, 0.7], [0.0, 0.9, 900.0, 0.1]];
        assert!(Cost::new(&good).is_some());
        for bad in [
            &[][..],
            &good[..2],
            &[[2.0, 0.5, 5.0, 0.1], good[2]],
            &[[2.0, 1.5, 5.0, 0.9], good[2]],
            &[[2.0, 0.5, 10_001.0, 0.9], good[2]],
            &[[f64::NAN, 0.5, 5.0, 0.9], good[2]],
        ] {
            assert!(Cost::new(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn a_budget_is_spent_where_it_finds_most() {
        let useful = cost(&[[2.0, 0.5, 2.0, 0.9], [1.0, 0.5, 6.0, 0.8], [0.0, 0.5, 50.0, 0.1]]);
        let useless = cost(&[[1.0, 0.5, 3.0, 0.15], [0.0, 0.5, 40.0, 0.1]]);
        let of = |budget| {
            let costs = [Some(&useful), Some(&useless), None];
            nats(affordable(costs, AlertBudget::hourly(budget)))
        };
        assert_eq!(of(0.5), [Some(50.0), Some(40.0), None]);
        assert_eq!(of(1.0), [Some(6.0), Some(40.0), None]);
        assert_eq!(of(2.0), [Some(2.0), Some(40.0), None]);
        assert_eq!(of(3.0), [Some(2.0), Some(3.0), None]);
    }

    #[test]
    fn all_together_keep_the_budget() {
        let points: Vec<_> = (0..8_i32)
            .map(|step| [f64::from(7 - step) * 0.3, 0.5, 5.0, f64::from(8 - step) / 10.0])
            .collect();
        let own = cost(&points);
        for budget in [0.1, 0.3, 0.9, 2.0, 5.0, 40.0] {
            let found = affordable([Some(&own); 6], AlertBudget::hourly(budget));
            let spent: f64 = found.iter().flatten().map(|point| point.per_hour).sum();
            assert!(
                spent <= budget + 1e-9 && spent > budget.min(12.6) - 0.3 - 1e-9,
                "{spent} of {budget}"
            );
        }
    }
}
