//! Prints settings as the settings file that would give them.

use std::fmt;

use toml::Value;

use super::layer::{Origin, Resolved, table};
use super::masked;

/// From this column on, a longer line is not waited for: its comment follows right behind it.
const WIDEST: usize = 48;

/// Valid TOML, one key a line in alphabetical order, each with a comment saying where the value
/// came from; secrets are masked.
impl fmt::Display for Resolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<(String, &Origin)> = table(&self.settings)
            .iter()
            .map(|(key, value)| {
                let origin = self.origins.get(key).unwrap_or(&Origin::Default);
                (format!("{key} = {}", on_one_line(&masked(key, value))), origin)
            })
            .collect();
        let widths = lines.iter().map(|(line, _)| line.chars().count());
        let column = widths.filter(|width| *width <= WIDEST).max().unwrap_or(0);
        for (line, origin) in lines {
            writeln!(f, "{line:column$}  # {origin}")?;
        }
        Ok(())
    }
}

/// `value` as TOML; the library would write a text with line breaks over several lines.
pub(super) fn on_one_line(value: &Value) -> String {
    match value {
        Value::String(text) if text.contains(char::is_control) => {
            let escaped: String = text.chars().map(escaped).collect();
            format!("\"{escaped}\"")
        }
        value => value.to_string(),
    }
}

fn escaped(character: char) -> String {
    match character {
        '"' | '\\' => format!("\\{character}"),
        control if control.is_control() => format!("\\u{:04X}", u32::from(control)),
        other => other.into(),
    }
}
