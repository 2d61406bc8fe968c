//! The panes of the overview.

/// A pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pane {
    /// Who speaks with whom.
    Flows,
    /// How unusual that is.
    Scores,
    /// Incidents.
    Alerts,
    /// What processes do.
    Events,
    /// What an Ingress lets through.
    Limits,
}

impl Pane {
    /// Every pane, by its number.
    pub(crate) const ALL: [Self; 5] =
        [Self::Flows, Self::Scores, Self::Alerts, Self::Events, Self::Limits];

    /// The pane after this one, around in a circle.
    pub(crate) const fn next(self) -> Self {
        match self {
            Self::Flows => Self::Scores,
            Self::Scores => Self::Alerts,
            Self::Alerts => Self::Events,
            Self::Events => Self::Limits,
            Self::Limits => Self::Flows,
        }
    }

    /// The pane before this one, around in a circle.
    pub(crate) const fn previous(self) -> Self {
        match self {
            Self::Flows => Self::Limits,
            Self::Scores => Self::Flows,
            Self::Alerts => Self::Scores,
            Self::Events => Self::Alerts,
            Self::Limits => Self::Events,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_circle_goes_through_all_panes_and_back() {
        let mut pane = Pane::Flows;
        for expected in Pane::ALL {
            assert_eq!(pane, expected);
            assert_eq!(pane.next().previous(), pane);
            pane = pane.next();
        }
        assert_eq!(pane, Pane::Flows);
    }
}
