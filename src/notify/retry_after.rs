//! `Retry-After` (RFC 9110, 10.2.3): a number of seconds, or a date.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

/// The longest wait that is taken at its word.
const LONGEST: Duration = Duration::from_hours(24);

/// How long `value` says to wait. A date counts from the `date` of the answer, so that it does not
/// matter whether both clocks agree; without one, from now.
pub(super) fn read(value: &str, date: Option<&str>) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds).min(LONGEST));
    }
    let until = moment(value)?;
    let from = date.and_then(moment).unwrap_or_else(Timestamp::now);
    // A date that is over says to wait no longer.
    let wait = Duration::try_from(until.duration_since(from)).unwrap_or_default();
    Some(wait.min(LONGEST))
}

fn moment(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_a_number_of_seconds_or_a_date() {
        assert_eq!(read("30", None), Some(Duration::from_secs(30)));
        let date = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        let until = |text| read(text, date);
        assert_eq!(until("Sun, 06 Nov 1994 08:51:37 GMT"), Some(Duration::from_mins(2)));
        assert_eq!(until("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(read("Sun, 06 Nov 1994 08:51:37 GMT", None), Some(Duration::ZERO));
    }

    #[test]
    fn a_wait_of_years_is_a_day_and_nonsense_none() {
        assert_eq!(read("99999999999", None), Some(LONGEST));
        assert_eq!(read("Fri, 01 Jan 2100 00:00:00 GMT", None), Some(LONGEST));
        for nonsense in ["", "soon", "-1", "1.5", "99999999999999999999999"] {
            assert_eq!(read(nonsense, None), None, "{nonsense}");
        }
    }
}
