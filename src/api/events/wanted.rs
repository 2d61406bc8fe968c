//! Which events are wanted: every parameter is a term of the filter language, so that one thing decides.

use jiff::Timestamp;

use crate::api::alerts::taken;
use crate::api::error::Problem;
use crate::engine::KeptEvent;
use crate::filter::Filter;

/// What a time looks like.
const TIME: &str = "expected a time such as 2026-11-25T08:00:00Z";

/// The parameters by which events are chosen, as they came.
#[derive(Debug, Default)]
pub(super) struct Which {
    pub(super) since: Option<String>,
    pub(super) until: Option<String>,
    pub(super) r#type: Option<String>,
    pub(super) namespace: Option<String>,
    pub(super) pod: Option<String>,
    pub(super) binary: Option<String>,
    pub(super) policy: Option<String>,
    pub(super) node: Option<String>,
    pub(super) filter: Option<String>,
}

/// What an event must be.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    since_us: i64,
    until_us: i64,
    /// All of these let it through.
    filters: Vec<Filter>,
    /// The present, from which ages are counted.
    now_us: i64,
}

impl Wanted {
    /// Whether `kept` is wanted.
    pub(super) fn fits(&self, kept: &KeptEvent) -> bool {
        (self.since_us..self.until_us).contains(&kept.event.at_us)
            && self.filters.iter().all(|filter| filter.matches(kept, self.now_us))
    }

    /// The same, at the present.
    pub(super) fn now(&mut self) {
        self.now_us = Timestamp::now().as_microsecond();
    }
}

impl TryFrom<Which> for Wanted {
    type Error = Problem;

    fn try_from(which: Which) -> Result<Self, Problem> {
        let Which { since, until, r#type, namespace, pod, binary, policy, node, filter } = which;
        let terms = [
            ("type", r#type),
            ("namespace", namespace),
            ("pod", pod),
            ("binary", binary),
            ("policy", policy),
            ("node", node),
        ];
        let terms = terms.into_iter().filter_map(|(key, value)| {
            value.map(|value| {
                let refused = |error: crate::filter::Error| Problem::parameter(key, &error.message);
                Filter::parse(&term(key, &value)).map_err(refused)
            })
        });
        let mut filters = terms.collect::<Result<Vec<_>, _>>()?;
        filters.extend(filter.map(|text| crate::api::alerts::filter(Some(&text))).transpose()?);
        let us = |text: &str| Some(text.parse::<Timestamp>().ok()?.as_microsecond());
        Ok(Self {
            since_us: taken("since", since, TIME, us)?.unwrap_or(i64::MIN),
            until_us: taken("until", until, TIME, us)?.unwrap_or(i64::MAX),
            filters,
            now_us: Timestamp::now().as_microsecond(),
        })
    }
}

/// The term `key:value`, in which nothing of the value but `*` and `,` means anything.
fn term(key: &str, value: &str) -> String {
    let mut term = format!("{key}:");
    let mut is_quoted = false;
    for letter in value.chars() {
        if matches!(letter, '*' | ',') == is_quoted {
            term.push('"');
            is_quoted = !is_quoted;
        }
        if matches!(letter, '"' | '\\') {
            term.push('\\');
        }
        term.push(letter);
    }
    if is_quoted {
        term.push('"');
    }
    term
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_means_what_it_is_whatever_stands_in_it() {
        for (value, expected) in [
            ("shop", "type:\"shop\""),
            ("exec,exit", "type:\"exec\",\"exit\""),
            ("/usr/bin/*", "type:\"/usr/bin/\"*"),
            ("*", "type:*"),
            ("a\" or \"b) \\", "type:\"a\\\" or \\\"b) \\\\\""),
            ("", "type:"),
        ] {
            assert_eq!(term("type", value), expected);
        }
    }

    #[test]
    fn a_value_that_is_none_is_refused_with_its_parameter() {
        let which = |r#type: &str| Which { r#type: Some(r#type.into()), ..Which::default() };
        for text in ["", ",", "exce", "exec\0"] {
            assert!(Wanted::try_from(which(text)).is_err(), "{text:?}");
        }
        let binary = Some("a b\"c) or \\".into());
        assert!(Wanted::try_from(Which { binary, ..Which::default() }).is_ok());
    }
}
