//! What speaks for an attack where nobody attacks: so much of it is accepted.

use std::collections::BTreeMap;

use super::whereabouts::Place;
use crate::detect::{CLASSES, Class, Weight};

/// How many times as much as was seen must come before it is believed.
///
/// The most that was seen in an hour is no bound for the next one: where what comes in a minute is the
/// work of n flows, it varies by about the square root of n, which is half of it for the handful of
/// flows that make the smallest incident and less for all others. And an attack that is as large as all
/// that is usual there, twice as much together, must be told: hence half as much again, and not twice.
const MARGIN: f64 = 1.5;

/// The most that is accepted, in nats: a million sure flows within a minute. Weights saturate far above
/// what is then asked for, so that more can always be told.
const MOST_NATS: f64 = 1e7;

/// By class and place the most evidence that there was within a minute while nothing was wrong.
///
/// A class counts for itself alone: what is taken for guessing at a login page says nothing of floods.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accepted {
    weights: [BTreeMap<Place, Weight>; CLASSES],
    places: usize,
}

impl Accepted {
    /// Classes and places that are remembered; further ones are not accepted.
    pub const MOST: usize = 4_096;

    /// Accepts so much at a place, unless more is already.
    pub fn accept(&mut self, class: Class, place: Place, weight: Weight) {
        let weight = weight.min(Weight::nats(MOST_NATS));
        let of_class = &mut self.weights[class as usize];
        if let Some(known) = of_class.get_mut(&place) {
            *known = weight.max(*known);
        } else if self.places < Self::MOST {
            of_class.insert(place, weight);
            self.places += 1;
        }
    }

    /// How much is accepted at a place, if any is.
    #[must_use]
    pub fn of(&self, class: Class, place: Place) -> Option<Weight> {
        self.weights[class as usize].get(&place).copied()
    }

    /// Whether so much is no more than what is usual at a place.
    pub(super) fn covers(&self, class: Class, place: Place, weight: Weight) -> bool {
        self.of(class, place).is_some_and(|accepted| weight <= Self::bar(accepted))
    }

    /// More than so much makes an incident where `weight` is accepted, besides what the budget asks.
    #[must_use]
    pub fn bar(weight: Weight) -> Weight {
        Weight::nats(weight.value() * MARGIN)
    }

    /// Whether to accept so much changes anything where an incident needs `needed` anyway.
    #[must_use]
    pub fn is_worth_accepting(weight: Weight, needed: Weight) -> bool {
        Self::bar(weight) >= needed
    }

    /// Of how many classes and places something is accepted.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.places
    }

    /// Whether nothing is accepted anywhere.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.places == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::Address;

    fn place(text: &str) -> Place {
        text.parse().unwrap()
    }

    #[test]
    fn of_what_is_accepted_at_a_place_the_most_counts() {
        let mut accepted = Accepted::default();
        for nats in [20.0, 30.0, 10.0] {
            accepted.accept(Class::Scan, place("10.0.0.9"), Weight::nats(nats));
        }
        assert_eq!(accepted.of(Class::Scan, place("10.0.0.9")), Some(Weight::nats(30.0)));
        assert_eq!(accepted.of(Class::Beacon, place("10.0.0.9")), None);
        assert_eq!((accepted.len(), Accepted::bar(Weight::nats(30.0))), (1, Weight::nats(45.0)));
    }

    #[test]
    fn there_are_no_more_than_so_many_places() {
        let mut accepted = Accepted::default();
        for number in 0..5_000_u32 {
            let host = Address::v4(number.to_be_bytes());
            accepted.accept(Class::Scan, Place::Host(host), Weight::nats(1.0));
        }
        assert_eq!(accepted.len(), Accepted::MOST);
        accepted.accept(Class::Scan, place("0.0.0.0"), Weight::nats(2.0));
        assert_eq!(accepted.of(Class::Scan, place("0.0.0.0")), Some(Weight::nats(2.0)));
    }
}
