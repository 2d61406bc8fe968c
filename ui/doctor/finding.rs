//! What a check found.

use std::fmt;

use serde::Serialize;

use crate::text::clean;
pub(super) use crate::words::with_causes as told;

/// Columns of a level and of the name of a check.
const LEVEL: usize = 6;
const CHECK: usize = 12;

/// How good or bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    /// It is as it should be.
    Ok,
    /// Weir works, but not as well as it could or not in every way.
    Warn,
    /// Something that Weir does will not work.
    Fail,
}

impl Level {
    const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// What a check found, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) check: &'static str,
    pub(super) level: Level,
    pub(super) found: String,
    pub(super) mend: Option<String>,
}

impl Finding {
    /// All is well.
    pub(super) fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, level: Level::Ok, found: found.into(), mend: None }
    }

    /// It could be better.
    pub(super) fn warn(
        check: &'static str,
        found: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self { check, level: Level::Warn, found: found.into(), mend: Some(mend.into()) }
    }

    /// It does not work.
    pub(super) fn fail(
        check: &'static str,
        found: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self { check, level: Level::Fail, found: found.into(), mend: Some(mend.into()) }
    }
}

/// A line for what was found, and one for its mend.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { check, level, found, mend } = self;
        writeln!(f, "{:<LEVEL$}{check:<CHECK$}{}", level.name(), clean(found))?;
        let Some(mend) = mend else { return Ok(()) };
        writeln!(f, "{:<LEVEL$}{:<CHECK$}→ {}", "", "", clean(mend))
    }
}

/// All findings, and how bad the worst of them is.
#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    level: Level,
    checks: &'a [Finding],
}

impl<'a> From<&'a [Finding]> for Report<'a> {
    fn from(checks: &'a [Finding]) -> Self {
        let level = checks.iter().map(|finding| finding.level).max().unwrap_or(Level::Ok);
        Self { level, checks }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{json, to_value};

    use super::*;

    #[test]
    fn a_finding_says_what_was_found_and_how_to_mend_it() {
        let finding = Finding::fail("interface", "`eth\u{1b}7` is down", "`ip link set eth7 up`");
        let text = finding.to_string();
        assert_eq!(
            text,
            "fail  interface   `eth\u{fffd}7` is down\n                  → `ip link set eth7 up`\n"
        );
        assert_eq!(Finding::ok("clock", "fine").to_string(), "ok    clock       fine\n");
    }

    #[test]
    fn a_report_is_as_bad_as_its_worst_finding() {
        let findings = [Finding::ok("a", "x"), Finding::warn("b", "y", "z")];
        let expected = json!({ "level": "warn", "checks": [
            { "check": "a", "level": "ok", "found": "x", "mend": null },
            { "check": "b", "level": "warn", "found": "y", "mend": "z" },
        ]});
        assert_eq!(to_value(Report::from(&findings[..])).unwrap(), expected);
    }
}
