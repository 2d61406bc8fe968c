//! How often a password may be guessed, by address and by name.
//!
//! Pure: the time is told. An attempt is paid for before it is checked and paid back where it was
//! right, so that only wrong ones count, and many at once count as many. A name can be guessed from
//! many addresses: its limit is the wider one, so that a stranger can slow its owner down but hardly
//! keep him out.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroUsize;
use std::time::Duration;

use lru::LruCache;
use tokio::time::Instant;

/// Addresses, and names, that are remembered; over it the one unheard of for longest is forgotten.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(4_096).unwrap();

/// Attempts that are let through at once, and after that one each so often.
#[derive(Debug, Clone, Copy)]
struct Limit {
    at_once: u32,
    every: Duration,
}

const BY_ADDRESS: Limit = Limit { at_once: 10, every: Duration::from_secs(6) };
const BY_NAME: Limit = Limit { at_once: 20, every: Duration::from_secs(2) };

/// When the attempts of each address and name will have been paid for.
#[derive(Debug)]
pub(super) struct Throttle {
    addresses: LruCache<IpAddr, Instant>,
    names: LruCache<String, Instant>,
}

impl Default for Throttle {
    fn default() -> Self {
        Self { addresses: LruCache::new(REMEMBERED), names: LruCache::new(REMEMBERED) }
    }
}

impl Throttle {
    /// Pays for an attempt at `now`; where there were too many, how long to wait for the next.
    pub(super) fn pay(
        &mut self,
        address: IpAddr,
        name: &str,
        now: Instant,
    ) -> Result<(), Duration> {
        let address = network(address);
        let paid = |at: Option<&Instant>| at.copied().unwrap_or(now).max(now);
        let by_address = paid(self.addresses.get(&address));
        let by_name = paid(self.names.get(name));
        let wait = BY_ADDRESS.wait(by_address, now).max(BY_NAME.wait(by_name, now));
        if !wait.is_zero() {
            return Err(wait);
        }
        self.addresses.put(address, by_address + BY_ADDRESS.every);
        self.names.put(name.to_owned(), by_name + BY_NAME.every);
        Ok(())
    }

    /// Pays back for an attempt that was right.
    pub(super) fn pay_back(&mut self, address: IpAddr, name: &str) {
        let back = |at: Option<&mut Instant>, limit: Limit| {
            if let Some(at) = at {
                *at = at.checked_sub(limit.every).unwrap_or(*at);
            }
        };
        back(self.addresses.get_mut(&network(address)), BY_ADDRESS);
        back(self.names.get_mut(name), BY_NAME);
    }
}

impl Limit {
    /// How long it takes until one more may be paid for that is paid up to `paid`.
    fn wait(self, paid: Instant, now: Instant) -> Duration {
        let debt = paid.saturating_duration_since(now) + self.every;
        debt.saturating_sub(self.every * self.at_once)
    }
}

/// Whom an address belongs to: of IPv6 everybody has a whole network of 64 bits.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn tries(throttle: &mut Throttle, address: IpAddr, name: &str, now: Instant) -> usize {
        (0..100).take_while(|_| throttle.pay(address, name, now).is_ok()).count()
    }

    #[test]
    fn an_address_that_guesses_is_slowed_down_and_later_heard_again() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        assert_eq!(tries(&mut throttle, HOME, "a", now), 10);
        assert_eq!(throttle.pay(HOME, "b", now), Err(Duration::from_secs(6)));
        assert_eq!(tries(&mut throttle, HOME, "b", now + Duration::from_secs(13)), 2);
    }

    #[test]
    fn a_name_that_is_guessed_from_many_addresses_is_slowed_down() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        let right = (0..100_u8).map(|last| IpAddr::from([192, 0, 2, last]));
        let heard = right.filter(|address| throttle.pay(*address, "ops", now).is_ok()).count();
        assert_eq!(heard, 20);
        assert!(throttle.pay(HOME, "other", now).is_ok());
    }

    #[test]
    fn right_passwords_cost_nothing() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        for _ in 0..100 {
            throttle.pay(HOME, "ops", now).unwrap();
            throttle.pay_back(HOME, "ops");
        }
    }

    #[test]
    fn all_addresses_of_one_ipv6_network_are_one() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        let addresses = (0..100_u16).map(|last| IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, last]));
        let name = |at: usize| at.to_string();
        let heard = addresses.enumerate();
        let heard = heard.filter(|(at, to)| throttle.pay(*to, &name(*at), now).is_ok()).count();
        assert_eq!(heard, 10);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        for at in 0..10_000_u32 {
            throttle.pay(IpAddr::from(at.to_be_bytes()), &at.to_string(), now).unwrap();
        }
        assert_eq!(throttle.addresses.len(), REMEMBERED.get());
        assert_eq!(throttle.names.len(), REMEMBERED.get());
    }
}
