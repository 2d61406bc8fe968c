//! Traffic that was seen, summed, and in words.

use weir::engine::map::LiveEdge;

use crate::format;

/// What was seen on one edge or more.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Traffic {
    /// Flows.
    pub(crate) flows: u64,
    /// Flows a second.
    pub(crate) flows_per_s: f64,
    /// Payload in bytes a second.
    pub(crate) bytes_per_s: f64,
    /// Flows that were reset.
    pub(crate) resets: u64,
    /// The worst score, 0 to 1: that of an alarm, where there is one.
    pub(crate) score: f64,
    /// The class of the flow with that score.
    pub(crate) class: &'static str,
    /// Whether it alarmed.
    pub(crate) is_alarm: bool,
}

impl Traffic {
    /// What was seen on `edge`.
    pub(crate) const fn of(edge: &LiveEdge) -> Self {
        let LiveEdge { flows, flows_per_s, bytes_per_s, resets, score, class, is_alarm, .. } =
            *edge;
        Self { flows, flows_per_s, bytes_per_s, resets, score, class, is_alarm }
    }

    /// Both together.
    pub(crate) fn and(self, other: Self) -> Self {
        let is_worse = (other.is_alarm, other.score) > (self.is_alarm, self.score);
        let worst = if is_worse { other } else { self };
        Self {
            flows: self.flows.saturating_add(other.flows),
            flows_per_s: self.flows_per_s + other.flows_per_s,
            bytes_per_s: self.bytes_per_s + other.bytes_per_s,
            resets: self.resets.saturating_add(other.resets),
            ..worst
        }
    }

    /// What the worst of it is: `ALARM dos-slow`, `benign`.
    pub(crate) fn worst(&self) -> String {
        if self.is_alarm { format!("ALARM {}", self.class) } else { self.class.to_owned() }
    }

    /// Flows a second: `0.4`, `18.2k`.
    pub(crate) fn flow_rate(&self) -> String {
        match self.flows_per_s {
            rate if rate > 0.0 && rate < 0.05 => "<0.1".to_owned(),
            rate if rate < 9.95 => format!("{rate:.1}"),
            rate => format::short(rate),
        }
    }

    /// All of it in words.
    pub(crate) fn written(&self) -> String {
        format!(
            "{} {:.3}, {}, {}/s, {}, {}",
            self.worst(),
            self.score,
            format::counted(self.flows, "flow"),
            self.flow_rate(),
            format::bytes_per_s(self.bytes_per_s),
            format::counted(self.resets, "reset"),
        )
    }
}
