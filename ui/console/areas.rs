//! What stands where on a terminal of some size.

use ratatui::layout::{Rect, Size};

use super::{Pane, Zoom};

/// The smallest terminal that the console is drawn on.
pub(super) const SMALLEST: Size = Size { width: 40, height: 12 };

/// The smallest one on which panes share the screen.
const SHARED: Size = Size { width: 100, height: 28 };

/// Lines of the pane at the bottom of the overview, frame included.
const LIMITS_LINES: u16 = 5;

/// The parts of the screen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Areas {
    /// The line at the top.
    pub(super) status: Rect,
    /// The panes, or a page.
    pub(super) body: Rect,
    /// The line that is being written, if one is.
    pub(super) prompt: Rect,
    /// The line at the bottom.
    pub(super) keys: Rect,
}

impl Areas {
    /// The parts of a screen of `size`; `prompt` lines are being written.
    pub(super) fn new(size: Size, prompt: u16) -> Self {
        let Size { width, height } = size;
        let line = |y: u16, height: u16| Rect { x: 0, y, width, height };
        let bottom = height.saturating_sub(1);
        let end = bottom.saturating_sub(prompt);
        Self {
            status: line(0, height.min(1)),
            body: line(1, end.saturating_sub(1)),
            prompt: line(end, prompt.min(bottom)),
            keys: line(bottom, height.min(1)),
        }
    }
}

/// Whether a terminal is too small to be drawn on.
pub(super) const fn is_too_small(size: Size) -> bool {
    size.width < SMALLEST.width || size.height < SMALLEST.height
}

/// The panes that are seen, and where; the focused one alone where there is no room for all.
pub(super) fn panes(body: Rect, size: Size, focus: Pane, zoom: Zoom) -> Vec<(Pane, Rect)> {
    if zoom == Zoom::Filled || size.width < SHARED.width || size.height < SHARED.height {
        return vec![(focus, body)];
    }
    let left_columns = body.width * 3 / 5;
    let limits = LIMITS_LINES.min(body.height);
    let upper = (body.height - limits) * 11 / 20;
    let lower = body.height - limits - upper;
    let row = |y: u16, height: u16| {
        let left = Rect { y, height, width: left_columns, ..body };
        let right = Rect { x: left.right(), width: body.width - left_columns, ..left };
        (left, right)
    };
    let (flows, scores) = row(body.y, upper);
    let (alerts, events) = row(body.y + upper, lower);
    let limits = Rect { y: alerts.bottom(), height: limits, ..body };
    Pane::ALL.into_iter().zip([flows, scores, alerts, events, limits]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panes_cover_the_body_and_do_not_overlap() {
        for (width, height) in [(100, 28), (120, 34), (200, 60), (333, 77)] {
            let size = Size { width, height };
            let body = Areas::new(size, 0).body;
            let panes = panes(body, size, Pane::Flows, Zoom::Shared);
            let covered: u32 = panes.iter().map(|(_, area)| area.area()).sum();
            assert_eq!(covered, body.area(), "{width}x{height}");
            assert!(panes.iter().all(|(_, area)| body.union(*area) == body));
        }
    }

    #[test]
    fn the_parts_of_the_screen_cover_it() {
        for (prompt, height) in [(0, 12), (1, 12), (2, 34)] {
            let size = Size { width: 80, height };
            let Areas { status, body, prompt, keys } = Areas::new(size, prompt);
            let lines = status.height + body.height + prompt.height + keys.height;
            assert_eq!(lines, height);
            assert_eq!((body.y, prompt.y, keys.y), (1, body.bottom(), prompt.bottom()));
        }
    }

    #[test]
    fn a_small_screen_shows_the_focused_pane_alone() {
        let size = Size { width: 80, height: 24 };
        let body = Areas::new(size, 0).body;
        assert_eq!(panes(body, size, Pane::Alerts, Zoom::Shared), [(Pane::Alerts, body)]);
    }
}
