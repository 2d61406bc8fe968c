//! The help, made from the table of keys.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use weir::filter::Filter;

use super::scroll::Scroll;
use super::{Focus, Scene, View, chrome};
use crate::console::Motion;
use crate::keymap::{BINDINGS, Binding, Mode};
use crate::look::Look;
use crate::theme::Role;
use crate::widgets::wrap::wrapped;

/// Columns of names and the gaps around them.
const NAME_COLUMNS: usize = 21;

/// How terms of a filter go together.
const WAYS: [(&str, &str); 4] = [
    ("src:a dst:b", "both must hold"),
    ("port:80 or port:443", "one must hold"),
    ("!proto:udp", "this must not hold"),
    ("dos", "a bare word is looked for in all that is text"),
];

/// What the line at the top says and does not explain.
const UNLIKE: (&str, &str) = (
    "unlike training 1.2",
    "the network differs from what the model was trained on, and scores are less to be trusted; \
     pane 2 names the features that differ most",
);

/// The page.
#[derive(Debug, Default)]
pub(crate) struct Help {
    scroll: Scroll,
}

impl View for Help {
    fn title(&self, _scene: &Scene) -> String {
        format!("Help ─ weir {}", env!("CARGO_PKG_VERSION"))
    }

    fn render(&self, scene: &Scene, _focus: Focus, area: Rect, buffer: &mut Buffer) {
        let lines = lines(area.width, &scene.look);
        let top = self.scroll.top(lines.len(), usize::from(area.height));
        chrome::text(&lines, top, area, buffer);
    }

    fn step(&mut self, scene: &Scene, motion: Motion, area: Rect) {
        let lines = lines(area.width, &scene.look).len();
        self.scroll.step(motion, lines, usize::from(area.height));
    }
}

fn lines(columns: u16, look: &Look) -> Vec<Line<'static>> {
    let heading = |words: &'static str| Line::styled(words, look.style(Role::Title));
    let is_browsing = |binding: &&Binding| {
        binding.modes.contains(&Mode::Panes) || binding.modes.contains(&Mode::Page)
    };
    let keys = |binding: &Binding| {
        let labels = binding.keys.iter().map(|key| key.label(look.glyphs));
        entry(&labels.collect::<Vec<_>>().join(" "), binding.help, columns, look)
    };
    let mut lines = vec![heading(" Keys")];
    lines.extend(BINDINGS.iter().filter(is_browsing).flat_map(keys));
    lines.extend([Line::default(), heading(" Filter, for flows, alerts and events")]);
    lines.extend(Filter::keys().iter().flat_map(|info| {
        let meaning = format!("{}: {}", info.meaning, info.values);
        entry(info.example, &meaning, columns, look)
    }));
    lines.extend(WAYS.iter().flat_map(|(example, meaning)| entry(example, meaning, columns, look)));
    lines.extend([Line::default(), heading(" While a filter or a command is written")]);
    lines.extend(BINDINGS.iter().filter(|one| !is_browsing(one)).flat_map(keys));
    lines.extend([Line::default(), heading(" In the line at the top")]);
    lines.extend(entry(UNLIKE.0, UNLIKE.1, columns, look));
    lines
}

/// A name and what it means, in as many lines as that takes.
fn entry(name: &str, meaning: &str, columns: u16, look: &Look) -> Vec<Line<'static>> {
    let room = usize::from(columns).saturating_sub(NAME_COLUMNS);
    let line = |(at, words): (usize, String)| {
        let name = if at == 0 { name } else { "" };
        Line::from_iter([
            Span::styled(format!(" {name:<0$}", NAME_COLUMNS - 1), look.style(Role::Key)),
            Span::styled(words, look.style(Role::Text)),
        ])
    };
    wrapped(meaning, room).into_iter().enumerate().map(line).collect()
}
