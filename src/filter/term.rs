//! One term: what is compared, how, and with what.

use super::key::Key;
use super::pattern::Pattern;
use super::subject::{Process, Subject};
use super::value::{ANSWERS, Value};
use crate::detect::{Class, Score};
use crate::incident::{Severity, Status, Who, WhoKind};
use crate::packet::{Address, protocol};

/// How a subject is compared with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    /// It is one of the values.
    Is,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    /// How it is written.
    pub(super) const fn sign(self) -> &'static str {
        match self {
            Self::Is => ":",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Term {
    /// A bare word.
    Word(Pattern),
    /// A key and values, of which one must fit.
    Field { key: Key, comparison: Comparison, values: Vec<Value> },
}

impl Term {
    pub(super) fn matches(&self, subject: &impl Subject, now_us: i64) -> bool {
        match self {
            Self::Word(pattern) => has_word(pattern, subject),
            Self::Field { key, comparison, values } => {
                let fits = |value| fits(*key, *comparison, value, subject, now_us);
                values.iter().any(fits)
            }
        }
    }
}

fn has_word(pattern: &Pattern, subject: &impl Subject) -> bool {
    let (sources, targets) = (subject.sources(), subject.targets());
    let mut hosts = sources.iter().chain(targets.iter());
    let mut who = subject.source_names().into_iter().chain(subject.target_names());
    let names = [
        subject.class().map(Class::name),
        subject.severity().map(Severity::name),
        subject.status().map(Status::name),
        subject.protocol().and_then(protocol::name),
    ];
    hosts.any(|host| pattern.is_in(&host.to_string()))
        || who.any(|who| written(who).any(|name| pattern.is_in(&name)))
        || names.into_iter().flatten().any(|name| pattern.is_in(name))
        || told(subject).into_iter().any(|text| pattern.is_in(text))
        || subject.processes().iter().any(|process| has_process(pattern, process))
        // A part of a number is another number.
        || subject.port().is_some_and(|port| pattern.is_like(&port.to_string()))
}

/// What an event says.
fn told(subject: &impl Subject) -> Vec<&str> {
    let mut told = subject.event_types();
    told.extend(subject.policy());
    told.extend(subject.action());
    told.extend(subject.texts());
    told
}

fn has_process(pattern: &Pattern, process: &Process<'_>) -> bool {
    let Process { binary, arguments, parent, user, node, .. } = *process;
    [binary, arguments, parent, user, node].into_iter().any(|text| pattern.is_in(text))
        || pattern.is_in(&full_pod(process))
        || process.pid.is_some_and(|pid| pattern.is_like(&pid.to_string()))
}

/// The pod of a process as [`Who`] writes it; nothing where it is in none.
fn full_pod(process: &Process<'_>) -> String {
    match process.pod {
        "" => String::new(),
        pod => format!("{}/{pod}", process.namespace),
    }
}

#[expect(clippy::cast_precision_loss, reason = "what is counted is far below 2^53")]
fn fits(
    key: Key,
    comparison: Comparison,
    value: &Value,
    subject: &impl Subject,
    now_us: i64,
) -> bool {
    let number =
        |number: Option<f64>| number.is_some_and(|number| is_number(number, comparison, value));
    let text = |text: Option<&str>| text.is_some_and(|text| is_text(text, value));
    let host = |hosts: &[Address], names: Vec<&Who>| {
        hosts.iter().any(|host| is_host(*host, value))
            || names.into_iter().any(|who| written(who).any(|name| is_text(&name, value)))
    };
    let is_source = || host(&subject.sources(), subject.source_names());
    let is_target = || host(&subject.targets(), subject.target_names());
    let is_who = |is: &dyn Fn(&Who) -> bool| {
        subject.source_names().into_iter().chain(subject.target_names()).any(is)
    };
    let is_process = || {
        let processes = subject.processes();
        processes.iter().any(|process| process_fits(key, comparison, value, process))
    };
    match key {
        Key::Source => is_source(),
        Key::Target => is_target(),
        Key::Host => is_source() || is_target(),
        Key::Namespace => {
            // A node is in none.
            is_who(&|who| is_known(&who.namespace, value)) || is_process()
        }
        Key::Pod => {
            let is_named =
                |who: &Who| is_known(&who.name, value) || is_text(&who.to_string(), value);
            is_who(&|who| who.kind == WhoKind::Pod && is_named(who)) || is_process()
        }
        Key::Node => {
            is_who(&|who| who.kind == WhoKind::Node && is_known(&who.name, value)) || is_process()
        }
        Key::Port => number(subject.port().map(f64::from)),
        Key::Protocol => number(subject.protocol().map(f64::from)),
        Key::Class => text(subject.class().map(Class::name)),
        Key::Score => number(subject.score().map(Score::value)),
        Key::Flows => number(subject.flows().map(|count| count as f64)),
        Key::Packets => number(subject.packets().map(|count| count as f64)),
        Key::Bytes => number(subject.bytes().map(|count| count as f64)),
        Key::Age => {
            number(subject.first_us().map(|first_us| now_us.saturating_sub(first_us).max(0) as f64))
        }
        Key::Severity => number(subject.severity().map(|severity| f64::from(severity as u8))),
        Key::Status => text(subject.status().map(Status::name)),
        Key::Muted => text(subject.is_muted().map(|is_muted| ANSWERS[usize::from(is_muted)])),
        Key::Binary | Key::Parent | Key::User | Key::Pid => is_process(),
        Key::Type => subject.event_types().into_iter().any(|name| is_known(name, value)),
        Key::Policy => subject.policy().is_some_and(|policy| is_known(policy, value)),
        Key::Action => subject.action().is_some_and(|action| is_known(action, value)),
        Key::Id => subject.ids().iter().any(|id| is_text(&format!("{id:016x}"), value)),
    }
}

/// Whether what `key` is about in a process is the value.
fn process_fits(key: Key, comparison: Comparison, value: &Value, process: &Process<'_>) -> bool {
    match key {
        Key::Namespace => is_known(process.namespace, value),
        Key::Pod => is_known(process.pod, value) || is_known(&full_pod(process), value),
        Key::Node => is_known(process.node, value),
        Key::Binary => is_program(process.binary, value),
        Key::Parent => is_program(process.parent, value),
        Key::User => {
            let is_uid = |uid: u32| is_text(&uid.to_string(), value);
            is_known(process.user, value) || process.uid.is_some_and(is_uid)
        }
        Key::Pid => process.pid.is_some_and(|pid| is_number(f64::from(pid), comparison, value)),
        _ => false,
    }
}

fn is_number(number: f64, comparison: Comparison, value: &Value) -> bool {
    let Value::Range(low, high) = *value else { return false };
    match comparison {
        Comparison::Is => (low..=high).contains(&number),
        Comparison::Less => number < low,
        Comparison::LessOrEqual => number <= low,
        Comparison::Greater => number > low,
        Comparison::GreaterOrEqual => number >= low,
    }
}

/// All that somebody goes by: the short name, the full one and that of the service.
fn written(who: &Who) -> impl Iterator<Item = String> {
    [who.label(), who.to_string()].into_iter().chain(who.service_name())
}

/// A program goes by its whole path and by the last part of it.
fn is_program(path: &str, value: &Value) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    is_known(path, value) || is_known(name, value)
}

/// As [`is_text`]; what is not known is not like anything.
fn is_known(text: &str, value: &Value) -> bool {
    !text.is_empty() && is_text(text, value)
}

fn is_text(text: &str, value: &Value) -> bool {
    matches!(value, Value::Pattern(pattern) if pattern.is_like(text))
}

fn is_host(host: Address, value: &Value) -> bool {
    match value {
        Value::Network(network) => network.contains(host),
        Value::Pattern(pattern) => pattern.is_like(&host.to_string()),
        Value::Range(..) => false,
    }
}
