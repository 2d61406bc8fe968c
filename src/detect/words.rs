//! Values of features in words: with their unit, against what is usual.

use crate::feature::{Feature, Unit};

/// Whose usual value a value is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// That of the flow's service here.
    Service,
    /// That of all traffic that the model was trained on.
    AllTraffic,
}

impl Whose {
    /// How the usual value is introduced.
    const fn words(self) -> &'static str {
        match self {
            Self::Service => "usual here",
            Self::AllTraffic => "usually",
        }
    }
}

/// What `feature` was and what it usually is; none where both read the same.
pub(super) fn compared(feature: &Feature, value: f32, usual: f32, whose: Whose) -> Option<String> {
    let (value, usual) = (f64::from(value), f64::from(usual));
    // A share is a percentage; a ratio that exceeds 1 is none.
    let is_share = feature.unit == Unit::Ratio && value <= 1.0 && usual <= 1.0;
    let say = |value| if is_share { percent(value) } else { quantity(feature.unit, value) };
    let (value, usual) = (say(value), say(usual));
    let (what, usually) = (clause(feature.description), whose.words());
    (value != usual).then(|| format!("{what}: {value}, {usually} {usual}"))
}

/// The first clause of a sentence, to stand within another.
fn clause(sentence: &str) -> String {
    let clause = sentence.split(';').next().unwrap_or_default().trim_end_matches('.');
    let mut letters = clause.chars();
    let first = letters.next();
    // An abbreviation keeps its capitals.
    if letters.clone().next().is_some_and(char::is_uppercase) {
        return clause.into();
    }
    first.into_iter().flat_map(char::to_lowercase).chain(letters).collect()
}

fn quantity(unit: Unit, value: f64) -> String {
    match unit {
        // What is counted is said in the sentence.
        Unit::None | Unit::Packets | Unit::Ratio => number(value),
        Unit::LogCount => number(value.exp_m1()),
        Unit::Bytes => bytes(value),
        Unit::SquareBytes => format!("{} B²", number(value)),
        Unit::Microseconds => duration(value / 1e6),
        Unit::LogSeconds => duration(value.exp_m1()),
        Unit::LogBytes => bytes(value.exp_m1()),
        Unit::LogRatio => format!("{} times", number(value.exp())),
        Unit::BytesPerSecond => format!("{}/s", bytes(value)),
        Unit::PacketsPerSecond => format!("{} packets/s", number(value)),
    }
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

fn bytes(value: f64) -> String {
    scaled(value, &[(1e9, "GB"), (1e6, "MB"), (1e3, "kB")], (1.0, "B"))
}

fn duration(seconds: f64) -> String {
    scaled(seconds, &[(1.0, "s"), (1e-3, "ms")], (1e-6, "µs"))
}

/// `value` in the first unit of which it is at least one, else in the `least`.
fn scaled(value: f64, units: &[(f64, &str)], least: (f64, &str)) -> String {
    if value == 0.0 {
        return "0".into();
    }
    let fits = units.iter().find(|(size, _)| value.abs() >= *size);
    let (size, name) = fits.copied().unwrap_or(least);
    format!("{} {name}", number(value / size))
}

/// Three digits that count, or all of a larger whole number, in groups of three.
fn number(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => 3,
    };
    let written = format!("{value:.decimals$}");
    let (whole, fraction) = written.split_once('.').unwrap_or((&written, ""));
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{}{point}{fraction}", grouped(whole))
}

fn grouped(digits: &str) -> String {
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        let left = digits.len() - at;
        if at > 0 && left.is_multiple_of(3) && !grouped.ends_with('-') {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature::FEATURES;

    fn said(name: &str, value: f32, usual: f32) -> String {
        let feature = FEATURES.iter().find(|feature| feature.name == name).unwrap();
        compared(feature, value, usual, Whose::AllTraffic).unwrap()
    }

    #[test]
    fn counts_are_no_logarithms() {
        assert_eq!(
            said("Dst Flows 10s", 412_f32.ln_1p(), 3_f32.ln_1p()),
            "flows that were opened to the target in the last 10 s: 412, usually 3"
        );
    }

    #[test]
    fn values_have_their_unit() {
        assert_eq!(
            said("Flow Duration", 1_250.0, 2_500_000.0),
            "from the first packet to the last: 1.25 ms, usually 2.5 s"
        );
        assert_eq!(
            said("Total Length of Fwd Packet", 1_048_576.0, 187.0),
            "transport payload forward: 1.05 MB, usually 187 B"
        );
        assert_eq!(
            said("Flow Packets/s", 123_456.0, 0.5),
            "packets of both sides over the duration: 123,456 packets/s, usually 0.5 packets/s"
        );
        assert_eq!(
            said("Src Failures 60s", 0.873, 0.0),
            "share of flows of the source in the last 60 s without an answer or refused: 87 %, \
             usually 0 %"
        );
        assert_eq!(
            said("Pair Gap", 59_f32.ln_1p(), 0.0),
            "since the previous final row of the same client, server and server port: 59 s, \
             usually 0"
        );
    }

    #[test]
    fn an_abbreviation_keeps_its_capitals() {
        assert_eq!(said("Protocol", 17.0, 6.0), "IP protocol number: 17, usually 6");
    }

    #[test]
    fn what_is_usual_of_the_service_is_said_to_be_so_here() {
        let feature = FEATURES.iter().find(|feature| feature.name == "Flow Duration").unwrap();
        assert_eq!(
            compared(feature, 30e6, 1.2e6, Whose::Service).unwrap(),
            "from the first packet to the last: 30 s, usual here 1.2 s"
        );
    }

    #[test]
    fn what_reads_the_same_is_not_said() {
        let feature = FEATURES.iter().find(|feature| feature.name == "Flow Packets/s").unwrap();
        assert_eq!(compared(feature, 7.000_1, 7.0, Whose::Service), None);
    }

    #[test]
    fn large_numbers_are_grouped() {
        assert_eq!(["7", "1234567", "-123456"].map(grouped), ["7", "1,234,567", "-123,456"]);
    }
}
