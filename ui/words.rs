//! Limits, policies, feedback and errors, in words that the console and the verbs share.

use std::error::Error;
use std::iter;

use weir::incident::Feedback;
use weir::policy::{PolicyStatus, Standing};
use weir::respond::{Burst, Limit};

use crate::text;

/// How a policy stands: what needs somebody stands out.
pub(crate) const fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::NotLoaded => "NOT LOADED",
        Standing::PartlyLoaded => "PARTLY LOADED",
        standing => standing.name(),
    }
}

/// How a policy stands, and why where there is something to mend.
pub(crate) fn stands(status: &PolicyStatus) -> String {
    let standing = standing(status.standing);
    match status.why.as_str() {
        "" => standing.to_owned(),
        why => format!("{standing}: {}", text::clean(why)),
    }
}

/// What somebody says of an alert who has looked.
pub(crate) const fn feedback(feedback: Feedback) -> &'static str {
    match feedback {
        Feedback::False => "a false alarm",
        Feedback::True => "an attack",
    }
}

/// An error and its causes in one line.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let causes = iter::successors(error.source(), |&cause| cause.source());
    causes.fold(error.to_string(), |words, cause| format!("{words}: {cause}"))
}

/// A limit in a few words: `5 r/s burst 25`, `300 r/min`, `20 connections`.
pub(crate) fn limit(limit: &Limit) -> String {
    let Limit { rps, rpm, connections, burst, allowlist } = limit;
    let mut parts = Vec::new();
    parts.extend(rps.map(|rate| format!("{rate} r/s")));
    parts.extend(rpm.map(|rate| format!("{rate} r/min")));
    parts.extend(burst.map(|burst| match burst {
        Burst::Requests(requests) => format!("burst {requests}"),
        Burst::Multiplier(times) => format!("burst x{times}"),
    }));
    parts.extend(connections.map(|count| format!("{count} connections")));
    if !allowlist.is_empty() {
        parts.push(format!("{} allowed", allowlist.len()));
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_said_in_a_few_words() {
        let rate = Limit { rps: Some(5), burst: Some(Burst::Requests(25)), ..Limit::default() };
        assert_eq!(limit(&rate), "5 r/s burst 25");
        let other = Limit {
            rpm: Some(300),
            connections: Some(20),
            allowlist: vec!["10.0.0.0/8".parse().unwrap()],
            ..Limit::default()
        };
        assert_eq!(limit(&other), "300 r/min 20 connections 1 allowed");
    }
}
