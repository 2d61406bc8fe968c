//! What people and mutes did to an incident, kept apart from what the traffic says.
//!
//! Both are written by different hands at the same time: a mark names the life of the incident in
//! which it was made, so that neither overwrites the other and an incident that comes back is open
//! again.

use super::record::{Feedback, Incident, Mark, MuteId, Status};

/// What people and mutes did to an incident.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// Who has taken it on, and [`Incident::reopened`] then.
    pub acknowledged: Option<(u32, Mark)>,
    /// Who has said that it is over, and [`Incident::reopened`] then.
    pub resolved: Option<(u32, Mark)>,
    /// What somebody says of it who has looked, in whichever life.
    pub feedback: Option<(Feedback, Mark)>,
    /// The mute that keeps it from the sinks.
    pub muted_by: Option<MuteId>,
}

impl Incident {
    /// What is known by traffic, and what follows with `marks`.
    #[must_use]
    pub fn marked(mut self, marks: &Marks) -> Self {
        let of_this_life = |mark: &Option<(u32, Mark)>| {
            mark.as_ref().filter(|(life, _)| *life == self.reopened).map(|(_, mark)| mark.clone())
        };
        let (acknowledged, resolved_by) =
            (of_this_life(&marks.acknowledged), of_this_life(&marks.resolved));
        if resolved_by.is_some() {
            self.status = Status::Resolved;
        } else if self.status == Status::Open && acknowledged.is_some() {
            self.status = Status::Acknowledged;
        }
        (self.acknowledged, self.resolved_by) = (acknowledged, resolved_by);
        self.feedback.clone_from(&marks.feedback);
        self.muted_by = marks.muted_by;
        self
    }
}
