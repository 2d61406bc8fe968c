//! How often, and for how long, something is tried that fails.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How often a step is planned anew that others have overtaken, or that the API server had no time
/// for.
const TRIES: u32 = 6;

/// For how long: whoever else asks waits meanwhile.
const LONGEST: Duration = Duration::from_secs(8);

/// The first wait after that; the next ones are longer.
const WAIT: Duration = Duration::from_millis(40);

/// How often something was tried in vain, one time after the other.
pub(super) struct Tries {
    number: u32,
    since: Instant,
}

impl Tries {
    pub(super) fn new() -> Self {
        Self { number: 0, since: Instant::now() }
    }

    pub(super) fn are_over(&self) -> bool {
        self.number >= TRIES || self.since.elapsed() >= LONGEST
    }

    /// Waits before another try, if there is one.
    pub(super) async fn wait(&mut self) -> bool {
        if self.are_over() {
            return false;
        }
        self.number += 1;
        sleep(WAIT * self.number).await;
        true
    }
}
