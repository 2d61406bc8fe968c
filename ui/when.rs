//! Times as people type them: so long ago, or a moment; times as they are printed.

use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

/// The longest span that is taken, in hours: a hundred years.
const LONGEST_H: i64 = 24 * 365 * 100;

/// A span of time such as `90s`, `2h` or `1d 12h`, in µs; a day has 24 hours.
pub(crate) fn span_us(text: &str) -> Result<i64, String> {
    let parsed = text.trim().parse::<Span>().ok();
    let span = parsed.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
    let is_taken = |span: &SignedDuration| span.is_positive() && span.as_hours() < LONGEST_H;
    let us = span.filter(is_taken).and_then(|span| i64::try_from(span.as_micros()).ok());
    us.ok_or_else(|| "expected a span of time such as 90s, 30m, 2h or 7d".to_owned())
}

/// A moment in µs since the epoch: RFC 3339, or a span before the present.
pub(crate) fn moment_us(text: &str) -> Result<i64, String> {
    if let Ok(moment) = text.trim().parse::<Timestamp>() {
        return Ok(moment.as_microsecond());
    }
    let ago_us = span_us(text).map_err(|_| {
        "expected a span of time such as 2h or 7d, or a moment such as 2026-11-25T08:00:00Z"
            .to_owned()
    })?;
    Ok(Timestamp::now().as_microsecond().saturating_sub(ago_us))
}

/// A moment in RFC 3339 to the second, in UTC: `2026-11-25T14:02:11Z`.
pub(crate) fn written(us: i64) -> String {
    let end = if us < 0 { Timestamp::MIN } else { Timestamp::MAX };
    format!("{:.0}", Timestamp::from_microsecond(us).unwrap_or(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_a_number_and_its_unit() {
        let spans = ["90s", "30m", "2h", "7d", "1h 30m"].map(|text| span_us(text).unwrap());
        assert_eq!(spans.map(|us| us / 1_000_000), [90, 1_800, 7_200, 604_800, 5_400]);
        for wrong in ["", "2", "h", "-2h", "0s", "1 month", "9999999999h", "2h; reboot"] {
            assert!(span_us(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_moment_is_given_or_counted_back_from_now() {
        let given = moment_us("2026-11-25T09:00:00+01:00").unwrap();
        assert_eq!(written(given), "2026-11-25T08:00:00Z");
        let now_us = Timestamp::now().as_microsecond();
        let ago = now_us - moment_us("2h").unwrap();
        assert!((7_195_000_000..=7_205_000_000).contains(&ago), "{ago}");
        assert!(moment_us("yesterday").unwrap_err().contains("2026-11-25T08:00:00Z"));
    }
}
