//! What the settings say about the console, with what the terminal can take.

use weir::settings::{self, Environment, Settings};

use crate::glyphs::Glyphs;
use crate::terminal::Mouse;
use crate::theme::Theme;

/// How a console begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConsoleOptions {
    /// Colours.
    pub(crate) theme: Theme,
    /// Characters.
    pub(crate) glyphs: Glyphs,
    /// Whether it takes the mouse.
    pub(crate) mouse: Mouse,
    /// Whether its operator may change anything.
    pub(crate) rights: Rights,
}

/// What the operator of a console may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rights {
    /// Look, and act.
    Act,
    /// Look.
    Look,
}

impl ConsoleOptions {
    /// The choices of `settings`; what they leave open is decided by the terminal.
    pub(crate) const fn new(settings: &Settings, environment: &Environment) -> Self {
        let theme = match settings.theme {
            settings::Theme::Auto if environment.no_color() => Theme::Mono,
            settings::Theme::Auto | settings::Theme::Dark => Theme::Dark,
            settings::Theme::Light => Theme::Light,
            settings::Theme::Mono => Theme::Mono,
        };
        let glyphs = match settings.glyphs {
            settings::Glyphs::Auto if environment.takes_unicode() => Glyphs::Unicode,
            settings::Glyphs::Unicode => Glyphs::Unicode,
            settings::Glyphs::Auto | settings::Glyphs::Ascii => Glyphs::Ascii,
        };
        let mouse = if settings.mouse { Mouse::Taken } else { Mouse::Left };
        let rights = if settings.read_only { Rights::Look } else { Rights::Act };
        Self { theme, glyphs, mouse, rights }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(settings: &Settings, pairs: &[(&str, &str)]) -> ConsoleOptions {
        let pairs = pairs.iter().map(|(name, value)| (name.into(), value.into()));
        ConsoleOptions::new(settings, &Environment::from_pairs(pairs))
    }

    #[test]
    fn the_terminal_decides_what_the_settings_leave_open() {
        let rich = options(&Settings::default(), &[("LANG", "C.UTF-8")]);
        assert_eq!((rich.theme, rich.glyphs), (Theme::Dark, Glyphs::Unicode));
        let poor = options(&Settings::default(), &[("LANG", "C"), ("NO_COLOR", "1")]);
        assert_eq!((poor.theme, poor.glyphs), (Theme::Mono, Glyphs::Ascii));
    }

    #[test]
    fn settings_have_the_last_word() {
        let settings = Settings {
            theme: settings::Theme::Light,
            glyphs: settings::Glyphs::Unicode,
            mouse: false,
            ..Settings::default()
        };
        let options = options(&settings, &[("LANG", "C"), ("NO_COLOR", "1")]);
        assert_eq!((options.theme, options.glyphs), (Theme::Light, Glyphs::Unicode));
        assert_eq!(options.mouse, Mouse::Left);
    }
}
