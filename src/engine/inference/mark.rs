//! What is said between flows, in order with their verdicts.

/// What is said between flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// The capture's clock jumped back: nothing before has to do with what follows.
    Restart,
    /// Packet time has come this far, in µs since the epoch.
    Time(i64),
    /// What was submitted is to be scored now, and what is held back to be handed on.
    Flush,
}

/// The marks between one flow and the next. Of a kind only the newest counts, so that marks take no
/// memory however many are set while nothing is scored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Marks {
    is_restart: bool,
    time_us: Option<i64>,
    pub(super) is_flush: bool,
}

impl Marks {
    pub(super) const fn is_empty(self) -> bool {
        !self.is_restart && self.time_us.is_none() && !self.is_flush
    }

    pub(super) fn add(&mut self, mark: Mark) {
        match mark {
            // The time before has nothing to do with what follows.
            Mark::Restart => (self.is_restart, self.time_us) = (true, None),
            Mark::Time(time_us) => self.time_us = Some(time_us),
            Mark::Flush => self.is_flush = true,
        }
    }

    /// Adds the marks before, as where the flow between is given up.
    pub(super) fn follow(&mut self, before: Self) {
        let mut joined = before;
        self.list().for_each(|mark| joined.add(mark));
        *self = joined;
    }

    pub(super) fn list(self) -> impl Iterator<Item = Mark> {
        let restart = self.is_restart.then_some(Mark::Restart);
        let flush = self.is_flush.then_some(Mark::Flush);
        [restart, self.time_us.map(Mark::Time), flush].into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(list: &[Mark]) -> Marks {
        let mut marks = Marks::default();
        for mark in list {
            marks.add(*mark);
        }
        marks
    }

    #[test]
    fn of_a_kind_only_the_newest_counts() {
        let marks = marks(&[Mark::Time(1), Mark::Flush, Mark::Time(2), Mark::Flush]);
        assert_eq!(marks.list().collect::<Vec<_>>(), [Mark::Time(2), Mark::Flush]);
    }

    #[test]
    fn a_time_before_a_restart_does_not_outlive_it() {
        let mut later = marks(&[Mark::Restart]);
        later.follow(marks(&[Mark::Time(9), Mark::Flush]));
        assert_eq!(later.list().collect::<Vec<_>>(), [Mark::Restart, Mark::Flush]);
        let mut later = marks(&[Mark::Flush]);
        later.follow(marks(&[Mark::Restart, Mark::Time(3)]));
        let all = [Mark::Restart, Mark::Time(3), Mark::Flush];
        assert_eq!(later.list().collect::<Vec<_>>(), all);
    }
}
