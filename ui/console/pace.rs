//! When to draw: at once where the operator waits for it, seldom where only numbers have changed,
//! and never more than ten times a second.

use std::time::Duration;

use tokio::time::Instant;

/// The least time between two pictures.
const LEAST: Duration = Duration::from_millis(100);

/// The least time between two pictures that differ in numbers alone; nobody reads faster.
const CALM: Duration = Duration::from_secs(1);

/// How urgent it is to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Urgency {
    /// Numbers have changed.
    Calm,
    /// The operator did something, or something happened that the operator must see.
    Prompt,
}

/// When the last picture was drawn and when the next one is due.
#[derive(Debug)]
pub(super) struct Pace {
    last: Instant,
    due: Option<Instant>,
}

impl Pace {
    /// A picture was drawn at `now`.
    pub(super) const fn drawn(now: Instant) -> Self {
        Self { last: now, due: None }
    }

    /// Asks for a picture.
    pub(super) fn ask(&mut self, urgency: Urgency) {
        let wait = match urgency {
            Urgency::Calm => CALM,
            Urgency::Prompt => LEAST,
        };
        let wanted = self.last + wait;
        self.due = Some(self.due.map_or(wanted, |due| due.min(wanted)));
    }

    /// When to draw; none while nothing has changed.
    pub(super) const fn due(&self) -> Option<Instant> {
        self.due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_drawn_unless_asked_for() {
        assert_eq!(Pace::drawn(Instant::now()).due(), None);
    }

    #[test]
    fn the_most_urgent_wish_counts() {
        let start = Instant::now();
        let mut pace = Pace::drawn(start);
        pace.ask(Urgency::Calm);
        assert_eq!(pace.due(), Some(start + CALM));
        pace.ask(Urgency::Prompt);
        pace.ask(Urgency::Calm);
        assert_eq!(pace.due(), Some(start + LEAST));
    }
}
