//! Colours: what a thing on the screen is decides how it looks.
//!
//! Only the sixteen colours that every terminal has are used, on its own background, so that the
//! operator's choice of colours holds. The monochrome theme has weights and reversal alone: what
//! colour says is always said by a word or a sign too.

use ratatui::style::{Color, Modifier, Style};

/// What a thing on the screen is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Text that says nothing urgent.
    Text,
    /// Text of less weight: units, what is over, explanations.
    Dim,
    /// A frame around a pane.
    Border,
    /// The frame around the pane that takes the keys.
    Focus,
    /// A title, or the name of a column.
    Title,
    /// A key that can be pressed.
    Key,
    /// The row that keys act on.
    Selected,
    /// All is well.
    Good,
    /// Worth a look.
    Warning,
    /// Wrong.
    Bad,
    /// Wrong and urgent.
    Critical,
    /// Lines of charts and bars.
    Chart,
    /// Text that is not understood.
    Mistake,
}

/// One set of colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Theme {
    /// For a dark background.
    Dark,
    /// For a light background.
    Light,
    /// Without colours.
    Mono,
}

impl Theme {
    /// The theme after this one, around in a circle.
    pub(crate) const fn next(self) -> Self {
        match self {
            Self::Dark => Self::Light,
            Self::Light => Self::Mono,
            Self::Mono => Self::Dark,
        }
    }

    /// Its name as the settings write it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::Mono => "mono",
        }
    }

    /// How a thing looks.
    pub(crate) fn style(self, role: Role) -> Style {
        let style = Style::new().add_modifier(weight(role));
        match self {
            Self::Dark => style.fg(on_dark(role)),
            Self::Light => style.fg(on_light(role)),
            Self::Mono => style,
        }
    }
}

/// What a thing looks like without colours.
fn weight(role: Role) -> Modifier {
    match role {
        Role::Text | Role::Border | Role::Good | Role::Chart => Modifier::empty(),
        Role::Dim => Modifier::DIM,
        Role::Focus | Role::Title | Role::Key | Role::Warning | Role::Bad => Modifier::BOLD,
        Role::Selected => Modifier::REVERSED,
        Role::Critical => Modifier::BOLD.union(Modifier::REVERSED),
        Role::Mistake => Modifier::BOLD.union(Modifier::UNDERLINED),
    }
}

fn on_dark(role: Role) -> Color {
    match role {
        Role::Text | Role::Dim | Role::Selected | Role::Title => Color::Reset,
        Role::Border => Color::DarkGray,
        Role::Focus | Role::Key => Color::LightCyan,
        Role::Good => Color::LightGreen,
        Role::Warning => Color::LightYellow,
        Role::Bad | Role::Critical | Role::Mistake => Color::LightRed,
        Role::Chart => Color::LightBlue,
    }
}

fn on_light(role: Role) -> Color {
    match role {
        Role::Text | Role::Dim | Role::Selected | Role::Title => Color::Reset,
        Role::Border => Color::Gray,
        Role::Focus | Role::Key | Role::Chart => Color::Blue,
        Role::Good => Color::Green,
        Role::Warning => Color::Magenta,
        Role::Bad | Role::Critical | Role::Mistake => Color::Red,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOUD: [Role; 4] = [Role::Warning, Role::Bad, Role::Critical, Role::Mistake];

    #[test]
    fn mono_has_no_colour_and_no_theme_has_a_background() {
        for role in LOUD.into_iter().chain([Role::Text, Role::Key, Role::Chart, Role::Selected]) {
            assert_eq!(Theme::Mono.style(role).fg, None);
            assert!(
                [Theme::Dark, Theme::Light, Theme::Mono]
                    .iter()
                    .all(|theme| theme.style(role).bg.is_none())
            );
        }
    }

    #[test]
    fn what_is_wrong_stands_out_without_colour() {
        assert!(LOUD.iter().all(|role| Theme::Mono.style(*role) != Theme::Mono.style(Role::Text)));
    }

    #[test]
    fn colours_that_vanish_on_a_background_are_not_used_there() {
        for role in LOUD.into_iter().chain([Role::Key, Role::Good, Role::Chart, Role::Focus]) {
            let light = Theme::Light.style(role).fg;
            assert!(!matches!(light, Some(Color::Yellow | Color::LightYellow | Color::White)));
            let dark = Theme::Dark.style(role).fg;
            assert!(!matches!(dark, Some(Color::Black | Color::Blue | Color::DarkGray)));
        }
    }

    #[test]
    fn the_key_goes_around_all_themes() {
        assert_eq!(Theme::Dark.next().next().next(), Theme::Dark);
    }
}
