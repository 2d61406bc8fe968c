//! Schedules as Kubernetes reads them: five fields, or one of a few words.

const WORDS: [&str; 7] = ["yearly", "annually", "monthly", "weekly", "daily", "midnight", "hourly"];

/// Units of a duration; of two that begin alike the longer one comes first.
const UNITS: [&str; 7] = ["ns", "us", "µs", "ms", "s", "m", "h"];

/// What a field may say.
struct Field {
    least: u32,
    most: u32,
    /// Words for its numbers, from the least on.
    names: &'static [&'static str],
}

const MONTHS: &[&str] =
    &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// Minute, hour, day of the month, month, day of the week.
const FIELDS: [Field; 5] = [
    Field { least: 0, most: 59, names: &[] },
    Field { least: 0, most: 23, names: &[] },
    Field { least: 1, most: 31, names: &[] },
    Field { least: 1, most: 12, names: MONTHS },
    Field { least: 0, most: 6, names: DAYS },
];

/// Whether the API server takes a schedule.
pub(super) fn is_schedule(text: &str) -> bool {
    if let Some(word) = text.strip_prefix('@') {
        return WORDS.contains(&word) || word.strip_prefix("every ").is_some_and(is_duration);
    }
    let mut parts = text.split_whitespace();
    FIELDS.iter().all(|field| parts.next().is_some_and(|part| field.takes(part)))
        && parts.next().is_none()
}

impl Field {
    fn takes(&self, list: &str) -> bool {
        list.split(',').filter(|span| !span.is_empty()).all(|span| self.has(span))
    }

    /// Whether it has `*`, `5`, `1-5` or any of them with a step.
    fn has(&self, span: &str) -> bool {
        let (span, step) =
            span.split_once('/').map_or((span, None), |(span, step)| (span, Some(step)));
        let is_step = |step: &str| step.parse::<u32>().is_ok_and(|step| step > 0);
        let (low, high) = span.split_once('-').unwrap_or((span, span));
        let is_span = matches!(low, "*" | "?")
            || self
                .number(low)
                .zip(self.number(high))
                .is_some_and(|(low, high)| self.least <= low && low <= high && high <= self.most);
        is_span && step.is_none_or(is_step)
    }

    fn number(&self, text: &str) -> Option<u32> {
        let mut named = self.names.iter().zip(self.least..);
        let named = named.find(|(name, _)| name.eq_ignore_ascii_case(text));
        named.map(|(_, number)| number).or_else(|| text.parse().ok())
    }
}

/// Whether it is a duration of Go, such as `1h30m`.
fn is_duration(text: &str) -> bool {
    let mut rest = text;
    while !rest.is_empty() {
        let unit = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let after = UNITS.iter().find_map(|name| unit.strip_prefix(name));
        match after {
            Some(after) if unit.len() < rest.len() => rest = after,
            _ => return false,
        }
    }
    !text.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kubernetes_takes_is_a_schedule() {
        for text in [
            "* * * * *",
            "0 3 * * *",
            "*/5 * * * *",
            "0/1 * * * *",
            "0,30 8-18/2 1,15 * 1-5",
            "0 0 1 jan sun",
            "0 0 ? DEC Mon-Fri",
            " 0  0 1 1 0 ",
            "@daily",
            "@hourly",
            "@every 1h30m",
        ] {
            assert!(is_schedule(text), "{text}");
        }
    }

    #[test]
    fn what_kubernetes_refuses_is_none() {
        for text in [
            "",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "* * * * 7",
            "5-1 * * * *",
            "*/0 * * * *",
            "1/2/3 * * * *",
            "1-2-3 * * * *",
            "a * * * *",
            "TZ=UTC 0 3 * * *",
            "@never",
            "@every",
            "@every ",
            "@every 5",
            "@every h",
            "@DAILY",
        ] {
            assert!(!is_schedule(text), "{text}");
        }
    }
}
