//! Pane 2: the worst score of each moment of the last five minutes, and what the flows in them were.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use weir::detect::{Class, Shift};
use weir::engine::{ScorePoint, Snapshot};

use super::{Focus, Scene, View, chrome};
use crate::format;
use crate::look::Look;
use crate::theme::Role;
use crate::widgets::bar::bar;
use crate::widgets::chart::Chart;

/// Seconds shown.
const SECONDS: i64 = 300;

/// Columns left of the chart, for its axis.
const AXIS_COLUMNS: u16 = 5;

/// Lines for classes that the chart leaves free, if there are so many.
const CLASS_LINES: u16 = 5;

/// Columns of the name of a class, and of a count.
const NAME_COLUMNS: usize = 16;
const COUNT_COLUMNS: usize = 10;

/// The pane.
#[derive(Debug, Default)]
pub(crate) struct Scores;

impl View for Scores {
    fn title(&self, scene: &Scene) -> String {
        let scores = &scene.snapshot.scores;
        match scores.iter().map(|point| point.score).max() {
            Some(worst) => format!("2 Anomaly score ─ last 5 min, worst {worst:.3}"),
            None => "2 Anomaly score ─ last 5 min".into(),
        }
    }

    fn render(&self, scene: &Scene, _focus: Focus, area: Rect, buffer: &mut Buffer) {
        let Scene { snapshot, look, .. } = scene;
        if snapshot.scores.is_empty() {
            let words = "no flow has been scored in the last 5 min";
            chrome::sentence(words, Role::Dim, look, area, buffer);
            return;
        }
        let mut lines = Vec::from_iter(unlike(&snapshot.model.shift, look));
        lines.extend(classes(snapshot, look, area.width));
        let wanted = u16::try_from(lines.len()).unwrap_or(u16::MAX);
        let below = wanted.min(CLASS_LINES.max(area.height / 2)).min(area.height.saturating_sub(3));
        let chart = Rect { height: area.height - below, ..area };
        chart_of(&snapshot.scores, look, chart, buffer);
        let classes = Rect { y: chart.bottom(), height: below, ..area };
        chrome::text(&lines, 0, classes, buffer);
    }
}

/// Draws the axis and the scores beside it.
fn chart_of(scores: &[ScorePoint], look: &Look, area: Rect, buffer: &mut Buffer) {
    let marks = [(area.top(), "1.0┤"), (area.bottom().saturating_sub(1), "  0┤")];
    let middle = (area.top() + area.height / 2, "0.5┤");
    for (y, mark) in marks.into_iter().chain((area.height > 4).then_some(middle)) {
        buffer.set_stringn(area.x + 1, y, mark, usize::from(area.width), look.style(Role::Dim));
    }
    let left = AXIS_COLUMNS.min(area.width);
    let plot = Rect { x: area.x + left, width: area.width - left, ..area };
    let values = buckets(scores, plot.width, look.now_us);
    Chart { values: &values, style: look.style(Role::Chart), glyphs: look.glyphs }
        .render(plot, buffer);
}

/// The worst score in each of two spans of time a column, the last one up to now.
///
/// Spans are whole seconds long and begin at multiples of that: the picture stands still until a
/// span is over.
fn buckets(scores: &[ScorePoint], columns: u16, now_us: i64) -> Vec<Option<f64>> {
    let count = usize::from(columns) * 2;
    let Ok(slots @ 1..) = i64::try_from(count) else { return Vec::new() };
    let span_s = (SECONDS + slots - 1) / slots;
    let newest = now_us.div_euclid(1_000_000).div_euclid(span_s);
    let mut values: Vec<Option<f64>> = vec![None; count];
    for point in scores {
        let ago = newest - point.second.div_euclid(span_s);
        let slot = usize::try_from(ago).ok().and_then(|ago| count.checked_sub(1 + ago));
        if let Some(value) = slot.and_then(|at| values.get_mut(at)) {
            *value = Some(value.unwrap_or(0.0).max(point.score.value()));
        }
    }
    values
}

/// Why scores are less to be trusted here, if they are.
fn unlike(shift: &Shift, look: &Look) -> Option<Line<'static>> {
    let index = shift.excess()?;
    let words = format!(" unlike training {index:.2}: {}", shift.features.join(", "));
    Some(Line::styled(words, look.style(Role::Warning)))
}

/// A line for each class that was seen, attacks first; only the bars of attacks compare.
fn classes(snapshot: &Snapshot, look: &Look, columns: u16) -> Vec<Line<'static>> {
    let mut seen: Vec<_> =
        Class::ALL.into_iter().zip(snapshot.classes).filter(|(_, count)| *count > 0).collect();
    seen.sort_by_key(|(class, count)| (*class == Class::Benign, std::cmp::Reverse(*count)));
    let attacks = seen.iter().filter(|(class, _)| *class != Class::Benign);
    let most = attacks.map(|(_, count)| *count).max().unwrap_or(0);
    let columns = columns.saturating_sub(2 + 2);
    let room = usize::from(columns).saturating_sub(NAME_COLUMNS + COUNT_COLUMNS);
    let line = |(class, count): (Class, u64)| {
        let (role, share) = match class {
            Class::Benign => (Role::Dim, 0.0),
            _ => (Role::Warning, format::to_real(count) / format::to_real(most.max(1))),
        };
        let bar = bar(share, u16::try_from(room).unwrap_or(u16::MAX), look.glyphs);
        Line::from_iter([
            Span::styled(format!(" {:<NAME_COLUMNS$}", class.name()), look.style(role)),
            Span::styled(
                format!("{:>COUNT_COLUMNS$} ", format::count(count)),
                look.style(Role::Text),
            ),
            Span::styled(bar, look.style(Role::Chart)),
        ])
    };
    if seen.is_empty() {
        let words = " no flow has ended in the last 5 min";
        return vec![Line::styled(words, look.style(Role::Dim))];
    }
    seen.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use weir::detect::Score;

    use super::*;

    fn point(second: i64, score: f32) -> ScorePoint {
        ScorePoint { second, score: Score::new(score), verdicts: 1 }
    }

    #[test]
    fn a_span_shows_its_worst_score() {
        let scores = [point(1_000, 0.2), point(1_001, 0.8), point(1_002, 0.4)];
        let values = buckets(&scores, 75, 1_003_000_000);
        assert_eq!(values[148..], [Some(0.8), Some(0.4)]);
        assert!(values[..148].iter().all(Option::is_none));
    }

    #[test]
    fn the_picture_stands_still_until_a_span_is_over() {
        let scores = [point(1_000, 0.2)];
        let at = |now_us| buckets(&scores, 75, now_us);
        assert_eq!(at(1_000_000_000), at(1_001_999_999));
        assert_ne!(at(1_001_999_999), at(1_002_000_000));
    }

    #[test]
    fn what_is_too_old_or_from_the_future_is_not_shown() {
        let scores = [point(0, 0.2), point(2_000, 0.2), point(i64::MAX, 0.2)];
        assert!(buckets(&scores, 10, 1_000_000_000).iter().all(Option::is_none));
        assert!(buckets(&scores, 0, 1_000_000_000).is_empty());
    }
}
