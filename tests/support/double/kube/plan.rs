//! What is to go wrong with which request, and the moments at which a test steps in.

use std::fmt::{Debug, Formatter, Result};

use super::asked::Asked;
use super::service::Kube;
use crate::support::double::fault::Fault;

/// Which requests are meant.
type Pick = Box<dyn Fn(&Asked) -> bool + Send>;

/// What is done.
pub type Act = Box<dyn FnOnce(&mut Kube) + Send>;

/// Before or after a write takes effect; the client knows nothing of it yet in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Before,
    After,
}

struct Failing {
    pick: Pick,
    fault: Fault,
    times: usize,
}

struct Ambush {
    when: When,
    pick: Pick,
    passed: usize,
    act: Act,
}

/// What is to happen.
#[derive(Default)]
pub struct Plan {
    failing: Vec<Failing>,
    ambushes: Vec<Ambush>,
}

impl Debug for Plan {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let (failing, ambushes) = (self.failing.len(), self.ambushes.len());
        f.debug_struct("Plan").field("failing", &failing).field("ambushes", &ambushes).finish()
    }
}

impl Plan {
    /// The next `times` requests that `pick` means fail in this way.
    pub fn fail(
        &mut self,
        times: usize,
        fault: Fault,
        pick: impl Fn(&Asked) -> bool + Send + 'static,
    ) {
        self.failing.push(Failing { pick: Box::new(pick), fault, times });
    }

    /// Does `act` once, at a write that `pick` means, after so many of them have passed.
    pub fn at(
        &mut self,
        when: When,
        passed: usize,
        pick: impl Fn(&Asked) -> bool + Send + 'static,
        act: impl FnOnce(&mut Kube) + Send + 'static,
    ) {
        let (pick, act) = (Box::new(pick), Box::new(act));
        self.ambushes.push(Ambush { when, pick, passed, act });
    }

    /// From now on nothing fails and nothing is done.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn fault(&mut self, asked: &Asked) -> Option<Fault> {
        let at = self.failing.iter().position(|one| (one.pick)(asked))?;
        let failing = &mut self.failing[at];
        let fault = failing.fault;
        failing.times = failing.times.saturating_sub(1);
        if failing.times == 0 {
            self.failing.remove(at);
        }
        Some(fault)
    }

    pub(super) fn act(&mut self, when: When, asked: &Asked) -> Option<Act> {
        let mut due = None;
        for (at, ambush) in self.ambushes.iter_mut().enumerate() {
            if ambush.when != when || !(ambush.pick)(asked) {
                continue;
            }
            match ambush.passed.checked_sub(1) {
                Some(left) => ambush.passed = left,
                None => due = due.or(Some(at)),
            }
        }
        Some(self.ambushes.remove(due?).act)
    }
}
