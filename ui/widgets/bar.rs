//! A horizontal bar as a text.

use crate::glyphs::Glyphs;

/// Blocks of one to seven eighths.
const EIGHTHS: [char; 7] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/// A bar of `share` (0 to 1) of `columns`. What is more than nothing is seen.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of at most 65,535 columns"
)]
pub(crate) fn bar(share: f64, columns: u16, glyphs: Glyphs) -> String {
    let steps = match glyphs {
        Glyphs::Unicode => 8_u16,
        Glyphs::Ascii => 1,
    };
    let all = usize::from(columns) * usize::from(steps);
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    let length = (share * f64::from(columns) * f64::from(steps)).round() as usize;
    let length = if share > 0.0 { length.clamp(1, all) } else { 0 };
    match glyphs {
        Glyphs::Unicode => {
            let rest = (length % 8).checked_sub(1).and_then(|at| EIGHTHS.get(at));
            "█".repeat(length / 8).chars().chain(rest.copied()).collect()
        }
        Glyphs::Ascii => "#".repeat(length),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_share() {
        assert_eq!(bar(0.5, 4, Glyphs::Unicode), "██");
        assert_eq!(bar(0.53, 4, Glyphs::Unicode), "██▏");
        assert_eq!(bar(1.0, 4, Glyphs::Ascii), "####");
        assert_eq!(bar(9.0, 4, Glyphs::Unicode), "████");
    }

    #[test]
    fn only_nothing_is_invisible() {
        assert_eq!(bar(0.0, 4, Glyphs::Unicode), "");
        assert_eq!(bar(f64::NAN, 4, Glyphs::Unicode), "");
        assert_eq!(bar(1e-9, 4, Glyphs::Unicode), "▏");
        assert_eq!(bar(1e-9, 4, Glyphs::Ascii), "#");
    }
}
