//! Times as text.

use jiff::Timestamp;

/// RFC 3339 with microseconds; a time beyond all calendars is their end.
#[must_use]
pub fn rfc3339(time_us: i64) -> String {
    let end = if time_us < 0 { Timestamp::MIN } else { Timestamp::MAX };
    format!("{:.6}", Timestamp::from_microsecond(time_us).unwrap_or(end))
}

/// The time that `text` tells by RFC 3339, in µs since the epoch.
#[must_use]
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_microsecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_it_is_written() {
        for time_us in [-1, 0, 42, 1_600_000_000_000_042] {
            assert_eq!(parse_rfc3339(&rfc3339(time_us)), Some(time_us));
        }
    }

    #[test]
    fn a_time_of_another_place_is_the_same_moment() {
        let texts = ["2020-09-13T14:26:40.000042+02:00", "2020-09-13T12:26:40.000042Z"];
        assert_eq!(texts.map(parse_rfc3339), [Some(1_600_000_000_000_042); 2]);
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in ["", "unread", "2020-09-13", "2020-09-13T12:26:40", "2020-13-13T12:26:40Z"] {
            assert_eq!(parse_rfc3339(text), None, "{text}");
        }
    }
}
