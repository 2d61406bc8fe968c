//! What speaks for an attack where nobody attacks: so much of it is accepted.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::alarm::Key;
use super::service::{Place, Service};
use crate::detect::{Class, Weight};

/// How many times as much as was seen must come before it is believed.
///
/// The most that was seen in an hour is no bound for the next one: where what comes in a minute is the
/// work of n flows, it varies by about the square root of n, which is half of it for the handful of
/// flows that make the smallest incident and less for all others. And an attack that is as large as all
/// that is usual there, twice as much together, must be told: hence half as much again, and not twice.
const MARGIN: f64 = 1.5;

/// The last of all services: none of a host stands behind it.
const LAST: Service = Service { protocol: u8::MAX, port: u16::MAX };

/// By class and place the most evidence that there was within a minute while nothing was wrong.
///
/// A class counts for itself alone: what is taken for guessing at a login page says nothing of floods.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accepted {
    weights: BTreeMap<(Class, Place), Weight>,
}

impl Accepted {
    /// Places that are remembered; further ones are not accepted.
    pub const MOST: usize = 4_096;

    /// Accepts so much at a place, unless more is already.
    pub fn accept(&mut self, class: Class, place: Place, weight: Weight) {
        let is_full = self.weights.len() >= Self::MOST;
        match self.weights.entry((class, place)) {
            Entry::Occupied(mut known) => {
                let most = weight.max(*known.get());
                known.insert(most);
            }
            Entry::Vacant(free) if !is_full => {
                free.insert(weight);
            }
            Entry::Vacant(_) => {}
        }
    }

    /// How much is accepted at a place, if any is.
    #[must_use]
    pub fn of(&self, class: Class, place: Place) -> Option<Weight> {
        self.weights.get(&(class, place)).copied()
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

    /// At how many places something is accepted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.weights.len()
    }

    /// Whether nothing is accepted anywhere.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.weights.is_empty()
    }

    /// What is accepted of the class and at the host of `key`.
    pub(super) fn at(&self, (class, host): Key) -> impl Iterator<Item = (Place, Weight)> {
        let [first, last] = [None, Some(LAST)].map(|service| (class, Place { host, service }));
        self.weights.range(first..=last).map(|((_, place), weight)| (*place, *weight))
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
        assert_eq!(Accepted::bar(Weight::nats(30.0)), Weight::nats(45.0));
    }

    #[test]
    fn all_places_of_a_host_are_found_and_no_others() {
        let mut accepted = Accepted::default();
        let flood = Class::DosFlood;
        for (class, text) in [
            (flood, "10.0.0.9:80/tcp"),
            (flood, "10.0.0.9:65535/255"),
            (flood, "10.0.0.10:80/tcp"),
            (flood, "10.0.0.8:80/tcp"),
            (Class::DosSlow, "10.0.0.9:80/tcp"),
        ] {
            accepted.accept(class, place(text), Weight::nats(1.0));
        }
        let host = Address::v4([10, 0, 0, 9]);
        let found: Vec<_> =
            accepted.at((flood, host)).map(|(place, _)| place.to_string()).collect();
        assert_eq!(found, ["10.0.0.9:80/tcp", "10.0.0.9:65535/255"]);
    }

    #[test]
    fn there_are_no_more_than_so_many_places() {
        let mut accepted = Accepted::default();
        for number in 0..5_000_u32 {
            let host = Address::v4(number.to_be_bytes());
            accepted.accept(Class::Scan, Place { host, service: None }, Weight::nats(1.0));
        }
        assert_eq!(accepted.len(), Accepted::MOST);
        accepted.accept(Class::Scan, place("0.0.0.0"), Weight::nats(2.0));
        assert_eq!(accepted.of(Class::Scan, place("0.0.0.0")), Some(Weight::nats(2.0)));
    }
}
