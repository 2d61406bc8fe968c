//! Packet times as people read them.

use jiff::Timestamp;

/// Writes RFC 3339 times in UTC with microseconds.
///
/// Rows come in the order of time, so the text down to the second is kept for the next.
#[derive(Debug, Default)]
pub(super) struct Timestamps {
    second: Option<i64>,
    prefix: String,
}

impl Timestamps {
    /// Appends the time `time_us` after the Unix epoch.
    pub(super) fn write(&mut self, time_us: i64, text: &mut Vec<u8>) {
        let (second, fraction) = (time_us.div_euclid(1_000_000), time_us.rem_euclid(1_000_000));
        if self.second != Some(second) {
            // A capture file can hold any number; beyond year 9999 it is a wrong one.
            let time = Timestamp::from_second(second).unwrap_or(Timestamp::MAX);
            self.prefix = time.to_string();
            self.prefix.truncate(self.prefix.find(['.', 'Z']).unwrap_or(self.prefix.len()));
            self.second = Some(second);
        }
        text.extend_from_slice(self.prefix.as_bytes());
        text.push(b'.');
        for place in [100_000, 10_000, 1_000, 100, 10, 1] {
            let digit = fraction / place % 10;
            text.push(b'0' + u8::try_from(digit).unwrap_or(0));
        }
        text.push(b'Z');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_to_the_microsecond() {
        let mut text = Vec::new();
        let mut timestamps = Timestamps::default();
        timestamps.write(1_600_000_000_000_042, &mut text);
        text.push(b' ');
        timestamps.write(-1, &mut text);
        assert_eq!(text, b"2020-09-13T12:26:40.000042Z 1969-12-31T23:59:59.999999Z");
    }

    #[test]
    fn a_time_beyond_all_calendars_is_still_written() {
        let mut text = Vec::new();
        Timestamps::default().write(i64::MAX, &mut text);
        assert!(text.starts_with(b"9999-12-30T"));
    }
}
