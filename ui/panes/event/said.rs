//! What an event says beyond its head: the call, the process, the stack.

use weir::tetragon::{self, Capabilities, Details, Event, Namespace};

use crate::panes::facts::Fact;
use crate::text;

/// Capabilities that are listed by name, and lines of a stack.
const NAMED_CAPABILITIES: usize = 8;
const FRAMES: usize = 64;

/// Columns of the longest label that stands before its value.
const LABEL_COLUMNS: usize = 13;

/// Capabilities that are as good as root or lead to it; they are named first.
const MIGHTY: [&str; 10] = [
    "CAP_SYS_ADMIN",
    "CAP_SYS_MODULE",
    "CAP_SYS_PTRACE",
    "CAP_SYS_RAWIO",
    "CAP_BPF",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_SETUID",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
];

/// What was called, with what, and what came of it.
pub(super) fn call(event: &Event, details: &Details) -> Vec<Fact> {
    let Details { arguments, returned, data, return_action, tags, exit, facts, .. } = details;
    let mut all = Vec::from_iter(some("call", &event.call));
    all.extend(arguments.iter().map(labelled));
    all.extend(returned.iter().map(|it| Fact::new("returned", text::clean(&it.text))));
    all.extend(some("at the return", return_action));
    all.extend(data.iter().map(labelled));
    all.extend(exit.iter().map(|exit| match exit.signal.as_str() {
        "" => Fact::new("ended with", format!("status {}", exit.status)),
        signal => Fact::new("ended by", text::clean(signal)),
    }));
    all.extend(facts.iter().map(labelled));
    all.extend(some("tags", &tags.join(", ")));
    all
}

/// Who the process is, what it may do and where it is.
pub(super) fn process(event: &Event, details: &Details) -> Vec<Fact> {
    let Some(process) = event.process.as_deref() else { return Vec::new() };
    let Details { cluster, process: more, credentials, capabilities, namespaces, .. } = details;
    let pod = process.pod.as_ref();
    let mut all: Vec<_> = [
        some("pod", &pod.map_or(String::new(), |pod| format!("{}/{}", pod.namespace, pod.name))),
        some("container", pod.map_or("", |pod| &pod.container)),
        some("workload", pod.map_or("", |pod| &pod.workload)),
        some("cluster", cluster),
        some("works in", &process.cwd),
        some("credentials", &listed(credentials)),
    ]
    .into_iter()
    .flatten()
    .collect();
    all.extend(capabilities.iter().flat_map(mighty));
    all.extend(spaces(namespaces));
    all.extend(more.iter().map(labelled));
    all.extend(some("exec id", &process.exec_id));
    all.extend(some("parent's id", &process.parent_exec_id));
    all
}

/// What led to the call, in the kernel and in the program.
pub(super) fn stacks(details: &Details) -> Vec<Fact> {
    let stack = |name: &'static str, frames: &[String]| {
        let left = frames.len().saturating_sub(FRAMES);
        let shown = frames.iter().take(FRAMES).map(|frame| text::clean(frame));
        let more = (left > 0).then(|| format!("and {left} more"));
        let named = shown.chain(more).enumerate();
        named
            .map(|(at, frame)| Fact::new(if at == 0 { name } else { "" }, frame))
            .collect::<Vec<_>>()
    };
    [stack("kernel", &details.kernel_stack), stack("program", &details.user_stack)].concat()
}

/// Something said, unless nothing is.
fn some(name: &'static str, words: &str) -> Option<Fact> {
    (!words.is_empty()).then(|| Fact::new(name, text::clean(words)))
}

/// Something that the agent has a word for.
fn labelled(said: &tetragon::Fact) -> Fact {
    let (label, words) = (text::clean(&said.label), text::clean(&said.text));
    if text::width(&label) <= LABEL_COLUMNS {
        Fact::new(label, words)
    } else {
        Fact::new("", format!("{label}: {words}"))
    }
}

fn listed(facts: &[tetragon::Fact]) -> String {
    let words = facts.iter().map(|fact| format!("{} {}", fact.label, fact.text));
    words.collect::<Vec<_>>().join(", ")
}

/// What it may do, what it does first; each set in one line.
fn mighty(sets: &Capabilities) -> Vec<Fact> {
    let Capabilities { permitted, effective, inheritable } = sets;
    [
        folded("capabilities", "effective", effective),
        folded("", "permitted", permitted),
        folded("", "inheritable", inheritable),
    ]
    .into()
}

fn folded(name: &'static str, set: &str, capabilities: &[String]) -> Fact {
    let rank = |one: &&String| MIGHTY.iter().position(|name| name == one).unwrap_or(MIGHTY.len());
    let mut sorted: Vec<_> = capabilities.iter().collect();
    sorted.sort_by_key(rank);
    let named: Vec<_> =
        sorted.iter().take(NAMED_CAPABILITIES).map(|name| text::clean(name)).collect();
    let more = match sorted.len().saturating_sub(named.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let words = match named.as_slice() {
        [] => format!("{set}: none"),
        named => format!("{set} ({}): {}{more}", sorted.len(), named.join(" ")),
    };
    Fact::new(name, words)
}

/// Namespaces that it shares with the node, and its own.
fn spaces(namespaces: &[Namespace]) -> Vec<Fact> {
    let of = |is_host: bool| {
        let those = namespaces.iter().filter(move |space| space.is_host == is_host);
        let names = those.map(|space| format!("{} {}", space.name, space.inum));
        names.collect::<Vec<_>>().join(", ")
    };
    let (host, own) = (of(true), of(false));
    let host = (!host.is_empty()).then(|| Fact::new("of the node", format!("namespaces {host}")));
    let own = (!own.is_empty()).then(|| Fact::new("of its own", format!("namespaces {own}")));
    host.into_iter().chain(own).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panes::facts::written;

    #[test]
    fn many_capabilities_are_one_line_with_the_mighty_first() {
        let mut effective: Vec<String> = (0..20).map(|n| format!("CAP_{n}")).collect();
        effective.push("CAP_SYS_ADMIN".into());
        let sets = Capabilities { effective, ..Capabilities::default() };
        let words = written(&mighty(&sets));
        let first = words.lines().next().unwrap();
        assert!(first.contains("effective (21): CAP_SYS_ADMIN CAP_0 "), "{words}");
        assert!(first.ends_with("CAP_6 and 13 more"), "{words}");
        assert!(words.contains("permitted: none"), "{words}");
    }

    #[test]
    fn namespaces_of_the_node_are_told_apart() {
        let space = |name, is_host| Namespace { name, inum: 7, is_host };
        let words = written(&spaces(&[space("net", true), space("pid", false)]));
        assert_eq!(words, "of the node: namespaces net 7\nof its own: namespaces pid 7\n");
    }

    #[test]
    fn a_label_that_is_too_long_stands_with_its_value() {
        let fact = |label: &str| tetragon::Fact { label: label.into(), text: "yes".into() };
        let all = [labelled(&fact("privileged")), labelled(&fact("may be a probe of it"))];
        assert_eq!(written(&all), "privileged: yes\n  may be a probe of it: yes\n");
    }
}
