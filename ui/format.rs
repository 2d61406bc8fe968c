//! Numbers and times as people read them: short, every number with its unit, every time in UTC.

use jiff::Timestamp;
use jiff::fmt::strtime;

/// Microseconds in a second.
const SECOND_US: i64 = 1_000_000;

/// A count to the last digit: `1,204`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A count and what is counted, in the singular where it is one: `1 flow`, `1,204 flows`.
pub(crate) fn counted(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", count(number))
}

/// Three digits and a letter for the power of a thousand: `988`, `18.2k`, `1.10M`.
pub(crate) fn short(number: f64) -> String {
    let (value, letter) = scaled(number);
    format!("{value}{letter}")
}

/// As [`short`], of a whole number.
pub(crate) fn short_count(number: u64) -> String {
    short(to_real(number))
}

/// A rate of bits: `142 Mb/s`.
pub(crate) fn bits_per_s(rate: f64) -> String {
    let (value, letter) = scaled(rate);
    format!("{value} {letter}b/s")
}

/// A number of bytes: `1.20 kB`.
pub(crate) fn bytes(number: u64) -> String {
    let (value, letter) = scaled(to_real(number));
    format!("{value} {letter}B")
}

/// A rate of bytes: `1.20 kB/s`.
pub(crate) fn bytes_per_s(rate: f64) -> String {
    let (value, letter) = scaled(rate);
    format!("{value} {letter}B/s")
}

fn scaled(number: f64) -> (String, &'static str) {
    const LETTERS: [&str; 6] = ["", "k", "M", "G", "T", "P"];
    let mut value = if number.is_finite() { number.max(0.0) } else { 0.0 };
    let mut power = 0;
    // From here on three digits would be rounded to the next thousand.
    while value >= 999.5 && power + 1 < LETTERS.len() {
        value /= 1_000.0;
        power += 1;
    }
    let decimals = match value {
        _ if power == 0 => 0,
        9.995.. if value < 99.95 => 1,
        99.95.. => 0,
        _ => 2,
    };
    (format!("{value:.decimals$}"), LETTERS.get(power).copied().unwrap_or_default())
}

/// `part` of `whole` in per cent: `0.00%`.
pub(crate) fn share(part: u64, whole: u64) -> String {
    let ratio = if whole == 0 { 0.0 } else { to_real(part) / to_real(whole) };
    format!("{:.2}%", ratio * 100.0)
}

/// A span of time in its largest unit: `41s`, `12m`, `3h`, `2d`.
pub(crate) fn span(us: i64) -> String {
    let seconds = us.max(0) / SECOND_US;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// A span of time to the second, as a clock that runs down shows it: `14:31`, `5:59:59`.
pub(crate) fn minutes(us: i64) -> String {
    let seconds = us.max(0) / SECOND_US;
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

/// A span of time in seconds to the millisecond: `41.250 s`.
pub(crate) fn precise_span(us: i64) -> String {
    let us = us.max(0);
    format!("{}.{:03} s", us / SECOND_US, us % SECOND_US / 1_000)
}

/// The time of day to the second: `14:02:11Z`.
pub(crate) fn clock(us: i64) -> String {
    written("%H:%M:%SZ", us)
}

/// Date and time to the microsecond: `2026-11-25T14:02:11.000000Z`.
pub(crate) fn moment(us: i64) -> String {
    written("%Y-%m-%dT%H:%M:%S.%6fZ", us)
}

/// Date and time to the minute: `2026-11-25 14:02Z`.
pub(crate) fn minute(us: i64) -> String {
    written("%Y-%m-%d %H:%MZ", us)
}

/// The date: `2026-11-25`.
pub(crate) fn day(us: i64) -> String {
    written("%Y-%m-%d", us)
}

/// What no calendar holds is given as it is.
fn written(pattern: &str, us: i64) -> String {
    Timestamp::from_microsecond(us)
        .ok()
        .and_then(|time| strtime::format(pattern, time).ok())
        .unwrap_or_else(|| format!("{us} µs"))
}

/// Exact below 2^53, which no count here reaches.
#[expect(clippy::cast_precision_loss, reason = "what is shown has three digits")]
pub(crate) fn to_real(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped_by_thousands() {
        let counts = [0, 999, 1_204, 1_000_000].map(count);
        assert_eq!(counts, ["0", "999", "1,204", "1,000,000"]);
        assert_eq!([counted(1, "flow"), counted(0, "flow")], ["1 flow", "0 flows"]);
    }

    #[test]
    fn large_numbers_have_three_digits_and_a_letter() {
        let numbers = [0.0, 988.4, 999.6, 1_100.0, 18_200.0, 142_000.0, 999_600.0];
        assert_eq!(numbers.map(short), ["0", "988", "1.00k", "1.10k", "18.2k", "142k", "1.00M"]);
        assert_eq!(bits_per_s(142e6), "142 Mb/s");
        assert_eq!([bytes(1_200), bytes_per_s(1_200.0)], ["1.20 kB", "1.20 kB/s"]);
        assert_eq!(short(f64::NAN), "0");
    }

    #[test]
    fn spans_are_given_in_their_largest_unit() {
        let spans = [-5, 41, 720, 3 * 3_600, 200_000].map(|s| span(s * SECOND_US));
        assert_eq!(spans, ["0s", "41s", "12m", "3h", "2d"]);
        assert_eq!(precise_span(41_250_999), "41.250 s");
        let spans = [-5, 9, 871, 21_599].map(|s| minutes(s * SECOND_US));
        assert_eq!(spans, ["0:00", "0:09", "14:31", "5:59:59"]);
    }

    #[test]
    fn every_time_has_its_zone() {
        assert_eq!(clock(1_795_615_331_000_000), "14:02:11Z");
        assert_eq!(moment(1_795_615_331_000_012), "2026-11-25T14:02:11.000012Z");
        assert_eq!(minute(1_795_615_331_000_012), "2026-11-25 14:02Z");
        assert_eq!(clock(i64::MAX), "9223372036854775807 µs");
    }

    #[test]
    fn nothing_of_nothing_is_no_share() {
        assert_eq!([share(0, 0), share(1, 3)], ["0.00%", "33.33%"]);
    }
}
