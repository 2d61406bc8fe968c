//! What is said between flows, in order with their verdicts.

/// What is said between flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// The capture's clock jumped back: nothing before has to do with what follows.
    Restart,
    /// It is so late in packet time, in µs since the epoch; what waits is to be scored now.
    Moment(i64),
}

/// The marks between one flow and the next. Of a kind only the newest counts, so that marks take no
/// memory however many are set while nothing is scored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Marks {
    is_restart: bool,
    moment_us: Option<i64>,
}

impl Marks {
    pub(super) const fn is_empty(self) -> bool {
        !self.is_restart && self.moment_us.is_none()
    }

    pub(super) const fn add(&mut self, mark: Mark) {
        match mark {
            // The time before has nothing to do with what follows.
            Mark::Restart => (self.is_restart, self.moment_us) = (true, None),
            Mark::Moment(moment_us) => self.moment_us = Some(moment_us),
        }
    }

    /// Adds the marks before, as where the flow between is given up.
    pub(super) fn follow(&mut self, before: Self) {
        let mut joined = before;
        for mark in self.list() {
            joined.add(mark);
        }
        *self = joined;
    }

    pub(super) fn list(self) -> impl Iterator<Item = Mark> {
        let restart = self.is_restart.then_some(Mark::Restart);
        restart.into_iter().chain(self.moment_us.map(Mark::Moment))
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
        let marks = marks(&[Mark::Restart, Mark::Moment(1), Mark::Moment(2)]);
        assert_eq!(marks.list().collect::<Vec<_>>(), [Mark::Restart, Mark::Moment(2)]);
    }

    #[test]
    fn a_moment_before_a_restart_does_not_outlive_it() {
        let mut later = marks(&[Mark::Restart]);
        later.follow(marks(&[Mark::Moment(9)]));
        assert_eq!(later.list().collect::<Vec<_>>(), [Mark::Restart]);
        let mut later = marks(&[Mark::Moment(3)]);
        later.follow(marks(&[Mark::Restart, Mark::Moment(1)]));
        assert_eq!(later.list().collect::<Vec<_>>(), [Mark::Restart, Mark::Moment(3)]);
    }
}
