//! Names and values, one below the other, to be read or copied.

use std::borrow::Cow;

use ratatui::text::{Line, Span};

use crate::look::Look;
use crate::text;
use crate::theme::Role;
use crate::widgets::wrap::wrapped;

/// Columns of the widest name and the gaps around it.
const NAME_COLUMNS: usize = 15;

/// Something that is so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fact {
    name: Cow<'static, str>,
    value: String,
    role: Role,
}

impl Fact {
    /// A fact that is not urgent.
    pub(crate) fn new(name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into(), role: Role::Text }
    }

    /// A fact that looks as what it is.
    pub(crate) fn told(name: &'static str, value: impl Into<String>, role: Role) -> Self {
        Self { name: name.into(), value: value.into(), role }
    }
}

/// The facts in lines of at most `columns`.
pub(crate) fn lines(facts: &[Fact], columns: u16, look: &Look) -> Vec<Line<'static>> {
    let room = usize::from(columns).saturating_sub(NAME_COLUMNS);
    let mut lines = Vec::new();
    for fact in facts {
        for (at, value) in wrapped(&fact.value, room).into_iter().enumerate() {
            let name = if at == 0 { &*fact.name } else { "" };
            let name = format!(" {name:<0$}", NAME_COLUMNS - 1);
            lines.push(Line::from_iter([
                Span::styled(name, look.style(Role::Dim)),
                Span::styled(value, look.style(fact.role)),
            ]));
        }
    }
    lines
}

/// The facts as plain text, one a line.
pub(crate) fn written(facts: &[Fact]) -> String {
    let line = |fact: &Fact| match &*fact.name {
        "" => format!("  {}\n", text::clean(&fact.value)),
        name => format!("{name}: {}\n", text::clean(&fact.value)),
    };
    facts.iter().map(line).collect()
}
