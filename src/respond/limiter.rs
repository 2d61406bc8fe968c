//! What a limit does to one client address, request by request: the algorithms of the controllers.
//!
//! Each model follows what the controller's own sources do, with their clock of milliseconds and
//! their rounding, so that a preview is a replay and no estimate. They are pure and bounded: time
//! is an argument, and of the addresses those heard of last are known. How a limit is written is
//! [`super::Controller`]'s.

mod clients;
mod held;
mod leaky;
mod sliding;
#[cfg(test)]
mod tests;
mod token;

use held::Held;
pub(super) use held::SERVED_US;
use leaky::Leaky;
use sliding::Sliding;
use token::Token;

use super::{Burst, Controller, Limit, Refusal};
use crate::packet::Address;

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ruling {
    /// It is served, at once or a little later.
    Passed,
    /// It is answered with an error.
    Refused,
}

/// Whose request it is, and which replica of the controller it comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Asker {
    /// The address that the controller sees.
    pub client: Address,
    /// Its port: with the address it tells connections apart.
    pub port: u16,
    /// Which replica, by any number: each counts for itself.
    pub replica: u32,
}

/// What one controller does with a limit.
#[derive(Debug)]
pub struct Limiter {
    rates: Vec<Rate>,
    held: Option<Held>,
}

/// A limit of requests over time.
#[derive(Debug)]
enum Rate {
    Leaky(Leaky),
    Token(Token),
    Sliding(Sliding),
}

impl Rate {
    /// What becomes of a request. nginx counts it only when all its limits let it pass, which
    /// [`Self::take`] says; Traefik when this one does, and `HAProxy` in any case.
    fn rule(&mut self, at_us: i64, asker: Asker) -> Ruling {
        match self {
            Self::Leaky(leaky) => leaky.rule(at_us, asker),
            Self::Token(token) => token.rule(at_us, asker),
            Self::Sliding(sliding) => sliding.rule(at_us, asker),
        }
    }

    fn take(&mut self) {
        if let Self::Leaky(leaky) = self {
            leaky.take();
        }
    }
}

/// A rate as it is asked for: so many requests in so many seconds.
#[derive(Debug, Clone, Copy)]
struct Asked {
    requests: u32,
    period_s: u32,
}

impl Limiter {
    /// The model of what `controller` does with `limit`, or why it cannot do it.
    pub fn new(controller: Controller, limit: &Limit) -> Result<Self, Refusal> {
        let limit = limit.clone().checked()?;
        let asked = [(limit.rps, 1), (limit.rpm, 60)];
        let asked: Vec<_> = asked
            .into_iter()
            .filter_map(|(requests, period_s)| Some(Asked { requests: requests?, period_s }))
            .collect();
        let unable = |what, why: &str| {
            Err(Refusal::Unable { controller: controller.name(), what, why: why.to_owned() })
        };
        let takes_both = matches!(controller, Controller::IngressNginx | Controller::Traefik);
        let takes_connections =
            matches!(controller, Controller::IngressNginx | Controller::HaproxyCommunity);
        if limit.connections.is_some() && !takes_connections {
            return unable("connections", "it counts requests alone: ask for `rps` or `rpm`");
        }
        if asked.len() > 1 && !takes_both {
            return unable("`rps` and `rpm` at once", "it knows one rate: ask for one of them");
        }
        let rates = asked.into_iter().map(|asked| rate(controller, asked, limit.burst));
        let held = limit.connections.map(Held::new);
        Ok(Self { rates: rates.collect::<Result<_, _>>()?, held })
    }

    /// What becomes of a request that comes at `at_us` (µs since the epoch).
    pub fn offer(&mut self, at_us: i64, asker: Asker) -> Ruling {
        let refuses = |rate: &mut Rate| rate.rule(at_us, asker) == Ruling::Refused;
        if self.rates.iter_mut().any(refuses) {
            return Ruling::Refused;
        }
        self.rates.iter_mut().for_each(Rate::take);
        self.held.as_mut().map_or(Ruling::Passed, |held| held.offer(at_us, asker))
    }

    /// The request that `asker` made last on this connection has been answered.
    pub fn answered(&mut self, asker: Asker) {
        if let Some(held) = &mut self.held {
            held.release(asker);
        }
    }
}

/// How `controller` limits to what is asked.
fn rate(controller: Controller, asked: Asked, burst: Option<Burst>) -> Result<Rate, Refusal> {
    let Asked { requests, period_s } = asked;
    let times = |multiplier: u32| u64::from(requests) * u64::from(multiplier);
    let unable =
        |what, why: String| Err(Refusal::Unable { controller: controller.name(), what, why });
    let beyond = match burst {
        Some(Burst::Multiplier(multiplier)) => Some(times(multiplier)),
        Some(Burst::Requests(burst)) => Some(burst.into()),
        None => None,
    };
    Ok(match controller {
        Controller::IngressNginx => {
            let beyond = beyond.unwrap_or(times(USUAL_MULTIPLIER));
            if !beyond.is_multiple_of(requests.into()) {
                return unable("burst", format!("it takes multiples of the rate {requests} alone"));
            }
            Rate::Leaky(Leaky::new(requests, period_s, beyond))
        }
        Controller::F5Nginx => Rate::Leaky(Leaky::new(requests, period_s, beyond.unwrap_or(0))),
        Controller::Traefik => Rate::Token(Token::new(requests, period_s, beyond.unwrap_or(1))),
        Controller::HaproxyCommunity | Controller::HaproxyTechnologies if burst.is_some() => {
            return unable("burst", "it counts a window of time, which is the burst".to_owned());
        }
        Controller::HaproxyCommunity if period_s != 1 => {
            return unable("rpm", "it counts by the second: ask for `rps`".to_owned());
        }
        Controller::HaproxyCommunity | Controller::HaproxyTechnologies => {
            Rate::Sliding(Sliding::new(requests, period_s))
        }
    })
}

/// How many times the rate ingress-nginx takes as burst where nothing is said.
const USUAL_MULTIPLIER: u32 = 5;
