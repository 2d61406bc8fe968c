//! What is around: the clock, and the terminal.

use std::io::{self, IsTerminal};
use std::path::Path;

use crossterm::terminal;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use weir::settings::Environment;

use super::finding::Finding;

/// This version was not there before: a clock that says so is wrong.
const BUILD_YEAR: i16 = 2026;

/// Where systemd's client of the network time protocol says how it is doing.
const TIME_SYNC: &str = "/run/systemd/timesync";

/// The smallest terminal that the console fits in.
const SMALLEST: (u16, u16) = (40, 12);

/// The terminal in which all panes are seen at once.
const WHOLE: (u16, u16) = (120, 34);

/// The clock of the system: packet times of a live capture come from it.
pub(super) fn clock() -> Finding {
    let service = Path::new(TIME_SYNC);
    let is_synchronised = service.is_dir().then(|| service.join("synchronized").exists());
    judged(Timestamp::now(), is_synchronised)
}

fn judged(now: Timestamp, is_synchronised: Option<bool>) -> Finding {
    const CHECK: &str = "clock";
    let found = format!("{now:.0}");
    let mend = "`sudo timedatectl set-ntp true`";
    if now.to_zoned(TimeZone::UTC).year() < BUILD_YEAR {
        let found = format!("{found}, before this program was built");
        return Finding::fail(CHECK, found, mend);
    }
    match is_synchronised {
        Some(true) => Finding::ok(CHECK, format!("{found}, synchronised")),
        Some(false) => Finding::warn(CHECK, format!("{found}, not synchronised yet"), mend),
        None => {
            let found = format!("{found}; whether it is synchronised is not known");
            Finding::warn(CHECK, found, "look at its client of NTP, such as `chronyc tracking`")
        }
    }
}

/// Whether the console can be opened here, and how it will look.
pub(super) fn terminal(environment: &Environment) -> Finding {
    const CHECK: &str = "terminal";
    if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
        let found = "standard input and output are none: no console";
        return Finding::warn(CHECK, found, "run it in a terminal; `weir --api` needs none");
    }
    let Ok((columns, rows)) = terminal::size() else {
        return Finding::warn(CHECK, "its size cannot be told", "set its size: `stty cols 120`");
    };
    let glyphs = if environment.takes_unicode() { "UTF-8" } else { "ASCII only" };
    let colours = if environment.no_color() { "no colours (NO_COLOR)" } else { "colours" };
    fits((columns, rows), &format!("{columns}×{rows}, {glyphs}, {colours}"))
}

fn fits((columns, rows): (u16, u16), found: &str) -> Finding {
    const CHECK: &str = "terminal";
    let holds = |(least_columns, least_rows)| columns >= least_columns && rows >= least_rows;
    if !holds(SMALLEST) {
        let found = format!("{found}: too small for the console");
        return Finding::warn(CHECK, found, "make it 40×12 or larger");
    }
    let panes = if holds(WHOLE) { "" } else { "; one pane at a time below 120×34" };
    Finding::ok(CHECK, format!("{found}{panes}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    #[test]
    fn a_clock_from_before_the_program_is_wrong() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(judged(at("1970-01-01T00:00:10Z"), Some(true)).level, Level::Fail);
        assert_eq!(judged(at("2026-11-25T08:00:00Z"), Some(false)).level, Level::Warn);
        assert_eq!(judged(at("2026-11-25T08:00:00Z"), Some(true)).level, Level::Ok);
        let unknown = judged(at("2026-11-25T08:00:00Z"), None);
        assert_eq!(unknown.level, Level::Warn, "what is not known is not well");
        assert!(unknown.found.ends_with("is synchronised is not known"), "{unknown:?}");
    }

    #[test]
    fn the_size_of_the_terminal_decides_what_is_seen() {
        let level = |size| fits(size, "").level;
        assert_eq!([level((39, 40)), level((40, 11))], [Level::Warn; 2]);
        assert!(fits((80, 24), "80×24").found.ends_with("one pane at a time below 120×34"));
        assert_eq!(fits((120, 34), "120×34").found, "120×34");
    }
}
